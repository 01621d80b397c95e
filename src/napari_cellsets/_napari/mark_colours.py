"""Colours of what is marked on pictures: seen on the ground, told apart by anybody.

One set for dark fields (fluorescence), one for bright ones (stained smears). Within
each, colours that mean different things stay apart also without red, green or blue
cones, and every line has at least the contrast of 3 to the ground that WCAG 2.2
(1.4.11) asks of graphics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from napari.layers import Image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel

#: By what they mean: cells that compare, what is selected, what is drawn or doubted.
ON_DARK: Final[Mapping[str, str]] = {
    "matched": "#8be9fd",
    "missed": "#ffb000",
    "extra": "#e0114f",
    "selected": "#ff3df2",
    "drawn": "#ffffff",
    "beside": "#8be9fd",
}
ON_BRIGHT: Final[Mapping[str, str]] = {
    "matched": "#0033aa",
    "missed": "#774400",
    "extra": "#d6246a",
    "selected": "#000000",
    "drawn": "#007766",
    "beside": "#0033aa",
}
#: Where black and white are seen equally well.
_MIDDLE = 0.179
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def mark_colours(viewer: ViewerModel) -> Mapping[str, str]:
    """Return the colours that are seen on the picture on screen.

    Parameters
    ----------
    viewer
        Its uppermost visible image is the ground; without one it is dark.
    """
    for layer in reversed(viewer.layers):
        if isinstance(layer, Image) and layer.visible and layer.blending != "additive":
            return ON_BRIGHT if _is_bright(layer) else ON_DARK
    return ON_DARK


def _is_bright(layer: Image) -> bool:
    """Whether the middle of all pixels of a layer, as shown, is bright."""
    small = np.asarray(layer.thumbnail).reshape(-1, 4)
    shown = small[small[:, 3] > 0, :3]
    # the middle is the same before and after the curve that makes light of values
    values = shown / 255 @ _LUMINANCE
    return bool(len(values)) and float(np.median(values)) ** 2.2 > _MIDDLE
