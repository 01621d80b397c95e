"""Recordings come, grow and go; what was chosen stays."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from typing import TYPE_CHECKING

from film_layers import counted, layer_of, seen, within
from napari.layers import Image

from event_files import LENGTH_US, SIZE, bar, write_recording
from napari_cellsets._napari.recording_layer import US_OF_AXIS
from napari_cellsets._napari.session import Session, get_session
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback.recording import open_recording

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel


def test_speed_and_window_that_were_chosen_stay_for_other_recordings(
    playing: Session,
) -> None:
    film = playing.film
    film.playback.speed = 0.05
    film.change(window_us=30_000)
    playing.show(1)
    assert film.playback.speed == 0.05
    assert film.settings.window_us == 30_000


def test_speed_fits_each_recording_until_one_is_chosen(playing: Session) -> None:
    assert playing.film.playback.speed == pytest.approx(0.2)
    playing.show(1)
    assert playing.film.playback.speed == pytest.approx(0.5)


def test_switching_reuses_the_layer(playing: Session, viewer: ViewerModel) -> None:
    layer = layer_of(playing.film)
    playing.show(1)
    assert list(viewer.layers) == [layer]
    assert layer.name == "run_2"
    assert playing.film.playback.duration_us == 2 * LENGTH_US
    playing.show(0)
    assert list(viewer.layers) == [layer]
    assert layer.data.shape[0] * playing.film.playback.stride_us >= LENGTH_US


def test_range_and_motion_end_with_the_recording(playing: Session) -> None:
    playback = playing.film.playback
    playback.a_us, playback.b_us = 200_000, 300_000
    playback.play(1)
    playing.show(1)
    assert (playback.a_us, playback.b_us, playback.playing) == (None, None, False)


def test_images_and_recordings_take_turns(
    playing: Session, viewer: ViewerModel, runs: Path, set_path: Path
) -> None:
    film = playing.film
    playing.open(set_path)
    assert film.recording is None
    assert film.layer is None
    assert playing.image_layer is not None
    assert playing.image_layer.rgb
    assert [layer.ndim for layer in viewer.layers] == [2] * len(viewer.layers)
    playing.open(runs)
    assert film.recording is not None
    assert playing.image_layer is film.layer
    assert sum(isinstance(layer, Image) for layer in viewer.layers) == 1


def test_session_has_no_picture_of_a_recording(playing: Session) -> None:
    assert playing.picture is None
    assert playing.truth is None
    assert playing.cells is None


def test_layer_that_the_person_deletes_is_let_go(
    playing: Session, viewer: ViewerModel
) -> None:
    viewer.layers.remove(layer_of(playing.film))
    assert playing.film.recording is None
    playing.reload()
    assert playing.film.layer in viewer.layers


def test_layer_grows_with_the_index_at_the_same_moment(viewer: ViewerModel) -> None:
    film = get_session(viewer).film
    events = bar(3, count=2_000_000, length_us=20_000_000)
    recording = open_recording(MemoryEvents(events, SIZE), name="long")
    assert not recording.complete
    told: list[bool] = []
    film.grown.connect(lambda: told.append(True))
    film.show(recording, "long", None, None)
    known = recording.duration_us
    film.playback.jump_to(known // 2)
    at = film.playback.position_us
    recording.build_index()
    film.grow()
    assert known < film.playback.duration_us == 20_000_000
    assert film.playback.position_us == at
    assert viewer.dims.range[0].stop == pytest.approx(20_000.0)
    assert viewer.dims.point[0] == pytest.approx(at / US_OF_AXIS, abs=10)
    film.grow()
    assert told == [True]


def test_an_index_that_only_ends_is_told(viewer: ViewerModel) -> None:
    film = get_session(viewer).film
    events = bar(3, count=2_000_000, length_us=20_000_000)
    events.t[100_000:] = events.t[100_000]
    recording = open_recording(MemoryEvents(events, SIZE), name="then all at once")
    film.show(recording, "then all at once", None, None)
    told: list[bool] = []
    film.grown.connect(lambda: told.append(recording.complete))
    assert not recording.complete
    assert recording.duration_us == events.t[-1] - events.t[0]
    recording.build_index()
    film.grow()
    film.grow()
    assert told == [True]


def test_grown_sensor_gives_larger_frames(viewer: ViewerModel) -> None:
    film = get_session(viewer).film
    events = bar(3, count=2_000_000, length_us=20_000_000)
    events.x[-1] = 99
    recording = open_recording(MemoryEvents(events, None), name="unknown size")
    film.show(recording, "unknown size", None, None)
    assert layer_of(film).data.shape[2] <= SIZE.width
    recording.build_index()
    film.grow()
    assert layer_of(film).data.shape[2] == 100


def test_events_before_the_first_are_shown_at_their_time(viewer: ViewerModel) -> None:
    film = get_session(viewer).film
    events = bar(2)
    back = Events(events.t - 30_000, events.x, events.y, events.p)
    first = events.take(slice(0, 1))
    recording = open_recording(MemoryEvents(Events.joined([first, back]), SIZE))
    recording.build_index()
    assert recording.start_us == -30_000
    film.show(recording, "back", None, None)
    viewer.dims.set_point(0, -12.0)
    assert viewer.dims.point[0] == pytest.approx(-12.0)
    window = film.settings.window_us
    assert np.array_equal(seen(film), counted(within(back, -12_000, window)))
    film.playback.jump_to(100_000)
    assert viewer.dims.point[0] == pytest.approx(100.0)
    assert np.array_equal(seen(film), counted(within(back, 100_000, window)))


def test_recording_without_events_shows_an_empty_frame(
    session: Session, tmp_path: Path
) -> None:
    events = bar().take(slice(0, 1))
    session.open(write_recording(tmp_path / "one.raw", events))
    film = session.film
    assert film.playback.duration_us == 0
    assert layer_of(film).data.shape[0] == 1


def test_recording_opened_in_3d_goes_back_to_2d(
    session: Session, viewer: ViewerModel, runs: Path
) -> None:
    viewer.add_image(np.zeros((4, 8, 8)))
    viewer.dims.ndisplay = 3
    session.open(runs)
    assert viewer.dims.ndisplay == 2
