"""Files of equal records that each need what the ones before have left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.events.base import Decoded, Tally
from napari_cellsets.formats.events.rows import ROWS_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events
    from napari_cellsets.formats.events.base import EventHeader, State
    from napari_cellsets.formats.sources import Source


class Interpreted(NamedTuple):
    """Events of some records, how many triggers were among them, and how much else."""

    events: Events
    triggers: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class RecordFormat:
    """What records are.

    Parameters
    ----------
    dtype
        Type of one.
    interpret
        ``interpret(records, state)``: at most one event a record; changes the state.
    state
        The state before the first record.
    """

    dtype: np.dtype[Any]
    interpret: Callable[[NDArray[Any], State], Interpreted]
    state: tuple[int, ...]


class RecordSource:
    """An `EventSource` of equal records.

    Parameters
    ----------
    source, place
        The file.
    start
        Offset of the first record.
    records
        What they are.
    header
        What the file says of itself.
    """

    most_per_unit = 1
    in_order = False

    def __init__(
        self,
        source: Source,
        place: str,
        start: int,
        records: RecordFormat,
        header: EventHeader,
    ) -> None:
        self.header = header
        self.units = max(0, source.size - start) // records.dtype.itemsize
        self._source, self._place, self._start = source, place, start
        self._records = records

    def start(self) -> State:
        """Return the state before the first record."""
        return np.array(self._records.state, np.int64)

    def decode(self, first: int, stop: int, state: State, out: Events) -> Decoded:
        """Decode records until `out` is full; see `EventSource.decode`."""
        written, stop = 0, min(stop, self.units)
        while first < stop and written < len(out):
            count = min(stop - first, len(out) - written, ROWS_AT_ONCE)
            found = self._records.interpret(self._read(first, count), state).events
            room = slice(written, written + len(found))
            out.t[room], out.x[room] = found.t, found.x
            out.y[room], out.p[room] = found.y, found.p
            written += len(found)
            first += count
        return Decoded(first, written)

    def tally(self, first: int, stop: int, state: State, sums: Tally) -> None:
        """Add up records without keeping them; see `EventSource.tally`."""
        stop = min(stop, self.units)
        while first < stop:
            count = min(stop - first, ROWS_AT_ONCE)
            found = self._records.interpret(self._read(first, count), state)
            sums.add(found.events)
            sums.values[Tally.TRIGGERS] += found.triggers
            sums.values[Tally.UNKNOWN] += found.unknown
            first += count

    def _read(self, first: int, count: int) -> NDArray[Any]:
        size = self._records.dtype.itemsize
        content = self._source.read_at(self._start + first * size, count * size)
        if len(content) < count * size:
            raise UnreadableFileError(
                "its end is missing",
                path=self._place,
                advice="The file became shorter while it was open: open it again.",
            )
        return np.frombuffer(content, self._records.dtype)
