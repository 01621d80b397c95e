"""The clock keeps time, stays in its range, and shows each frame where it is asked."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_cellsets.playback.clock import Playback

TICKS = st.lists(st.floats(1e-4, 2.0), min_size=1, max_size=40)
SPEEDS = st.floats(1e-4, 10.0)
lightly = settings(deadline=None, max_examples=40)


@st.composite
def clocks(draw: st.DrawFn) -> Playback:
    duration = draw(st.integers(0, 10**8))
    ends = st.none() | st.integers(0, 2 * duration + 1)
    return Playback(
        duration_us=duration,
        position_us=draw(st.integers(0, duration)),
        a_us=draw(ends),
        b_us=draw(ends),
        speed=draw(SPEEDS),
        loop=draw(st.booleans()),
        every_frame=draw(st.booleans()),
        window_us=draw(st.none() | st.integers(1, 10**7)),
        direction=draw(st.sampled_from((1, -1))),
        playing=True,
    )


@lightly
@given(clocks(), TICKS)
def test_running_never_leaves_the_range(clock: Playback, ticks: list[float]) -> None:
    for tick in ticks:
        was_playing = clock.playing
        position = clock.advance(tick)
        assert position == clock.position_us
        assert not was_playing or clock.low_us <= position <= clock.high_us


@lightly
@given(clocks(), TICKS)
def test_a_loop_never_stops(clock: Playback, ticks: list[float]) -> None:
    clock.loop = True
    for tick in ticks:
        clock.advance(tick)
    assert clock.playing


@lightly
@given(SPEEDS, TICKS, st.sampled_from((1, -1)))
def test_left_out_frames_never_stretch_time(
    speed: float, ticks: list[float], direction: int
) -> None:
    start = 10**10
    clock = Playback(duration_us=2 * 10**10, position_us=start, speed=speed)
    clock.direction = direction
    clock.playing = True
    for tick in ticks:
        clock.advance(tick)
    moved = direction * (clock.position_us - start)
    assert abs(moved - sum(ticks) * speed * 1e6) <= 2


@lightly
@given(
    st.integers(0, 300),
    st.integers(0, 300),
    st.integers(1, 400),
    st.sampled_from((1, -1)),
    TICKS,
)
def test_every_frame_shows_each_frame_of_the_range_once(
    a: int, b: int, window: int, direction: int, ticks: list[float]
) -> None:
    clock = Playback(
        duration_us=300, a_us=a, b_us=b, window_us=window, every_frame=True
    )
    stride, low, high = clock.stride_us, clock.low_us, clock.high_us
    expected = [at for at in range(0, 301, stride) if low <= at <= high]
    if high == 300 and expected[-1:] != [300]:
        expected.append(300)
    expected = expected or [low]
    clock.direction = direction
    clock.position_us = expected[0 if direction == 1 else -1]
    clock.playing = True
    shown = [clock.position_us]
    while clock.playing:
        for tick in ticks:
            before = clock.position_us
            if clock.advance(tick) != before:
                shown.append(clock.position_us)
    assert shown == expected[::direction]


def test_every_frame_waits_until_the_next_one_is_due() -> None:
    clock = Playback(duration_us=10**6, speed=1e-3, fps=10, every_frame=True)
    clock.play()
    stride = clock.stride_us
    assert [clock.advance(0.06) // stride for _ in range(5)] == [0, 1, 1, 2, 3]


def test_a_loop_by_time_starts_again_at_a() -> None:
    clock = Playback(duration_us=1000, a_us=100, b_us=300, position_us=250, loop=True)
    clock.playing = True
    assert clock.advance(70e-6) == 120


def test_a_loop_backwards_starts_again_at_b() -> None:
    clock = Playback(duration_us=1000, a_us=100, b_us=300, position_us=150, loop=True)
    clock.direction = -1
    clock.playing = True
    assert clock.advance(70e-6) == 280


def test_without_a_loop_it_stops_at_the_end() -> None:
    clock = Playback(duration_us=1000, position_us=900)
    clock.play()
    assert clock.advance(1.0) == 1000
    assert not clock.playing


def test_a_range_of_one_moment_stops_at_once() -> None:
    clock = Playback(duration_us=1000, a_us=400, b_us=400)
    clock.play()
    assert clock.advance(1.0) == 400
    assert not clock.playing


def test_play_at_the_end_starts_from_the_beginning() -> None:
    clock = Playback(duration_us=1000, position_us=1000, a_us=200)
    clock.play()
    assert clock.position_us == 200


def test_play_backwards_at_the_beginning_starts_from_the_end() -> None:
    clock = Playback(duration_us=1000, b_us=600)
    clock.play(-1)
    assert clock.position_us == 600
    assert clock.advance(100e-6) == 500


def test_running_from_outside_enters_at_a() -> None:
    clock = Playback(duration_us=1000, a_us=200, b_us=400, position_us=900)
    clock.playing = True
    assert clock.advance(50e-6) == 250


def test_jumping_may_leave_the_range_but_not_the_recording() -> None:
    clock = Playback(duration_us=1000, a_us=200, b_us=400)
    clock.jump_to(900)
    assert clock.position_us == 900
    clock.jump_to(5000)
    assert clock.position_us == 1000
    clock.jump_to(-3)
    assert clock.position_us == 0


def test_pausing_holds_the_position() -> None:
    clock = Playback(duration_us=10**7)
    clock.play()
    clock.advance(1.0)
    clock.pause()
    assert clock.advance(1.0) == 10**6


@lightly
@given(st.integers(0, 10**6), st.integers(-50, 50))
def test_steps_go_from_frame_to_frame(position: int, frames: int) -> None:
    clock = Playback(duration_us=10**6, position_us=position, window_us=1000)
    stride = clock.stride_us
    last = 10**6 // stride * stride
    near = position // stride if frames >= 0 else math.ceil(position / stride)
    assert clock.step(frames) == min(max((near + frames) * stride, 0), last)


def test_single_steps_reach_the_end_of_the_recording_and_come_back() -> None:
    clock = Playback(duration_us=1037, window_us=100)
    seen = [clock.step() for _ in range(12)]
    assert seen[-3:] == [1000, 1037, 1037]
    assert clock.step(-1) == 1000


@pytest.mark.parametrize("direction", [1, -1])
def test_every_frame_shows_the_last_events(direction: Literal[1, -1]) -> None:
    clock = Playback(duration_us=237, window_us=100, every_frame=True)
    clock.play(direction)
    shown = [clock.position_us]
    while clock.playing:
        shown.append(clock.advance(1.0))
    assert sorted(set(shown)) == [0, 100, 200, 237]


def test_a_step_pauses() -> None:
    clock = Playback(duration_us=10**6)
    clock.play()
    clock.step()
    assert not clock.playing


@pytest.mark.parametrize(
    ("speed", "window", "expected"),
    [(1.0, 10_000, 10_000), (1.0, None, 20_000), (1e-4, 10_000, 2), (1e-4, 1, 1)],
)
def test_the_stride_is_a_round_time_within_window_and_speed(
    speed: float, window: int | None, expected: int
) -> None:
    clock = Playback(duration_us=10**6, speed=speed, window_us=window, fps=40)
    assert clock.stride_us == expected


@lightly
@given(SPEEDS, st.none() | st.integers(1, 10**7), st.integers(0, 10**15))
def test_the_number_of_frames_fits_a_slider(
    speed: float, window: int | None, duration: int
) -> None:
    clock = Playback(duration_us=duration, speed=speed, window_us=window)
    assert duration // clock.stride_us < 2**30


def _next_of(times: list[int]):
    array = np.array(sorted(times))

    def find(time_us: int, direction: int) -> int | None:
        place = int(np.searchsorted(array, time_us, side="right"))
        place -= direction == -1
        return int(array[place]) if 0 <= place < len(array) else None

    return find


@lightly
@given(
    st.lists(st.integers(0, 10**5), min_size=1, max_size=8),
    st.sampled_from((1, -1)),
    st.booleans(),
    TICKS,
)
def test_leaping_shows_no_empty_frame_between_events(
    times: list[int], direction: int, every_frame: bool, ticks: list[float]
) -> None:
    clock = Playback(
        duration_us=10**5,
        window_us=1000,
        speed=0.01,
        every_frame=every_frame,
        skip_empty=True,
        next_event_time=_next_of(times),
        position_us=0 if direction == 1 else 10**5,
        direction=direction,
        playing=True,
    )
    for tick in ticks:
        before = clock.position_us
        at = clock.advance(tick)
        if at == before:
            continue
        shows = any(at - 1000 < time <= at for time in times)
        ahead = any((time - at) * direction > 0 for time in times)
        assert shows or not ahead or at in (0, 10**5)


@pytest.mark.parametrize(("frames", "expected"), [(1, 70_000), (-1, 1000)])
def test_a_step_leaps_over_empty_stretches(frames: int, expected: int) -> None:
    clock = Playback(duration_us=10**5, window_us=1000, position_us=30_000)
    clock.skip_empty = True
    clock.next_event_time = _next_of([10, 69_999])
    assert clock.step(frames) == expected


def test_achieved_speed_tells_what_really_ran() -> None:
    clock = Playback(duration_us=10**9, every_frame=True, window_us=10_000, speed=2.0)
    clock.play()
    for _ in range(50):
        clock.advance(0.1)
    assert clock.achieved_speed == pytest.approx(0.1)
    clock.every_frame = False
    for _ in range(50):
        clock.advance(0.1)
    assert clock.achieved_speed == pytest.approx(2.0)


def test_left_out_frames_are_counted() -> None:
    clock = Playback(duration_us=10**9, window_us=10_000)
    clock.play()
    clock.advance(0.05)
    assert clock.dropped == 4


def test_listeners_hear_of_a_new_position_once() -> None:
    clock, heard = Playback(duration_us=10**6), []
    clock.events.position_us.connect(heard.append)
    clock.play()
    clock.advance(0.1)
    assert heard == [100_000]


@pytest.mark.parametrize("speed", [0.0, 1e-5, 11.0, -1.0])
def test_speeds_beyond_the_allowed_are_refused(speed: float) -> None:
    with pytest.raises(ValidationError):
        Playback(speed=speed)
