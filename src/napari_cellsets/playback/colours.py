"""Colours of frames: one scale a mode and a ground, for layers and films alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from napari_cellsets.playback.frames import FrameMode

if TYPE_CHECKING:
    from numpy.typing import NDArray

Ground = Literal["dark", "light"]
"""Whether pixels without events are black or white."""

GROUND: Final = {"dark": "#000000", "light": "#ffffff"}
#: Colours between which readers with any colour vision tell ON from OFF.
ON: Final = {"dark": "#ff9e3d", "light": "#c14a00"}
OFF: Final = {"dark": "#3da9ff", "light": "#0059b3"}
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


class Scale(NamedTuple):
    """Colours from the lower limit of the contrast to the upper one.

    Parameters
    ----------
    colours
        As ``#rrggbb``.
    places
        Where they stand, 0 to 1; between two they are mixed.
    """

    colours: tuple[str, ...]
    places: tuple[float, ...]


def scale_of(mode: FrameMode, ground: Ground = "dark") -> Scale:
    """Return the colours of a mode."""
    none, on, off = GROUND[ground], ON[ground], OFF[ground]
    match mode:
        case FrameMode.TWO_COLOUR:
            return _even(none, off, on)
        case FrameMode.LAST:
            return _even(*_GREY)
        case FrameMode.COUNT:
            return Scale(_COUNT[ground], _COUNT_AT)
        case FrameMode.TIME:
            return _even(*_AGE[ground])
        case FrameMode.SURFACE:
            return _even(off, none, on)
        case FrameMode.SIGNED:
            full = _FULL_OFF[ground], _FULL_ON[ground]
            return Scale((full[0], off, none, on, full[1]), (0.0, 0.3, 0.5, 0.7, 1.0))


def lut_of(mode: FrameMode, ground: Ground = "dark") -> NDArray[np.uint8]:
    """Return the colours of a mode as a table for films.

    Returns
    -------
    ndarray
        uint8, (256, 3), red, green, blue; number 128 is exactly the middle, so that
        the ground of scales with two sides is black or white.
    """
    scale = scale_of(mode, ground)
    stops = np.array([list(bytes.fromhex(colour[1:])) for colour in scale.colours])
    at = np.concatenate([np.arange(128) / 256, np.linspace(0.5, 1, 128)])
    mixed = [np.interp(at, scale.places, stops[:, channel]) for channel in range(3)]
    return np.asarray(np.rint(np.stack(mixed, axis=1)), np.uint8)


def _even(*colours: str) -> Scale:
    return Scale(colours, tuple(np.linspace(0, 1, len(colours)).tolist()))
