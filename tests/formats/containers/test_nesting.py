from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis.extra import numpy as hnp

from napari_cellsets.formats.containers.nesting import outline_of_rings
from napari_cellsets.formats.containers.outlines import (
    mask_of_outline,
    polygons_of_mask,
)


def square(low: float, high: float) -> np.ndarray:
    return np.array([[low, low], [low, high], [high, high], [high, low]])


def test_a_ring_alone_is_a_part() -> None:
    ring = square(0, 5)
    assert outline_of_rings([ring]) == ((ring,),)


def test_rings_in_rings_are_holes_and_parts_in_turn() -> None:
    rings = [square(4, 6), square(0, 10), square(1, 9), square(3, 7), square(20, 22)]
    found = outline_of_rings(rings)
    sizes = [[float(np.ptp(ring)) for ring in part] for part in found]
    assert sizes == [[10, 8], [4, 2], [2]]


def test_rings_beside_each_other_are_parts() -> None:
    found = outline_of_rings([square(0, 2), square(2, 4)])
    assert [len(part) for part in found] == [1, 1]


def test_equal_rings_are_a_part_and_its_hole() -> None:
    found = outline_of_rings([square(0, 5), square(0, 5)])
    assert [len(part) for part in found] == [2]


def test_rings_without_area_do_no_harm() -> None:
    flat = np.array([[1.0, 1], [1, 4], [1, 8]])
    assert len(outline_of_rings([flat, square(0, 9), flat])) == 1


@given(hnp.arrays(bool, (9, 11)))
def test_rings_of_a_mask_find_their_parts_again(mask: np.ndarray) -> None:
    wanted = polygons_of_mask(mask)
    rings = [ring for part in wanted for ring in part]
    if rings:
        found = outline_of_rings(rings)
        np.testing.assert_array_equal(mask_of_outline(found, mask.shape), mask)
        assert sorted(len(part) for part in found) == sorted(map(len, wanted))
