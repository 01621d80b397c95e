"""Filters keep what they say, count what they take, and do not care about windows."""

from __future__ import annotations

import importlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.playback import pixel_memory
from napari_cellsets.playback.filter_pass import OUTSIDE
from napari_cellsets.playback.filters import (
    BackgroundActivity,
    FilterChain,
    HotPixels,
    Polarity,
    Refractory,
    Region,
    TimeRange,
    Turn,
)

SENSOR = Geometry(7, 5)
HOURS = 3600 * 10**6
lightly = settings(deadline=None, max_examples=60)


@pytest.fixture(params=["loops", "arrays"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test here runs with the compiled loops and with numpy."""
    module = importlib.import_module(f"napari_cellsets.playback.filter_{request.param}")
    monkeypatch.setattr(pixel_memory.LOOPS, "now", lambda: module)
    return str(request.param)


@st.composite
def sorted_events(draw: st.DrawFn, longest_step: int = 40) -> Events:
    steps = draw(st.lists(st.integers(0, longest_step), max_size=60))
    size = len(steps)
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    return Events.of(
        np.cumsum(steps) if size else [],
        rng.integers(0, SENSOR.width, size),
        rng.integers(0, SENSOR.height, size),
        rng.integers(0, 2, size),
    )


def slowly(events: Events, filters: list[Refractory | BackgroundActivity]) -> list[int]:
    """Numbers of the events that pass, by the definition and nothing else."""
    coming = list(range(len(events)))
    t, x, y = events.t.tolist(), events.x.tolist(), events.y.tolist()
    for each in filters:
        passed = []
        for place, i in enumerate(coming):
            around = isinstance(each, BackgroundActivity)
            near = [
                t[j]
                for j in coming[:place]
                if max(abs(x[i] - x[j]), abs(y[i] - y[j])) == int(around)
            ]
            recent = bool(near) and abs(t[i] - near[-1]) < each.within_us
            if recent == around:
                passed.append(i)
        coming = passed
    return coming


memories = st.lists(
    st.builds(Refractory, within_us=st.integers(1, 60))
    | st.builds(BackgroundActivity, within_us=st.integers(1, 60)),
    min_size=1,
    max_size=3,
)


def same(first: Events, second: Events) -> bool:
    return all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in "txyp"
    )


@lightly
@given(sorted_events(), memories)
def test_memory_filters_do_what_their_definition_says(events, filters) -> None:
    chain = FilterChain(filters=tuple(filters))
    wanted = events.take(np.array(slowly(events, filters), np.intp))
    assert same(chain.apply(events, SENSOR).events, wanted)


@lightly
@given(sorted_events(), memories, st.randoms())
def test_times_that_run_backwards_compare_with_what_came_last(
    events, filters, random
) -> None:
    order = list(range(len(events)))
    random.shuffle(order)
    events = events.take(np.array(order, np.intp))
    chain = FilterChain(filters=tuple(filters))
    wanted = events.take(np.array(slowly(events, filters), np.intp))
    assert same(chain.apply(events, SENSOR).events, wanted)


@lightly
@given(sorted_events(), memories, st.integers(0, 1500), st.integers(0, 1500))
def test_a_window_alone_gives_what_the_whole_pass_gives(
    events, filters, first, second
) -> None:
    start, stop = sorted((first, second))
    chain = FilterChain(filters=(*filters, Polarity(keep="off")))
    whole = chain.apply(events, SENSOR).events
    inside = (whole.t >= start) & (whole.t < stop)
    lead = (events.t >= start - chain.lead_in_us) & (events.t < stop)
    alone = chain.apply(events.take(lead), SENSOR, keep_from_us=start)
    assert same(alone.events, whole.take(inside))


@lightly
@given(sorted_events(longest_step=HOURS), memories, st.lists(st.integers(0, 60)))
def test_pieces_give_what_all_at_once_gives(events, filters, cuts) -> None:
    chain = FilterChain(filters=tuple(filters))
    at_work = chain.start(SENSOR)
    ends = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    parts = [at_work.feed(events.take(slice(a, b))) for a, b in pairwise(ends)]
    whole = chain.apply(events, SENSOR)
    assert same(Events.joined([part.events for part in parts]), whole.events)
    assert sum((Counter(p.removed) for p in parts), Counter()) == +Counter(
        whole.removed
    )


def test_refractory_keeps_what_another_library_keeps() -> None:
    transforms = pytest.importorskip("evutils.transforms.functional")
    types = pytest.importorskip("evutils.types")
    rng = np.random.default_rng(3)
    t = np.cumsum(rng.integers(0, 3, 20_000))
    columns = (rng.integers(0, side, len(t)) for side in (*SENSOR, 2))
    events = Events.of(t, *columns)
    chain = FilterChain(filters=(Refractory(within_us=25),))
    ours = chain.apply(events, SENSOR).events
    theirs = types.EventArray(t=events.t, x=events.x, y=events.y, p=events.p)
    # there the time itself is still too soon
    theirs = transforms.refractory_period(theirs, 24)
    assert 1000 < len(ours) < 19_000
    assert same(ours, Events.of(theirs.t, theirs.x, theirs.y, theirs.p))


def test_threads_do_not_disturb_each_other() -> None:
    rng = np.random.default_rng(5)
    t = np.cumsum(rng.integers(0, 9, 3000))
    columns = (rng.integers(0, side, len(t)) for side in (*SENSOR, 2))
    events = Events.of(t, *columns)
    chain = FilterChain(filters=(BackgroundActivity(within_us=20),))
    windows = [slice(first, first + 500) for first in range(0, 2500, 100)] * 4
    wanted = [chain.apply(events.take(window), SENSOR).events for window in windows]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda w: chain.apply(events.take(w), SENSOR), windows)
        for alone, together in zip(wanted, found, strict=True):
            assert same(alone, together.events)


@lightly
@given(sorted_events(longest_step=HOURS), memories)
def test_hours_do_not_wrap_around(events, filters) -> None:
    chain = FilterChain(filters=tuple(filters))
    wanted = events.take(np.array(slowly(events, filters), np.intp))
    assert same(chain.apply(events, SENSOR).events, wanted)


def test_a_jump_back_by_days_ends_no_filter() -> None:
    t = [50 * HOURS, 50 * HOURS + 5, 0, 3, 400]
    events = Events.of(t, [1] * 5, [1] * 5, [1] * 5)
    chain = FilterChain(filters=(Refractory(within_us=10),))
    assert chain.apply(events, SENSOR).events.t.tolist() == [50 * HOURS, 0, 400]


def test_each_filter_tells_how_many_events_it_took() -> None:
    events = Events.of([0, 1, 2, 3], [0, 1, 2, 6], [0, 0, 0, 4], [1, 1, 0, 1])
    chain = FilterChain(
        filters=(
            Polarity(keep="on"),
            Region.rectangle((-1, -1), (2, 2)),
            HotPixels(pixels_yx=((0, 1), (99, 99))),
            Region.rectangle((-1, -1), (2, 2), keep="outside"),
        )
    )
    done = chain.apply(events, SENSOR)
    assert done.removed == {
        "polarity": 1,
        "region": 1,
        "hot_pixels": 1,
        "region 2": 1,
    }
    assert len(done.events) == 0


def test_events_of_the_lead_in_are_neither_kept_nor_counted() -> None:
    events = Events.of([0, 5, 10, 12, 40], [1] * 5, [1] * 5, [1, 1, 1, 1, 1])
    chain = FilterChain(filters=(Refractory(within_us=10),))
    done = chain.apply(events, SENSOR, keep_from_us=10)
    assert done.events.t.tolist() == [40]
    assert done.removed == {"refractory": 2}


def test_events_outside_of_the_sensor_are_taken_out_and_told() -> None:
    events = Events.of([0, 1, 2], [1, 7, 1], [1, 1, 5], [1, 1, 1])
    done = FilterChain(filters=(Polarity(),)).apply(events, SENSOR)
    assert done.events.t.tolist() == [0]
    assert done.removed == {OUTSIDE: 2, "polarity": 0}


def test_a_chain_without_filters_gives_no_event_outside_of_the_sensor() -> None:
    events = Events.of([0, 1], [1, 7], [1, 1], [1, 1])
    done = FilterChain().apply(events, SENSOR)
    assert (done.events.t.tolist(), done.removed) == ([0], {OUTSIDE: 1})


def test_no_filters_copy_nothing() -> None:
    events = Events.of([0, 1], [1, 2], [1, 2], [0, 1])
    assert FilterChain().apply(events, SENSOR).events is events


def test_the_order_of_filters_counts() -> None:
    # The OFF event silences the ON event after it, unless it is taken out before.
    events = Events.of([0, 5], [1, 1], [1, 1], [0, 1])
    polarity, refractory = Polarity(keep="on"), Refractory(within_us=10)
    first = FilterChain(filters=(polarity, refractory)).apply(events, SENSOR)
    second = FilterChain(filters=(refractory, polarity)).apply(events, SENSOR)
    assert (len(first.events), len(second.events)) == (1, 0)


def test_a_time_range_is_open_at_its_end() -> None:
    events = Events.of([0, 5, 9, 10], [1] * 4, [1] * 4, [1] * 4)
    chain = FilterChain(filters=(TimeRange(start_us=5, stop_us=10),))
    assert chain.apply(events, SENSOR).events.t.tolist() == [5, 9]


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("flip_y", [False, True])
@pytest.mark.parametrize("flip_x", [False, True])
def test_turning_moves_events_as_numpy_turns_pictures(
    quarters: int, flip_y: bool, flip_x: bool
) -> None:
    picture = np.arange(35).reshape(5, 7)
    y, x = np.indices(picture.shape).reshape(2, -1)
    turn = Turn(flip_y=flip_y, flip_x=flip_x, quarters=quarters)
    chain = FilterChain(filters=(turn,))
    done = chain.apply(Events.of(np.arange(35), x, y, 0 * x), SENSOR).events
    wanted = picture[::-1] if flip_y else picture
    wanted = np.rot90(wanted[:, ::-1] if flip_x else wanted, -quarters)
    shape = chain.geometry_after(SENSOR)
    assert wanted.shape == (shape.height, shape.width)
    assert wanted[done.y, done.x].tolist() == done.t.tolist()


def test_a_region_after_a_turn_lies_in_the_turned_picture() -> None:
    chain = FilterChain(
        filters=(Turn(quarters=1), Region.rectangle((5.5, -0.5), (6.5, 0.5)))
    )
    events = Events.of([0, 1], [6, 0], [4, 0], [1, 1])
    assert chain.apply(events, SENSOR).events.t.tolist() == [0]


@lightly
@given(
    st.lists(
        st.tuples(st.floats(-3, 9, width=16), st.floats(-3, 9, width=16)),
        min_size=3,
        max_size=7,
    )
)
def test_a_polygon_holds_the_pixels_whose_centre_it_holds(polygon) -> None:
    y, x = np.indices((5, 7)).reshape(2, -1)
    chain = FilterChain(filters=(Region(polygons_yx=(tuple(polygon),)),))
    done = chain.apply(Events.of(np.arange(35), x, y, 0 * x), SENSOR).events
    wanted = []
    for i in range(35):
        inside = False
        for (y0, x0), (y1, x1) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
            if (y0 <= y[i]) != (y1 <= y[i]):
                inside ^= x[i] < x0 + (y[i] - y0) * ((x1 - x0) / (y1 - y0))
        if inside:
            wanted.append(i)
    # `<=` above is `ceil` there: the same side of every edge.
    assert done.t.tolist() == wanted


def test_columns_that_are_not_contiguous_are_taken() -> None:
    events = Events.of([0, 1, 5, 6], [1] * 4, [1] * 4, [1] * 4).take(slice(0, 4, 2))
    chain = FilterChain(filters=(Refractory(within_us=3), HotPixels()))
    assert chain.apply(events, SENSOR).events.t.tolist() == [0, 5]


def test_a_chain_survives_being_written_down() -> None:
    chain = FilterChain(
        filters=(
            Region.rectangle((0, 0), (2, 3)),
            BackgroundActivity(within_us=70),
            Turn(quarters=3),
        )
    )
    assert FilterChain.model_validate_json(chain.model_dump_json()) == chain


def test_a_region_of_two_corners_is_refused() -> None:
    with pytest.raises(ValidationError):
        Region(polygons_yx=(((0, 0), (1, 1)),))


class FakeRecording:
    """As much of a recording as these functions use: sorted events in memory."""

    geometry = SENSOR

    def __init__(self, events: Events) -> None:
        self._events = events

    def pieces(self, start_us: int, stop_us: int):
        t = self._events.t
        wanted = np.flatnonzero((t >= start_us) & (t < stop_us))
        for first in range(0, len(wanted), 7):
            yield self._events.take(wanted[first : first + 7])


@lightly
@given(sorted_events(), memories, st.integers(0, 1000), st.integers(0, 1000))
def test_a_stretch_of_a_recording_is_filtered_as_in_the_whole(
    events, filters, first, second
) -> None:
    start, stop = sorted((first, second))
    chain = FilterChain(filters=tuple(filters))
    whole = chain.apply(events, SENSOR).events
    parts = list(chain.start(SENSOR).pieces(FakeRecording(events), start, stop))
    wanted = whole.take((whole.t >= start) & (whole.t < stop))
    assert same(Events.joined([part.events for part in parts]), wanted)
