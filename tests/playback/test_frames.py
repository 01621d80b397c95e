from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_recordings import SIZE, made, odd_events, of_times

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.playback import frame_arrays, frame_loops
from napari_cellsets.playback.frames import (
    LOOPS,
    FrameMode,
    FramePainter,
    FrameSettings,
    contrast_limits,
    decays,
    render,
)

if TYPE_CHECKING:
    from types import ModuleType

BOTH = pytest.mark.parametrize("loops", [frame_loops, frame_arrays])
MODES = st.sampled_from(FrameMode)


@pytest.fixture(scope="module", autouse=True)
def ready_loops() -> None:
    """Let compiling be over before anything is given its time."""
    LOOPS.wait()


def obvious(
    events: Events, geometry: Geometry, settings: FrameSettings, now: int
) -> np.ndarray:
    """One event after the other."""
    frame = np.zeros((geometry.height, geometry.width), np.float32)
    if settings.mode is FrameMode.TIME:
        frame[:] = settings.window_us
    for t, x, y, p in zip(
        *(getattr(events, name).tolist() for name in "txyp"), strict=True
    ):
        if not now - settings.reach_us < t <= now:
            continue
        if x >= geometry.width or y >= geometry.height:
            continue
        sign = 1 if p else -1
        match settings.mode:
            case FrameMode.SIGNED:
                frame[y, x] += sign
            case FrameMode.COUNT:
                frame[y, x] += 1
            case FrameMode.LAST:
                frame[y, x] = sign
            case FrameMode.TWO_COLOUR:
                frame[y, x] = 1 + p
            case FrameMode.TIME:
                frame[y, x] = now - t
            case FrameMode.SURFACE:
                frame[y, x] = sign * np.exp(-(now - t) / settings.tau_us)
    return frame


@BOTH
@given(st.data(), odd_events(), MODES, st.integers(1, 200), st.integers(1, 60))
def test_a_frame_is_what_painting_one_event_after_the_other_gives(
    loops: ModuleType,
    data: st.DataObject,
    events: Events,
    mode: FrameMode,
    window: int,
    tau: int,
) -> None:
    settings = FrameSettings(mode=mode, window_us=window, tau_us=tau)
    now = data.draw(st.sampled_from(events.t.tolist())) + data.draw(st.integers(-2, 9))
    smaller = Geometry(SIZE.width - 1, SIZE.height - 1)
    seen = (events.t > now - settings.reach_us) & (events.t <= now)

    painter = FramePainter(smaller, settings, now)
    painter.add(events.take(seen), loops)

    expected = obvious(events, smaller, settings, now)
    assert painter.finish() == pytest.approx(expected, rel=1e-6)


@given(odd_events(), MODES, st.integers(1, 500), st.integers(1, 60))
def test_compiled_and_numpy_frames_are_the_same_to_the_bit(
    events: Events, mode: FrameMode, tau: int, later: int
) -> None:
    settings = FrameSettings(mode=mode, tau_us=tau, window_events=len(events))
    frames = []
    for loops in (frame_loops, frame_arrays):
        painter = FramePainter(SIZE, settings, int(events.t[-1]) + later)
        painter.add(events, loops)
        frames.append(painter.finish())

    assert np.array_equal(*frames)


@given(odd_events(), st.integers(1, 500))
def test_compiled_and_numpy_ages_are_the_same_to_the_bit(
    events: Events, tau: int
) -> None:
    frames = []
    for loops in (frame_loops, frame_arrays):
        ages = np.zeros((SIZE.height - 1, SIZE.width - 1), np.float32)
        near = events.take(events.t[-1] - events.t < 5 * tau)
        near = near.take(near.t <= events.t[-1])
        now = int(events.t[-1])
        loops.put_signed_age(near.t, near.x, near.y, near.p, now, ages)
        frame = np.full_like(ages, 9)
        loops.decay_ages(ages, *decays(tau), frame)
        frames.append((ages, frame))

    assert np.array_equal(*frames)


@given(odd_events(), MODES, st.integers(1, 50))
def test_a_frame_in_pieces_is_the_frame_at_once(
    events: Events, mode: FrameMode, cut: int
) -> None:
    settings = FrameSettings(mode=mode, window_events=len(events))
    now = int(events.t.max())
    whole = render(events, SIZE, settings, now)

    painter = FramePainter(SIZE, settings, now)
    for first in range(0, len(events), cut):
        painter.add(events.take(slice(first, first + cut)))

    assert np.array_equal(painter.finish(), whole)


@pytest.mark.parametrize("mode", FrameMode)
def test_a_frame_shows_what_lies_within_the_window_before_it(mode: FrameMode) -> None:
    settings = FrameSettings(mode=mode, window_us=50, tau_us=10)
    events = made(300)

    for now in (int(events.t[0]), int(events.t[150]), int(events.t[-1]) + 20):
        expected = obvious(events, SIZE, settings, now)
        assert render(events, SIZE, settings, now) == pytest.approx(expected)


def test_both_ends_of_the_window_are_where_they_are_said_to_be() -> None:
    settings = FrameSettings(mode=FrameMode.COUNT, window_us=10)

    counts = [
        render(of_times(100), SIZE, settings, now).sum() for now in (99, 100, 109, 110)
    ]

    assert counts == [0, 1, 1, 0]


def test_a_frame_is_painted_where_it_is_wanted() -> None:
    out = np.full((SIZE.height, SIZE.width), 7, np.float32)

    frame = render(of_times(5), SIZE, FrameSettings(), 5, out)

    assert frame is out
    assert frame.sum() == 1


@pytest.mark.parametrize(
    "out",
    [
        np.zeros((5, 7)),
        np.zeros((7, 5), np.float32),
        np.zeros((7, 5), np.float32).T,
    ],
    ids=["float64", "shape", "order"],
)
def test_a_frame_of_another_kind_is_refused(out: np.ndarray) -> None:
    with pytest.raises(CellsetsError, match="should be C-contiguous float32"):
        render(of_times(5), SIZE, FrameSettings(), 5, out)


def test_pixels_without_events_are_as_old_as_the_window() -> None:
    settings = FrameSettings(mode=FrameMode.TIME, window_us=100)

    frame = render(of_times(5, 40), SIZE, settings, 50)

    assert frame[0, 0] == 10
    assert np.all(frame[1:] == 100)


def test_pixels_without_events_are_as_old_as_the_oldest_of_a_number() -> None:
    settings = FrameSettings(mode=FrameMode.TIME, window_events=2)
    events = Events.of([5, 40], [0, 1], [0, 0], [1, 1])

    frame = render(events, SIZE, settings, 50)

    assert frame[0, :3].tolist() == [45, 10, 45]


@pytest.mark.parametrize(
    ("mode", "middle"),
    [
        (FrameMode.SIGNED, [-2, -2, 1]),
        (FrameMode.LAST, [-1, -1, 1]),
        (FrameMode.TWO_COLOUR, [1, 1, 2]),
        (FrameMode.COUNT, [2, 2, 1]),
        (FrameMode.TIME, [10, 10, 20]),
    ],
)
def test_dots_of_three_pixels_cover_the_neighbours(
    mode: FrameMode, middle: list[int]
) -> None:
    events = Events.of([80, 90, 80], [1, 1, 5], [1, 1, 3], [0, 0, 1])
    settings = FrameSettings(mode=mode, window_us=100, dot_px=3)

    frame = render(events, SIZE, settings, 100)

    assert [frame[0, 0], frame[2, 2], frame[4, 6]] == middle
    empty = 100 if mode is FrameMode.TIME else 0
    assert frame[4, 0] == empty


def test_of_two_dots_that_meet_the_stronger_is_seen() -> None:
    events = Events.of([1, 2, 3], [1, 1, 3], [1, 1, 1], [0, 0, 1])

    frame = render(events, SIZE, FrameSettings(dot_px=3), 3)

    assert frame[1, :5].tolist() == [-2, -2, -2, 1, 1]


@pytest.mark.parametrize(
    ("mode", "limits"),
    [
        (FrameMode.SIGNED, (-3, 3)),
        (FrameMode.COUNT, (0, 5)),
        (FrameMode.LAST, (-1, 1)),
        (FrameMode.TWO_COLOUR, (0, 2)),
        (FrameMode.SURFACE, (-1, 1)),
        (FrameMode.TIME, (0, 10_000)),
    ],
)
def test_fixed_contrast_is_that_of_the_mode(
    mode: FrameMode, limits: tuple[float, float]
) -> None:
    frame = np.zeros((4, 4), np.float32)

    assert contrast_limits(frame, FrameSettings(mode=mode)) == limits


@pytest.mark.parametrize(
    ("mode", "limits"), [(FrameMode.SIGNED, (-9, 9)), (FrameMode.COUNT, (0, 9))]
)
def test_adaptive_contrast_is_that_of_the_pixels_with_events(
    mode: FrameMode, limits: tuple[float, float]
) -> None:
    frame = np.zeros((300, 300), np.float32)
    frame[:30] = 9

    assert contrast_limits(frame, FrameSettings(mode=mode), adaptive=True) == limits


def test_adaptive_contrast_of_nothing_is_not_empty() -> None:
    frame = np.zeros((30, 30), np.float32)

    assert contrast_limits(frame, FrameSettings(), adaptive=True) == (-1, 1)


def test_ages_of_a_number_of_events_reach_to_the_oldest() -> None:
    settings = FrameSettings(mode=FrameMode.TIME, window_events=9)

    assert contrast_limits(np.full((2, 2), 40, np.float32), settings) == (0, 40)


def test_the_compiled_loops_are_used_once_they_are_ready() -> None:
    assert LOOPS.wait() is frame_loops
    assert LOOPS.now() is frame_loops
