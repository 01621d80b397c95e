from __future__ import annotations

import gc
import threading
import weakref
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QComboBox, QSlider

from event_files import LENGTH_US, REST_US, SIZE, bar, write_recordings
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback import PlaybackWidget
from napari_cellsets._qt.playback_keys import KEYS
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback.frames import FrameMode
from napari_cellsets.playback.recording import Recording, open_recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.film import Film
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.clock import Playback

pytestmark = pytest.mark.gui


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Folder of two recordings, the second twice as long."""
    return write_recordings(tmp_path / "runs")


@pytest.fixture
def empty(viewer: Viewer) -> PlaybackWidget:
    """The dock in a window, nothing open."""
    widget = PlaybackWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Playback (Cell sets)")
    return widget


@pytest.fixture
def dock(empty: PlaybackWidget, viewer: Viewer, runs: Path) -> PlaybackWidget:
    """The dock with the first recording on screen."""
    get_session(viewer).open(runs)
    return empty


@pytest.fixture
def film(dock: PlaybackWidget) -> Film:
    return dock.film


@pytest.fixture
def playback(film: Film) -> Playback:
    return film.playback


def press(dock: PlaybackWidget, name: str) -> None:
    dock.transport.row.buttons[name].click()


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


# What is there


def test_empty_dock_says_what_to_do(empty: PlaybackWidget) -> None:
    assert not empty.welcome.isHidden()
    assert empty.player.isHidden()
    assert "Drop a recording" in empty.welcome.text()


def test_dock_says_what_is_on_screen(dock: PlaybackWidget) -> None:
    assert dock.welcome.isHidden()
    assert dock.title.text() == "run_1"
    assert dock.facts.text().startswith("EVT3, 64×48, 1 s, ")
    assert dock.transport.time.whole.text() == "of 1.000000 s"


def test_everything_that_can_be_changed_has_a_name_and_a_reason(
    dock: PlaybackWidget,
) -> None:
    parts = (dock.transport, dock.window_part, dock.looks)
    nameless = [
        widget
        for part in parts
        for kind in (QAbstractButton, QComboBox, QSlider)
        for widget in part.findChildren(kind)
        if not (widget.accessibleName() or widget.text()) or not widget.toolTip()
    ]
    assert nameless == []


def test_dock_is_no_wider_than_its_place(dock: PlaybackWidget) -> None:
    assert dock.player.minimumSizeHint().width() <= 340


def test_leaving_for_an_image_and_back(
    dock: PlaybackWidget, viewer: Viewer, runs: Path, set_path: Path
) -> None:
    session = get_session(viewer)
    session.open(set_path)
    assert not dock.welcome.isHidden()
    session.open(runs)
    assert dock.title.text() == "run_1"
    layers = [layer for layer in viewer.layers if layer.ndim == 3]
    assert len(layers) == 1


# Playing


def test_play_runs_and_pauses(
    dock: PlaybackWidget, playback: Playback, viewer: Viewer, qtbot: QtBot
) -> None:
    start = playback.position_us
    press(dock, "play")
    qtbot.waitUntil(lambda: playback.position_us > start + 20_000)
    assert viewer.dims.point[0] > start / 1_000
    press(dock, "play")
    assert not playback.playing
    stopped = playback.position_us
    qtbot.wait(80)
    assert playback.position_us == stopped


def test_backwards_runs_to_the_start(
    dock: PlaybackWidget, playback: Playback, qtbot: QtBot
) -> None:
    playback.speed = 5.0
    playback.jump_to(500_000)
    press(dock, "backwards")
    qtbot.waitUntil(lambda: not playback.playing)
    assert playback.position_us == 0


def test_time_is_kept_however_slow_the_screen(
    dock: PlaybackWidget, playback: Playback, qtbot: QtBot
) -> None:
    playback.speed = 0.5
    press(dock, "play")
    qtbot.waitUntil(lambda: not playback.playing, timeout=10_000)
    assert playback.position_us == LENGTH_US
    assert playback.achieved_speed == pytest.approx(0.5, rel=0.1)


def test_every_frame_is_shown_once_where_wanted(
    dock: PlaybackWidget, film: Film, viewer: Viewer, qtbot: QtBot
) -> None:
    playback = film.playback
    dock.transport.speed.every_frame.click()
    playback.speed = 10.0
    playback.jump_to(100_000)
    steps: list[int] = []
    viewer.dims.events.point.connect(lambda event: steps.append(film.step))
    press(dock, "play")
    qtbot.waitUntil(lambda: len(steps) >= 12)
    press(dock, "play")
    assert np.array_equal(np.diff(steps), np.ones(len(steps) - 1))


def test_loop_starts_again(
    dock: PlaybackWidget, playback: Playback, qtbot: QtBot
) -> None:
    playback.a_us, playback.b_us = 100_000, 150_000
    playback.jump_to(100_000)
    press(dock, "loop")
    seen: list[int] = []
    playback.events.position_us.connect(seen.append)
    press(dock, "play")
    qtbot.waitUntil(lambda: len(seen) > 3 and bool((np.diff(seen) < 0).any()))
    assert playback.playing
    assert min(seen) >= 100_000
    assert max(seen) <= 150_000


def test_reached_speed_is_told_while_it_runs(
    dock: PlaybackWidget, playback: Playback, qtbot: QtBot
) -> None:
    playback.speed = 0.02
    told = dock.transport.time.true_speed
    press(dock, "play")
    qtbot.waitUntil(lambda: told.text().startswith("runs 1:"))
    press(dock, "play")
    assert told.text() == ""


def test_timer_takes_no_step_before_the_last_is_shown(
    dock: PlaybackWidget, film: Film, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(dock, "play")
    qtbot.waitUntil(lambda: film.step > 10)
    monkeypatch.setattr(type(film), "shown", property(lambda self: False))
    step = film.step
    qtbot.wait(100)
    assert film.step == step
    monkeypatch.undo()
    qtbot.waitUntil(lambda: film.step > step)


def test_playing_waits_while_a_person_holds_the_slider(
    dock: PlaybackWidget, film: Film, viewer: Viewer, qtbot: QtBot
) -> None:
    press(dock, "play")
    viewer.dims.set_current_step(0, 300)
    held = film.playback.position_us
    assert held == 300 * film.playback.stride_us
    qtbot.wait(100)
    assert film.playback.position_us == held
    qtbot.waitUntil(lambda: film.playback.position_us > held)


def test_scrubbing_shows_the_last_place_asked_for(film: Film, viewer: Viewer) -> None:
    for step in range(400, 100, -7):
        viewer.dims.set_current_step(0, step)
    assert film.step == step
    shown = np.asarray(film.layer._slice.image.raw)
    assert np.array_equal(shown, film.frames.frame(step))


def test_recordings_play_with_slicing_beside_the_window(
    dock: PlaybackWidget, film: Film, viewer: Viewer, qtbot: QtBot
) -> None:
    viewer.__wrapped__._layer_slicer._force_sync = False
    threads: set[str] = set()
    made = film.frames.frame

    def watched(step: int) -> np.ndarray:
        threads.add(threading.current_thread().name)
        return made(step)

    film.frames.frame = watched
    press(dock, "play")
    qtbot.waitUntil(lambda: film.playback.position_us > 100_000)
    press(dock, "play")
    qtbot.waitUntil(lambda: film.shown)
    assert threads - {"MainThread"}
    shown = np.asarray(film.layer._slice.image.raw)
    assert np.array_equal(shown, made(film.step))


# Stepping and jumping


def test_single_steps_go_both_ways(dock: PlaybackWidget, playback: Playback) -> None:
    playback.jump_to(100_000)
    press(dock, "on")
    assert playback.position_us == 100_000 + playback.stride_us
    press(dock, "back")
    assert playback.position_us == 100_000


def test_steps_leap_over_empty_stretches(
    dock: PlaybackWidget, film: Film, playback: Playback
) -> None:
    events = bar(1)
    first = events.t[events.t >= REST_US[1]][0]
    playback.jump_to(REST_US[0] + film.settings.window_us)
    press(dock, "on")
    assert 0 <= playback.position_us - first < playback.stride_us
    press(dock, "back")
    assert playback.position_us < REST_US[0] + film.settings.window_us
    assert not playback.skip_empty


def test_a_time_that_is_typed_is_shown(
    dock: PlaybackWidget, playback: Playback
) -> None:
    enter(dock.transport.time.field, "250 ms")
    assert playback.position_us == 250_000
    assert dock.transport.time.field.text() == "0.250000 s"


def test_what_is_no_time_is_taken_back_with_a_word(
    dock: PlaybackWidget, playback: Playback
) -> None:
    enter(dock.transport.time.field, "250 ms")
    enter(dock.transport.time.field, "soon")
    assert playback.position_us == 250_000
    assert dock.transport.time.field.text() == "0.250000 s"
    assert "is no time" in dock.message.text.text()
    enter(dock.transport.time.field, "300 ms")
    assert dock.message.text.text() == ""


def test_what_is_being_typed_is_left_alone_while_it_plays(
    dock: PlaybackWidget, playback: Playback
) -> None:
    field = dock.transport.time.field
    field.selectAll()
    QTest.keyClicks(field, "0.7")
    playback.jump_to(123_000)
    assert field.text() == "0.7"


def test_range_is_set_here_typed_and_cleared(
    dock: PlaybackWidget, playback: Playback
) -> None:
    row = dock.transport.range
    playback.jump_to(200_000)
    row.buttons["a"].click()
    enter(row.fields["b"], "300 ms")
    assert (playback.low_us, playback.high_us) == (200_000, 300_000)
    row.clear.click()
    assert (playback.low_us, playback.high_us) == (0, LENGTH_US)


@pytest.mark.parametrize(("name", "edge"), [("start", 200_000), ("end", 300_000)])
def test_ends_of_the_range_are_a_press_away(
    dock: PlaybackWidget, playback: Playback, name: str, edge: int
) -> None:
    playback.a_us, playback.b_us = 200_000, 300_000
    press(dock, name)
    assert playback.position_us == edge


def test_speed_reaches_from_slow_motion_to_ten_times(
    dock: PlaybackWidget, playback: Playback
) -> None:
    speed = dock.transport.speed.speed
    speed.slider.setValue(speed.slider.minimum())
    assert playback.speed == pytest.approx(1e-4)
    assert speed.field.text() == "1:10,000"
    speed.slider.setValue(speed.slider.maximum())
    assert playback.speed == pytest.approx(10)
    enter(speed.field, "1:250")
    assert playback.speed == pytest.approx(1 / 250)


# Keys


def test_keys_play_step_and_mark(
    dock: PlaybackWidget, playback: Playback, viewer: Viewer
) -> None:
    hit(viewer, "K")
    assert playback.playing
    hit(viewer, "K")
    assert not playback.playing
    hit(viewer, "J")
    assert (playback.playing, playback.direction) == (True, -1)
    hit(viewer, "W")
    assert not playback.playing
    playback.jump_to(200_000)
    hit(viewer, "W")
    assert playback.position_us == 200_000 + playback.stride_us
    hit(viewer, "Q")
    hit(viewer, "8")
    assert playback.a_us == 200_000
    hit(viewer, "End")
    hit(viewer, "9")
    assert playback.b_us == LENGTH_US
    hit(viewer, "0")
    assert playback.loop


@pytest.mark.parametrize(("key", "factor"), [("U", 2.0), ("H", 0.5)])
def test_keys_change_the_speed(
    dock: PlaybackWidget, playback: Playback, viewer: Viewer, key: str, factor: float
) -> None:
    before = playback.speed
    hit(viewer, key)
    assert playback.speed == pytest.approx(before * factor)


def test_keys_are_nobody_elses(viewer: Viewer) -> None:
    from napari.utils.shortcuts import default_shortcuts

    taken = {str(key) for keys in default_shortcuts.values() for key in keys}
    assert taken.isdisjoint(KEYS)


def test_keys_are_left_to_others_while_an_image_is_shown(
    empty: PlaybackWidget, viewer: Viewer, runs: Path, set_path: Path
) -> None:
    told: list[str] = []
    viewer.bind_key("K", lambda viewer: told.append("theirs"))
    session = get_session(viewer)
    session.open(runs)
    hit(viewer, "K")
    assert told == []
    session.open(set_path)
    hit(viewer, "K")
    assert told == ["theirs"]
    assert "J" not in {str(key) for key in viewer.keymap}


def test_keys_that_others_took_stay_theirs(
    dock: PlaybackWidget, viewer: Viewer, set_path: Path
) -> None:
    told: list[str] = []
    viewer.bind_key("K", lambda viewer: told.append("theirs"), overwrite=True)
    get_session(viewer).open(set_path)
    hit(viewer, "K")
    assert told == ["theirs"]


def test_keys_go_with_the_dock(dock: PlaybackWidget, viewer: Viewer) -> None:
    bound = {str(key) for key in viewer.keymap}
    assert set(KEYS) <= bound
    viewer.window.remove_dock_widget(dock)
    assert set(KEYS).isdisjoint({str(key) for key in viewer.keymap})
    dock.deleteLater()


# How frames are made and look


def test_window_by_time_and_by_events(dock: PlaybackWidget, film: Film) -> None:
    part = dock.window_part
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
    dock: PlaybackWidget, film: Film, text: str, us: int
) -> None:
    enter(dock.window_part.time.field, text)
    assert film.settings.window_us == us


def test_time_surface_asks_for_its_decay(dock: PlaybackWidget, film: Film) -> None:
    choose(dock.looks.mode, "Time surface")
    assert film.settings.mode is FrameMode.SURFACE
    assert dock.window_part.kind.isHidden()
    enter(dock.window_part.tau.field, "4 ms")
    assert film.settings.tau_us == 4_000


def test_looks_reach_the_layer(dock: PlaybackWidget, film: Film) -> None:
    looks = dock.looks
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
    dock: PlaybackWidget,
) -> None:
    choose(dock.looks.mode, "Two colours")
    assert not dock.looks.contrast.isEnabled()
    choose(dock.looks.mode, "Polarity")
    assert dock.looks.contrast.isEnabled()


# The index


@pytest.fixture
def long() -> Recording:
    """A recording whose index is not complete yet."""
    events = bar(3, count=2_000_000, length_us=20_000_000)
    return open_recording(MemoryEvents(events, SIZE), name="long")


def test_index_is_made_while_the_first_frame_is_there(
    empty: PlaybackWidget, long: Recording, qtbot: QtBot
) -> None:
    film = empty.film
    film.show(long, "long", None, None)
    known = film.playback.duration_us
    assert empty.runner.busy
    assert np.asarray(film.layer._slice.image.raw).any()
    qtbot.waitUntil(lambda: not empty.runner.busy, timeout=20_000)
    assert known < film.playback.duration_us == 20_000_000
    assert film.layer.data.shape[0] > known / film.playback.stride_us + 1
    assert "so far" not in empty.facts.text()


def slow_index(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Let the index wait until it is let go or cancelled."""
    go = threading.Event()
    build = recording.build_index

    def waiting(token: CancelToken, progress: Progress, **options: bool) -> None:
        while not go.wait(0.01):
            token.raise_if_cancelled()
        build(token, progress, **options)

    monkeypatch.setattr(recording, "build_index", waiting)
    return go.set


def test_index_can_be_stopped_and_gone_on_with(
    empty: PlaybackWidget,
    long: Recording,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_go = slow_index(long, monkeypatch)
    empty.film.show(long, "long", None, None)
    assert not empty.progress.isHidden()
    assert empty.facts.text().endswith("so far")
    empty.progress.cancel.click()
    qtbot.waitUntil(lambda: not empty.runner.busy)
    assert "plays as far as it went" in empty.message.text.text()
    let_go()
    empty.message.act.click()
    qtbot.waitUntil(lambda: long.complete and not empty.runner.busy, timeout=20_000)
    assert empty.message.text.text() == ""
    assert empty.film.playback.duration_us == 20_000_000


def test_recording_that_follows_stops_the_index(
    empty: PlaybackWidget,
    long: Recording,
    viewer: Viewer,
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow_index(long, monkeypatch)
    empty.film.show(long, "long", None, None)
    get_session(viewer).open(runs)
    assert not empty.runner.busy
    assert empty.message.text.text() == ""


def test_what_stops_the_index_is_told(
    empty: PlaybackWidget,
    long: Recording,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **options: bool) -> None:
        raise UnreadableFileError("the file shrank while it was open")

    monkeypatch.setattr(long, "build_index", fail)
    empty.film.show(long, "long", None, None)
    qtbot.waitUntil(lambda: not empty.runner.busy)
    assert "the file shrank" in empty.message.text.text()


# Coming and going


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


def test_closed_dock_stops_playing_and_is_let_go(
    viewer: Viewer, runs: Path, qtbot: QtBot
) -> None:
    dock = PlaybackWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Playback (Cell sets)")
    session = get_session(viewer)
    session.open(runs)
    press(dock, "play")
    viewer.window.remove_dock_widget(dock)
    assert not session.film.playback.playing
    left = weakref.ref(dock)
    dock.deleteLater()
    del dock
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    qtbot.waitUntil(lambda: is_gone(left))
    session.show(1)
    session.film.change(window_us=5_000)


def test_recordings_leave_no_frames_behind(
    dock: PlaybackWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    first = weakref.ref(session.film.recording)
    frames = weakref.ref(session.film.frames)
    session.show(1)
    qtbot.waitUntil(lambda: is_gone(first) and is_gone(frames))
