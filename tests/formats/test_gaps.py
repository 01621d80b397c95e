from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.gaps import separated


def test_objects_apart_are_kept_pixel_for_pixel() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[1:3, 1:3], labels[5:8, 5:8] = 7, 3
    np.testing.assert_array_equal(separated(labels, "a.png"), labels > 0)


def test_larger_object_gives_up_the_pixel_between() -> None:
    labels = np.zeros((5, 8), np.int32)
    labels[:, :5], labels[:, 5:7] = 1, 2
    mask = separated(labels, "a.png")
    assert mask[:, 5:7].all()
    assert not mask[:, 4].any()
    assert mask[:, :4].all()


def test_objects_that_touch_over_a_corner_are_parted() -> None:
    labels = np.zeros((6, 6), np.int32)
    labels[:3, :3], labels[3:5, 3:5] = 1, 2
    mask = separated(labels, "a.png")
    assert not mask[2, 2]
    assert mask.sum() == 9 + 4 - 1


def test_of_an_object_in_pieces_the_largest_stays() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[0, 0], labels[4:8, 4:8] = 5, 5
    mask = separated(labels, "a.png")
    assert not mask[0, 0]
    assert mask.sum() == 16


def test_object_that_would_vanish_is_refused() -> None:
    labels = np.arange(1, 10, dtype=np.int32).reshape(3, 3)
    with pytest.raises(ExportError, match="would vanish in a mask"):
        separated(labels, "a.png")


def test_picture_without_background_is_one_object() -> None:
    assert separated(np.full((4, 4), 3, np.int32), "a.png").all()


def test_numbers_of_labels_may_be_huge() -> None:
    labels = np.zeros((6, 6), np.int32)
    labels[:3, :3], labels[3:5, 3:5] = 2_000_000_000, 1_000_000_000
    assert separated(labels, "a.png").sum() == 9 + 4 - 1


def test_empty_labels_give_an_empty_mask() -> None:
    assert not separated(np.zeros((4, 4), np.int32), "a.png").any()


@given(
    arrays(np.int32, st.tuples(*[st.integers(1, 12)] * 2), elements=st.integers(0, 4))
)
def test_count_read_back_is_the_count_written(labels: np.ndarray) -> None:
    wanted = np.unique(labels[labels > 0]).size
    try:
        mask = separated(labels, "a.png")
    except ExportError:
        return
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    assert count - 1 == wanted
    for part in range(1, count):
        assert np.unique(labels[parts == part]).size == 1
