"""Write DAT, type CD, version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.events.prophesee_write import (
    check_events,
    check_geometry,
    write_pieces,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events, Geometry

_LOOP = 1 << 32
_HALF = 1 << 31
_CD = bytes([12, 8])


def write_dat(
    path: str | Path,
    pieces: Iterable[Events],
    geometry: Geometry,
    *,
    start_us: int = 0,
    facts: Mapping[str, str] | None = None,
) -> int:
    """Write events as Prophesee DAT; see `evt3_write.write_evt3`.

    Raises
    ------
    ExportError
        Also if the first event comes after 71.6 minutes, or two events are more
        than half of that apart: the 32 bits of time could not tell.
    """
    check_geometry(geometry, 1 << 14, "DAT")
    lines = {
        **{key: " ".join(value.split()) for key, value in (facts or {}).items()},
        "Version": "2",
        "Height": str(geometry.height),
        "Width": str(geometry.width),
    }
    text = "% Data file containing CD events.\n"
    text += "".join(f"% {key} {value}\n" for key, value in lines.items())
    header = text.encode() + _CD
    return write_pieces(path, pieces, header, DatCoder(geometry).words, start_us)


class DatCoder:
    """Encodes pieces one after the other; knows the time that the reader knows."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._last: int | None = None

    def words(self, events: Events) -> NDArray[Any]:
        """Return the records of the next piece, uint64.

        Raises
        ------
        ExportError
            If the format cannot hold the events.
        """
        check_events(events, self._geometry, "DAT")
        t = events.t
        first = int(t[0]) if self._last is None else self._last
        longest = int(np.abs(np.diff(t, prepend=first)).max())
        if longest >= _HALF or (self._last is None and first >= _LOOP):
            raise ExportError(
                f"DAT tells times of 32 bits; the recording begins at {first:,} us and"
                f" has steps of up to {longest:,} us",
                advice="Write EVT3, or let it start at zero (start_us).",
            )
        self._last = int(t[-1])
        low = (t & (_LOOP - 1)).astype(np.uint64)
        x, y, p = (c.astype(np.uint64) for c in (events.x, events.y, events.p))
        words: NDArray[Any] = low | x << 32 | y << 46 | p << 60
        return words.astype("<u8", copy=False)
