"""A Playback dock in a real window, with hands that press, type and choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox

from event_files import write_recordings
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback import PlaybackWidget

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer

    from napari_cellsets._napari.film import Film
    from napari_cellsets.playback.clock import Playback


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Folder of two recordings, the second twice as long."""
    return write_recordings(tmp_path / "runs")


@pytest.fixture
def empty_player(viewer: Viewer) -> PlaybackWidget:
    """The dock in a window, nothing open."""
    widget = PlaybackWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Playback (Cell sets)")
    return widget


@pytest.fixture
def player(empty_player: PlaybackWidget, viewer: Viewer, runs: Path) -> PlaybackWidget:
    """The dock with the first recording on screen."""
    get_session(viewer).open(runs)
    return empty_player


@pytest.fixture
def film(player: PlaybackWidget) -> Film:
    return player.film


@pytest.fixture
def playback(film: Film) -> Playback:
    return film.playback


def press(player: PlaybackWidget, name: str) -> None:
    player.transport.row.buttons[name].click()


def enter(field: object, text: str) -> None:
    """Type into a field and leave it, as a person does."""
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def choose(box: QComboBox, text: str) -> None:
    index = box.findText(text)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


def hit(viewer: Viewer, key: str) -> None:
    """Press a key on the canvas."""
    codes = {"8": Qt.Key.Key_8, "9": Qt.Key.Key_9, "0": Qt.Key.Key_0}
    code = codes.get(key) or getattr(Qt.Key, f"Key_{key}")
    window = viewer.__wrapped__.window._qt_viewer
    none = Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        text = key if len(key) == 1 else ""
        QApplication.sendEvent(window.canvas.native, QKeyEvent(kind, code, none, text))
