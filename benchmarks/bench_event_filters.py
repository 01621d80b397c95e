"""Filters of events beside plain loops, numpy, a peer, and the memory's bandwidth.

Every figure of ours is the whole filter as a person gets it, from columns in pieces as
a recording gives them to columns that are left, not the inner loop alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmarks.ratio import Ratio, best_in_turn, best_of
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.loops import compiled
from napari_cellsets.formats.events.base import EVENTS_AT_ONCE
from napari_cellsets.playback import filter_arrays
from napari_cellsets.playback.filters import (
    BackgroundActivity,
    FilterChain,
    HotPixels,
    Polarity,
    Refractory,
    Region,
)
from napari_cellsets.playback.pixel_memory import LOOPS, PixelMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.playback.filters import AnyFilter

SENSOR = Geometry(1280, 720)
COUNT = 8_000_000
FEW = 500_000
RATE = 10e6
NOISE = 0.2
CELLS = 40
WITHIN_US = 2_000
BYTES = 13
MEASURED_BEFORE = 52.0, 194.0
"""Mev/s of plain loops for background and refractory, on the machine of issue 5."""


def flow(count: int = COUNT, seed: int = 0) -> Events:
    """Rings that flow through the picture, and noise: 10 million events a second."""
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, int(count / RATE * 1e6), count))
    cell, angle = rng.integers(0, CELLS, count), rng.uniform(0, 2 * np.pi, count)
    speed = rng.uniform(0.005, 0.02, CELLS)
    radius = rng.uniform(8, 25, CELLS)[cell] + rng.normal(0, 0.8, count)
    x = rng.uniform(0, SENSOR.width, CELLS)[cell] + speed[cell] * t
    x = (x + radius * np.cos(angle)) % SENSOR.width
    y = rng.uniform(40, SENSOR.height - 40, CELLS)[cell] + radius * np.sin(angle)
    noise = rng.random(count) < NOISE
    x[noise] = rng.integers(0, SENSOR.width, count)[noise]
    y[noise] = rng.integers(0, SENSOR.height, count)[noise]
    return Events.of(
        t,
        np.clip(x, 0, SENSOR.width - 1),
        np.clip(y, 0, SENSOR.height - 1),
        rng.integers(0, 2, count),
    )


def run() -> list[Ratio]:
    LOOPS.wait()
    events = flow()
    return [
        *_background(events),
        *_refractory(events),
        *_alone(events),
        *_all_at_once(events),
    ]


def filtering(events: Events, *filters: AnyFilter) -> Callable[[], int]:
    """Return the work of a whole pass, which returns how many events are left."""
    at_work = FilterChain(filters=filters).start(SENSOR)

    def work() -> int:
        at_work.forget()
        left = 0
        for first in range(0, len(events), EVENTS_AT_ONCE):
            piece = events.take(slice(first, first + EVENTS_AT_ONCE))
            left += len(at_work.feed(piece).events)
        return left

    return work


@compiled
def eight_reads(
    t: np.ndarray, x: np.ndarray, y: np.ndarray, last: np.ndarray, within: int
) -> np.ndarray:
    """The plain way: 64-bit times, a look at each neighbour until one is recent."""
    height, width = last.shape
    keep = np.zeros(len(t), np.bool_)
    for i in range(len(t)):
        for down in range(-1, 2):
            for right in range(-1, 2):
                row, column = int(y[i]) + down, int(x[i]) + right
                if (down or right) and 0 <= row < height and 0 <= column < width:
                    keep[i] |= t[i] - last[row, column] < within
        last[y[i], x[i]] = t[i]
    return keep


@compiled
def eight_reads_at_most(
    t: np.ndarray, x: np.ndarray, y: np.ndarray, last: np.ndarray, within: int
) -> np.ndarray:
    """As plain, but inside a border, and up to the first recent neighbour."""
    keep = np.zeros(len(t), np.bool_)
    for i in range(len(t)):
        row, column, since = int(y[i]) + 1, int(x[i]) + 1, t[i] - within
        keep[i] = (
            last[row, column - 1] > since
            or last[row, column + 1] > since
            or last[row - 1, column] > since
            or last[row + 1, column] > since
            or last[row - 1, column - 1] > since
            or last[row - 1, column + 1] > since
            or last[row + 1, column - 1] > since
            or last[row + 1, column + 1] > since
        )
        last[row, column] = t[i]
    return keep


@compiled
def own_read(
    t: np.ndarray, x: np.ndarray, y: np.ndarray, last: np.ndarray, within: int
) -> np.ndarray:
    """The plain way: 64-bit times of each pixel."""
    keep = np.zeros(len(t), np.bool_)
    for i in range(len(t)):
        keep[i] = t[i] - last[y[i], x[i]] >= within
        last[y[i], x[i]] = t[i]
    return keep


def plainly(events: Events, loop: Callable[..., np.ndarray]) -> Callable[[], int]:
    """Return the work of a plain loop and of taking what it keeps."""
    border = 2 if loop is eight_reads_at_most else 0
    last = np.empty((SENSOR.height + border, SENSOR.width + border), np.int64)

    def work() -> int:
        last.fill(-(10**12))
        left = 0
        for first in range(0, len(events), EVENTS_AT_ONCE):
            piece = events.take(slice(first, first + EVENTS_AT_ONCE))
            marks = loop(piece.t, piece.x, piece.y, last, WITHIN_US)
            left += len(piece.take(np.flatnonzero(marks)))
        return left

    return work


def speed(
    name: str,
    ours: Callable[[], object],
    reference_name: str,
    theirs: Callable[[], object],
    aim: str = "",
    count: int = COUNT,
) -> Ratio:
    """Compare two passes over the same events, in Mev/s."""
    ours(), theirs()
    mine, other = best_in_turn(ours, theirs, 9)
    mega = count / 1e6
    return Ratio(name, mega / mine, "Mev/s", reference_name, mega / other, aim)


def _background(events: Events) -> list[Ratio]:
    ours = filtering(events, BackgroundActivity(within_us=WITHIN_US))
    plain = plainly(events, eight_reads)
    if ours() != plain():
        raise RuntimeError("the two ways to filter the background differ")
    row = speed("background activity", ours, "plain eight reads, numba", plain)
    sooner = plainly(events, eight_reads_at_most)
    return [
        row,
        speed("background activity", ours, "reads up to the first, numba", sooner),
        _as_measured_before(row, MEASURED_BEFORE[0], "at least 1.5"),
        _in_numpy(events, "around", "recent_around"),
    ]


def _refractory(events: Events) -> list[Ratio]:
    ours = filtering(events, Refractory(within_us=WITHIN_US))
    plain = plainly(events, own_read)
    if ours() != plain():
        raise RuntimeError("the two ways to filter by refractory time differ")
    row = speed("refractory", ours, "plain read, numba", plain)
    return [
        row,
        _as_measured_before(row, MEASURED_BEFORE[1], ""),
        *_beside_evutils(events, ours),
        _in_numpy(events, "here", "recent_here"),
    ]


def _as_measured_before(row: Ratio, before: float, aim: str) -> Ratio:
    name = "plain loop of issue 5's page, another run"
    return Ratio(row.name, row.value, row.unit, name, before, aim)


def _beside_evutils(events: Events, ours: Callable[[], int]) -> list[Ratio]:
    try:
        from evutils.transforms.functional import refractory_period
        from evutils.types import EventArray
    except ImportError:
        return []
    theirs = EventArray(t=events.t, x=events.x, y=events.y, p=events.p)

    def work() -> int:
        # keeps what is later than a time, not what is as late
        return len(refractory_period(theirs, WITHIN_US - 1))

    if work() != ours():
        raise RuntimeError("evutils keeps other events")
    return [speed("refractory", ours, "evutils", work)]


def _in_numpy(events: Events, of: Literal["here", "around"], name: str) -> Ratio:
    few = events.take(slice(FEW))
    memory = PixelMemory(SENSOR, of, WITHIN_US)
    last = np.full((SENSOR.height + 2, SENSOR.width + 2), -(2**31), np.int32)
    marks = np.empty(len(few), np.bool_)
    fits = 0, 2**31 - 1

    def compiled_way() -> None:
        memory.forget()
        memory.recent(few)

    def numpy_way() -> None:
        last.fill(-(2**31))
        way = getattr(filter_arrays, name)
        way(few.t, few.x, few.y, 0, WITHIN_US, *fits, last, marks)

    return speed(
        f"the marks of it alone, {FEW / 1e6:g} million events",
        compiled_way,
        "numpy way",
        numpy_way,
        count=FEW,
    )


def _alone(events: Events) -> list[Ratio]:
    """Filters that look at each event alone: numpy's marks, and a bare copy."""
    rng = np.random.default_rng(0)
    hot = tuple(zip(rng.integers(0, 720, 50), rng.integers(0, 1280, 50), strict=True))
    region = Region.rectangle((100, 200), (600, 1000))
    mask = np.zeros((SENSOR.height, SENSOR.width), np.bool_)
    mask[100:600, 200:1000] = True
    copy = _copying(events)
    return [
        *_pair("polarity", events, Polarity(), lambda e: e.p == 1, copy),
        *_pair("region", events, region, lambda e: mask[e.y, e.x], copy),
        speed(
            "50 hot pixels",
            filtering(events, HotPixels(pixels_yx=hot)),
            "copying the columns",
            copy,
        ),
    ]


def _pair(
    name: str,
    events: Events,
    each: AnyFilter,
    rule: Callable[[Events], np.ndarray],
    copy: Callable[[], object],
) -> list[Ratio]:
    def in_numpy() -> int:
        left = 0
        for first in range(0, len(events), EVENTS_AT_ONCE):
            piece = events.take(slice(first, first + EVENTS_AT_ONCE))
            left += len(piece.take(rule(piece)))
        return left

    ours = filtering(events, each)
    if ours() != in_numpy():
        raise RuntimeError(f"the two ways to filter by {name} differ")
    return [
        speed(name, ours, "numpy, taking by marks", in_numpy, "at least 1"),
        speed(name, ours, "copying the columns", copy),
    ]


def _copying(events: Events) -> Callable[[], None]:
    out = Events.empty(EVENTS_AT_ONCE)

    def work() -> None:
        for first in range(0, len(events), EVENTS_AT_ONCE):
            piece = events.take(slice(first, first + EVENTS_AT_ONCE))
            for name in "txyp":
                column = getattr(piece, name)
                getattr(out, name)[: len(column)] = column

    return work


def _all_at_once(events: Events) -> list[Ratio]:
    chain = (
        Region.rectangle((100, 200), (600, 1000)),
        Refractory(within_us=500),
        BackgroundActivity(within_us=WITHIN_US),
        Polarity(),
    )
    window = events.take(slice(120_000))
    lead = int(window.t[20_000])
    live = FilterChain(filters=chain)
    frame = best_of(lambda: live.apply(window, SENSOR, lead), 20)
    return [
        Ratio(
            "100,000 events through region, refractory, background, polarity",
            frame * 1e3,
            "ms",
            "what a step may cost over napari's floor",
            4.0,
            "at most 0.5",
        ),
        speed(
            "the same chain over all events",
            filtering(events, *chain),
            "copying the columns",
            _copying(events),
        ),
    ]
