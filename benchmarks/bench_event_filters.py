"""Filters of events beside plain loops, numpy, a peer, and the memory's bandwidth.

Every figure of ours is the whole filter as a person gets it, from columns in pieces as
a recording gives them to columns that are left, not the inner loop alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
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
COUNT = 4_000_000
REPEATS = 9
RATE = 10e6
NOISE = 0.2
CELLS = 40
WITHIN_US = 2_000
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
    starts = range(0, COUNT, EVENTS_AT_ONCE)
    pieces = [events.take(slice(at, at + EVENTS_AT_ONCE)) for at in starts]
    return [
        *_background(pieces),
        *_refractory(pieces),
        *_alone(pieces),
        *_together(pieces),
    ]


@dataclass(frozen=True)
class Work:
    """Something done to all pieces of the events, one after the other.

    Parameters
    ----------
    begin
        Forget what was before.
    piece
        Do the next piece; return how many events are left of it.
    """

    begin: Callable[[], None]
    piece: Callable[[Events], int]

    def __call__(self, pieces: list[Events]) -> list[float]:
        """Return the seconds that each piece took."""
        self.begin()
        times = []
        for piece in pieces:
            start = time.perf_counter()
            self.piece(piece)
            times.append(time.perf_counter() - start)
        return times

    def left(self, pieces: list[Events]) -> int:
        """Return how many events are left of all."""
        self.begin()
        return sum(self.piece(piece) for piece in pieces)


def filtering(*filters: AnyFilter) -> Work:
    """Return filters as a person gets them."""
    at_work = FilterChain(filters=filters).start(SENSOR)
    return Work(at_work.forget, lambda piece: len(at_work.feed(piece).events))


def nothing() -> None:
    """Nothing has to be forgotten."""


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


def plainly(loop: Callable[..., np.ndarray]) -> Work:
    """Return a plain loop, and taking what it keeps."""
    border = 2 if loop is eight_reads_at_most else 0
    last = np.empty((SENSOR.height + border, SENSOR.width + border), np.int64)

    def piece(events: Events) -> int:
        marks = loop(events.t, events.x, events.y, last, WITHIN_US)
        return len(events.take(np.flatnonzero(marks)))

    return Work(lambda: last.fill(-(10**12)), piece)


def speed(
    name: str,
    pieces: list[Events],
    ours: Work,
    reference_name: str,
    theirs: Work,
    aim: str = "",
) -> Ratio:
    """Compare two passes over the same pieces, in Mev/s.

    The best time of each piece counts: others who use the machine now and then
    disturb a whole pass, but hardly ever the same piece each time.
    """
    runs = [(ours(pieces), theirs(pieces)) for _ in range(REPEATS)]
    mine = float(np.min([run for run, _ in runs], axis=0).sum())
    other = float(np.min([run for _, run in runs], axis=0).sum())
    mega = sum(len(piece) for piece in pieces) / 1e6
    return Ratio(name, mega / mine, "Mev/s", reference_name, mega / other, aim)


def same_left(pieces: list[Events], ours: Work, theirs: Work) -> None:
    """Make sure that two ways are ways to do the same."""
    if ours.left(pieces) != theirs.left(pieces):
        raise RuntimeError("two ways to filter keep different events")


def _background(pieces: list[Events]) -> list[Ratio]:
    ours = filtering(BackgroundActivity(within_us=WITHIN_US))
    plain, sooner = plainly(eight_reads), plainly(eight_reads_at_most)
    same_left(pieces, ours, plain)
    same_left(pieces, ours, sooner)
    name = "background activity"
    row = speed(name, pieces, ours, "reads up to the first, numba", sooner)
    return [
        speed(name, pieces, ours, "plain eight reads, numba", plain, "at least 1.5"),
        row,
        _as_measured_before(row, MEASURED_BEFORE[0], "at least 1.5"),
        _in_numpy(pieces, "around"),
    ]


def _refractory(pieces: list[Events]) -> list[Ratio]:
    ours, plain = filtering(Refractory(within_us=WITHIN_US)), plainly(own_read)
    same_left(pieces, ours, plain)
    row = speed("refractory", pieces, ours, "plain read, numba", plain)
    return [
        row,
        _as_measured_before(row, MEASURED_BEFORE[1], ""),
        *_beside_evutils(pieces, ours),
        _in_numpy(pieces, "here"),
    ]


def _as_measured_before(row: Ratio, before: float, aim: str) -> Ratio:
    name = "plain loop of issue 5's page, another run"
    return Ratio(row.name, row.value, row.unit, name, before, aim)


def _beside_evutils(pieces: list[Events], ours: Work) -> list[Ratio]:
    try:
        from evutils.transforms.functional import refractory_period
        from evutils.types import EventArray
    except ImportError:
        return []
    events = Events.joined(pieces)
    theirs = EventArray(t=events.t, x=events.x, y=events.y, p=events.p)

    def whole() -> int:
        # keeps what is later than a time, not what is as late
        return len(refractory_period(theirs, WITHIN_US - 1))

    if whole() != ours.left(pieces):
        raise RuntimeError("evutils keeps other events")
    mega = len(events) / 1e6
    mine, other = best_in_turn(lambda: ours.left(pieces), whole, REPEATS)
    name = "refractory, the whole pass at once"
    return [Ratio(name, mega / mine, "Mev/s", "evutils", mega / other)]


def _in_numpy(pieces: list[Events], of: Literal["here", "around"]) -> Ratio:
    memory = PixelMemory(SENSOR, of, WITHIN_US)
    last = np.empty((SENSOR.height + 2, SENSOR.width + 2), np.int32)
    way = getattr(filter_arrays, f"recent_{of}")

    def in_numpy(events: Events) -> int:
        marks = np.empty(len(events), np.bool_)
        x, y = events.x, events.y
        way(events.t, x, y, 0, WITHIN_US, 0, 2**31 - 1, last, marks)
        return int(marks.sum())

    ours = Work(memory.forget, lambda events: int(memory.recent(events).sum()))
    theirs = Work(lambda: last.fill(-(2**31)), in_numpy)
    same_left(pieces[:2], ours, theirs)
    name = f"the marks of it alone ({of})"
    return speed(name, pieces[:2], ours, "numpy way", theirs)


def _alone(pieces: list[Events]) -> list[Ratio]:
    """Filters that look at each event alone: numpy's marks, and a bare copy."""
    rng = np.random.default_rng(0)
    hot = tuple(zip(rng.integers(0, 720, 50), rng.integers(0, 1280, 50), strict=True))
    region = filtering(Region.rectangle((100, 200), (600, 1000)))
    mask = np.zeros((SENSOR.height, SENSOR.width), np.bool_)
    mask[100:600, 200:1000] = True
    polarity = filtering(Polarity())
    by_marks = Work(nothing, lambda e: len(e.take(e.p == 1)))
    by_mask = Work(nothing, lambda e: len(e.take(mask[e.y, e.x])))
    same_left(pieces, polarity, by_marks)
    same_left(pieces, region, by_mask)
    numpy_name, copy_name = "numpy, taking by marks", "copying the columns"
    least = "at least 1"
    return [
        speed("polarity", pieces, polarity, numpy_name, by_marks, least),
        speed("polarity", pieces, polarity, copy_name, copying()),
        speed("region", pieces, region, numpy_name, by_mask, least),
        speed("region", pieces, region, copy_name, copying()),
        speed(
            "50 hot pixels",
            pieces,
            filtering(HotPixels(pixels_yx=hot)),
            copy_name,
            copying(),
        ),
    ]


def copying() -> Work:
    """Return copying of all columns into the same memory: its bandwidth."""
    out = Events.empty(EVENTS_AT_ONCE)

    def piece(events: Events) -> int:
        for name in "txyp":
            column = getattr(events, name)
            getattr(out, name)[: len(column)] = column
        return len(events)

    return Work(nothing, piece)


def _together(pieces: list[Events]) -> list[Ratio]:
    filters = (
        Region.rectangle((100, 200), (600, 1000)),
        Refractory(within_us=500),
        BackgroundActivity(within_us=WITHIN_US),
        Polarity(),
    )
    window = pieces[0].take(slice(120_000))
    lead = int(window.t[20_000])
    live = FilterChain(filters=filters)
    frame = best_of(lambda: live.apply(window, SENSOR, lead), 50)
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
            pieces,
            filtering(*filters),
            "copying the columns",
            copying(),
        ),
    ]
