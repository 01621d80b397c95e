"""Colours of frames: every mode on both grounds, the same for layers and films."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.playback.colours import GROUND, lut_of, scale_of
from napari_cellsets.playback.frames import FrameMode

GROUNDS = ("dark", "light")


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("mode", list(FrameMode))
def test_scales_go_from_one_limit_to_the_other(mode, ground):
    scale = scale_of(mode, ground)
    assert len(scale.colours) == len(scale.places)
    assert (scale.places[0], scale.places[-1]) == (0.0, 1.0)
    assert list(scale.places) == sorted(set(scale.places))


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize(
    ("mode", "nothing"),
    [("signed", 128), ("two_colour", 0), ("count", 0), ("surface", 128), ("time", 255)],
)
def test_pixels_without_events_have_the_ground(mode, nothing, ground):
    wanted = np.array(list(bytes.fromhex(GROUND[ground][1:])))
    found = lut_of(FrameMode(mode), ground)[nothing].astype(int)
    np.testing.assert_array_equal(found, wanted)


def test_table_of_a_film_is_of_bytes():
    table = lut_of(FrameMode.COUNT)
    assert (table.dtype, table.shape) == (np.uint8, (256, 3))
    assert table[-1].tolist() == [0xFC, 0xFD, 0xBF]
