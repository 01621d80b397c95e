"""Prophesee DAT: records of 32 bits of time and 32 bits of place and sign.

After the lines of the header stand two bytes: the type of the events (0 "2d" and
12 "CD" hold pixels that changed, 14 triggers) and the size of a record, 8. Since
version 2 the upper half of a record holds 14 bits of column, 14 of line and 4 of
sign; before, for the ATIS camera, 9, 8 and 1 (docs.prophesee.ai, "DAT File Format";
the older layout as in the Matlab scripts that came with that camera).

Time goes round after 2**32 us (71.6 min).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.events.base import EventHeader
from napari_cellsets.formats.events.dat_plain import LOOP
from napari_cellsets.formats.events.prophesee import (
    HEADER_BYTES,
    believable,
    read_header,
)
from napari_cellsets.formats.events.raw_source import (
    Beginning,
    Fit,
    Oddities,
    RawSource,
    high_steps,
    inside,
    share,
)
from napari_cellsets.formats.events.words import Words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.events import Geometry
    from napari_cellsets.formats.events.base import State
    from napari_cellsets.formats.files import FileTree

_CHANGES = {0: "2d", 12: "CD"}
_RECORD_BYTES = 8


class Layout(NamedTuple):
    """How many bits of a record's upper half hold column and line."""

    x_bits: int
    y_bits: int


NEW, OLD = Layout(14, 14), Layout(9, 8)


class DatSource(RawSource):
    """An open DAT file. State: time of the last record, bits of column and line."""

    encoding = "DAT"
    loops = "dat"
    dtype = "<u8"
    most_per_unit = 1
    state_size = 3
    layout = NEW

    @classmethod
    def beginning(cls, words: NDArray[Any]) -> Beginning | None:
        """Return where to begin: at the first record, whatever its time."""
        return Beginning(0, [int(words[0] & 0xFFFFFFFF), *cls.layout])

    @classmethod
    def fit(cls, words: NDArray[Any], geometry: Geometry | None) -> Fit:
        """Return how much the first records look like events."""
        used = np.uint64(32 + sum(cls.layout) + 1)
        times = (words & 0xFFFFFFFF).astype(np.int64)
        x = words >> 32 & (1 << cls.layout.x_bits) - 1
        y = words >> np.uint64(32 + cls.layout.x_bits) & (1 << cls.layout.y_bits) - 1
        return Fit(
            share(words >> used == 0),
            share(np.diff(times) >= 0),
            inside(x, y, geometry),
        )

    def oddities(self, words: NDArray[Any], state: State) -> Oddities:
        """Count overflows of time, given the state before the records."""
        times = (words & 0xFFFFFFFF).astype(np.int64)
        return Oddities(wraps=high_steps(times, int(state[0]), LOOP).wraps)


class OldDatSource(DatSource):
    """An open DAT file of before version 2."""

    layout = OLD


def sniff_dat(name: str, head: bytes, size: int) -> bool:
    """Whether a file begins like DAT: lines, then type and size of records."""
    if not head.startswith(b"%"):
        return False
    header = read_header(head, name)
    size_told = head[header.size + 1 : header.size + 2]
    return size_told == bytes([_RECORD_BYTES]) or head.startswith(b"% Data file")


def open_dat(tree: FileTree, name: str, *, reading: str | None = None) -> DatSource:
    """Open a DAT file; see `opening.open_events`.

    Raises
    ------
    UnreadableFileError
        If it holds no events of pixels, or its records look like none.
    """
    source, place = tree.source(name), tree.place(name)
    head = source.read_at(0, HEADER_BYTES + 2)
    header = read_header(head, place)
    _check_type(head[header.size : header.size + 2], place)
    version = header.number("version")
    kind = OldDatSource if version is not None and version < 2 else DatSource
    words = Words(source, header.size + 2, kind.dtype, place)
    geometry = believable(header.number("width"), header.number("height"))
    if words.units:
        _check_fit(kind.fit(words.probe(), geometry), place)
    shown = EventHeader(
        f"DAT {_CHANGES[head[header.size]]}", geometry, facts=dict(header.fields)
    )
    return kind.open(words, shown, place)


def _check_type(told: bytes, place: str) -> None:
    if len(told) < 2:
        raise UnreadableFileError(
            "it ends where the type of its events should stand",
            path=place,
            advice="Copy it anew: it was cut off.",
        )
    if told[0] not in _CHANGES or told[1] != _RECORD_BYTES:
        what = "triggers" if told[0] == 14 else f"events of type {told[0]}"
        raise UnreadableFileError(
            f"it holds {what} in records of {told[1]} bytes; events of pixels are of"
            f" type 0 or 12, in {_RECORD_BYTES} bytes",
            path=place,
            advice="Open the file of the same recording that ends in _td.dat.",
        )


def _check_fit(fit: Fit, place: str) -> None:
    if not fit.bearable:
        raise UnreadableFileError(
            f"its header says DAT, but only {fit.kinds:.0%} of its first records look"
            " like events",
            path=place,
            advice="It is damaged, or its header belongs to another file.",
        )
