"""Prophesee's words made by hand, and the slow obvious way to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import Tally, pieces
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.formats.events.registry import EVENT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cellsets.formats.events.base import EventSource

Rows = list[tuple[int, int, int, int]]

SENSOR = Geometry(1280, 720)
RAW = ("evt2", "evt21", "evt3")
ALL = (*RAW, "dat")
HEADS = {
    "EVT2": b"% evt 2.0\n% format EVT2;height=720;width=1280\n% end\n",
    "EVT2.1": b"% format EVT21;endianness=little;height=720;width=1280\n% end\n",
    "EVT3": b"% evt 3.0\n% format EVT3;height=720;width=1280\n% end\n",
    "DAT": b"% Data file containing CD events.\n% Version 2\n" + bytes([12, 8]),
}
SIZES = {"EVT2": "<u4", "EVT2.1": "<u8", "EVT3": "<u2", "DAT": "<u8"}


def words_file(
    path: Path, encoding: str, words: Sequence[int], tail: bytes = b""
) -> Path:
    """Write a file of these words, with a header that says what they are."""
    units = np.array(words, SIZES[encoding]).tobytes()
    path.write_bytes(HEADS[encoding] + units + tail)
    return path


def recording(path: Path, key: str, events: Events, cut: int | None = None) -> Path:
    """Write events by our own writer, in two pieces if they are to be cut."""
    parts = (
        [events]
        if cut is None
        else [events.take(slice(cut)), events.take(slice(cut, None))]
    )
    known = EVENT_FORMATS[key]
    place = path / f"{key}{known.endings[0]}"
    known.write(place, parts, SENSOR)
    return place


def all_of(source: EventSource) -> Events:
    """Decode everything."""
    return Events.joined([copied(part) for part in pieces(source)])


def rows(events: Events) -> Rows:
    """Events as tuples (t, x, y, p)."""
    columns = (events.t, events.x, events.y, events.p)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def rows_of(path: Path, **options: str) -> Rows:
    """Decode a file on disk."""
    return rows(all_of(open_event_file(path, **options)))


def copied(events: Events) -> Events:
    return events.take(np.arange(len(events)))


def tally_of(source: EventSource) -> Tally:
    """Add up everything."""
    sums = Tally()
    source.tally(0, source.units, source.start(), sums)
    return sums


@st.composite
def recordings(draw: st.DrawFn, *, backward: int = 0, longest: int = 1 << 22) -> Events:
    """Events whose time goes on in steps of every size, and back a little if asked."""
    count = draw(st.integers(1, 60))
    step = st.one_of(
        st.just(0), st.integers(-backward, 70), st.integers(-backward, longest)
    )
    steps = draw(st.lists(step, min_size=count, max_size=count))
    t = (
        np.cumsum(np.array(steps, np.int64))
        + backward * count
        + draw(st.integers(0, 99))
    )
    x0 = draw(st.integers(0, SENSOR.width - 1))
    near = st.one_of(st.just(x0), st.integers(0, 40), st.integers(0, SENSOR.width - 1))
    x = draw(st.lists(near, min_size=count, max_size=count))
    line = st.sampled_from([0, 1, 719, draw(st.integers(0, 719))])
    y = draw(st.lists(line, min_size=count, max_size=count))
    p = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    if draw(st.booleans()):  # rows of pixels, as a readout line by line gives them
        order = np.lexsort((x, p, y, t))
        return Events.of(
            np.sort(t), np.array(x)[order], np.array(y)[order], np.array(p)[order]
        )
    return Events.of(t, x, y, p)


def stepped(now: int, told: int, loop: int, keep: int = 1) -> int:
    """Time after a word of upper time: the nearest that it can mean, see `evt3`."""
    old = now % loop // keep * keep
    step = told - old
    if step == 0:
        return now
    if step <= -(loop // 2):
        step += loop
    elif step >= loop - (1 << 20):
        step -= loop
    return now // keep * keep + step


def slow_evt3(words: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    """Read EVT3 word by word."""
    now = line = base = sign = None
    for word in words:
        kind, field = word >> 12, word & 0x7FF
        if kind == 8:
            told = (word & 0xFFF) << 12
            now = told if now is None else stepped(now, told, 1 << 24, 1 << 12)
        elif kind == 0:
            line = field
        elif kind == 6 and now is not None:
            now = now // 4096 * 4096 + (word & 0xFFF)
        elif kind == 3:
            base, sign = field, word >> 11 & 1
        elif kind == 2 and now is not None and line is not None:
            yield now, field, line, word >> 11 & 1
        elif kind in (4, 5) and base is not None:
            size = 12 if kind == 4 else 8
            for bit in range(size):
                if word >> bit & 1 and now is not None and line is not None:
                    yield now, base + bit, line, sign
            base += size


def slow_evt2(words: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    """Read EVT2 word by word."""
    base = None
    for word in words:
        kind = word >> 28
        if kind == 8:
            told = (word & 0xFFFFFFF) << 6
            base = told if base is None else stepped(base, told, 1 << 34)
        elif kind <= 1 and base is not None:
            yield base + (word >> 22 & 63), word >> 11 & 0x7FF, word & 0x7FF, kind


def slow_evt21(words: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    """Read EVT2.1 word by word, upper half up."""
    base = None
    for word in words:
        kind = word >> 60
        if kind == 8:
            told = (word >> 32 & 0xFFFFFFF) << 6
            base = told if base is None else stepped(base, told, 1 << 34)
        elif kind <= 1 and base is not None:
            now, x, y = base + (word >> 54 & 63), word >> 43 & 0x7FF, word >> 32 & 0x7FF
            yield from ((now, x + bit, y, kind) for bit in range(32) if word >> bit & 1)


def slow_dat(words: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    """Read DAT record by record."""
    now = None
    for word in words:
        told = word & 0xFFFFFFFF
        now = told if now is None else stepped(now, told, 1 << 32)
        yield now, word >> 32 & 0x3FFF, word >> 46 & 0x3FFF, word >> 60 & 1


SLOW = {"EVT2": slow_evt2, "EVT2.1": slow_evt21, "EVT3": slow_evt3, "DAT": slow_dat}
