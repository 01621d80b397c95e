"""How frames of events are coloured: one scale of colours a mode and a ground.

Frames hold plain numbers (see `playback.frames`), so that napari's own contrast
slider and its list of colormaps go on working.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from napari.utils.colormaps import Colormap
from pydantic import Field

from napari_cellsets.core.evented import FrozenModel
from napari_cellsets.playback.frames import FrameMode, contrast_limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.playback.frames import FrameSettings

Ground = Literal["dark", "light"]

COUNTED = (FrameMode.SIGNED, FrameMode.COUNT)
"""Modes that count events, so that somebody has to say how many are many."""

_GROUND: Final = {"dark": "#000000", "light": "#ffffff"}
#: Colours between which readers with any colour vision tell ON from OFF.
_ON: Final = {"dark": "#ff9e3d", "light": "#c14a00"}
_OFF: Final = {"dark": "#3da9ff", "light": "#0059b3"}
_FULL_ON: Final = {"dark": "#fff2d6", "light": "#5c1f00"}
_FULL_OFF: Final = {"dark": "#d6eeff", "light": "#00264d"}
_GREY: Final = ("#000000", "#808080", "#ffffff")
_COUNT: Final = {
    "dark": ("#000000", "#6a2a9c", "#c83e7e", "#fc8961", "#fcfdbf"),
    "light": ("#ffffff", "#fcc59a", "#e8645a", "#8c2981", "#1d1147"),
}
#: One event of a few is seen already.
_COUNT_AT: Final = (0.0, 0.1, 0.4, 0.75, 1.0)
#: From the present to the end of the window, where pixels without events are.
_AGE: Final = {
    "dark": ("#ffffa8", "#f7b32b", "#e4572e", "#8a2d84", "#2b2a6b", "#000000"),
    "light": ("#7a0000", "#d7301f", "#fc8d59", "#a6bddb", "#dfe6ee", "#ffffff"),
}
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

    colours = transform_color([_OFF[ground], _ON[ground]])
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
    colours, controls = _colours(mode, ground)
    return Colormap(
        list(colours),
        controls=list(controls),
        name=f"events, {mode}, {ground}",
        display_name=f"{mode.replace('_', ' ')} on {ground}",
        nan_color=_GROUND[ground],
        interpolation="linear",
    )


def _colours(mode: FrameMode, ground: Ground) -> tuple[Sequence[str], Sequence[float]]:
    none, on, off = _GROUND[ground], _ON[ground], _OFF[ground]
    if mode is FrameMode.TWO_COLOUR:
        return (none, off, on), ()
    if mode is FrameMode.LAST:
        return _GREY, ()
    if mode is FrameMode.COUNT:
        return _COUNT[ground], _COUNT_AT
    if mode is FrameMode.TIME:
        return _AGE[ground], ()
    if mode is FrameMode.SURFACE:
        return (off, none, on), ()
    return (
        (_FULL_OFF[ground], off, none, on, _FULL_ON[ground]),
        (0.0, 0.3, 0.5, 0.7, 1.0),
    )
