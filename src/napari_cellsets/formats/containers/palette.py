"""Colours of class ids in palette PNGs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.core.annotation import Colour


def voc_palette() -> np.ndarray:
    """Colours of the VOC challenge: uint8, shape (256, 3).

    The bits of a number are dealt to red, green and blue in turn, the lowest ones
    becoming the highest bits of each.
    """
    numbers = np.arange(256)
    colours = np.zeros((256, 3), int)
    for place in range(8):
        for channel in range(3):
            bit = (numbers >> (3 * place + channel)) & 1
            colours[:, channel] |= bit << (7 - place)
    return colours.astype(np.uint8)


def palette_with(colours: Mapping[int, Colour]) -> np.ndarray:
    """Colours of the VOC challenge but for those given: uint8, shape (256, 3)."""
    palette = voc_palette()
    for key, colour in colours.items():
        if 0 <= key < len(palette):
            palette[key] = colour
    return palette
