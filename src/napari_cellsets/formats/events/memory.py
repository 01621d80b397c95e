"""Events that are in memory already, offered as a file of events is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.formats.events.base import Decoded, EventHeader

if TYPE_CHECKING:
    from napari_cellsets.core.events import Events, Geometry
    from napari_cellsets.formats.events.base import State, Tally


class MemoryEvents:
    """Columns as an `EventSource`: simulated cells, a cut, the events of an array.

    Parameters
    ----------
    events
        Columns; not copied.
    geometry
        Size of the sensor; None where it is to be found out from the events.
    header
        What is known besides; by default no more than that they are in memory.
    """

    most_per_unit = 1

    def __init__(
        self,
        events: Events,
        geometry: Geometry | None = None,
        header: EventHeader | None = None,
    ) -> None:
        self._events = events
        self.header = header or EventHeader("memory", geometry)
        self.units = len(events)
        self.in_order = bool(np.all(events.t[1:] >= events.t[:-1]))

    def start(self) -> State:
        """Return the empty state: every event stands for itself."""
        return np.zeros(0, np.int64)

    def decode(self, first: int, stop: int, state: State, out: Events) -> Decoded:
        """Copy events; see `EventSource.decode`."""
        stop = min(stop, self.units, first + len(out))
        part = self._events.take(slice(first, stop))
        count = len(part)
        out.t[:count], out.x[:count] = part.t, part.x
        out.y[:count], out.p[:count] = part.y, part.p
        return Decoded(stop, count)

    def tally(self, first: int, stop: int, state: State, sums: Tally) -> None:
        """Add up events; see `EventSource.tally`."""
        sums.add(self._events.take(slice(first, stop)))
