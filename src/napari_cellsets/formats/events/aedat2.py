"""AEDAT 1 and 2 of jAER: an address and a time in us, both big-endian.

What an address means depends on the chip that the header names. Rows count from the
bottom and are turned round. Source: docs.inivation.com, AEDAT file formats.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import EventHeader
from napari_cellsets.formats.events.records import (
    Interpreted,
    RecordFormat,
    RecordSource,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventSource, State
    from napari_cellsets.formats.files import FileTree

MAGIC = b"#!AER-DAT"
_HEADER_BYTES = 4 << 20
_END = re.compile(rb"#End Of ASCII Header[^\n]*\n", re.IGNORECASE)
_LINE = re.compile(rb"#[\t\x20-\x7e\x80-\xff]*\r?\n")
_CHIP = re.compile(r"#\s*AEChip:\s*(\S+)")
_HALF = 1 << 31


class _Layout(NamedTuple):
    """Where an address has column, row and polarity, and what is no event."""

    x: tuple[int, int]
    y: tuple[int, int]
    p: int
    other: int
    trigger: int


_DVS128 = _Layout((1, 0x7F), (8, 0x7F), 0, 0, 1 << 15)
_DAVIS = _Layout((12, 0x3FF), (22, 0x1FF), 11, 1 << 31, 1 << 10)
_CHIPS = {
    "dvs128": (_DVS128, Geometry(128, 128)),
    "davis240": (_DAVIS, Geometry(240, 180)),
    "davis346": (_DAVIS, Geometry(346, 260)),
    "davis640": (_DAVIS, Geometry(640, 480)),
}


def sniff_aedat2(name: str, head: bytes, size: int) -> bool:
    """Whether a file begins as AEDAT up to version 3 does."""
    return head.startswith(MAGIC) and head[len(MAGIC) : len(MAGIC) + 1] in b"123"


def open_aedat2(
    tree: FileTree, name: str, *, reading: str | None = None
) -> EventSource:
    """Open a recording of jAER.

    Raises
    ------
    UnreadableFileError
        If it is version 3, or of a chip whose addresses are not known.
    """
    source, place = tree.source(name), tree.place(name)
    head = source.read_at(0, _HEADER_BYTES)
    start = _end_of_header(head)
    text = head[:start].decode("latin-1")
    version = text[len(MAGIC) : len(MAGIC) + 1]
    if version not in "12" or not version:
        raise UnreadableFileError(
            f"AEDAT of version 1 or 2 was expected; it says {text[:16].strip()!r}",
            path=place,
            advice="Convert it to AEDAT 4 with DV, which can be read.",
        )
    found = _CHIP.search(text)
    chip = found[1] if found else ""
    known = [chips for key, chips in _CHIPS.items() if key in chip.lower()]
    if not known:
        raise UnreadableFileError(
            f"it was recorded with the chip {chip!r}, whose addresses are not known"
            if chip
            else "it does not name the chip it was recorded with",
            path=place,
            advice=f"Recordings of {', '.join(_CHIPS)} can be read.",
        )
    layout, size = known[0]
    address = ">u2" if version == "1" else ">u4"
    records = RecordFormat(
        np.dtype([("address", address), ("t", ">u4")]),
        partial(_interpret, layout, size),
        (-1, 0),
    )
    header = EventHeader(
        f"AEDAT {version}", size, camera=chip.rpartition(".")[2], facts=_facts(text)
    )
    return RecordSource(source, place, start, records, header)


def _end_of_header(head: bytes) -> int:
    ended = _END.search(head)
    if ended:
        return ended.end()
    at = 0
    while line := _LINE.match(head, at):
        at = line.end()
    return at


def _facts(text: str) -> dict[str, str]:
    facts = {}
    for line in text.splitlines()[1:64]:
        key, colon, value = line.lstrip("# ").partition(":")
        if colon and key and len(key) < 40 and "<" not in key:
            facts[key.strip()] = value.strip()[:200]
    return facts


def _interpret(
    layout: _Layout, size: Geometry, records: NDArray[Any], state: State
) -> Interpreted:
    """Decode records; the state is the last time as stored, and rounds of the clock."""
    address = records["address"].astype(np.int64)
    seen = (address & layout.other) == 0
    address, stored = address[seen], records["t"][seen].astype(np.int64)
    if len(stored):
        last = state[0] if state[0] >= 0 else stored[0]
        steps = np.diff(stored, prepend=last)
        # a step far forward is one back over the end of a round
        turns = (steps < -_HALF).astype(np.int64) - (steps > _HALF)
        rounds = state[1] + np.cumsum(turns)
        state[0], state[1] = stored[-1], rounds[-1]
    else:
        rounds = stored
    t = stored + (rounds << 32)
    trigger = (address & layout.trigger) != 0
    x = address >> layout.x[0] & layout.x[1]
    y = size.height - 1 - (address >> layout.y[0] & layout.y[1])
    inside = (x < size.width) & (y >= 0)
    kept = ~trigger & inside
    events = Events.of(t[kept], x[kept], y[kept], (address >> layout.p & 1)[kept])
    unknown = int(np.count_nonzero(~trigger & ~inside))
    return Interpreted(events, int(np.count_nonzero(trigger)), unknown)
