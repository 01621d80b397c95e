"""Write EVT2: a word an event, and one whenever the high time changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.formats.events.prophesee_write import (
    check_events,
    check_geometry,
    high_words,
    raw_header,
    write_pieces,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events, Geometry

REACH = 1 << 26
"""Longest step of the 28-bit high time: a quarter of its way round."""


def write_evt2(
    path: str | Path,
    pieces: Iterable[Events],
    geometry: Geometry,
    *,
    start_us: int = 0,
    facts: Mapping[str, str] | None = None,
) -> int:
    """Write events as Prophesee RAW, EVT2; see `evt3_write.write_evt3`."""
    check_geometry(geometry, 2048, "EVT2")
    size = f"height={geometry.height};width={geometry.width}"
    fields = {"evt": "2.0", "format": f"EVT2;{size}"}
    header = raw_header(fields, geometry, facts or {})
    return write_pieces(path, pieces, header, Evt2Coder(geometry).words, start_us)


class Evt2Coder:
    """Encodes pieces one after the other; knows what the reader knows by then."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._high = -1

    def words(self, events: Events) -> NDArray[np.uint32]:
        """Return the words of the next piece, uint32.

        Raises
        ------
        ExportError
            If the format cannot hold the events.
        """
        check_events(events, self._geometry, "EVT2")
        high = events.t >> 6
        highs = high_words(high, self._high, REACH, "EVT2")
        self._high = int(high[-1])
        at = np.ones(len(high), np.int64)
        np.add.at(at, highs.before, 1)
        at = np.cumsum(at) - 1
        words = np.empty(int(at[-1]) + 1, "<u4")
        words[at] = (
            events.p.astype(np.uint32) << 28
            | (events.t & 63).astype(np.uint32) << 22
            | events.x.astype(np.uint32) << 11
            | events.y
        )
        words[highs.places(at)] = 0x80000000 | (highs.value & 0xFFFFFFF)
        return words
