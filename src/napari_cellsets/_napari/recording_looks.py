"""How frames of events are coloured: one scale of colours a mode and a ground.

Frames hold plain numbers (see `playback.frames`), so that napari's own contrast
slider and its list of colormaps go on working.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from napari.utils.colormaps import Colormap
from pydantic import Field

from napari_cellsets.core.evented import FrozenModel
from napari_cellsets.playback.colours import GROUND, OFF, ON, Ground, scale_of
from napari_cellsets.playback.frames import FrameMode, contrast_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.playback.frames import FrameSettings

COUNTED = (FrameMode.SIGNED, FrameMode.COUNT)
"""Modes that count events, so that somebody has to say how many are many."""

#: A contrast that differs by less than this share is left as it is: no flicker.
_STEADY: Final = 0.15


class Looks(FrozenModel):
    """How frames are coloured.

    Parameters
    ----------
    ground
        Black or white where nothing happened.
    adaptive
        Whether the contrast follows the frame on screen.
    full_at
        Else: so many events on a pixel have the strongest colour.
    """

    ground: Ground = "dark"
    adaptive: bool = False
    full_at: int = Field(default=3, ge=1, le=1000)


def limits_of(settings: FrameSettings, looks: Looks) -> tuple[float, float]:
    """Return the contrast of a mode that does not follow the frames."""
    if settings.mode not in COUNTED:
        return contrast_limits(_NOTHING, settings)
    most = float(looks.full_at)
    return (-most if settings.mode is FrameMode.SIGNED else 0.0), most


def fresh_limits(
    frame: NDArray[np.float32], settings: FrameSettings, now: Sequence[float]
) -> tuple[float, float] | None:
    """Return the contrast that suits a frame; None where the present one does."""
    limits = contrast_limits(frame, settings, adaptive=True)
    return None if np.allclose(limits, now, rtol=_STEADY) else limits


_NOTHING: Final = np.zeros((1, 1), np.float32)


def polarity_colours(ground: Ground) -> NDArray[np.float32]:
    """Return the colours of OFF and ON, float32 (2, 4): one event's, red to alpha."""
    from napari.utils.colormaps.standardize_color import transform_color

    colours = transform_color([OFF[ground], ON[ground]])
    return np.asarray(colours, np.float32)


@cache
def colours_of(mode: FrameMode, ground: Ground) -> Colormap:
    """Return the colours of a mode.

    Parameters
    ----------
    mode
        What the values tell.
    ground
        Whether pixels without events are black or white.
    """
    scale = scale_of(mode, ground)
    return Colormap(
        list(scale.colours),
        controls=list(scale.places),
        name=f"events, {mode}, {ground}",
        display_name=f"{mode.replace('_', ' ')} on {ground}",
        nan_color=GROUND[ground],
        interpolation="linear",
    )
