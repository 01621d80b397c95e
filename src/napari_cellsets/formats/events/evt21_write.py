"""Write EVT2.1: words of up to 32 pixels of one line and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.formats.events.evt2_write import REACH
from napari_cellsets.formats.events.evt21 import turned
from napari_cellsets.formats.events.prophesee_write import (
    check_events,
    check_geometry,
    high_words,
    raw_header,
    runs_of_32,
    write_pieces,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events, Geometry


def write_evt21(
    path: str | Path,
    pieces: Iterable[Events],
    geometry: Geometry,
    *,
    start_us: int = 0,
    facts: Mapping[str, str] | None = None,
    legacy: bool = False,
) -> int:
    """Write events as Prophesee RAW, EVT2.1; see `evt3_write.write_evt3`.

    Parameters
    ----------
    path, pieces, geometry, start_us, facts
        As there.
    legacy
        Whether the upper half of each word comes first.
    """
    check_geometry(geometry, 2048, "EVT2.1")
    order = "legacy" if legacy else "little"
    size = f"height={geometry.height};width={geometry.width}"
    fields = {
        "evt": "2.1",
        "format": f"EVT21;endianness={order};{size}",
        "endianness": order,
    }
    header = raw_header(fields, geometry, facts or {})
    coder = Evt21Coder(geometry, legacy=legacy)
    return write_pieces(path, pieces, header, coder.words, start_us)


class Evt21Coder:
    """Encodes pieces one after the other; knows what the reader knows by then."""

    def __init__(self, geometry: Geometry, *, legacy: bool = False) -> None:
        self._geometry, self._turn = geometry, 32 if legacy else 0
        self._high = -1

    def words(self, events: Events) -> NDArray[np.uint64]:
        """Return the words of the next piece, uint64.

        Raises
        ------
        ExportError
            If the format cannot hold the events.
        """
        check_events(events, self._geometry, "EVT2.1")
        changes = (np.diff(events.t) != 0) | (events.y[1:] != events.y[:-1])
        starts, masks = runs_of_32(events, changes)
        first = events.take(starts)
        high = first.t >> 6
        highs = high_words(high, self._high, REACH, "EVT2.1")
        self._high = int(high[-1])
        at = np.ones(len(starts), np.int64)
        np.add.at(at, highs.before, 1)
        at = np.cumsum(at) - 1
        words = np.empty(int(at[-1]) + 1, "<u8")
        words[at] = (
            first.p.astype(np.uint64) << 60
            | (first.t & 63).astype(np.uint64) << 54
            | (first.x & ~np.uint16(31)).astype(np.uint64) << 43
            | first.y.astype(np.uint64) << 32
            | masks
        )
        told = (8 << 28 | highs.value & 0xFFFFFFF).astype(np.uint64)
        words[highs.places(at)] = told << 32
        return turned(words, self._turn)
