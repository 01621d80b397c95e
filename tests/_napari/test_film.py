"""What of a recording is on screen."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from typing import TYPE_CHECKING

from film_layers import counted, layer_of, seen, within
from napari.utils.notifications import notification_manager

from event_files import LENGTH_US, SIZE, bar, write_recording
from napari_cellsets._napari.fitting import fitting_dots, fitting_speed, fitting_window
from napari_cellsets._napari.flat_view import WHY
from napari_cellsets._napari.recording_layer import US_OF_AXIS
from napari_cellsets.playback.filters import FilterChain, Polarity
from napari_cellsets.playback.frames import FrameMode

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel

    from napari_cellsets._napari.film import Film
    from napari_cellsets._napari.session import Session


# What is shown


def test_layer_is_scalar_float_with_time_in_milliseconds(film: Film) -> None:
    layer = layer_of(film)
    assert (layer.rgb, layer.multiscale, layer.ndim) == (False, False, 3)
    assert layer.dtype == np.float32
    assert tuple(layer.axis_labels) == ("t", "y", "x")
    assert [str(unit) for unit in layer.units] == ["millisecond", "pixel", "pixel"]
    assert layer.scale[0] * US_OF_AXIS == film.playback.stride_us
    assert tuple(layer.contrast_limits) == (-3.0, 3.0)


def test_first_frame_is_the_first_whole_window(film: Film) -> None:
    window = film.settings.window_us
    assert film.playback.position_us == window
    assert np.array_equal(seen(film), counted(within(bar(1), window, window)))


def test_jump_of_the_clock_moves_naparis_slider(
    film: Film, viewer: ViewerModel
) -> None:
    film.playback.jump_to(250_000)
    assert viewer.dims.point[0] == pytest.approx(250.0)
    window = film.settings.window_us
    assert np.array_equal(seen(film), counted(within(bar(1), 250_000, window)))


def test_naparis_slider_moves_the_clock(film: Film, viewer: ViewerModel) -> None:
    told: list[bool] = []
    film.moved_by_hand.connect(lambda: told.append(True))
    viewer.dims.set_current_step(0, 100)
    assert film.playback.position_us == 100 * film.playback.stride_us
    assert told == [True]


def test_slider_reaches_the_last_frame_and_the_last_event(
    session: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    session.open(write_recording(tmp_path / "odd.raw", bar(length_us=999_999)))
    film = session.film
    last = len(film.frames) - 1
    assert last * film.playback.stride_us > 999_999
    viewer.dims.set_current_step(0, last)
    assert film.step == viewer.dims.current_step[0] == last
    assert film.playback.position_us == 999_999
    viewer.dims.set_current_step(0, last - 1)
    assert film.step == last - 1
    film.playback.jump_to(999_999)
    assert viewer.dims.current_step[0] == last


def test_moves_of_the_clock_are_not_taken_for_the_persons(film: Film) -> None:
    told: list[bool] = []
    film.moved_by_hand.connect(lambda: told.append(True))
    film.playback.jump_to(300_000)
    film.change(window_us=20_000)
    film.playback.speed = 0.001
    assert told == []


def test_slow_motion_takes_finer_steps_at_the_same_moment(
    film: Film, viewer: ViewerModel
) -> None:
    film.playback.jump_to(320_000)
    layer = layer_of(film)
    film.playback.speed = 1e-4
    assert film.playback.stride_us == 1
    assert layer.scale[0] == pytest.approx(1 / US_OF_AXIS)
    assert layer.data.shape[0] == LENGTH_US + 1
    assert viewer.dims.point[0] == pytest.approx(320.0)
    assert film.playback.position_us == 320_000
    assert layer_of(film) is layer


def test_window_is_changed_at_the_same_moment(film: Film, viewer: ViewerModel) -> None:
    film.playback.jump_to(200_000)
    film.change(window_us=50_000)
    assert viewer.dims.point[0] == pytest.approx(200.0)
    assert np.array_equal(seen(film), counted(within(bar(1), 200_000, 50_000)))


def test_window_by_events_shows_the_last_ones(film: Film) -> None:
    film.playback.jump_to(500_000)
    film.change(window_events=300)
    events = bar(1)
    last = events.take(events.t <= 500_000)
    shown = last.take(slice(len(last) - 300, None))
    assert np.array_equal(seen(film), counted(shown))


def test_filters_leave_out_events(film: Film) -> None:
    film.playback.jump_to(200_000)
    film.filter(FilterChain(filters=(Polarity(keep="on"),)))
    assert seen(film).min() == 0
    film.filter(None)
    assert seen(film).min() < 0


@pytest.mark.parametrize("mode", FrameMode)
@pytest.mark.parametrize("ground", ["dark", "light"])
def test_ground_is_black_or_white_where_nothing_happens(
    film: Film, mode: FrameMode, ground: str
) -> None:
    film.change(mode=mode, tau_us=1_000)
    film.change_looks(ground=ground)
    film.playback.jump_to(500_000)
    layer = layer_of(film)
    low, high = layer.contrast_limits
    empty = (float(seen(film)[0, 0]) - low) / (high - low)
    colour = layer.colormap.map(np.array([empty]))[0][:3]
    expected = 0.5 if mode is FrameMode.LAST else float(ground == "light")
    assert np.allclose(colour, expected, atol=0.01)


def test_contrast_follows_the_frame_where_wanted(film: Film) -> None:
    film.change(window_us=400_000, mode=FrameMode.COUNT)
    film.playback.jump_to(390_000)
    film.change_looks(adaptive=True)
    strongest = seen(film).max()
    low, high = layer_of(film).contrast_limits
    assert low == 0
    assert 3 < high <= strongest
    film.change_looks(adaptive=False)
    assert tuple(layer_of(film).contrast_limits) == (0.0, 3.0)


def test_number_of_events_for_full_colour_is_the_persons(film: Film) -> None:
    film.change_looks(full_at=8)
    assert tuple(layer_of(film).contrast_limits) == (-8.0, 8.0)


def test_time_surface_leaves_a_number_of_events(playing: Session) -> None:
    playing.film.change(window_events=50)
    assert playing.film.playback.window_us is None
    playing.film.change(mode=FrameMode.SURFACE)
    assert playing.film.settings.window_events is None
    assert playing.film.playback.window_us == playing.film.settings.reach_us


# Fitting to the recording


@pytest.mark.parametrize(
    ("duration_us", "speed"),
    [(0, 1.0), (60_000_000, 1.0), (1_000_000, 0.2), (8_800, 0.002), (3, 1e-4)],
)
def test_short_recordings_play_slowly(duration_us: int, speed: float) -> None:
    assert fitting_speed(duration_us) == pytest.approx(speed)


@pytest.mark.parametrize(
    ("duration_us", "window_us"),
    [(0, 10_000), (60_000_000, 10_000), (8_800, 500), (3, 10)],
)
def test_short_recordings_have_short_windows(duration_us: int, window_us: int) -> None:
    assert fitting_window(duration_us) == window_us


def test_what_is_but_a_moment_is_shown_as_a_whole() -> None:
    assert fitting_window(199) == 200


@pytest.mark.parametrize(("zoom", "dots"), [(4.0, 1), (1.0, 1), (0.45, 3), (0.01, 5)])
def test_dots_are_large_enough_for_the_screen(zoom: float, dots: int) -> None:
    assert fitting_dots(zoom) == dots


def test_dots_grow_as_the_view_shrinks_until_their_size_is_chosen(
    film: Film, viewer: ViewerModel
) -> None:
    viewer.scene.camera.zoom = 0.4
    assert film.settings.dot_px == 3
    film.change(dot_px=2)
    viewer.scene.camera.zoom = 5.0
    assert film.settings.dot_px == 2


# Three dimensions


def test_3d_is_taken_back_with_a_message(film: Film, viewer: ViewerModel) -> None:
    before = len(notification_manager.records)
    asked: list[int] = []
    made = film.frames.frame
    film.frames.frame = lambda step: asked.append(step) or made(step)
    viewer.dims.ndisplay = 3
    assert viewer.dims.ndisplay == 2
    assert len(set(asked)) <= 1
    told = [record.message for record in notification_manager.records[before:]]
    assert told == [WHY]


def test_time_as_an_edge_is_taken_back(film: Film, viewer: ViewerModel) -> None:
    viewer.dims.order = (1, 0, 2)
    assert viewer.dims.order == (0, 1, 2)
    assert seen(film).shape == (SIZE.height, SIZE.width)


def test_3d_is_free_while_an_image_is_shown(
    playing: Session, viewer: ViewerModel, set_path: Path
) -> None:
    playing.open(set_path)
    viewer.dims.ndisplay = 3
    assert viewer.dims.ndisplay == 3
