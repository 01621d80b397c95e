"""Decoding EVT3, EVT2 and DAT in pieces, beside the fastest reader that is right.

Files: cells that drift through 1280 x 720 pixels, and noise, 10 million events a
second, written by our own writers. Every reader (evutils as a stream of blocks and
in windows of 20 ms with its buffers used again, faery, evt3) must first give the
same count and the same sums of t, x, y and p; the fastest of those is the reference.
All take turns in one process; the shortest of several times counts. Memory is
bounded on every side: ours is one buffer of 0.5 MB and columns of 3.4 MB.

Predicted, then measured (one core of an AMD EPYC at 3.7 GHz, words in cache, Mev/s):

* EVT3, a branch by the kind of each word: mispredicted on every other word, 6 ns an
  event expected; the page on event cameras had measured 157 to 183.
* EVT3, every word taken without a branch (line and time by masks, each word written as
  if it were an event): 5 cycles a word expected, 7.3 found whatever the data, as four
  stores a word are too many: 243, and 176 for sparse data with many words of time.
* EVT3, line and column as one pattern after an optional word of time: 420 on sparse
  noise, 180 on a real recording where lines hold several events. Not taken.
* EVT3, one event a turn, its time and line found by arithmetic: 12 cycles expected
  from the chain load, compare, select, add; 3.2 ns found, 310 whatever the rate of
  events. Rows of 12, 12 and 8 pixels taken at once: 202 to 270 on the real recording.
* The same with both next places computed and one selected, which shortens the chain:
  8 cycles expected, 9.4 found: 400, and 340 on the real recording. Taken.
* What keeps the compiler from turning selects back into branches (190 instead of 310)
  or into a table of jumps (345 instead of 380): a loop of its own for the tail of two
  words, and a first test that is not of the same number as the later ones.
* EVT2, every word written as if it were an event: 4 stores and no chain, 1.5 ns
  expected; 1.4 found (710). With 128 words at once where all are events, bound by
  memory: 1 ns expected at 10 million events a second, 0.85 found (1,180; 1,850 at 50
  million, 660 at 1 million).
* DAT: bound by memory, so 1 Gev/s expected; 420 found at first. Indices from a signed
  `range(first, stop)` are checked for negative ones, which keeps the processor from
  taking many records at once; slices that begin at 0: 2,100.
* Sums without writing events: EVT3 270 to 305, EVT2 600, DAT 1,750.

From a file, reading adds 0.1 ns a byte and columns leave the nearest cache.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.ratio import Ratio
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.late_loops import wait_for_loops
from napari_cellsets.formats.events.base import Tally, pieces
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.formats.events.registry import EVENT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    Reader = Callable[[Path], Iterator[Columns]]

SENSOR = Geometry(1280, 720)
COUNT = 4_000_000
RATE = 10e6
PART = 1_000_000
REPEATS = 30
CHECKPOINT = 65_536
AIMED_INDEX = 200.0


def flow(first: int, count: int) -> Events:
    """Five rows of cells that drift to the right, three events of ten are noise."""
    rng = np.random.default_rng(first)
    t = np.sort(rng.integers(first, first + count, count)) * (1e6 / RATE)
    row, place = rng.integers(0, 5, count), rng.integers(0, 8, count) * 160
    cell = rng.random(count) < 0.7
    x = (t * 0.002 + place + rng.normal(0, 12, count)) % SENSOR.width
    y = (row * 140 + 60 + rng.normal(0, 12, count)) % SENSOR.height
    x = np.where(cell, x, rng.integers(0, SENSOR.width, count))
    y = np.where(cell, y, rng.integers(0, SENSOR.height, count))
    p = rng.integers(0, 2, count)
    order = np.lexsort((x.astype(int), p, y.astype(int), t.astype(int)))
    return Events.of(t[order], x[order], y[order], p[order])


def by_ours(path: Path) -> Iterator[Columns]:
    for events in pieces(open_event_file(path)):
        yield events.t, events.x, events.y, events.p


def by_evutils_blocks(path: Path) -> Iterator[Columns]:
    from evutils.io import EventStreamer

    for block in EventStreamer(str(path)):
        yield block["t"], block["x"], block["y"], block["p"]


def by_evutils_windows(path: Path) -> Iterator[Columns]:
    from evutils.io import EventReader

    reader = EventReader(
        str(path), delta_t=20_000, mode="delta_t", reuse_buffers=True, index=False
    )
    with closing(reader):
        while not reader.is_eof():
            block = reader.read()
            yield block["t"], block["x"], block["y"], block["p"]


def by_faery(path: Path) -> Iterator[Columns]:
    import faery

    for block in faery.events_stream_from_file(path):
        yield block["t"], block["x"], block["y"], block["on"]


def by_evt3(path: Path) -> Iterator[Columns]:
    import evt3

    for block in evt3.decode_file_batches(str(path)):
        yield block.timestamp, block.x, block.y, block.polarity


OTHERS: dict[str, Reader] = {
    "evutils, blocks": by_evutils_blocks,
    "evutils, windows": by_evutils_windows,
    "faery": by_faery,
    "evt3": by_evt3,
}


def run() -> list[Ratio]:
    """Measure from the page cache: the disk is not what is compared."""
    ratios = []
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the other readers
        for key in ("evt3", "evt2", "dat"):
            path = Path(folder) / f"flow{EVENT_FORMATS[key].endings[0]}"
            truth = _written(path, key)
            ratios += _decoding(path, key, truth)
            ratios.append(_indexing(path, key))
            path.unlink()
    return ratios


def _written(path: Path, key: str) -> list[int]:
    """Write the file; return what every reader has to find in it."""
    sums = np.zeros(5, np.int64)

    def parts() -> Iterator[Events]:
        for first in range(0, COUNT, PART):
            part = flow(first, PART)
            sums[:] += _summed((part.t, part.x, part.y, part.p))
            yield part

    write = EVENT_FORMATS[key].write
    if write is None:
        raise RuntimeError(f"{key} cannot be written")
    write(path, parts(), SENSOR)
    return sums.tolist()


def _summed(columns: Columns) -> np.ndarray:
    sums = [np.sum(column, dtype=np.int64) for column in columns]
    return np.array([len(columns[0]), *sums])


def _decoding(path: Path, key: str, truth: list[int]) -> list[Ratio]:
    right: dict[str, Reader] = {"ours": by_ours}
    _summed_by(by_ours, path)
    wait_for_loops()
    if _summed_by(by_ours, path) != truth:
        raise RuntimeError(f"{key} is decoded wrongly")
    for name, reader in OTHERS.items():
        if (name != "evt3" or key == "evt3") and _summed_by(reader, path) == truth:
            right[name] = reader
    best = dict.fromkeys(right, float("inf"))
    for _ in range(REPEATS):
        for name, reader in right.items():
            start = time.perf_counter()
            for _ in reader(path):
                pass
            best[name] = min(best[name], time.perf_counter() - start)
    ours = best.pop("ours")
    fastest = min(best, key=lambda name: best[name])
    return [
        Ratio(
            f"decode {key.upper()} in pieces, {COUNT / 1e6:.0f} M events"
            f" ({COUNT / ours / 1e6:.0f} Mev/s)",
            ours * 1e9 / COUNT,
            "ns/event",
            f"{fastest}, the fastest of {', '.join(best)}",
            best[fastest] * 1e9 / COUNT,
            "at most 0.91",
        )
    ]


def _summed_by(reader: Reader, path: Path) -> list[int]:
    total: Any = np.zeros(5, np.int64)
    for columns in reader(path):
        total += _summed(columns)
    return total.tolist()


def _indexing(path: Path, key: str) -> Ratio:
    best = float("inf")
    source = open_event_file(path)
    for _ in range(REPEATS):
        start = time.perf_counter()
        state = source.start()
        for first in range(0, source.units, CHECKPOINT):
            stop = min(first + CHECKPOINT, source.units)
            source.tally(first, stop, state, Tally())
        best = min(best, time.perf_counter() - start)
    return Ratio(
        f"sums of {key.upper()} for an index, every {CHECKPOINT:,} words",
        COUNT / best / 1e6,
        "Mev/s",
        "aimed at",
        AIMED_INDEX,
        "at least 1",
    )
