"""Circularity of all objects at once, against scikit-image, one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.counting import runs
from napari_cellsets.counting.circularity import circularity, perimeters
from napari_cellsets.counting.measure import find_objects, measure

label_images = arrays(
    np.int32,
    st.tuples(st.integers(1, 14), st.integers(1, 14)),
    elements=st.sampled_from([0, 1, 1, 2, 70_000]),
)


@given(label_images, st.integers(1, 60))
@settings(deadline=None)
def test_perimeter_is_that_of_scikit_image_in_strips_of_any_size(
    labels: np.ndarray, pixels: int
) -> None:
    from skimage.measure import regionprops

    numbers = np.unique(labels[labels > 0]).astype(np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "CACHED_PIXELS", pixels)
        found = perimeters(labels, numbers)
    wanted = [one.perimeter for one in regionprops(labels)]
    np.testing.assert_allclose(found, wanted)


def test_a_disc_is_rounder_than_a_bar() -> None:
    y, x = np.indices((60, 200))
    labels = ((y - 30) ** 2 + (x - 30) ** 2 <= 25**2).astype(np.uint16)
    labels[20:26, 70:190] = 2
    disc, bar = measure(labels, outline=True).columns["circularity"]
    assert 0.85 < disc < 0.95
    assert bar < 0.2


def test_one_pixel_has_no_circularity() -> None:
    found = measure(np.array([[0, 5], [0, 0]]), outline=True).columns["circularity"]
    assert np.isnan(found).all()


def test_what_is_painted_meanwhile_is_nobodys() -> None:
    labels = np.zeros((30, 30), np.int32)
    labels[2:12, 2:12] = 3
    found = find_objects(labels)
    before = found.outlines()["circularity"]
    labels[15:25, 2:12], labels[15:25, 15:25] = 2, 9
    np.testing.assert_array_equal(found.outlines()["circularity"], before)


def test_looking_for_circularity_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    one = np.ones(1, np.int64)
    with pytest.raises(CancelledError):
        circularity(np.ones((4, 5), np.int32), one, one, token)
