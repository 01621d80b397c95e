"""What a person may choose about counting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from pydantic import Field

from napari_cellsets.core.evented import FrozenModel

if TYPE_CHECKING:
    from napari_cellsets.inference.metadata import ModelInfo

ChannelChoice: TypeAlias = int | Literal["rgb"]
"""``"rgb"`` feeds red, green and blue; an index feeds that channel alone."""


class CountSettings(FrozenModel):
    """How a map of probabilities becomes objects.

    Parameters
    ----------
    threshold
        Least probability of a pixel of a cell, 0..1: it draws the outline.
    least_peak
        Least probability of the surest pixel of a cell, 0..1: it decides what is one.
        With a lower `threshold` outlines stay wide and dim specks uncounted. Has no
        effect up to the threshold.
    smooth_px
        Radius of a disc; what is thinner than it (dendrites, specks) is taken off
        the cells. 0 leaves their outline as it is.
    fill_holes_px
        Enclosed holes of at most this area are filled, px². 0 fills none.
    min_area_px
        Objects of a smaller area are dropped, px².
    split_touching
        Whether touching cells are parted.
    split_distance_px
        Least distance between the centres of two parted cells.
    split_neck
        Cells are parted where the neck between them is narrower than this share
        of the thinner one. 1 parts at every neck, 0 at none. Only by shape.
    split_by
        ``"shape"`` parts at necks of the outline; ``"map"`` at valleys of the
        model's map, for models that answer less where two cells touch.
    split_depth
        By map: a centre is one of its own if it rises this much above the valley
        to a higher one, 0..1.
    split_level
        By map: it must also reach this level, with the valley below it. 0 asks for
        no level.
    """

    threshold: float = Field(default=0.5, ge=0, le=1)
    least_peak: float = Field(default=0.0, ge=0, le=1)
    smooth_px: int = Field(default=0, ge=0, le=50)
    fill_holes_px: int = Field(default=200, ge=0)
    min_area_px: int = Field(default=50, ge=0)
    split_touching: bool = True
    split_distance_px: float = Field(default=15.0, ge=1)
    split_neck: float = Field(default=0.85, ge=0, le=1)
    split_by: Literal["shape", "map"] = "shape"
    split_depth: float = Field(default=0.1, ge=0, le=1)
    split_level: float = Field(default=0.0, ge=0, le=1)

    @classmethod
    def for_model(cls, info: ModelInfo) -> Self:
        """Return the settings that a model recommends.

        A model with a split distance of 0 wants its cells unparted.
        """
        return cls(
            threshold=info.threshold,
            least_peak=info.least_peak,
            fill_holes_px=info.fill_holes,
            min_area_px=info.min_area,
            split_touching=info.split_distance > 0,
            split_distance_px=max(1.0, info.split_distance),
            split_by=info.split_by,
            split_depth=info.split_depth,
            split_level=info.split_level,
        )
