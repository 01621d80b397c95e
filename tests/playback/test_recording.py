from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_recordings import (
    SIZE,
    made,
    moments,
    odd_events,
    of_times,
    recorded,
    same,
)

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import EventHeader
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback.recording import open_recording


def from_first(events: Events) -> Events:
    return Events(events.t - events.t[0], events.x, events.y, events.p)


@given(st.data(), odd_events(), st.sampled_from((1, 2, 7, 64)))
def test_events_between_two_times_are_those_that_a_search_of_all_finds(
    data: st.DataObject, events: Events, spacing: int
) -> None:
    recording = recorded(events, spacing=spacing)
    start, stop = data.draw(moments(events)), data.draw(moments(events))
    told = from_first(events)
    expected = told.take((told.t >= start) & (told.t < stop))

    assert same(recording.read(start, stop), expected)
    assert same(Events.joined(list(recording.pieces(start, stop))), expected)
    assert recording.count(start, stop) == len(expected)


@given(st.data(), odd_events(), st.sampled_from((1, 3, 32)))
def test_events_by_number_are_a_slice_of_all(
    data: st.DataObject, events: Events, spacing: int
) -> None:
    recording = recorded(events, spacing=spacing)
    first = data.draw(st.integers(0, len(events)))
    stop = data.draw(st.integers(0, len(events) + 3))

    found = recording.read_numbered(first, stop)

    assert same(found, from_first(events).take(slice(first, stop)))


@given(st.data(), odd_events(), st.sampled_from((1, 3, 32)))
def test_moments_and_numbers_are_those_that_a_search_of_all_finds(
    data: st.DataObject, events: Events, spacing: int
) -> None:
    recording = recorded(events, spacing=spacing)
    t = from_first(events).t
    time = data.draw(moments(events))
    number = data.draw(st.integers(0, len(events) - 1))

    assert recording.time_of(number) == t[number]
    assert recording.number_at(time) == np.count_nonzero(t < time)
    assert recording.next_event_time(time) == min(t[t > time].tolist(), default=None)
    assert recording.next_event_time(time, -1) == max(
        t[t <= time].tolist(), default=None
    )


@given(odd_events())
def test_what_a_recording_tells_of_itself_is_true_of_its_events(events: Events) -> None:
    recording = recorded(events, spacing=4)
    t = from_first(events).t

    assert recording.origin_us == events.t[0]
    assert recording.start_us == t.min()
    assert recording.duration_us == t.max()
    assert recording.event_count == len(events)
    assert recording.on_count == events.p.sum()
    assert recording.off_count == len(events) - events.p.sum()


def test_no_more_events_than_the_most_asked_for_are_returned() -> None:
    recording = recorded(made(300))

    assert same(recording.read(0, 10**9, most=21), recording.read_numbered(0, 21))


def test_a_recording_without_events_has_an_end_and_nothing_before_it() -> None:
    recording = recorded(Events.empty())

    assert recording.complete
    assert recording.duration_us == 0
    assert len(recording.read(-10, 10)) == 0
    assert recording.next_event_time(0) is None
    assert recording.number_at(0) == 0
    assert recording.geometry == SIZE


def test_there_is_no_time_of_an_event_that_is_not_there() -> None:
    recording = recorded(of_times(5, 6))

    with pytest.raises(IndexError, match="no event number 2"):
        recording.time_of(2)


def test_pieces_stay_what_they_were_when_others_read_on() -> None:
    recording = recorded(made(200))

    first = next(recording.pieces(0, 10**9))
    before = first.t.copy()
    recording.read(50, 90)

    assert np.array_equal(first.t, before)


def test_an_index_that_was_stopped_goes_on_where_it_was() -> None:
    recording = recorded(made(5000), spacing=2, whole=False)
    token = CancelToken()

    def stop_early(part: float, _: str) -> None:
        if part > 0.3:
            token.cancel()

    with pytest.raises(CancelledError, match="Cancelled"):
        recording.build_index(token, stop_early)
    reached = recording.event_count
    recording.build_index()

    assert 0 < reached < 5000
    assert recording.event_count == 5000


def test_progress_of_the_index_ends_at_one() -> None:
    recording = recorded(made(5000), spacing=2, whole=False)
    told: list[float] = []

    recording.build_index(progress=lambda part, text: told.append(part))

    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_is_read_while_the_index_grows_is_what_it_had_reached() -> None:
    events = made(60_000, mean_us=1)
    recording = recorded(events, spacing=4, whole=False)
    told, wrong = from_first(events), []

    def read() -> None:
        rng = np.random.default_rng(1)
        while not recording.complete:
            known = recording.duration_us
            start = int(rng.integers(0, max(known, 1)))
            stop = min(start + 50, known)
            found = recording.read(start, stop)
            expected = told.take((told.t >= start) & (told.t < stop))
            if not same(found, expected):
                wrong.append((start, stop))

    readers = [threading.Thread(target=read) for _ in range(2)]
    builders = [threading.Thread(target=recording.build_index) for _ in range(2)]
    for thread in readers + builders:
        thread.start()
    for thread in readers + builders:
        thread.join()

    assert recording.event_count == len(events)
    assert wrong == []


def test_an_unknown_size_is_found_out_and_told() -> None:
    recording = recorded(made(300), None)

    assert recording.geometry == SIZE
    assert any("does not tell its size" in said for said in recording.assumed)
    assert recording.faults == ()


def test_a_size_too_small_for_the_events_grows_and_is_told() -> None:
    recording = recorded(made(300), Geometry(4, 9))

    assert recording.geometry == Geometry(SIZE.width, 9)
    assert any("tells 4 x 9 pixels" in fault for fault in recording.faults)


def test_events_impossibly_far_outside_do_not_grow_the_pictures() -> None:
    events = Events.of([1, 2], [3, 65_535], [4, 65_535], [0, 1])

    declared, unknown = recorded(events, SIZE), recorded(events, None)

    assert declared.geometry == SIZE
    assert unknown.geometry == Geometry(4096, 4096)
    for recording in (declared, unknown):
        assert any("left out of the pictures" in said for said in recording.faults)


def test_faults_of_time_are_told_with_their_size() -> None:
    faults = " ".join(recorded(of_times(50, 20, 60, 86_400_000_000 * 3)).faults)

    assert "runs backwards once, by up to 30 us" in faults
    assert "earliest event is 30 us before the first" in faults
    assert "the longest of 3 days" in faults


def test_doubts_of_the_header_stand_first_among_the_faults() -> None:
    header = EventHeader("odd", SIZE, doubts=("Its end is missing.",))
    recording = open_recording(MemoryEvents(of_times(1, 2), SIZE, header))

    assert recording.faults == ("Its end is missing.",)


def test_what_was_assumed_is_no_fault() -> None:
    header = EventHeader("odd", SIZE, assumed=("The clock was guessed.",))
    info = open_recording(MemoryEvents(of_times(1, 2), SIZE, header)).info()

    assert info.assumed == ("The clock was guessed.",)
    assert info.to_json()["faults"] == []


def test_information_in_short_is_exactly_what_the_console_promises() -> None:
    told = recorded(of_times(50, 70), SIZE).info().to_json()

    assert told == {
        "format": "memory",
        "width": SIZE.width,
        "height": SIZE.height,
        "events": 2,
        "on": 2,
        "off": 0,
        "t_first_us": 50,
        "t_last_us": 70,
        "faults": [],
    }


def test_information_has_the_mean_and_the_highest_rate() -> None:
    quiet = np.arange(0, 1_000_000, 10_000)
    burst = np.full(1000, 505_000)
    info = recorded(of_times(*np.sort(np.concatenate([quiet, burst])))).info()

    assert info.mean_rate == pytest.approx(1100 / 0.990001)
    assert info.peak_rate == pytest.approx(1001 / (info.peak_over_us * 1e-6), rel=0.05)


@pytest.mark.parametrize("times", [(7,), (7, 7), (0, 8_800), (0, 30, 20_001), (50, 20)])
def test_mean_rate_is_never_above_the_peak(times: tuple[int, ...]) -> None:
    info = recorded(of_times(*times)).info()

    assert 0 < info.mean_rate <= info.peak_rate


def test_information_on_no_events_has_no_rates() -> None:
    info = recorded(Events.empty()).info()

    assert (info.events, info.mean_rate, info.peak_rate) == (0, 0, 0)
    assert info.faults == ("It holds no events.",)
