"""Write EVT3: only what changes is written, and rows of pixels as vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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

_REACH = 1024
"""Longest step of the 12-bit high time: a quarter of its way round."""
_VECTOR_FROM = 5
"""A vector is four words; as many single columns are no longer."""


def write_evt3(
    path: str | Path,
    pieces: Iterable[Events],
    geometry: Geometry,
    *,
    start_us: int = 0,
    facts: Mapping[str, str] | None = None,
) -> int:
    """Write events as Prophesee RAW, EVT3.

    Parameters
    ----------
    path
        The file.
    pieces
        Events in the order of the recording; times in us. Backward steps are kept.
    geometry
        Of the sensor, at most 2,048 x 2,048.
    start_us
        Added to all times.
    facts
        Further lines of the header.

    Returns
    -------
    int
        How many events were written.

    Raises
    ------
    ExportError
        If the format cannot hold the events, or the file cannot be written.
    """
    check_geometry(geometry, 2048, "EVT3")
    size = f"height={geometry.height};width={geometry.width}"
    fields = {"evt": "3.0", "format": f"EVT3;{size}"}
    header = raw_header(fields, geometry, facts or {})
    return write_pieces(path, pieces, header, Evt3Coder(geometry).words, start_us)


class Evt3Coder:
    """Encodes pieces one after the other; knows what the reader knows by then."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._t = self._y = -1

    def words(self, events: Events) -> NDArray[Any]:
        """Return the words of the next piece, uint16.

        Raises
        ------
        ExportError
            If the format cannot hold the events.
        """
        check_events(events, self._geometry, "EVT3")
        t, x, y = events.t, events.x, events.y
        changes = np.diff(t, prepend=self._t) != 0
        lines = np.diff(y.astype(np.int32), prepend=np.int32(self._y)) != 0
        highs = high_words(t >> 12, self._t >> 12, _REACH, "EVT3")
        self._t, self._y = int(t[-1]), int(y[-1])
        groups, masks = runs_of_32(events, (changes | lines)[1:])
        counts = np.diff(groups, append=len(t))
        body = np.ones(len(t), np.int64)
        worth = counts >= _VECTOR_FROM
        vectors = groups[worth]
        body[_spread(vectors, counts[worth])] = 0
        body[vectors] = 4
        needed = body + changes + lines
        np.add.at(needed, highs.before, 1)
        at = np.cumsum(needed) - body
        words = np.empty(int(needed.sum()), "<u2")
        single = body == 1
        columns = x | (events.p.astype(np.uint16) << 11)
        words[at[single]] = 0x2000 | columns[single]
        words[at[lines] - 1] = y[lines]
        words[(at - lines)[changes] - 1] = 0x6000 | (t[changes] & 0xFFF)
        words[highs.places(at - lines - changes)] = 0x8000 | (highs.value & 0xFFF)
        _put_vectors(words, at[vectors], columns[vectors], masks[worth])
        return words


def _spread(first: NDArray[np.intp], sizes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return all numbers of runs that are given by first number and length."""
    ends = np.cumsum(sizes)
    inside = np.arange(int(ends[-1]) if len(ends) else 0)
    numbers: NDArray[np.intp] = inside + np.repeat(first - (ends - sizes), sizes)
    return numbers


def _put_vectors(
    words: NDArray[Any],
    at: NDArray[np.int64],
    columns: NDArray[Any],
    masks: NDArray[Any],
) -> None:
    """Write base column, 12, 12 and 8 pixels for each vector."""
    words[at] = 0x3000 | (columns & ~np.uint16(31))
    words[at + 1] = 0x4000 | (masks & 0xFFF)
    words[at + 2] = 0x4000 | (masks >> 12 & 0xFFF)
    words[at + 3] = 0x5000 | (masks >> 24)
