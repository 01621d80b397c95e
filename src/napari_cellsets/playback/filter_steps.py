"""Filters at work: what each keeps of events that come piece by piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from napari_cellsets.core.events import Events
from napari_cellsets.playback.pixel_memory import LOOPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Geometry
    from napari_cellsets.playback.pixel_memory import PixelMemory

    Marks = NDArray[np.bool_]


class Step(Protocol):
    """One filter at work."""

    def keep(self, events: Events) -> Events:
        """Return what passes of the events that follow those of the call before."""
        ...

    def forget(self) -> None:
        """Begin anew."""
        ...


class _Forgetful:
    """A step that looks at each event alone."""

    def forget(self) -> None:
        """Begin anew."""


class Chosen(_Forgetful):
    """Keeps the events for which a rule says True.

    Parameters
    ----------
    rule
        Returns bool, (n,).
    """

    def __init__(self, rule: Callable[[Events], Marks]) -> None:
        self._rule = rule

    def keep(self, events: Events) -> Events:
        """Return what passes."""
        return kept(events, self._rule(events))


class OnSensor(_Forgetful):
    """Keeps the events that lie on the sensor: what follows relies on it.

    Parameters
    ----------
    geometry
        Its size.
    """

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry

    def keep(self, events: Events) -> Events:
        """Return what passes."""
        return within_sensor(events, self._geometry)


class OnMask(_Forgetful):
    """Keeps the events on some pixels.

    Parameters
    ----------
    mask
        bool, (height, width).
    """

    def __init__(self, mask: Marks) -> None:
        self._mask = mask

    def keep(self, events: Events) -> Events:
        """Return what passes."""
        marks: Marks = np.empty(len(events), np.bool_)
        x, y = np.ascontiguousarray(events.x), np.ascontiguousarray(events.y)
        LOOPS.now().look_up(x, y, self._mask, marks)
        return kept(events, marks)


class Remembering:
    """Keeps events by what their pixel remembers.

    Parameters
    ----------
    memory
        Which events are recent.
    recent
        Whether those are kept, or the others.
    """

    def __init__(self, memory: PixelMemory, recent: bool) -> None:
        self._memory, self._recent = memory, recent

    def keep(self, events: Events) -> Events:
        """Return what passes."""
        return kept(events, self._memory.recent(events), self._recent)

    def forget(self) -> None:
        """Begin anew."""
        self._memory.forget()


class Turning(_Forgetful):
    """Moves events as a flip and quarter turns clockwise do."""

    def __init__(
        self, geometry: Geometry, flip_y: bool, flip_x: bool, quarters: int
    ) -> None:
        self._geometry = geometry
        self._flip_y, self._flip_x, self._quarters = flip_y, flip_x, quarters

    def keep(self, events: Events) -> Events:
        """Return all events, in their new places."""
        width, height = self._geometry
        x, y = events.x, events.y
        if self._flip_y:
            y = np.uint16(height - 1) - y
        if self._flip_x:
            x = np.uint16(width - 1) - x
        for _ in range(self._quarters):
            x, y = np.uint16(height - 1) - y, x
            width, height = height, width
        return Events(events.t, x, y, events.p)


def kept(events: Events, marks: Marks, wanted: bool = True) -> Events:
    """Return the events whose mark is as wanted; the very same ones where all are."""
    count = int(np.count_nonzero(marks))
    count = count if wanted else len(marks) - count
    if count == len(events):
        return events
    out = Events.empty(count)
    LOOPS.now().pick(marks, wanted, *_columns(events), *_columns(out))
    return out


def _columns(events: Events) -> Iterator[NDArray[Any]]:
    """Yield the columns as the loops were compiled for."""
    for column in (events.t, events.x, events.y, events.p):
        yield np.ascontiguousarray(column)


def within_sensor(events: Events, geometry: Geometry) -> Events:
    """Return the events that lie on the sensor."""
    if not len(events):
        return events
    width, height = geometry
    if int(events.x.max()) < width and int(events.y.max()) < height:
        return events
    return kept(events, (events.x < width) & (events.y < height))


def pixels_inside(
    polygon_yx: Sequence[tuple[float, float]], geometry: Geometry
) -> Marks:
    """Return the pixels whose centre lies in a polygon, by the even-odd rule.

    A centre on the outline belongs to one side only, so that neighbouring regions
    share no pixel.

    Parameters
    ----------
    polygon_yx
        Corners (y, x), pixel centres at integers.
    geometry
        Size of the picture.

    Returns
    -------
    ndarray
        bool, (height, width).
    """
    width, height = geometry
    # Of each row: how many edges cross it between two columns.
    crossings = np.zeros((height, width + 1), np.int32)
    corners = np.asarray(polygon_yx, np.float64)
    for (y0, x0), (y1, x1) in zip(corners, np.roll(corners, -1, 0), strict=True):
        top, bottom = min(y0, y1), max(y0, y1)
        first, stop = (int(np.clip(np.ceil(y), 0, height)) for y in (top, bottom))
        if first >= stop:
            continue
        rows = np.arange(first, stop)
        at = x0 + (rows - y0) * ((x1 - x0) / (y1 - y0))
        columns = np.clip(np.ceil(at), 0, width).astype(np.intp)
        crossings[rows, columns] += 1
    after = crossings[:, :0:-1].cumsum(1)[:, ::-1]
    return np.asarray(after % 2 == 1)
