from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from playback_docks import press

from event_files import LENGTH_US

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.film import Film
    from napari_cellsets._qt.playback import PlaybackWidget
    from napari_cellsets.playback.clock import Playback

pytestmark = pytest.mark.gui


def test_play_runs_and_pauses(
    player: PlaybackWidget, playback: Playback, viewer: Viewer, qtbot: QtBot
) -> None:
    start = playback.position_us
    press(player, "play")
    qtbot.waitUntil(lambda: playback.position_us > start + 20_000)
    assert viewer.dims.point[0] > start / 1_000
    press(player, "play")
    assert not playback.playing
    stopped = playback.position_us
    qtbot.wait(80)
    assert playback.position_us == stopped


def test_backwards_runs_to_the_start(
    player: PlaybackWidget, playback: Playback, qtbot: QtBot
) -> None:
    playback.speed = 5.0
    playback.jump_to(500_000)
    press(player, "backwards")
    qtbot.waitUntil(lambda: not playback.playing)
    assert playback.position_us == 0


def test_time_is_kept_however_slow_the_screen(
    player: PlaybackWidget, playback: Playback, qtbot: QtBot
) -> None:
    playback.speed = 0.5
    press(player, "play")
    qtbot.waitUntil(lambda: not playback.playing, timeout=10_000)
    assert playback.position_us == LENGTH_US
    assert playback.achieved_speed == pytest.approx(0.5, rel=0.1)


def test_every_frame_is_shown_once_where_wanted(
    player: PlaybackWidget, film: Film, viewer: Viewer, qtbot: QtBot
) -> None:
    playback = film.playback
    player.transport.speed.every_frame.click()
    playback.speed = 10.0
    playback.jump_to(100_000)
    steps: list[int] = []
    viewer.dims.events.point.connect(lambda event: steps.append(film.step))
    press(player, "play")
    qtbot.waitUntil(lambda: len(steps) >= 12)
    press(player, "play")
    assert np.array_equal(np.diff(steps), np.ones(len(steps) - 1))


def test_loop_starts_again(
    player: PlaybackWidget, playback: Playback, qtbot: QtBot
) -> None:
    playback.a_us, playback.b_us = 100_000, 150_000
    playback.jump_to(100_000)
    press(player, "loop")
    seen: list[int] = []
    playback.events.position_us.connect(seen.append)
    press(player, "play")
    qtbot.waitUntil(lambda: len(seen) > 3 and bool((np.diff(seen) < 0).any()))
    assert playback.playing
    assert min(seen) >= 100_000
    assert max(seen) <= 150_000


def test_reached_speed_is_told_while_it_runs(
    player: PlaybackWidget, playback: Playback, qtbot: QtBot
) -> None:
    playback.speed = 0.02
    told = player.transport.time.true_speed
    press(player, "play")
    qtbot.waitUntil(lambda: told.text().startswith("runs 1:"))
    press(player, "play")
    assert told.text() == ""


def test_timer_takes_no_step_before_the_last_is_shown(
    player: PlaybackWidget, film: Film, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(player, "play")
    qtbot.waitUntil(lambda: film.step > 10)
    monkeypatch.setattr(type(film), "shown", property(lambda self: False))
    step = film.step
    qtbot.wait(100)
    assert film.step == step
    monkeypatch.undo()
    qtbot.waitUntil(lambda: film.step > step)


def test_playing_waits_while_a_person_holds_the_slider(
    player: PlaybackWidget, film: Film, viewer: Viewer, qtbot: QtBot
) -> None:
    press(player, "play")
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
    player: PlaybackWidget, film: Film, viewer: Viewer, qtbot: QtBot
) -> None:
    viewer.__wrapped__._layer_slicer._force_sync = False
    threads: set[str] = set()
    made = film.frames.frame

    def watched(step: int) -> np.ndarray:
        threads.add(threading.current_thread().name)
        return made(step)

    film.frames.frame = watched
    press(player, "play")
    qtbot.waitUntil(lambda: film.playback.position_us > 100_000)
    press(player, "play")
    qtbot.waitUntil(lambda: film.shown)
    assert threads - {"MainThread"}
    shown = np.asarray(film.layer._slice.image.raw)
    assert np.array_equal(shown, made(film.step))
