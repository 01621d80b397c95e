"""Event Stream files (``.es``), version 2: of DVS, ATIS and colour cameras.

An event is a byte with the time since the one before, then column and row of 16 bits
each; special bytes only move the clock. Rows count from the bottom and are turned
round. Source: the specification and the decoder of aestream/faery.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import NotRecognisedError, UnreadableFileError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.late_loops import LateLoops
from napari_cellsets.formats.events.base import EventHeader
from napari_cellsets.formats.events.records import (
    Interpreted,
    RecordFormat,
    RecordSource,
)

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventSource, State
    from napari_cellsets.formats.files import FileTree

MAGIC = b"Event Stream"
_START = 20
_GENERIC = 0


@dataclass(frozen=True)
class _Kind:
    """One kind of events.

    Parameters
    ----------
    title
        For people.
    size
        Bytes of an event.
    steps, begins
        Of each first byte: how far it moves the clock, and whether an event follows.
    left_out
        What is not shown.
    """

    title: str
    size: int
    steps: NDArray[np.int64]
    begins: NDArray[np.bool_]
    left_out: str = ""


def _kinds() -> dict[int, _Kind]:
    first = np.arange(256)
    usual = np.where(first == 255, 254, np.where(first == 254, 0, first))
    dvs = np.where(first == 255, 127, np.where(first == 254, 0, first >> 1))
    atis = np.where(first >= 252, 63 * (first & 3), first >> 2)
    colour = "The colours of the events are not shown: all are ON."
    exposure = "Exposure measurements are left out; changes are shown."
    return {
        1: _Kind("DVS", 5, dvs, first < 254),
        2: _Kind("ATIS", 5, atis, first < 252, exposure),
        4: _Kind("colour", 8, usual, first < 254, colour),
    }


_DVS, _ATIS = 1, 2
_KINDS = _kinds()


def sniff_es(name: str, head: bytes, size: int) -> bool:
    """Whether a file begins as Event Stream does."""
    return head.startswith(MAGIC)


def open_es(tree: FileTree, name: str, *, reading: str | None = None) -> EventSource:
    """Open an Event Stream.

    Raises
    ------
    UnreadableFileError
        If it is of another version or kind, or its size is zero.
    NotRecognisedError
        If its events have no places.
    """
    source, place = tree.source(name), tree.place(name)
    head = source.read_at(0, _START)
    if len(head) < 16 or not head.startswith(MAGIC) or head[12] != 2:
        raise UnreadableFileError(
            "an Event Stream of version 2 was expected", path=place
        )
    if head[15] == _GENERIC:
        raise NotRecognisedError(
            "its events are generic: bytes of any meaning, without places", path=place
        )
    kind = _KINDS.get(head[15])
    if kind is None:
        raise UnreadableFileError(
            f"its kind of events, number {head[15]}, is not known", path=place
        )
    width = int.from_bytes(head[16:18], "little")
    height = int.from_bytes(head[18:20], "little")
    if not width or not height or len(head) < _START:
        raise UnreadableFileError("it declares no size of the sensor", path=place)
    size = Geometry(width, height)
    assumed = (kind.left_out,) if kind.left_out else ()
    header = EventHeader(f"Event Stream, {kind.title}", size, assumed=assumed)
    interpret = partial(_interpret, head[15], size)
    records = RecordFormat(np.dtype(np.uint8), interpret, (0, 0, 0))
    return RecordSource(source, place, _START, records, header)


def _interpret(
    number: int, size: Geometry, records: NDArray[Any], state: State
) -> Interpreted:
    """Decode bytes; the state is the time, and the bytes of an event begun before."""
    kind = _KINDS[number]
    waiting = int(state[2]).to_bytes(8, "little")[: int(state[1])]
    raw = np.concatenate([np.frombuffer(waiting, np.uint8), records])
    starts, times, end = _find(_LOOPS.now(), raw, kind, int(state[0]))
    state[0] = times[-1]
    rest = raw[end:].tobytes()
    state[1], state[2] = len(rest), int.from_bytes(rest, "little")
    x = raw[starts + 1].astype(np.int64) | raw[starts + 2].astype(np.int64) << 8
    y = raw[starts + 3].astype(np.int64) | raw[starts + 4].astype(np.int64) << 8
    first = raw[starts].astype(np.int64)
    inside = (x < size.width) & (y < size.height)
    p, kept = np.ones_like(first), inside
    if number == _DVS:
        p = first & 1
    elif number == _ATIS:
        p = first >> 1 & 1
        kept = inside & (first & 1 == 0)
    y = size.height - 1 - y
    events = Events.of(times[:-1][kept], x[kept], y[kept], p[kept])
    return Interpreted(events, unknown=int(np.count_nonzero(~inside)))


def _find(
    loops: ModuleType, raw: NDArray[np.uint8], kind: _Kind, now: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Find events.

    Returns
    -------
    starts
        Where they begin.
    times
        Their times, and behind them the time at the end.
    end
        Where the first event begins that is not whole.
    """
    room = len(raw) // kind.size + 1
    starts, times = np.empty(room, np.int64), np.empty(room + 1, np.int64)
    count, end = loops.find_events(
        raw, kind.size, kind.steps, kind.begins, now, starts, times
    )
    return starts[:count], times[: count + 1], int(end)


def _warm(loops: ModuleType) -> None:
    _find(loops, np.zeros(9, np.uint8), _KINDS[_DVS], 0)


_HERE = "napari_cellsets.formats.events"
_LOOPS = LateLoops(f"{_HERE}.es_loops", f"{_HERE}.es_plain", _warm)
