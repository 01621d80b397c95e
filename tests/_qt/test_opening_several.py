"""Several things dropped at once: what can be one set is, and what is left is told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.opening import open_together
from napari_cellsets._qt.samples import SamplesWidget
from small_sets import write_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


@pytest.fixture
def loose(set_path: Path, tmp_path: Path) -> list[Path]:
    """Three pictures of a folder that holds four."""
    shutil.copytree(set_path / "images", tmp_path / "mine")
    return sorted((tmp_path / "mine").glob("*.png"))[:3]


def drop(dock: SamplesWidget, paths: Sequence[Path], qtbot: QtBot) -> str:
    """Drop files on the dock; return what it says in the end."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    copy = Qt.DropAction.CopyAction
    dock.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, left, none))
    session = get_session(dock._viewer)
    qtbot.waitUntil(lambda: session.dataset is not None, timeout=10_000)
    qtbot.waitUntil(lambda: not dock._runner.busy)
    return str(dock.message.text.text())


def test_of_several_pictures_their_folder_is_opened(
    loose: list[Path], viewer: Viewer, qtbot: QtBot
) -> None:
    dock = SamplesWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Samples (Cell sets)")
    said = drop(dock, loose[1:], qtbot)
    session = get_session(viewer)
    assert said == "The whole folder “mine” of these pictures is open."
    assert len(session.dataset.samples) == 4
    assert session.dataset.find(loose[1]) == session.index


def test_of_several_sets_the_first_is_opened_and_the_others_are_named(
    set_path: Path, tmp_path: Path
) -> None:
    more = [write_set(tmp_path / f"set_{number}") for number in range(5)]
    dataset, index, note = open_together([set_path, more[0]])
    assert (dataset.path, index) == (set_path, dataset.start)
    assert note == "One at a time: “small_set” is open, “set_0” is not."
    _, _, note = open_together([set_path, *more])
    assert "“set_0”, “set_1”, “set_2” and 2 more are not." in note


def test_pictures_and_masks_of_one_set_need_no_word(set_path: Path) -> None:
    dataset, _, note = open_together([set_path / "images", set_path / "masks"])
    assert note == ""
    assert dataset.read_truth(dataset.samples[0]) is not None


def test_pictures_that_no_set_holds_together_are_opened_one_at_a_time(
    loose: list[Path], tmp_path: Path
) -> None:
    other = shutil.copy(loose[0], tmp_path / "z.png")
    dataset, _, note = open_together([loose[0], other])
    assert dataset.find(loose[0]) is not None
    assert note == "One at a time: “a1.png” is open, “z.png” is not."


def test_several_that_the_window_opened_are_told(
    loose: list[Path], viewer: Viewer, qtbot: QtBot
) -> None:
    dock = SamplesWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Samples (Cell sets)")
    session = get_session(viewer)
    for path in loose:
        session.open(path)
    said = dock.message.text
    qtbot.waitUntil(lambda: said.text().startswith("One at a time: “a2.png” is open"))
    assert "“a1.png” and “a10.png” are not. Open their folder" in said.text()


def test_the_same_set_opened_twice_needs_no_word(
    set_path: Path, viewer: Viewer, qtbot: QtBot
) -> None:
    dock = SamplesWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Samples (Cell sets)")
    told: list[str] = []
    dock.open_button.at_once.told.connect(told.append)
    session = get_session(viewer)
    for name in ("a1", "a2"):
        session.open(set_path / "images" / f"{name}.png")
    qtbot.wait(50)
    assert told == []
