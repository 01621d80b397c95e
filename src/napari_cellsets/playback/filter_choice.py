"""Which filters a person has chosen; makes the chain of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from napari_cellsets.core.evented import EventedModel
from napari_cellsets.playback.filters import (
    BackgroundActivity,
    Corner,
    FilterChain,
    HotPixels,
    Polarity,
    Refractory,
    Region,
    TimeRange,
    Turn,
)


class FilterChoice(EventedModel):
    """Switches and numbers of all filters; `events.<field>` tells of changes.

    The chain has one order, which makes sense for a person who looks at the picture:
    broken pixels go first, noise is judged on what the sensor saw, and regions are
    drawn on the picture as it is shown, so after it was turned.

    Parameters
    ----------
    polarity
        Which events to keep.
    hot_pixels_yx
        Pixels found to be broken, (row, column).
    without_hot_pixels
        Whether to take them out.
    background, background_us
        Whether to take out lonely events, and what counts as company.
    refractory, refractory_us
        Whether to take out what follows too soon, and how soon that is.
    flip_y, flip_x, quarters
        See `Turn`.
    polygons_yx
        Regions drawn on the picture as shown.
    region
        Which side of them to keep; "all" for no matter where.
    only_range
        Whether to show events of `range_us` only.
    range_us
        First moment and the one after the last; None for the whole recording.
    """

    polarity: Literal["both", "on", "off"] = "both"
    hot_pixels_yx: tuple[tuple[int, int], ...] = ()
    without_hot_pixels: bool = False
    background: bool = False
    background_us: int = Field(default=2_000, ge=1, le=10_000_000)
    refractory: bool = False
    refractory_us: int = Field(default=1_000, ge=1, le=10_000_000)
    flip_y: bool = False
    flip_x: bool = False
    quarters: int = Field(default=0, ge=0, le=3)
    polygons_yx: tuple[tuple[Corner, ...], ...] = ()
    region: Literal["all", "inside", "outside"] = "all"
    only_range: bool = False
    range_us: tuple[int, int] | None = None

    @property
    def chain(self) -> FilterChain | None:
        """The filters that are chosen; None where nothing would be changed."""
        chosen: list[object] = []
        if self.without_hot_pixels and self.hot_pixels_yx:
            chosen.append(HotPixels(pixels_yx=self.hot_pixels_yx))
        if self.polarity != "both":
            chosen.append(Polarity(keep=self.polarity))
        if self.background:
            chosen.append(BackgroundActivity(within_us=self.background_us))
        if self.refractory:
            chosen.append(Refractory(within_us=self.refractory_us))
        if self.flip_y or self.flip_x or self.quarters:
            turned = Turn(
                flip_y=self.flip_y, flip_x=self.flip_x, quarters=self.quarters
            )
            chosen.append(turned)
        if self.region != "all" and self.polygons_yx:
            chosen.append(Region(polygons_yx=self.polygons_yx, keep=self.region))
        if self.only_range and self.range_us is not None:
            start, stop = self.range_us
            chosen.append(TimeRange(start_us=start, stop_us=stop))
        return FilterChain.model_validate({"filters": chosen}) if chosen else None
