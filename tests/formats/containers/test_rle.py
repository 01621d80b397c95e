"""Run lengths of COCO against pycocotools and against loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as oracle

from napari_cellsets.formats.containers.coco.rle import (
    counts_of,
    decode_rle,
    encode_rle,
    pack_counts,
)
from napari_cellsets.formats.containers.gather import MASK_PIXELS
from napari_cellsets.formats.containers.outlines import trimmed
from napari_cellsets.formats.containers.reading import BadObject

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))


def slow_counts(mask: np.ndarray) -> list[int]:
    """Walk down the columns, pixel by pixel."""
    counts, value = [0], False
    for pixel in mask.T.ravel():
        if pixel == value:
            counts[-1] += 1
        else:
            counts.append(1)
            value = pixel
    return counts


def placed(cut: np.ndarray, corner: tuple[int, int], size: tuple[int, int]):
    full = np.zeros(size, bool)
    full[corner[0] : corner[0] + cut.shape[0], corner[1] : corner[1] + cut.shape[1]] = (
        cut
    )
    return full


@settings(deadline=None)
@given(masks)
def test_encoding_agrees_with_the_loop_and_with_pycocotools(mask) -> None:
    cut, corner = trimmed(mask, (0, 0))
    counts = encode_rle(cut, corner, mask.shape)
    assert counts.tolist() == slow_counts(mask)
    theirs = oracle.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert pack_counts(counts).encode() == theirs["counts"]


@settings(deadline=None)
@given(masks)
def test_decoding_agrees_with_pycocotools(mask) -> None:
    theirs = oracle.encode(np.asfortranarray(mask.astype(np.uint8)))
    for stated in (theirs["counts"], theirs["counts"].decode(), slow_counts(mask)):
        cut, corner = decode_rle(counts_of(stated), mask.shape)
        np.testing.assert_array_equal(placed(cut, corner, mask.shape), mask)


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=30))
def test_packing_keeps_every_count(counts) -> None:
    assert counts_of(pack_counts(counts)).tolist() == counts


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(1, 9), st.integers(1, 9))
def test_any_text_decodes_or_says_why(text, height, width) -> None:
    try:
        cut, corner = decode_rle(counts_of(text), (height, width))
    except BadObject:
        return
    assert placed(cut, corner, (height, width)).sum() == cut.sum()


@settings(deadline=None)
@given(st.lists(st.integers(-5, 50)))
def test_any_counts_decode_or_say_why(counts) -> None:
    try:
        cut, _ = decode_rle(counts_of(counts), (5, 6))
    except BadObject:
        assert min(counts) < 0 or sum(counts) > 30
        return
    assert cut.sum() == sum(counts[1::2])


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ([3, 30], "leave the picture"),
        ([3, -1, 2], "negative"),
        ([2**62, 2**62, 2**62], "leave the picture"),
        ([1.5, 2], "no whole numbers"),
        ([[1], [2, 3]], "no numbers"),
        ([[1, 2]], "no whole numbers"),
        ("\x7f", "foreign character"),
        ("é", "foreign character"),
        ("o", "cut off"),
        ("o" * 13 + "0", "too long"),
        (None, "no whole numbers"),
        ([2**70], "no whole numbers"),
    ],
)
def test_broken_run_lengths_say_why(counts, why) -> None:
    with pytest.raises(BadObject, match=why):
        decode_rle(counts_of(counts), (5, 6))


def test_a_mask_beyond_belief_is_refused_before_it_is_made() -> None:
    side = 60_000
    with pytest.raises(BadObject, match="too large"):
        decode_rle(counts_of([0, side * side]), (side, side))
    assert side * side > MASK_PIXELS


def test_a_small_object_in_a_giant_picture_is_decoded_small() -> None:
    side = 60_000
    cut, corner = decode_rle(counts_of([side * 50_000 + 7, 3]), (side, side))
    assert cut.shape == (3, 1)
    assert corner == (7, 50_000)
