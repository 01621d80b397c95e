"""A recording as one picture: grey, white where it became lighter, else black.

The last event of a pixel wins. Of a long recording the busiest moment near its
beginning is drawn: a cell that passes makes more events than an empty channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import EVENTS_AT_ONCE, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventSource

GREY, ON, OFF = 128, 255, 0
_SHOWN = 30_000
_MOST_UNITS = 1 << 22
_LARGEST = 4096


def still_of(source: EventSource, size: Geometry | None = None) -> NDArray[np.uint8]:
    """Draw a recording.

    Parameters
    ----------
    source
        Open recording; no more than its beginning is decoded.
    size
        Size of the picture where the recording does not say it; it grows where
        events lie farther out, up to 4096 px.

    Returns
    -------
    ndarray
        uint8, (y, x): 128 where nothing happened, 255 ON, 0 OFF.

    Raises
    ------
    UnreadableFileError
        If the recording cannot be read.
    """
    events = busiest(_beginning(source))
    geometry = source.header.geometry or _extent(events, size)
    return drawn(events, geometry)


def busiest(events: Events, most: int = _SHOWN) -> Events:
    """Return the `most` neighbouring events that came in the shortest time."""
    if len(events) <= most:
        return events
    first = int(np.argmin(events.t[most - 1 :] - events.t[: 1 - most]))
    return events.take(slice(first, first + most))


def drawn(events: Events, geometry: Geometry) -> NDArray[np.uint8]:
    """Draw all events; those outside are left out.

    Returns
    -------
    ndarray
        uint8, (height, width).
    """
    shown = np.full((geometry.height, geometry.width), GREY, np.uint8)
    inside = (events.x < geometry.width) & (events.y < geometry.height)
    seen = events.take(inside)
    shown[seen.y, seen.x] = np.where(seen.p > 0, np.uint8(ON), np.uint8(OFF))
    return shown


def _beginning(source: EventSource) -> Events:
    """At most one piece of events; the first that is not empty."""
    for events in pieces(source, 0, min(source.units, _MOST_UNITS)):
        return events.take(slice(EVENTS_AT_ONCE))
    return Events.empty()


def _extent(events: Events, size: Geometry | None) -> Geometry:
    width, height = size or (1, 1)
    if len(events):
        width = max(width, min(int(events.x.max()) + 1, _LARGEST))
        height = max(height, min(int(events.y.max()) + 1, _LARGEST))
    return Geometry(width, height)
