"""What napari loads with its first layer, loaded before anybody waits for it."""

from __future__ import annotations

import numpy as np
from napari.layers import Image


def prepare_first_layer() -> None:
    """Make a layer and forget it: half a second the first time, nothing later.

    napari reads its table of units and imports scipy for the first layer. To be
    called on the main thread, where napari makes layers: the table is not ready
    for another thread while it is being read.
    """
    Image(np.zeros((1, 1), np.uint8), rgb=False)
