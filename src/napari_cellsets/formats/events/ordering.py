"""Rows in no order of time: sorted where that is needed and can be done.

Small steps back are kept as they are in the file. Only arrays that are shuffled, or
put together from parts with clocks of their own (all ON events, then all OFF), are
sorted, and it is told.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.base import EventHeader, pieces
from napari_cellsets.formats.events.clocks import clock_for
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.formats.events.rows import RowSource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.core.events import Geometry
    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.events.rows import Rows

_CHECKED_WHOLE = 1 << 20
_SAMPLE = 1 << 14
_LOOKS, _LOOK = 16, 1 << 14
_SMALL_US = 10_000
"""Cameras that read lines one after the other are never so far out."""
MOST_SORTED = 1 << 24
"""Most events that are sorted: 220 MB of columns, twice for a moment."""


def ordered_rows(
    rows: Rows,
    title: str,
    *,
    unit: str = "",
    geometry: Geometry | None = None,
    assumed: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
) -> EventSource:
    """Make a source of rows; their clock is told by the first and the last of them.

    Parameters
    ----------
    rows
        The rows.
    title
        Name of the format for people.
    unit
        Unit of the times where the file says it; see `clocks.clock_for`.
    geometry, assumed, facts
        For the header.
    """
    few = min(_SAMPLE, rows.count)
    sample = [rows.read(first, few) for first in (0, rows.count - few)]
    clock = clock_for(np.concatenate([part.t for part in sample]), unit)
    polarities = np.unique(np.concatenate([part.p for part in sample]))
    off = 0
    if polarities.tolist() == [1, 2]:
        off, assumed = 1, (*assumed, "The polarities are 1 and 2: 2 was taken for ON.")
    header = EventHeader(
        title,
        geometry,
        clock="Unix" if clock.unix else "",
        facts=facts or {},
        doubts=clock.doubts,
        assumed=(*assumed, *clock.assumed),
    )
    return in_order(RowSource(rows, header, clock, off))


def in_order(source: EventSource) -> EventSource:
    """Return rows as they are, or sorted by time where they are in no order.

    Parameters
    ----------
    source
        Rows, one event each. Up to a million are looked at whole, of more some
        stretches.
    """
    behind = _farthest_behind(source)
    if behind <= _SMALL_US:
        source.in_order = behind == 0 and source.units <= _CHECKED_WHOLE
        return source
    if source.units > MOST_SORTED:
        doubt = (
            f"Its times are in no order, and more than {MOST_SORTED:,} events are not"
            " sorted: moving about in time is slow."
        )
        source.header = replace(source.header, doubts=(*source.header.doubts, doubt))
        return source
    return _sorted(source)


def _farthest_behind(source: EventSource) -> int:
    """How far a time lies before one that came earlier, in what is looked at."""
    whole = source.units <= _CHECKED_WHOLE
    latest, behind = None, 0
    for first in range(0, source.units, _LOOK if whole else source.units // _LOOKS):
        for part in pieces(source, first, min(source.units, first + _LOOK)):
            so_far = np.maximum.accumulate(part.t)
            if latest is not None:
                so_far = np.maximum(so_far, latest)
            latest = so_far[-1]
            behind = max(behind, int((so_far - part.t).max()))
    return behind


def _sorted(source: EventSource) -> EventSource:
    parts = [part.take(np.arange(len(part))) for part in pieces(source)]
    events = Events.joined(parts)
    steps = np.count_nonzero(np.diff(events.t) < 0)
    back = "1 step" if steps == 1 else f"{steps:,} steps"
    doubts = [f"Its events went back in time ({back}): they were sorted by time."]
    left_out = source.units - len(events)
    if left_out:
        doubts.append(f"Rows that are no events were left out: {left_out:,}.")
    header = replace(source.header, doubts=(*source.header.doubts, *doubts))
    ordered = events.take(np.argsort(events.t, kind="stable"))
    return MemoryEvents(ordered, header=header)
