"""What is wrong in a file of labelme is told, and the rest stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from container_tools import of_text
from labelme_files import FORM, SQUARE, container, png, shape

from napari_cellsets.core.annotation import (
    Polygons,
)
from napari_cellsets.core.errors import UnreadableFileError

if TYPE_CHECKING:
    from pathlib import Path


BROKEN = [
    ("x", "it is no object"),
    (shape(points="x"), "no list of points"),
    (shape(points=SQUARE[:2]), "2 points"),
    (shape(points=[[1, 2], [3, float("nan")], [4, 5]]), "not finite"),
    (shape(points=[[1, 2], ["a", 3], [4, 5]]), "no numbers"),
    (shape(points=[[1, 2, 3], [1, 2, 3], [1, 2, 3]]), "no pairs"),
    (shape(shape_type="spiral"), "'spiral' is not known"),
    (shape(shape_type="circle", points=[[1, 1]]), "1 points"),
    (shape(shape_type="circle", points=[[1, 1], [1, 1]]), "radius is not above 0"),
    (shape(shape_type="rectangle", points=SQUARE[:3]), "3 corners"),
    (shape(shape_type="oriented_rectangle", points=SQUARE[:3]), "3 corners"),
    (
        shape(shape_type="oriented_rectangle", points=[[0, 0], [9, 0], [5, 2], [0, 1]]),
        "of no rectangle",
    ),
    (shape(shape_type="mask", points=[[1, 1], [2, 2]]), "no text"),
    (shape(shape_type="mask", points=[[1, 1], [2, 2]], mask="*"), "damaged"),
    (
        shape(shape_type="mask", points=[[1, 1], [2, 2]], mask="aGVsbG8="),
        "cannot be read",
    ),
    (shape(shape_type="mask", points=[[1, 1], [9, 9]], mask=png([[1]])), "its box"),
    (shape(shape_type="mask", points=[[99, 1], [99, 1]], mask=png([[1]])), "outside"),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN)
def test_a_broken_shape_is_told_and_the_rest_stays(
    tmp_path: Path, broken: Any, said: str
) -> None:
    held = container(tmp_path, shape(), broken, shape())
    (found,) = held.read(0)
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2
    (problem,) = held.problems
    assert said in problem.message
    assert "shape 1" in problem.message
    held.read(0)
    assert len(held.problems) == 1


def test_masks_of_a_group_that_lie_too_far_apart_are_told(tmp_path: Path) -> None:
    shapes = [
        shape(shape_type="mask", points=[[x, x], [x, x]], mask=png([[1]]), group_id=1)
        for x in (0, 1_000_000)
    ]
    held = container(tmp_path, *shapes)
    assert held.read(0) == ()
    assert "too far apart" in held.problems[0].message


def test_a_mask_beyond_belief_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_cellsets.formats.containers.labelme import read

    monkeypatch.setattr(read, "MASK_PIXELS", 3)
    one = shape(shape_type="mask", points=[[1, 1], [2, 2]], mask=png(np.ones((2, 2))))
    held = container(tmp_path, one)
    assert held.read(0) == ()
    assert "its mask is too large" in held.problems[0].message


@pytest.mark.parametrize("text", ["[]", "{}", '{"shapes": 3}', '"x"', "{", "\xff", ""])
def test_a_file_that_is_no_labelme_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"no list of shapes|no whole JSON"):
        of_text(FORM, "a.json", text.encode("latin-1"), tmp_path)
