"""Layers of recordings have the colours of films."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets._napari.recording_looks import colours_of
from napari_cellsets.playback.colours import lut_of
from napari_cellsets.playback.frames import FrameMode


@pytest.mark.parametrize("ground", ["dark", "light"])
@pytest.mark.parametrize("mode", list(FrameMode))
def test_layers_and_films_have_the_same_colours(mode, ground):
    layer = colours_of(mode, ground).map(np.linspace(0, 1, 256))[:, :3] * 255
    np.testing.assert_allclose(lut_of(mode, ground), layer, atol=4.0)
