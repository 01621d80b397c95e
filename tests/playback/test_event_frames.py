from __future__ import annotations

import threading
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_recordings import SIZE, made, odd_events, of_times, recorded

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.playback import ages
from napari_cellsets.playback.event_frames import EventFrames
from napari_cellsets.playback.filters import (
    BackgroundActivity,
    FilterChain,
    Refractory,
    Turn,
)
from napari_cellsets.playback.frames import FrameMode, FrameSettings, render

MODES = st.sampled_from(FrameMode)
COUNT = FrameSettings(mode=FrameMode.COUNT, window_us=50)


def from_first(events: Events) -> Events:
    return Events(events.t - events.t[0], events.x, events.y, events.p)


def in_order(count: int = 400) -> Events:
    return from_first(made(count))


@given(st.data(), odd_events(), MODES, st.integers(1, 90), st.integers(1, 90))
def test_a_step_is_the_frame_of_its_moment(
    data: st.DataObject, events: Events, mode: FrameMode, window: int, stride: int
) -> None:
    settings = FrameSettings(mode=mode, window_us=window, tau_us=window)
    frames = EventFrames(recorded(events), settings, stride_us=stride)
    told = from_first(events)
    near = data.draw(st.sampled_from(told.t.tolist()))

    step = frames.step_at(near)

    now = frames.time_of(step)
    assert abs(now - near) <= stride
    assert np.array_equal(frames[step], render(told, SIZE, settings, now))


@given(st.data(), odd_events(), MODES, st.integers(1, 30), st.integers(1, 90))
def test_a_window_of_a_number_shows_the_last_events_up_to_its_moment(
    data: st.DataObject, events: Events, mode: FrameMode, number: int, stride: int
) -> None:
    settings = FrameSettings(mode=mode, window_events=number, tau_us=30)
    frames = EventFrames(recorded(events), settings, stride_us=stride)
    told = from_first(events)
    step = frames.step_at(data.draw(st.sampled_from(told.t.tolist())))

    now = frames.time_of(step)
    end = np.count_nonzero(told.t <= now)
    shown = told.take(slice(max(0, end - number), end))

    assert np.array_equal(frames[step], render(shown, SIZE, settings, now))


@given(st.integers(0, 60), st.integers(1, 40), st.integers(1, 30), st.booleans())
def test_filtered_frames_are_those_of_the_filtered_recording(
    step: int, within: int, size: int, by_number: bool
) -> None:
    chain = FilterChain(
        filters=(
            Refractory(within_us=within),
            BackgroundActivity(within_us=within),
            Turn(quarters=1),
        )
    )
    settings = FrameSettings(
        mode=FrameMode.COUNT,
        window_us=size,
        window_events=size if by_number else None,
    )
    told = in_order()
    frames = EventFrames(recorded(told), settings, chain, stride_us=20)
    now = frames.time_of(step)
    seen = told.t <= now
    if by_number:
        seen[: max(0, np.count_nonzero(seen) - size)] = False
    else:
        seen &= told.t > now - size

    # each event is told apart from its equals by the bit that its polarity leaves free
    marked = Events(told.t, told.x, told.y, told.p + 2 * seen.astype(np.uint8))
    passed = chain.apply(marked, SIZE).events
    passed = passed.take(passed.p >= 2)
    passed = Events(passed.t, passed.x, passed.y, passed.p & 1)

    expected = render(passed, chain.geometry_after(SIZE), settings, now)
    assert np.array_equal(frames[step], expected)
    assert sum(frames.removed(step).values()) == seen.sum() - len(passed)


@given(
    odd_events(),
    st.booleans(),
    MODES,
    st.integers(1, 3),
    st.integers(1, 12),
    st.lists(st.integers(0, 40), min_size=1, max_size=12),
)
def test_the_way_to_a_frame_cannot_be_seen(
    events: Events,
    ordered: bool,
    mode: FrameMode,
    dot: int,
    stride: int,
    way: list[int],
) -> None:
    if ordered:
        events = Events(np.sort(events.t), events.x, events.y, events.p)
    settings = FrameSettings(mode=mode, window_us=100, tau_us=20, dot_px=dot)
    told = from_first(events)
    with patch.object(ages, "SHORTEST_US", 1):
        walk(told, EventFrames(recorded(events), settings, None, stride, 3), way)


def walk(told: Events, frames: EventFrames, way: list[int]) -> None:
    settings = frames.settings

    for step in way:
        step = min(step, len(frames) - 1)
        expected = render(told, SIZE, settings, frames.time_of(step))
        assert np.array_equal(frames[step], expected)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (FrameMode.COUNT, [(60_001, 60_021), (1, 21), (-19, 1), (59_981, 60_001)]),
        (FrameMode.LAST, [(60_001, 60_021), (-19, 59_981)]),
    ],
)
def test_a_long_window_is_not_decoded_again_for_each_step(
    mode: FrameMode, expected: list[tuple[int, int]]
) -> None:
    recording = recorded(in_order(25_000))
    settings = FrameSettings(mode=mode, window_us=60_000)
    frames = EventFrames(recording, settings, stride_us=20)
    frames[3000]
    views = recording.views

    with patch.object(recording, "views", side_effect=views) as asked:
        frames[3001]
        frames[2999]

    assert [call.args for call in asked.call_args_list] == expected


def test_steps_reach_from_the_first_event_to_the_last() -> None:
    frames = EventFrames(recorded(of_times(7, 57, 108)), COUNT)

    assert frames.shape == (4, SIZE.height, SIZE.width)
    assert [frames.time_of(step) for step in range(4)] == [0, 50, 100, 150]
    assert [frame.sum() for frame in frames[:]] == [1, 1, 0, 1]


def test_steps_begin_before_the_first_event_where_time_runs_backwards() -> None:
    frames = EventFrames(recorded(of_times(500, 380, 510)), COUNT)

    assert frames.first_us == -150
    assert sum(frame.sum() for frame in frames) == 3


def test_a_recording_without_events_has_one_empty_step() -> None:
    for settings in (COUNT, FrameSettings(window_events=10)):
        frames = EventFrames(recorded(Events.empty()), settings)

        assert len(frames) == 1
        assert not frames[0].any()


def test_parts_are_those_of_the_whole_array() -> None:
    frames = EventFrames(recorded(in_order()), COUNT)
    whole = np.asarray(frames)

    for key in (
        3,
        -1,
        np.int64(2),
        slice(2, 9, 3),
        (4, slice(1, 3), slice(None)),
        (slice(0, 5), 2, slice(1, 4)),
        (slice(None), 1, 1),
        (..., 2),
        (1, ..., 2),
        [1, 4],
        (),
    ):
        assert np.array_equal(frames[key], whole[key]), key


def test_a_step_that_is_not_there_is_refused() -> None:
    frames = EventFrames(recorded(in_order()), COUNT)

    with pytest.raises(IndexError, match=f"step {len(frames)} of {len(frames)}"):
        frames[len(frames)]


def test_more_frames_than_fit_in_memory_are_refused() -> None:
    frames = EventFrames(recorded(of_times(0, 10**9), Geometry(640, 480)), COUNT)

    with pytest.raises(CellsetsError, match="frames at once do not fit in memory"):
        np.asarray(frames)


def test_a_finished_frame_is_given_again_and_cannot_be_spoilt() -> None:
    frames = EventFrames(recorded(in_order()), COUNT)

    first = frames[2]

    assert frames[2] is first or np.shares_memory(frames[2], first)
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 9


def test_only_so_many_frames_are_kept() -> None:
    frames = EventFrames(recorded(in_order()), COUNT, keep=2)
    first = frames[0]

    for step in (1, 2):
        frames[step]

    assert not np.shares_memory(frames[0], first)


def test_a_frame_gains_what_the_index_finds_later() -> None:
    events = of_times(*range(0, 4000), 90)
    recording = recorded(events, spacing=4, whole=False)
    frames = EventFrames(recording, COUNT)
    before = frames[2].sum()

    recording.build_index()

    assert (before, frames[2].sum()) == (13, 51)


def test_many_threads_get_the_frames_that_one_gets() -> None:
    recording = recorded(in_order(3000))
    expected = np.asarray(EventFrames(recording, COUNT))
    frames = EventFrames(recording, COUNT, keep=3)
    wrong = []

    def look(seed: int) -> None:
        for step in np.random.default_rng(seed).integers(0, len(frames), 200):
            if not np.array_equal(frames[step], expected[step]):
                wrong.append(step)

    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_the_step_of_a_moment_is_the_last_that_is_not_after_it() -> None:
    frames = EventFrames(recorded(of_times(0, 95)), FrameSettings(), stride_us=10)

    assert [frames.step_at(at) for at in (-5, 0, 9, 10, 94)] == [0, 0, 0, 1, 9]
    assert [frames.step_at(at) for at in (95, 1000)] == [10, 10]
