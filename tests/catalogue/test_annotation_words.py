"""Rows with [[annotations]]: from ten lines of TOML to annotations of every kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.catalogue import load_catalogue, open_dataset
from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    MaskStack,
    Points,
)
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.words import SetCache

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (20, 30)


def made(tmp_path: Path, row: str) -> Path:
    """A row of the person's own, and the folder of its set."""
    rows = tmp_path / "data-home" / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    (rows / "mine.toml").write_text(
        f'key = "mine"\ntitle = "Mine"\nabout = "A set."\n{row}'
    )
    root = tmp_path / "set"
    root.mkdir(exist_ok=True)
    return root


def save(root: Path, name: str, pixels: np.ndarray) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def picture(root: Path, name: str) -> None:
    save(root, name, np.full((*SHAPE, 3), 90, np.uint8))


CLASS_MASK = """
classes = ["nucleus", "satellite"]
class_ids = { nucleus = 1, satellite = 3 }
class_colours = { satellite = [254, 166, 0] }
images = "tiles/{stem}.jpg"
annotations = [{ word = "class-mask", file = "classes/{stem}.png" }]
"""


def test_class_mask_has_the_classes_of_the_set(tmp_path: Path) -> None:
    root = made(tmp_path, CLASS_MASK)
    picture(root, "tiles/a.jpg")
    classes = np.zeros(SHAPE, np.uint8)
    classes[2:5, 2:5] = 1
    classes[3, 3] = 3
    save(root, "classes/a.png", classes)
    dataset = open_dataset(root)
    assert dataset.recipe.key == "mine"
    (mask,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(mask, ClassMask)
    np.testing.assert_array_equal(mask.classes, classes)
    assert mask.class_names == {1: "nucleus", 3: "satellite"}
    assert mask.class_colours == {3: (254, 166, 0)}
    assert dataset.samples[0].annotations == ("classes/a.png",)
    assert dataset.problems == []


def test_class_mask_of_another_size_is_a_problem(tmp_path: Path) -> None:
    root = made(tmp_path, CLASS_MASK)
    picture(root, "tiles/a.jpg")
    save(root, "classes/a.png", np.zeros((4, 4), np.uint8))
    dataset = open_dataset(root)
    assert dataset.read_annotations(dataset.samples[0]) == ()
    (problem,) = dataset.problems
    assert "4 x 4 pixels, but its picture is 30 x 20" in problem.message


POINTS = """
classes = ["lymphocyte", "monocyte"]
images = "fields/{stem}.png"
[[annotations]]
word = "points-table"
file = "fields/{stem}.csv"
columns = ["row", "column"]
y = "row"
x = "column"
origin = 1
class_is = "monocyte"
"""


def test_points_of_a_table_beside_each_picture(tmp_path: Path) -> None:
    root = made(tmp_path, POINTS)
    picture(root, "fields/a.png")
    (root / "fields" / "a.csv").write_text("3,9\n20,30\nx,1\n")
    dataset = open_dataset(root)
    (points,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(points, Points)
    assert points.yx.tolist() == [[2, 8], [19, 29]]
    assert points.class_ids is not None
    assert points.class_ids.tolist() == [2, 2]
    (problem,) = dataset.problems
    assert "line 3 holds no numbers (x, 1)" in problem.message


POINTS_OF_ALL = """
images = "{stem}.png"
[[annotations]]
word = "points-table"
file = "cells.csv"
named_by = "picture"
class_column = "kind"
properties = { who = "drawn by" }
"""


def test_points_of_one_table_for_all(tmp_path: Path) -> None:
    root = made(tmp_path, POINTS_OF_ALL)
    picture(root, "a.png")
    picture(root, "b.png")
    (root / "cells.csv").write_text(
        "picture,x,y,kind,drawn by\nx/a.png,1,2,red,me\nb.png,3,4,blue,you\n"
    )
    dataset = open_dataset(root)
    first, second = (dataset.read_annotations(sample)[0] for sample in dataset.samples)
    assert isinstance(first, Points)
    assert isinstance(second, Points)
    assert first.yx.tolist() == [[2, 1]]
    assert first.properties == {"who": ("me",)}
    assert second.class_ids is not None
    assert dataset.class_table.names[int(second.class_ids[0])] == "blue"


MASK_FILES = """
classes = ["cytoplasm"]
images = "frames/{stem}.png"
[[annotations]]
word = "mask-files"
file = "seg_{stem}/cell{number#}.png"
class_is = "cytoplasm"
"""


def test_mask_files_may_overlap_and_a_broken_one_is_left_out(tmp_path: Path) -> None:
    root = made(tmp_path, MASK_FILES)
    picture(root, "frames/f1.png")
    for number, left in enumerate((2, 5), start=1):
        mask = np.zeros(SHAPE, np.uint8)
        mask[4:10, left : left + 6] = 255
        save(root, f"seg_f1/cell00{number}.png", mask)
    (root / "seg_f1" / "cell003.png").write_bytes(b"\x89PNG\r\n\x1a\ncut")
    dataset = open_dataset(root)
    (stack,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(stack, MaskStack)
    assert [mask.shape for mask in stack.masks] == [(6, 6), (6, 6)]
    assert stack.corners.tolist() == [[4, 2], [4, 5]]
    assert stack.shape == SHAPE
    (problem,) = dataset.problems
    assert "cell003.png" in problem.message


BESIDE = """
images = "edf/{frame}.png"
[[beside]]
title = "stack"
kind = "stack"
images = "{frame}_stack/fov{plane#}.png"
"""


def test_stack_beside_a_picture_is_read_in_order_of_planes(tmp_path: Path) -> None:
    root = made(tmp_path, BESIDE)
    picture(root, "edf/f1.png")
    for plane in (0, 1, 10, 2):
        save(root, f"f1_stack/fov{plane}.png", np.full(SHAPE, plane, np.uint8))
    dataset = open_dataset(root)
    assert len(dataset.samples) == 1
    assert dataset.beside(dataset.samples[0]) == ("stack",)
    stack = dataset.read_beside(dataset.samples[0], "stack")
    assert stack.axes == "zyx"
    assert stack.pixels[:, 0, 0].tolist() == [0, 1, 2, 10]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('word = "polygon-file"', "'polygon-file' is not known; known: boxes-table"),
        ('word = "class-mask"\ncolor = true', "no option 'color'; its options are wor"),
    ],
)
def test_unknown_word_or_option_is_refused(
    entry: str, said: str, tmp_path: Path
) -> None:
    made(tmp_path, f'images = "{{stem}}.png"\n[[annotations]]\n{entry}\n')
    (found,) = (p for p in load_catalogue().problems if p.name == "mine.toml")
    assert said in found.message


BOXES = """
classes = ["cell"]
images = "{stem}.png"
[[annotations]]
word = "boxes-table"
file = "{stem}.txt"
separator = " "
columns = ["class", "x", "y", "w", "h"]
top = "y"
left = "x"
height = "h"
width = "w"
middle = true
relative = true
class_is = "cell"
"""


def test_boxes_of_shares_about_their_middle(tmp_path: Path) -> None:
    root = made(tmp_path, BOXES)
    picture(root, "a.png")
    (root / "a.txt").write_text("0 0.5 0.5 1 0.5\n0 0.1 0.1 0 0.2\n")
    dataset = open_dataset(root)
    (boxes,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(boxes, Boxes)
    assert boxes.yxyx.tolist() == [[4.5, -0.5, 14.5, 29.5]]
    (problem,) = dataset.problems
    assert "line 2 is a box of no size" in problem.message


PYTHON = """
images = "{stem}.png"
[[annotations]]
word = "python"
reader = "READER"
"""


def test_function_reads_where_no_word_fits(tmp_path: Path) -> None:
    known = "napari_cellsets.formats.words.picture_class:read"
    root = made(tmp_path, PYTHON.replace("READER", known) + 'class_is = "round"\n')
    picture(root, "a.png")
    dataset = open_dataset(root)
    (found,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(found, ImageClass)
    assert found.name == "round"


def test_function_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    root = made(tmp_path, PYTHON.replace("READER", "no.such:function"))
    picture(root, "a.png")
    dataset = open_dataset(root)
    assert dataset.read_annotations(dataset.samples[0]) == ()
    assert "there is no function 'no.such:function'" in dataset.problems[0].message


COCO = """
classes = ["nucleus", "cluster"]
class_ids = { nucleus = 1, cluster = 2 }
class_aliases = { nucleus = ["Kern"] }
images = "images/{slide}/{stem}.jpg"
[[annotations]]
word = "container"
form = "coco"
file = "all.json"
join = "stem"
"""


def coco(names: list[str]) -> str:
    images = [
        {"id": i, "file_name": name, "height": 20, "width": 30}
        for i, name in enumerate(names)
    ]
    objects = [
        {"id": i, "image_id": i, "category_id": 7, "bbox": [2 + i, 3, 4, 5], "area": 9}
        for i in range(len(names))
    ]
    categories = [{"id": 7, "name": "Kern"}]
    return json.dumps(
        {"images": images, "annotations": objects, "categories": categories}
    )


def test_container_of_the_set_is_joined_by_stem_and_speaks_of_its_classes(
    tmp_path: Path,
) -> None:
    root = made(tmp_path, COCO)
    picture(root, "images/A/A_1.jpg")
    picture(root, "images/A/A_2.jpg")
    (root / "all.json").write_text(coco(["A_2", "A_1"]))
    dataset = open_dataset(root)
    (boxes,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(boxes, Boxes)
    assert boxes.yxyx.tolist() == [[2.5, 2.5, 7.5, 6.5]]
    assert boxes.class_ids is not None
    assert boxes.class_ids.tolist() == [1]
    assert boxes.class_names == {1: "nucleus", 2: "cluster"}


@pytest.mark.parametrize("part", ["f2_stack/fov1.png", "f2_stack"])
def test_plane_or_stack_opens_the_set_at_its_picture(part: str, tmp_path: Path) -> None:
    root = made(tmp_path, BESIDE)
    for frame in ("f1", "f2"):
        picture(root, f"edf/{frame}.png")
        save(root, f"{frame}_stack/fov1.png", np.zeros(SHAPE, np.uint8))
    dataset = open_dataset(root / part)
    assert dataset.recipe.key == "mine"
    assert dataset.samples[dataset.start].image == "edf/f2.png"


def test_picture_beside_that_is_not_there_is_named(tmp_path: Path) -> None:
    root = made(tmp_path, BESIDE)
    picture(root, "edf/f1.png")
    dataset = open_dataset(root)
    with pytest.raises(UnreadableFileError, match=r"no picture 'stack'.*are: none"):
        dataset.read_beside(dataset.samples[0], "stack")


def test_planes_of_different_size_are_no_stack(tmp_path: Path) -> None:
    root = made(tmp_path, BESIDE)
    picture(root, "edf/f1.png")
    save(root, "f1_stack/fov0.png", np.zeros(SHAPE, np.uint8))
    save(root, "f1_stack/fov1.png", np.zeros((3, 4), np.uint8))
    dataset = open_dataset(root)
    with pytest.raises(UnreadableFileError, match=r"this plane has the shape \(3, 4\)"):
        dataset.read_beside(dataset.samples[0], "stack")


COLOURS = """
classes = ["nucleus"]
class_colours = { nucleus = [10, 20, 30] }
images = "tiles/{stem}.jpg"
annotations = [{ word = "class-mask", file = "classes/{stem}.png", colours = true }]
"""


def test_colours_of_a_mask_are_classes(tmp_path: Path) -> None:
    root = made(tmp_path, COLOURS)
    picture(root, "tiles/a.jpg")
    mask = np.zeros((*SHAPE, 3), np.uint8)
    mask[2:4, 2:4] = (10, 20, 30)
    mask[9, 9] = (1, 1, 1)
    save(root, "classes/a.png", mask)
    dataset = open_dataset(root)
    (found,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(found, ClassMask)
    assert np.argwhere(found.classes == 1).tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]
    assert "1 pixels have a colour of no class" in dataset.problems[0].message


def test_grey_mask_has_no_colours_of_classes(tmp_path: Path) -> None:
    root = made(tmp_path, COLOURS)
    picture(root, "tiles/a.jpg")
    save(root, "classes/a.png", np.zeros(SHAPE, np.uint8))
    dataset = open_dataset(root)
    assert dataset.read_annotations(dataset.samples[0]) == ()
    assert "a coloured mask was expected" in dataset.problems[0].message


def test_what_cannot_be_made_for_a_set_is_tried_once() -> None:
    tried = []

    def fail() -> None:
        tried.append(1)
        raise UnreadableFileError("broken")

    cache = SetCache()
    for _ in range(3):
        with pytest.raises(UnreadableFileError, match="broken"):
            cache.get("key", fail)
    assert tried == [1]
    assert cache.get("other", lambda: 5) == 5
