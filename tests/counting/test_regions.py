from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import points_in_poly

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.regions import Region, count_in_regions, window_of


def square(name: str, top: float, left: float, side: float) -> Region:
    corners = np.array([[0, 0], [0, side], [side, side], [side, 0]])
    return Region(name, corners + np.array([top, left]))


def spots(*places: tuple[int, int]) -> np.ndarray:
    labels = np.zeros((100, 100), np.int32)
    for k, (y, x) in enumerate(places, 1):
        labels[y - 2 : y + 3, x - 2 : x + 3] = k
    return labels


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), corners=st.integers(3, 9))
def test_points_are_inside_as_scikit_image_says(seed, corners):
    rng = np.random.default_rng(seed)
    region = Region("r", rng.uniform(0, 10, (corners, 2)))
    points = rng.uniform(-1, 11, (200, 2))
    expected = points_in_poly(points, region.polygon_yx)
    np.testing.assert_array_equal(region.contains(points), expected)


def test_an_object_belongs_where_its_centroid_lies():
    labels = spots((20, 20), (20, 51), (80, 80))
    regions = [square("left", 0, 0, 50), square("right", 0, 50, 49.5)]
    assert count_in_regions(labels, regions) == {"left": 1, "right": 1}


def test_an_object_on_a_shared_edge_is_counted_once():
    labels = spots((20, 50))
    regions = [square("left", 0, 0, 50), square("right", 0, 50, 50)]
    assert sum(count_in_regions(labels, regions).values()) == 1


def test_two_regions_of_one_name_count_each_object_once():
    labels = spots((20, 20), (60, 60))
    regions = [square("a", 0, 0, 40), square("a", 10, 10, 60)]
    assert count_in_regions(labels, regions) == {"a": 2}


def test_regions_hold_every_plane_of_a_stack():
    stack = np.stack([spots((20, 20)), 10 * spots((22, 22))])
    assert count_in_regions(stack, [square("a", 0, 0, 40)]) == {"a": 2}


@pytest.mark.parametrize("corners", [np.zeros((2, 2)), np.zeros((4, 3)), np.zeros(4)])
def test_what_is_no_polygon_is_refused(corners):
    with pytest.raises(CellsetsError, match="'odd' should be a polygon"):
        Region("odd", corners)


def test_the_window_holds_all_regions_within_the_picture():
    regions = [square("a", -5, 10, 20), square("b", 30.5, 80, 40)]
    assert window_of(regions, (60, 100)) == ((0, 60), (10, 100))


def test_regions_outside_the_picture_have_no_window():
    assert window_of([square("a", 200, 200, 20)], (60, 100)) is None
