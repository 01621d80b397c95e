"""Solidity of all objects at once, against scikit-image, one object at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.core.image import Picture
from napari_cellsets.counting import runs
from napari_cellsets.counting.measure import find_objects, measure


@given(
    arrays(
        np.int32,
        st.tuples(st.integers(1, 14), st.integers(1, 14)),
        elements=st.integers(0, 3),
    )
)
@settings(deadline=None)
def test_solidity_is_that_of_scikit_image(labels: np.ndarray) -> None:
    from skimage.measure import regionprops

    found = measure(labels, outline=True).columns
    # area over area of the hull, without its warning of objects in a line
    wanted = [one.area / one.area_convex for one in regionprops(labels)]
    np.testing.assert_allclose(found["solidity"], wanted)


def test_a_square_fills_its_hull_and_a_cross_does_not() -> None:
    labels = np.zeros((20, 40), np.int32)
    labels[2:12, 2:12] = 1
    labels[8:10, 20:36], labels[2:18, 27:29] = 2, 2
    full, cross = measure(labels, outline=True).columns["solidity"].tolist()
    assert full == 1
    assert cross < 0.6


def test_an_image_without_objects_has_no_solidity() -> None:
    assert (
        measure(np.zeros((4, 5), np.int32), outline=True).columns["solidity"].size == 0
    )


def test_solidity_is_told_only_where_it_is_asked_for() -> None:
    assert "solidity" not in measure(np.ones((4, 5), np.int32)).columns


def test_looking_for_solidity_can_be_cancelled() -> None:
    found, token = find_objects(np.ones((4, 5), np.int32)), CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        found.outlines(token)


@given(st.integers(1, 40), st.integers(0, 2**31))
@settings(deadline=None, max_examples=40)
def test_brightness_is_the_same_in_strips_of_any_height(pixels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, (9, 7)).astype(np.int32)
    image = rng.random((9, 7, 2)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "STRIP_PIXELS", pixels)
        found = measure(labels, Picture(image, "yxc", ("a", "b"))).columns
    for channel, name in enumerate(("mean_a", "mean_b")):
        wanted = [image[labels == n, channel].mean() for n in found["label"]]
        np.testing.assert_allclose(found[name], wanted, rtol=1e-5)


def test_negative_numbers_are_background() -> None:
    labels = np.array([[-3, -3, 2], [0, 2, 2]], np.int32)
    assert measure(labels).columns["label"].tolist() == [2]


def test_what_is_found_first_and_what_follows_make_the_whole_table() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 9, (30, 40)).astype(np.int32)
    picture = Picture(rng.random((30, 40)), "yx", (), 0.5)
    whole = measure(labels, picture, outline=True).columns
    found = find_objects(labels)
    first, rest = found.table(picture).columns, found.finished(picture).columns
    assert rest.keys() == whole.keys() > first.keys()
    assert "area_um2" in first
    for name, values in whole.items():
        np.testing.assert_array_equal(rest[name], values)
