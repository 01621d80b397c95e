"""Filters of events: each a value that can be combined, in an order that counts.

Filters that look at what came before compare with the last *incoming* event, also
when that one was itself taken out. So what becomes of an event depends on no more
than `lead_in_us` of the time before it, and a window asked alone, with that lead-in,
gives exactly what a pass over the whole recording gives, where its times never
decrease. Where they step back, an event may follow in the file on one that lies
outside of the window and its lead-in in time: just there the two can differ.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeAlias

import numpy as np
from pydantic import Field

from napari_cellsets.core.evented import FrozenModel
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.playback import filter_steps
from napari_cellsets.playback.filter_pass import Filtered, FilterPass
from napari_cellsets.playback.pixel_memory import PixelMemory

if TYPE_CHECKING:
    from napari_cellsets.playback.filter_steps import Step

Corner: TypeAlias = tuple[float, float]


class _Filter(FrozenModel):
    """What all filters have."""

    @property
    def lead_in_us(self) -> int:
        """Time before a window that decides about its events."""
        return 0

    def geometry_after(self, geometry: Geometry) -> Geometry:
        """Return the size of the pictures behind the filter."""
        return geometry


class Polarity(_Filter):
    """Keep the events of one polarity."""

    kind: Literal["polarity"] = "polarity"
    keep: Literal["on", "off"] = "on"

    def start(self, geometry: Geometry) -> Step:
        """Return the filter at work."""
        wanted = int(self.keep == "on")
        return filter_steps.Chosen(lambda events: events.p == wanted)


class TimeRange(_Filter):
    """Keep the events of [start, stop), microseconds from the first event."""

    kind: Literal["time"] = "time"
    start_us: int | None = None
    stop_us: int | None = None

    def start(self, geometry: Geometry) -> Step:
        """Return the filter at work."""
        whole = np.iinfo(np.int64)
        first = whole.min if self.start_us is None else self.start_us
        stop = whole.max if self.stop_us is None else self.stop_us
        return filter_steps.Chosen(
            lambda events: (events.t >= first) & (events.t < stop)
        )


class Region(_Filter):
    """Keep the events inside (or outside) of polygons.

    Parameters
    ----------
    polygons_yx
        Corners (y, x), pixel centres at integers, in the picture as it is at this
        place of the chain. Inside is what lies in any of them, each by the even-odd
        rule.
    keep
        Which side.
    """

    kind: Literal["region"] = "region"
    polygons_yx: tuple[Annotated[tuple[Corner, ...], Field(min_length=3)], ...]
    keep: Literal["inside", "outside"] = "inside"

    @classmethod
    def rectangle(
        cls, first: Corner, last: Corner, keep: Literal["inside", "outside"] = "inside"
    ) -> Self:
        """Return the region between two opposite corners (y, x)."""
        (y0, x0), (y1, x1) = first, last
        corners = (y0, x0), (y0, x1), (y1, x1), (y1, x0)
        return cls(polygons_yx=(corners,), keep=keep)

    def start(self, geometry: Geometry) -> Step:
        """Return the filter at work."""
        inside = np.zeros((geometry.height, geometry.width), np.bool_)
        for polygon in self.polygons_yx:
            inside |= filter_steps.pixels_inside(polygon, geometry)
        return filter_steps.OnMask(inside if self.keep == "inside" else ~inside)


class HotPixels(_Filter):
    """Take out all events of some pixels: see `find_hot_pixels`.

    Parameters
    ----------
    pixels_yx
        Row and column; those outside of the sensor are ignored.
    """

    kind: Literal["hot_pixels"] = "hot_pixels"
    pixels_yx: tuple[tuple[int, int], ...] = ()

    def start(self, geometry: Geometry) -> Step:
        """Return the filter at work."""
        wanted = np.ones((geometry.height, geometry.width), np.bool_)
        for y, x in self.pixels_yx:
            if 0 <= y < geometry.height and 0 <= x < geometry.width:
                wanted[y, x] = False
        return filter_steps.OnMask(wanted)


class BackgroundActivity(_Filter):
    """Take out lonely events: no neighbour of theirs spoke shortly before.

    An event stays when the last incoming event of its eight neighbouring pixels lies
    less than `within_us` away in time (Delbruck 2008, "Frame-free dynamic digital
    vision").
    """

    kind: Literal["background"] = "background"
    within_us: int = Field(default=2_000, ge=1, le=10_000_000)

    @property
    def lead_in_us(self) -> int:
        """Time before a window that decides about its events."""
        return self.within_us

    def start(self, geometry: Geometry) -> Step:
        """Return the filter at work."""
        return filter_steps.Remembering(
            PixelMemory(geometry, "around", self.within_us), True
        )


class Refractory(_Filter):
    """Take out what follows on the last incoming event of the same pixel too soon.

    A pixel that never falls silent for `within_us` thus shows the first event only.
    """

    kind: Literal["refractory"] = "refractory"
    within_us: int = Field(default=1_000, ge=1, le=10_000_000)

    @property
    def lead_in_us(self) -> int:
        """Time before a window that decides about its events."""
        return self.within_us

    def start(self, geometry: Geometry) -> Step:
        """Return the filter at work."""
        return filter_steps.Remembering(
            PixelMemory(geometry, "here", self.within_us), False
        )


class Turn(_Filter):
    """Flip, then turn by quarters.

    Parameters
    ----------
    flip_y, flip_x
        Swap top and bottom, left and right.
    quarters
        Quarter turns clockwise as one sees the picture.
    """

    kind: Literal["turn"] = "turn"
    flip_y: bool = False
    flip_x: bool = False
    quarters: int = Field(default=0, ge=0, le=3)

    def geometry_after(self, geometry: Geometry) -> Geometry:
        """Return the size of the pictures behind the filter."""
        width, height = geometry
        return Geometry(height, width) if self.quarters % 2 else geometry

    def start(self, geometry: Geometry) -> Step:
        """Return the filter at work."""
        return filter_steps.Turning(geometry, self.flip_y, self.flip_x, self.quarters)


AnyFilter: TypeAlias = Annotated[
    Polarity | TimeRange | Region | HotPixels | BackgroundActivity | Refractory | Turn,
    Field(discriminator="kind"),
]


class FilterChain(FrozenModel):
    """Filters one after the other: each sees what the one before let pass.

    Parameters
    ----------
    filters
        In the order in which they work.
    """

    filters: tuple[AnyFilter, ...] = ()

    @property
    def lead_in_us(self) -> int:
        """Time before a window whose events decide about those of the window."""
        return sum(each.lead_in_us for each in self.filters)

    def geometry_after(self, geometry: Geometry) -> Geometry:
        """Return the size of the pictures that the chain gives.

        Parameters
        ----------
        geometry
            Size of the pictures that come in.
        """
        for each in self.filters:
            geometry = each.geometry_after(geometry)
        return geometry

    def start(self, geometry: Geometry) -> FilterPass:
        """Return the chain at work, for events that come in pieces.

        Parameters
        ----------
        geometry
            Size of the sensor.
        """
        return FilterPass(self, geometry)

    def apply(
        self, events: Events, geometry: Geometry, keep_from_us: int | None = None
    ) -> Filtered:
        """Filter one window.

        Parameters
        ----------
        events
            Those of the window and, ahead of them, those of `lead_in_us` before it.
            May be called from any thread.
        geometry
            Size of the sensor.
        keep_from_us
            Begin of the window: earlier events are neither kept nor counted. By
            default nothing came before.

        Returns
        -------
        Filtered
            Views of `events` where nothing is taken out.
        """
        kept: FilterPass | None = getattr(_THREAD, "filters", None)
        if kept is None or (kept.chain, kept.geometry) != (self, geometry):
            kept = _THREAD.filters = self.start(geometry)
        else:
            kept.forget()
        return kept.feed(events, keep_from_us)


_THREAD = threading.local()
