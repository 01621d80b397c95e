from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from napari.layers import Image

from napari_cellsets._napari.looks import contrast_limits, image_options, show_form
from napari_cellsets.core.image import Picture


def picture(shape: tuple[int, ...], axes: str, **changes) -> Picture:
    pixels = np.random.default_rng(0).integers(0, 200, shape, dtype=np.uint8)
    return Picture(pixels, axes, **changes)


@pytest.mark.parametrize(
    ("shape", "axes", "shown_shape", "rgb", "labels"),
    [
        ((40, 50), "yx", (40, 50), False, ("y", "x")),
        ((40, 50, 1), "yxc", (40, 50), False, ("y", "x")),
        ((40, 50, 3), "yxc", (40, 50, 3), True, ("y", "x")),
        ((40, 50, 2), "yxc", (2, 40, 50), False, ("c", "y", "x")),
        ((40, 50, 5), "yxc", (5, 40, 50), False, ("c", "y", "x")),
        ((4, 40, 50), "zyx", (4, 40, 50), False, ("z", "y", "x")),
        ((4, 40, 50, 3), "zyxc", (4, 40, 50, 3), True, ("z", "y", "x")),
        ((4, 40, 50, 2), "zyxc", (2, 4, 40, 50), False, ("c", "z", "y", "x")),
    ],
)
def test_every_order_of_axes_becomes_a_layer(
    shape, axes, shown_shape, rgb, labels
) -> None:
    shown = show_form(picture(shape, axes))
    layer = Image(shown.data, **image_options(shown, "name"))
    assert layer.data.shape == shown_shape
    assert layer.rgb is rgb
    assert layer.axis_labels == labels


def test_true_colour_is_not_changed() -> None:
    seen = picture((40, 50, 3), "yxc")
    assert show_form(seen).data is seen.pixels


def test_colour_file_with_equal_channels_is_grey() -> None:
    grey = np.random.default_rng(0).integers(0, 30, (40, 50), dtype=np.uint8)
    shown = show_form(Picture(np.repeat(grey[..., None], 3, -1), "yxc"))
    assert not shown.rgb
    np.testing.assert_array_equal(shown.data, grey)


def test_dim_16_bit_colour_is_made_visible() -> None:
    dim = np.zeros((40, 50, 3), np.uint16)
    dim[10:20, 10:20] = (900, 400, 0)
    shown = show_form(Picture(dim, "yxc"))
    assert shown.data.dtype == np.uint8
    assert shown.data.max() == 255


def test_known_pixel_size_is_micrometres() -> None:
    shown = show_form(picture((2, 40, 50), "zyx", pixel_size_um=0.5))
    assert shown.scale == (1.0, 0.5, 0.5)
    assert shown.units == ("pixel", "um", "um")


def test_contrast_shows_dim_cells_beside_one_hot_pixel() -> None:
    dim = np.full((400, 400), 100, np.uint16)
    dim[50:90, 50:90] = 400
    dim[0, 0] = 65535
    low, high = contrast_limits(dim)
    assert 90 <= low <= 110
    assert 300 <= high <= 500


@given(
    arrays(
        st.sampled_from([np.uint8, np.uint16, np.float32]),
        array_shapes(min_dims=2, max_dims=3, max_side=6),
    )
)
def test_contrast_is_always_a_range(pixels: np.ndarray) -> None:
    low, high = contrast_limits(pixels)
    assert np.isfinite(low)
    assert low < high


def test_a_white_picture_is_shown_white() -> None:
    assert contrast_limits(np.full((8, 8), 255, np.uint8)) == (0.0, 255.0)


def test_a_black_picture_is_shown_black() -> None:
    assert contrast_limits(np.zeros((8, 8), np.uint8)) == (0.0, 1.0)
