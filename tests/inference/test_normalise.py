from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference.metadata import ModelInfo, read_model_info
from napari_cellsets.inference.normalise import Scaling, full_scale
from tiny_models import OURS

PERCENTILE = {"kind": "percentile", "low": 1, "high": 99.5, "floor": 0}


def scaled(pixels: np.ndarray, info, white: float | None = None) -> np.ndarray:
    """Bring a whole picture (y, x, c) to what the network sees (c, y, x)."""
    channels = pixels.shape[-1]
    blob = np.empty((channels, *pixels.shape[:2]), np.float32)
    Scaling.measured(pixels, info, white).fill(blob, pixels, list(range(channels)))
    return blob


@pytest.fixture
def info(make_pointwise):
    return read_model_info(make_pointwise())


@pytest.mark.parametrize(
    ("pixels", "white"),
    [
        (np.array([7], np.uint8), 255),
        (np.array([True]), 1),
        (np.array([200], np.uint16), 255),
        (np.array([1023], np.uint16), 1023),
        (np.array([1024], np.uint16), 4095),
        (np.array([65535], np.uint16), 65535),
        (np.array([0.7, np.nan], np.float32), 1),
        (np.array([180.0], np.float32), 255),
        (np.array([1e6], np.float32), 1e6),
    ],
)
def test_white_is_the_least_depth_that_holds_the_brightest_pixel(pixels, white):
    assert full_scale(pixels) == white


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((2, 3, 3), 51, np.uint8),
        np.dstack([np.full((2, 3), v, np.uint16) for v in (13107, 13107, 13107)]),
        np.full((2, 3, 3), 0.2, np.float32),
        np.full((2, 3, 3), 0.2, np.float64),
    ],
)
def test_every_depth_arrives_as_the_same_share_of_white(info, pixels):
    white = 65535.0 if pixels.dtype == np.uint16 else None
    np.testing.assert_allclose(scaled(pixels, info, white), 0.2, rtol=1e-5)


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda kind: hnp.arrays(kind, st.tuples(*[st.integers(1, 9)] * 2, st.just(2)))
    )
)
def test_percentiles_are_those_of_numpy(info_percentile, pixels):
    white = full_scale(pixels)
    blob = scaled(pixels, info_percentile)
    for c in range(2):
        low, high = np.percentile(pixels[..., c], (1, 99.5))
        span = max(high - low, white * 0.01)
        expected = (pixels[..., c] - low) / span
        np.testing.assert_allclose(blob[c], expected, atol=2e-3)


@pytest.fixture(scope="module")
def info_percentile():
    rule = {**PERCENTILE, "floor": 0.01}
    return ModelInfo(path="unused", **{**OURS, "normalisation": rule, "channels": 2})


def test_an_empty_field_is_not_stretched(info):
    rule = {**PERCENTILE, "floor": 0.2}
    dim = np.random.default_rng(0).integers(0, 6, (40, 40, 1), dtype=np.uint8)
    assert np.abs(scaled(dim, info.replace(normalisation=rule))).max() < 0.2


def test_a_flat_floating_picture_stays_finite(info):
    flat = np.full((8, 8, 1), np.nan, np.float32)
    assert (scaled(flat, info.replace(normalisation=PERCENTILE)) == 0).all()


def test_pixels_that_are_no_numbers_count_as_dark(info):
    pixels = np.array([[[0.5], [np.nan], [np.inf]]], np.float32)
    assert scaled(pixels, info, 1.0)[0, 0].tolist() == [0.5, 0.0, 0.0]


def test_a_model_without_normalisation_is_refused(info):
    bare = info.model_copy(update={"normalisation": None})
    with pytest.raises(ModelError, match="how the model wants its pixels"):
        Scaling.measured(np.zeros((2, 2, 3), np.uint8), bare)
