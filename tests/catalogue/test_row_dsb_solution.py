"""2018 Data Science Bowl: the truth of test pictures in tables of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays
from PIL import Image

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import MaskStack
from napari_cellsets.formats.words.runs_table import mask_of

if TYPE_CHECKING:
    from pathlib import Path

IDS = ("a" * 64, "b" * 64)
SIZE = (20, 30)
MASKS = arrays.arrays(bool, arrays.array_shapes(min_dims=2, max_dims=2, max_side=8))


def runs(mask: np.ndarray) -> str:
    """Start, counted from 1 down the columns, and length of each run."""
    flat = np.concatenate([[0], mask.ravel(order="F").astype(np.int8), [0]])
    edges = np.diff(flat)
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    pairs = zip(starts + 1, ends - starts, strict=True)
    return " ".join(f"{start} {length}" for start, length in pairs)


def nuclei() -> list[np.ndarray]:
    first, second = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    first[2:9, 3:8] = True
    second[0:4, 20:30] = True
    second[2, 22] = False
    return [first, second]


def write_stage1(root: Path, table: str | None = None) -> Path:
    for number in IDS:
        place = root / "stage1_test" / number / "images"
        place.mkdir(parents=True)
        Image.new("RGBA", SIZE[::-1], (9, 9, 9, 255)).save(place / f"{number}.png")
    lines = ["ImageId,EncodedPixels,Height,Width,Usage"]
    lines += [f"{IDS[1]},{runs(mask)},20,30,Private" for mask in nuclei()]
    (root / "stage1_solution.csv").write_text(table or "\n".join(lines) + "\n")
    return root


@given(MASKS)
def test_runs_give_the_mask_back(mask: np.ndarray) -> None:
    found = mask_of(runs(mask), mask.shape)
    if mask.any():
        assert found is not None
        np.testing.assert_array_equal(found, mask)
    else:
        assert found is None


@pytest.mark.parametrize(
    "text", ["", "1", "0 3", "599 3", "1 0", "1 -4", "x y", "1 99999999999999999999"]
)
def test_runs_that_leave_the_picture_are_none(text: str) -> None:
    assert mask_of(text, SIZE) is None


def test_nuclei_of_test_pictures_are_read(tmp_path: Path) -> None:
    dataset = open_dataset(write_stage1(tmp_path / "dsb"))
    assert dataset.recipe.key == "dsb2018"
    without, having = dataset.samples
    assert dataset.read_annotations(without) == ()
    (stack,) = dataset.read_annotations(having)
    assert isinstance(stack, MaskStack)
    for mask, corner, expected in zip(
        stack.masks, stack.corners, nuclei(), strict=True
    ):
        whole = np.zeros(SIZE, bool)
        top, left = corner
        whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
        np.testing.assert_array_equal(whole, expected)
    assert dataset.problems == []


def test_broken_line_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    good = runs(nuclei()[0])
    table = f"ImageId,EncodedPixels\n{IDS[0]},{good}\n{IDS[0]},600 2\n"
    dataset = open_dataset(write_stage1(tmp_path / "dsb", table))
    (stack,) = dataset.read_annotations(dataset.samples[0])
    assert len(stack.masks) == 1
    (problem,) = dataset.problems
    assert "line 3 holds no runs of this picture" in problem.message
