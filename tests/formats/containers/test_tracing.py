"""Masks and outlines: exact both ways, against slow obvious versions."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cellsets.formats.containers.outlines import (
    cut_mask_of_outline,
    follows_pixels,
    mask_of_outline,
    polygons_of_mask,
)

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))
coordinates = st.floats(-6, 14, allow_nan=False).map(lambda v: round(v * 8) / 8)
rings = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=9)


def encloses(ring: np.ndarray, y: int, x: int) -> bool:
    """Count crossings of a ray to the left, one edge after the other."""
    odd = False
    for (y0, x0), (y1, x1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if y0 > y1:
            (y0, x0), (y1, x1) = (y1, x1), (y0, x0)
        if y0 <= y < y1 and x0 + (y - y0) / (y1 - y0) * (x1 - x0) <= x:
            odd = not odd
    return odd


def slow_mask(outline, size) -> np.ndarray:
    mask = np.zeros(size, bool)
    for y in range(size[0]):
        for x in range(size[1]):
            mask[y, x] = any(
                encloses(part[0], y, x)
                and not any(encloses(hole, y, x) for hole in part[1:])
                for part in outline
            )
    return mask


@settings(deadline=None)
@given(masks)
def test_a_traced_mask_is_filled_again_exactly(mask) -> None:
    outline = polygons_of_mask(mask)
    np.testing.assert_array_equal(mask_of_outline(outline, mask.shape), mask)
    np.testing.assert_array_equal(slow_mask(outline, mask.shape), mask)
    assert follows_pixels(outline)


@settings(deadline=None)
@given(masks)
def test_traced_outlines_are_valid_and_of_the_masks_area(mask) -> None:
    outline = polygons_of_mask(mask)
    shapes = [shapely.Polygon(part[0], part[1:]) for part in outline]
    assert all(shape.is_valid for shape in shapes)
    assert sum(shape.area for shape in shapes) == mask.sum()
    assert shapely.union_all(shapes).area == mask.sum()


@settings(deadline=None)
@given(masks)
def test_parts_are_the_components_that_share_an_edge(mask) -> None:
    from scipy import ndimage

    assert len(polygons_of_mask(mask)) == ndimage.label(mask)[1]


@settings(deadline=None)
@given(st.lists(st.lists(rings, min_size=1, max_size=3), max_size=3))
def test_filling_agrees_with_the_slow_version(drawn) -> None:
    outline = tuple(tuple(np.array(ring) for ring in part) for part in drawn)
    size = (7, 9)
    np.testing.assert_array_equal(
        mask_of_outline(outline, size), slow_mask(outline, size)
    )


@settings(deadline=None)
@given(st.lists(rings, min_size=1, max_size=2))
def test_a_cut_mask_touches_all_sides_of_its_box(drawn) -> None:
    outline = (tuple(np.array(ring) for ring in drawn),)
    cut, corner = cut_mask_of_outline(outline, (8, 8))
    full = mask_of_outline(outline, (8, 8))
    assert cut.sum() == full.sum()
    if cut.size:
        sides = cut[0], cut[-1], cut[:, 0], cut[:, -1]
        assert all(side.any() for side in sides)
        assert full[corner[0] :, corner[1] :][cut.nonzero()].all()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_many_edges_are_filled_in_portions(seed) -> None:
    from napari_cellsets.formats.containers import outlines

    rng = np.random.default_rng(seed)
    ring = rng.uniform(-3, 15, (60, 2))
    whole = mask_of_outline(((ring,),), (12, 12))
    before, outlines._CROSSINGS_AT_ONCE = outlines._CROSSINGS_AT_ONCE, 10
    try:
        np.testing.assert_array_equal(mask_of_outline(((ring,),), (12, 12)), whole)
    finally:
        outlines._CROSSINGS_AT_ONCE = before


def test_one_pixel_is_a_square_of_four_corners() -> None:
    (part,) = polygons_of_mask(np.array([[1]]), corner=(3, 5))
    assert part[0].tolist() == [[2.5, 4.5], [2.5, 5.5], [3.5, 5.5], [3.5, 4.5]]


def test_a_ring_of_pixels_has_one_hole() -> None:
    mask = np.ones((3, 3), bool)
    mask[1, 1] = False
    (part,) = polygons_of_mask(mask)
    assert len(part) == 2
    assert part[1].min() == 0.5
    assert part[1].max() == 1.5


def test_an_island_in_a_hole_is_a_part_of_its_own() -> None:
    mask = np.ones((7, 7), bool)
    mask[1:6, 1:6] = False
    mask[3, 3] = True
    assert sorted(len(part) for part in polygons_of_mask(mask)) == [1, 2]


def test_pixels_that_touch_at_a_corner_are_two_parts() -> None:
    assert len(polygons_of_mask(np.eye(2))) == 2


def test_an_empty_mask_has_no_parts() -> None:
    assert polygons_of_mask(np.zeros((4, 4))) == ()
    assert mask_of_outline((), (4, 4)).sum() == 0


def test_what_leaves_the_picture_is_clipped() -> None:
    ring = np.array([[-5.5, -5.5], [-5.5, 1.5], [1.5, 1.5], [1.5, -5.5]])
    mask = mask_of_outline(((ring,),), (3, 3))
    assert np.argwhere(mask).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]


def test_an_outline_far_outside_costs_nothing() -> None:
    ring = np.array([[1e6, 1e6], [1e6, 9e6], [9e6, 9e6]])
    cut, _ = cut_mask_of_outline(((ring,),), (100, 100))
    assert cut.size == 0


def test_a_slanted_outline_does_not_follow_pixels() -> None:
    assert not follows_pixels(((np.array([[0.5, 0.5], [0.5, 2.5], [2.5, 1.5]]),),))
    assert not follows_pixels(((np.array([[0, 0], [0, 2], [2, 2], [2, 0]]),),))
