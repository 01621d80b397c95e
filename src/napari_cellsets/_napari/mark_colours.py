"""Colours of what is marked on pictures: seen on the ground, told apart by anybody.

One set for dark fields (fluorescence), one for bright ones (stained smears). Within
each, colours that mean different things stay apart also without red, green or blue
cones, and every line has at least the contrast of 3 to the ground that WCAG 2.2
(1.4.11) asks of graphics.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from napari.layers import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_cellsets._napari.looks import Shown

#: By what they mean: cells that compare, what is selected, what is drawn or doubted,
#: ground truth.
ON_DARK: Final[Mapping[str, str]] = {
    "matched": "#8be9fd",
    "missed": "#ffb000",
    "extra": "#e0114f",
    "selected": "#ff3df2",
    "drawn": "#ffffff",
    "beside": "#8be9fd",
    "truth": "#40b0a0",
}
ON_BRIGHT: Final[Mapping[str, str]] = {
    "matched": "#0033aa",
    "missed": "#774400",
    "extra": "#c81058",
    "selected": "#000000",
    "drawn": "#5c1a7a",
    "beside": "#0033aa",
    "truth": "#007766",
}
#: Colours of classes must be seen on these: the darkest ground of smears that is still
#: common, and the brightest between fluorescent cells.
BRIGHT_GROUND: Final = "#c9bfb3"
DARK_GROUND: Final = "#20242c"
SEEN: Final = 3.0
#: Where black and white are seen equally well.
_MIDDLE = 0.179
#: Every so many pixels are looked at; shades from a colour to black or white.
_STEP, _SHADES = 16, 100
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def mark_colours(viewer: ViewerModel) -> Mapping[str, str]:
    """Return the colours that are seen on the picture on screen.

    Parameters
    ----------
    viewer
        See `ground_is_bright`.
    """
    return ON_BRIGHT if ground_is_bright(viewer) else ON_DARK


def ground_is_bright(viewer: ViewerModel) -> bool:
    """Whether the picture on screen is bright, as it is shown.

    Parameters
    ----------
    viewer
        Its uppermost visible image is the ground; without one it is dark.
    """
    for layer in reversed(viewer.layers):
        if isinstance(layer, Image) and layer.visible and layer.blending != "additive":
            return _is_bright(layer)
    return False


def _is_bright(layer: Image) -> bool:
    """Whether the middle of all pixels of a layer, as shown, is bright."""
    small = np.asarray(layer.thumbnail).reshape(-1, 4)
    shown = small[small[:, 3] > 0, :3]
    return _middle_is_bright(shown / 255 @ _LUMINANCE)


def is_bright(shown: Shown | None) -> bool:
    """Whether the middle of a picture is bright before any layer shows it.

    Parameters
    ----------
    shown
        None for no picture, which is dark.
    """
    if shown is None:
        return False
    if shown.rgb:
        few = shown.data[::_STEP, ::_STEP]
        whole = 255.0 if few.dtype == np.uint8 else 1.0
        return _middle_is_bright(few[..., :3] / whole @ _LUMINANCE)
    low, high = shown.contrast_limits
    few = shown.data[..., ::_STEP, ::_STEP]
    return _middle_is_bright((few.astype(np.float64) - low) / (high - low))


def _middle_is_bright(values: NDArray[np.float64]) -> bool:
    """Whether most of some values, 0..1 as shown, are bright."""
    told = values[np.isfinite(values)]
    if not told.size:
        return False
    # the middle is the same before and after the curve that makes light of values
    middle = float(np.clip(np.median(told), 0, 1))
    return bool(middle**2.2 > _MIDDLE)


@lru_cache(maxsize=1024)
def class_shade(colour: str, *, bright: bool) -> str:
    """Return a colour, or the nearest shade of it that is seen on the ground.

    Parameters
    ----------
    colour
        As ``#rrggbb``.
    bright
        Whether the ground is.
    """
    ground = BRIGHT_GROUND if bright else DARK_GROUND
    wanted, end = _values(colour), np.full(3, 0.0 if bright else 1.0)
    for step in range(_SHADES):
        shade = np.round((wanted + (end - wanted) * step / _SHADES) * 255) / 255
        if _contrast(shade, _values(ground)) >= SEEN:
            break
    return "#" + "".join(f"{round(255 * part):02x}" for part in shade)


def _contrast(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return how well two colours are told apart, 1 to 21: WCAG 2.2."""
    darker, lighter = sorted((_light(one), _light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _light(colour: NDArray[np.float64]) -> float:
    linear = np.where(
        colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4
    )
    return float(linear @ _LUMINANCE)


def _values(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
