from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.core.annotation import MaskStack
from napari_cellsets.formats.packing import pack

SHAPE = (12, 14)


def stack_of(whole: list[np.ndarray], **more: object) -> MaskStack:
    """Masks of the size of the picture, each cut to a box that holds it."""
    masks, corners = [], []
    for mask in whole:
        rows, columns = np.nonzero(mask)
        if not len(rows):
            masks.append(np.zeros((0, 0), bool))
            corners.append((0, 0))
            continue
        top, left = rows.min(), columns.min()
        masks.append(mask[top : rows.max() + 1, left : columns.max() + 1])
        corners.append((top, left))
    return MaskStack(masks, np.array(corners).reshape(-1, 2), SHAPE, **more)


def box(top: int, left: int, height: int, width: int) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[top : top + height, left : left + width] = True
    return mask


@st.composite
def rectangles(draw: st.DrawFn) -> list[np.ndarray]:
    """Up to seven rectangles, some with a hole, some empty."""
    found = []
    for _ in range(draw(st.integers(0, 7))):
        top, left = draw(st.integers(0, 11)), draw(st.integers(0, 13))
        mask = box(top, left, draw(st.integers(0, 6)), draw(st.integers(0, 6)))
        if draw(st.booleans()):
            mask[top + 1 : top + 3, left + 1 : left + 3] = False
        found.append(mask)
    return found


def fewest_planes(whole: list[np.ndarray]) -> int:
    """The least number of planes, by trying every way."""
    pairs = [
        (i, j)
        for i, j in itertools.combinations(range(len(whole)), 2)
        if (whole[i] & whole[j]).any()
    ]
    for planes in range(1, len(whole) + 1):
        for way in itertools.product(range(planes), repeat=len(whole)):
            if all(way[i] != way[j] for i, j in pairs):
                return planes
    return 1


@given(rectangles())
@settings(max_examples=200, deadline=None)
def test_every_mask_is_found_whole_in_its_plane(whole: list[np.ndarray]) -> None:
    packed = pack(stack_of(whole))
    assert len(set(packed.ids.tolist())) == len(whole)
    for mask, number, plane in zip(whole, packed.ids, packed.planes, strict=True):
        np.testing.assert_array_equal(packed.labels[plane] == number, mask)
        assert (packed.labels == number).sum() == mask.sum()


@given(rectangles())
@settings(max_examples=60, deadline=None)
def test_no_more_planes_than_needed(whole: list[np.ndarray]) -> None:
    packed = pack(stack_of(whole))
    # exact wherever two planes do; a rule that looks at one object at a time may
    # need one more in knots of many
    least = fewest_planes(whole[:5])
    assert pack(stack_of(whole[:5])).labels.shape[0] == least
    assert packed.labels.shape[0] >= least


def test_objects_that_do_not_overlap_share_one_plane() -> None:
    packed = pack(stack_of([box(0, 0, 3, 3), box(3, 0, 3, 3), box(0, 5, 3, 3)]))
    assert packed.labels.shape == (1, *SHAPE)
    assert packed.labels.dtype == np.int32


def test_boxes_that_meet_without_a_common_pixel_share_one_plane() -> None:
    ring = box(0, 0, 6, 6) & ~box(1, 1, 4, 4)
    assert pack(stack_of([ring, box(2, 2, 2, 2)])).labels.shape[0] == 1


def test_chain_of_overlaps_needs_two_planes() -> None:
    chain = [box(0, 2 * n, 3, 3) for n in range(6)]
    assert pack(stack_of(chain)).labels.shape[0] == 2


def test_labels_of_the_set_are_kept() -> None:
    whole = [box(0, 0, 2, 2), box(5, 5, 2, 2)]
    packed = pack(stack_of(whole, properties={"label": [7, 3]}))
    assert packed.ids.tolist() == [7, 3]


@pytest.mark.parametrize("labels", [[7, 7], [0, 1], ["a", "b"], [2**31, 1]])
def test_labels_that_tell_nothing_apart_are_counted_anew(labels: list) -> None:
    whole = [box(0, 0, 2, 2), box(5, 5, 2, 2)]
    packed = pack(stack_of(whole, properties={"label": labels}))
    assert packed.ids.tolist() == [1, 2]


def test_what_leaves_the_picture_is_left_out() -> None:
    mask = np.ones((4, 4), bool)
    corners = np.array([[-2, -2], [10, 12], [40, 40]])
    packed = pack(MaskStack([mask] * 3, corners, SHAPE))
    assert (packed.labels == 1).sum() == 4
    assert (packed.labels == 2).sum() == 4
    assert not (packed.labels == 3).any()


def test_nothing_packs_into_one_empty_plane() -> None:
    packed = pack(stack_of([]))
    assert packed.labels.shape == (1, *SHAPE)
    assert not packed.labels.any()
