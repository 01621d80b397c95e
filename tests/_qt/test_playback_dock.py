from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playback_docks import choose, enter, press
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QSlider

from event_files import LENGTH_US
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback import PlaybackWidget
from napari_cellsets.playback.frames import FrameMode

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.film import Film

pytestmark = pytest.mark.gui


def test_empty_dock_says_what_to_do(empty_player: PlaybackWidget) -> None:
    assert not empty_player.welcome.isHidden()
    assert empty_player.player.isHidden()
    assert "Drop a recording" in empty_player.welcome.text()


def test_dock_says_what_is_on_screen(player: PlaybackWidget) -> None:
    assert player.welcome.isHidden()
    assert player.title.text() == "run_1"
    assert player.facts.text().startswith("EVT3, 64×48, 1 s, ")
    assert player.transport.time.whole.text() == "of 1.000000 s"


def test_everything_that_can_be_changed_has_a_name_and_a_reason(
    player: PlaybackWidget,
) -> None:
    parts = (player.transport, player.window_part, player.looks)
    nameless = [
        widget
        for part in parts
        for kind in (QAbstractButton, QComboBox, QSlider)
        for widget in part.findChildren(kind)
        if not (widget.accessibleName() or widget.text()) or not widget.toolTip()
    ]
    assert nameless == []


def test_dock_is_no_wider_than_its_place(player: PlaybackWidget) -> None:
    assert player.player.minimumSizeHint().width() <= 340


def test_leaving_for_an_image_and_back(
    player: PlaybackWidget, viewer: Viewer, runs: Path, set_path: Path
) -> None:
    session = get_session(viewer)
    session.open(set_path)
    assert not player.welcome.isHidden()
    session.open(runs)
    assert player.title.text() == "run_1"
    layers = [layer for layer in viewer.layers if layer.ndim == 3]
    assert len(layers) == 1


def test_window_by_time_and_by_events(player: PlaybackWidget, film: Film) -> None:
    part = player.window_part
    enter(part.time.field, "25 ms")
    assert film.settings.window_us == 25_000
    choose(part.kind, "By events")
    assert part.time.isHidden()
    enter(part.events.field, "2k")
    assert film.settings.window_events == 2_000
    choose(part.kind, "By time")
    assert film.settings.window_events is None
    assert film.settings.window_us == 25_000


@pytest.mark.parametrize(("text", "us"), [("1 us", 10), ("1 min", 10_000_000)])
def test_window_has_its_limits(
    player: PlaybackWidget, film: Film, text: str, us: int
) -> None:
    enter(player.window_part.time.field, text)
    assert film.settings.window_us == us


def test_time_surface_asks_for_its_decay(player: PlaybackWidget, film: Film) -> None:
    choose(player.looks.mode, "Time surface")
    assert film.settings.mode is FrameMode.SURFACE
    assert player.window_part.kind.isHidden()
    enter(player.window_part.tau.field, "4 ms")
    assert film.settings.tau_us == 4_000


def test_looks_reach_the_layer(player: PlaybackWidget, film: Film) -> None:
    looks = player.looks
    choose(looks.mode, "Count")
    looks.full_at.setValue(7)
    assert tuple(film.layer.contrast_limits) == (0.0, 7.0)
    choose(looks.ground, "Light")
    assert film.layer.colormap.map(np.array([0.0]))[0][0] == 1.0
    looks.dots.setValue(4)
    assert film.settings.dot_px == 4
    choose(looks.contrast, "Adaptive")
    assert film.looks.adaptive
    assert not looks.full_at.isEnabled()


def test_modes_that_count_nothing_have_no_contrast_to_choose(
    player: PlaybackWidget,
) -> None:
    choose(player.looks.mode, "Two colours")
    assert not player.looks.contrast.isEnabled()
    choose(player.looks.mode, "Polarity")
    assert player.looks.contrast.isEnabled()


def is_gone(thing: weakref.ref[object]) -> bool:
    """Whether nothing but cycles held a thing; work beside the window may end first."""
    gc.collect()
    return thing() is None


@pytest.mark.usefixtures("manifest_known")
def test_dropped_recording_opens_its_docks(
    viewer: Viewer, runs: Path, qtbot: QtBot
) -> None:
    viewer.open(str(runs / "run_2.raw"), plugin="napari-cellsets")
    assert get_session(viewer).film.playback.duration_us == 2 * LENGTH_US
    docks = viewer.window.dock_widgets
    qtbot.waitUntil(lambda: "Playback (Cell sets)" in docks, timeout=5_000)
    assert "Samples (Cell sets)" in docks
    assert get_session(viewer).sample.name == "run_2"


def played_and_closed(viewer: Viewer, runs: Path) -> weakref.ref[object]:
    """A dock that played; a frame of its own, whose names nobody has looked at."""
    player = PlaybackWidget(viewer)
    viewer.window.add_dock_widget(player, name="Playback (Cell sets)")
    get_session(viewer).open(runs)
    press(player, "play")
    viewer.window.remove_dock_widget(player)
    player.deleteLater()
    return weakref.ref(player)


def test_closed_dock_stops_playing_and_is_let_go(
    viewer: Viewer, runs: Path, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    left = played_and_closed(viewer, runs)
    assert not session.film.playback.playing
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    qtbot.waitUntil(lambda: is_gone(left))
    session.show(1)
    session.film.change(window_us=5_000)


def test_recordings_leave_no_frames_behind(
    player: PlaybackWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    first = weakref.ref(session.film.recording)
    frames = weakref.ref(session.film.frames)
    session.show(1)
    qtbot.waitUntil(lambda: is_gone(first) and is_gone(frames))
