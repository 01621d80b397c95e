"""Whatever a dock says, nothing in it moves under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import QObject, QPoint, Qt, Signal
from qtpy.QtWidgets import QApplication, QWidget

from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.messages import MessageRow, ProgressRow

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from npe2 import PluginManifest
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

LONG = "What was expected is not there, and something else was found. " * 6


class Runner(QObject):
    """Work that begins and ends when it is told to."""

    progressed = Signal(float, str)
    busy_changed = Signal(bool)
    asked_to_stop = 0

    def cancel(self) -> None:
        self.asked_to_stop += 1


@pytest.fixture
def runner() -> Runner:
    return Runner()


@pytest.fixture
def row(runner: Any, qtbot: QtBot) -> MessageRow:
    row = MessageRow(ProgressRow(runner))
    qtbot.addWidget(row)
    row.resize(320, row.sizeHint().height())
    row.show()
    return row


def places(dock: QWidget) -> dict[QWidget, tuple[QPoint, int]]:
    """Where everything in a dock is that can be seen, but for what it says."""
    seen = [part for part in dock.findChildren(QWidget) if part.isVisible()]
    return {
        part: (part.mapTo(dock, QPoint(0, 0)), part.height())
        for part in seen
        if part is not dock.message and not dock.message.isAncestorOf(part)
    }


def let_arrive(dock: QWidget, qtbot: QtBot) -> None:
    """Let what is read and measured beside the window arrive."""
    before = None
    for _ in range(20):
        now = places(dock)
        if now == before:
            return
        before = now
        qtbot.wait(200)


@pytest.mark.parametrize(
    "name", ["Samples", "Count", "Edit", "Objects", "Classify", "Train", "Playback"]
)
def test_no_message_moves_a_dock(
    name: str,
    viewer: Viewer,
    manifest_known: PluginManifest,
    set_path: Path,
    qtbot: QtBot,
) -> None:
    get_session(viewer).open(set_path)
    viewer.window.resize(1280, 720)
    viewer.show()
    dock = open_dock(viewer, name)
    dock.message.tell("", False)
    let_arrive(dock, qtbot)
    before = places(dock)
    assert len(before) > 3
    for say in (
        lambda: dock.message.tell("Done: split.", False),
        lambda: dock.message.tell(LONG, True),
        lambda: dock.message.offer("One seed.", "Take it"),
        lambda: dock.message.ask("Recounting replaces 3 corrections made by hand."),
    ):
        say()
        QApplication.processEvents()
        assert places(dock) == before


def test_work_is_shown_where_messages_are(row: MessageRow, runner: Runner) -> None:
    before = row.sizeHint()
    runner.busy_changed.emit(True)
    runner.progressed.emit(0.5, "Image 2 of 4")
    assert row._progress.isVisible()
    assert row._progress.text.text() == "Image 2 of 4"
    row._progress.cancel.click()
    assert runner.asked_to_stop == 1
    runner.busy_changed.emit(False)
    assert not row._progress.isVisible()
    assert row.sizeHint() == before


def test_what_is_said_while_work_goes_on_is_read_beside_its_bar(
    row: MessageRow, runner: Runner
) -> None:
    runner.busy_changed.emit(True)
    row.tell("The store is busy.", True)
    assert row.text.isVisible()
    assert row._progress.cancel.isVisible()
    assert not row._progress.text.isVisible()
    row.tell("", False)
    assert row._progress.text.isVisible()


def test_a_long_message_scrolls_and_is_reached_by_the_keyboard(
    row: MessageRow, qtbot: QtBot
) -> None:
    row.tell(LONG, True)
    bar = row._scroll.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    assert row._scroll.focusPolicy() == Qt.FocusPolicy.TabFocus
    bar.setValue(bar.maximum())
    row.tell("Done.", False)
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    assert row._scroll.focusPolicy() == Qt.FocusPolicy.NoFocus
    assert row.text.toolTip() == "Done."


@pytest.mark.parametrize("words", ["Draw a line right across an object.", LONG[:75]])
def test_two_lines_need_no_scrolling(row: MessageRow, words: str) -> None:
    row.tell(words, False)
    QApplication.processEvents()
    assert row._scroll.verticalScrollBar().maximum() == 0


def test_a_question_is_open_until_something_else_is_said(row: MessageRow) -> None:
    row.ask("Replace them?")
    assert row.asking
    row.offer("They were replaced.", "Bring them back")
    assert not row.asking
    assert row.act.isVisible()
