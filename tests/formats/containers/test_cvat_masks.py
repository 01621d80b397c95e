from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

from napari_cellsets.formats.containers.cvat.masks import decode_runs, encode_runs
from napari_cellsets.formats.containers.reading import BadObject


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=10)))
def test_what_is_encoded_is_decoded(mask: np.ndarray) -> None:
    text = encode_runs(mask)
    np.testing.assert_array_equal(decode_runs(text, mask.shape), mask)
    pixels: list[int] = []
    for index, run in enumerate(text.split(", ")):
        pixels += [index % 2] * int(run)
    assert pixels == mask.ravel().tolist()


def test_runs_go_along_the_rows() -> None:
    mask = decode_runs("1,2,3", (2, 3))
    assert mask.tolist() == [[False, True, True], [False, False, False]]


def test_a_first_pixel_that_is_set_follows_no_zeros() -> None:
    assert encode_runs(np.array([[True, False]])) == "0, 1, 1"


def test_zeros_at_the_end_may_be_left_out() -> None:
    assert decode_runs("0, 1", (2, 2)).tolist() == [[True, False], [False, False]]


@pytest.mark.parametrize(
    ("text", "shape", "said"),
    [
        ("", (2, 2), "no numbers"),
        ("1, x", (2, 2), "no numbers"),
        ("99999999999999999999", (2, 2), "no numbers"),
        ("-1, 3", (2, 2), "leave the crop"),
        ("5", (2, 2), "leave the crop"),
        ("3, 3", (2, 2), "longer than the crop"),
        ("4", (0, 4), "beyond belief"),
        ("4", (1 << 20, 1 << 20), "beyond belief"),
    ],
)
def test_damage_is_told(text: str, shape: tuple[int, int], said: str) -> None:
    with pytest.raises(BadObject, match=said):
        decode_runs(text, shape)
