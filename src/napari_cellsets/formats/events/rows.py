"""Files whose units are rows of numbers, one event each: read in blocks, any stretch.

A row that can be no event (no number, negative or huge coordinates) is left out and
counted as unknown; the rows around it stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.base import Decoded, Tally
from napari_cellsets.formats.events.clocks import MICROSECONDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventHeader, State
    from napari_cellsets.formats.events.clocks import Clock

    Numbers = NDArray[Any]

ROWS_AT_ONCE = 1 << 16
"""Rows of one block: half a megabyte to two, whatever the caller asks for."""
_LARGEST = 65535


class Raw(NamedTuple):
    """Columns of a block as the file holds them, of any type of numbers."""

    t: Numbers
    x: Numbers
    y: Numbers
    p: Numbers


class Rows(Protocol):
    """Rows as a file holds them.

    Attributes
    ----------
    count
        How many there are.
    """

    count: int

    def read(self, first: int, count: int) -> Raw:
        """Return so many rows; raise `UnreadableFileError` where they are missing."""
        ...


class RowSource:
    """An `EventSource` of rows, one event each.

    Parameters
    ----------
    rows
        The rows.
    header
        What the file says of itself.
    clock
        What the times mean.
    off
        Polarity of OFF events; what is above is ON.
    """

    most_per_unit = 1
    in_order = False

    def __init__(
        self,
        rows: Rows,
        header: EventHeader,
        clock: Clock = MICROSECONDS,
        off: int = 0,
    ) -> None:
        self.header, self.units = header, rows.count
        self._rows, self._clock, self._off = rows, clock, off

    def start(self) -> State:
        """Return the state before the first row: rows need none."""
        return np.zeros(1, np.int64)

    def decode(self, first: int, stop: int, state: State, out: Events) -> Decoded:
        """Decode rows until `out` is full; see `EventSource.decode`."""
        written, stop = 0, min(stop, self.units)
        while first < stop and written < len(out):
            count = min(stop - first, len(out) - written, ROWS_AT_ONCE)
            room = out.take(slice(written, written + count))
            raw = self._rows.read(first, count)
            written += convert(raw, self._clock, self._off, room)
            first += count
        return Decoded(first, written)

    def tally(self, first: int, stop: int, state: State, sums: Tally) -> None:
        """Add up rows without keeping them; see `EventSource.tally`."""
        stop = min(stop, self.units)
        out = Events.empty(max(0, min(ROWS_AT_ONCE, stop - first)))
        while first < stop:
            count = min(stop - first, len(out))
            _, written = self.decode(first, first + count, state, out)
            sums.add(out.take(slice(written)))
            sums.values[Tally.UNKNOWN] += count - written
            first += count


def convert(raw: Raw, clock: Clock, off: int, out: Events) -> int:
    """Turn rows into events.

    Parameters
    ----------
    raw
        Rows as they are in the file.
    clock, off
        What their times and polarities mean; see `RowSource`.
    out
        As many places as there are rows.

    Returns
    -------
    int
        How many were events and are in `out` now.
    """
    t, good = clock.microseconds(raw.t)
    for numbers in (raw.x, raw.y):
        fit = _fits(numbers)
        if fit is not None:
            good = fit if good is None else good & fit
    p = raw.p
    if p.dtype.kind == "f" and np.isnan(p).any():
        known = ~np.isnan(p)
        good = known if good is None else good & known
    if good is None or good.all():
        count = len(t)
        columns = t, raw.x, raw.y, p
    else:
        count = int(np.count_nonzero(good))
        columns = t[good], raw.x[good], raw.y[good], p[good]
    out.t[:count] = columns[0]
    out.x[:count] = _whole(columns[1])
    out.y[:count] = _whole(columns[2])
    np.greater(columns[3], off, out=out.p[:count].view(np.bool_))
    return count


def _fits(numbers: Numbers) -> NDArray[np.bool_] | None:
    """Which numbers can be coordinates; None where all can by their type."""
    if numbers.dtype.kind == "u" and numbers.dtype.itemsize <= 2:
        return None
    if numbers.dtype.kind == "f":
        # rounded half a pixel out is still the pixel; NaN is nowhere
        return np.asarray((numbers >= -0.5) & (numbers < _LARGEST + 0.5))
    if numbers.dtype.kind == "b":
        return None
    return np.asarray((numbers >= 0) & (numbers <= _LARGEST))


def _whole(numbers: Numbers) -> Numbers:
    return np.rint(numbers) if numbers.dtype.kind == "f" else numbers
