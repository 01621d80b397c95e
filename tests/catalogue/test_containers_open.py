"""Folders and single files of known forms of annotations; blank canvases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.catalogue import can_open, open_dataset
from napari_cellsets.core.annotation import Boxes, LabelImage, Polygons
from napari_cellsets.core.errors import (
    NotRecognisedError,
    RecipeError,
    UnreadableFileError,
)
from napari_cellsets.formats.canvas_tree import blank_png

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (20, 30)
SQUARES = ((2, 3, 6), (12, 5, 4))


def picture(root: Path, name: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*SHAPE, 3), 90, np.uint8)).save(file)


def square(left: int, top: int, edge: int) -> list[float]:
    right, bottom = left + edge, top + edge
    return [left, top, right, top, right, bottom, left, bottom]


def coco(*names: str, squares: tuple[tuple[int, int, int], ...] = SQUARES) -> str:
    images = [
        {"id": number, "file_name": name, "height": SHAPE[0], "width": SHAPE[1]}
        for number, name in enumerate(names)
    ]
    objects = [
        {
            "id": 100 * image + number,
            "image_id": image,
            "category_id": 3,
            "segmentation": [square(*one)],
            "bbox": [one[0], one[1], one[2], one[2]],
            "area": one[2] ** 2,
            "iscrowd": 0,
        }
        for image in range(len(names))
        for number, one in enumerate(squares)
    ]
    return json.dumps(
        {
            "images": images,
            "annotations": objects,
            "categories": [{"id": 3, "name": "cell"}],
        }
    )


def write(root: Path, name: str, text: str) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("file", "image"),
    [
        ("annotations/instances_train.json", "images/train/a.jpg"),
        ("train.json", "train/a.jpg"),
        ("train/_annotations.coco.json", "train/a.jpg"),
        ("annotations.json", "JPEGImages/a.jpg"),
    ],
)
def test_coco_opens_from_folder_and_from_its_file(
    file: str, image: str, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    picture(root, image)
    place = write(root, file, coco("a.jpg"))
    for path in (root, place):
        assert can_open(path)
        dataset = open_dataset(path)
        assert len(dataset.samples) == 1
        (found,) = dataset.read_annotations(dataset.samples[0])
        assert isinstance(found, Polygons)
        assert dataset.class_table.names == {3: "cell"}
        assert not dataset.is_blank(dataset.samples[0])
        assert dataset.problems == []


def test_outlines_that_do_not_overlap_are_truth(tmp_path: Path) -> None:
    picture(tmp_path / "set", "a.jpg")
    write(tmp_path / "set", "a.json", coco("a.jpg"))
    dataset = open_dataset(tmp_path / "set")
    truth = dataset.read_truth(dataset.samples[0])
    assert isinstance(truth, LabelImage)
    areas = [int((truth.labels == label).sum()) for label in (1, 2)]
    assert areas == [36, 16]
    assert truth.labels[3:9, 2:8].all()
    assert dataset.why_no_truth(dataset.samples[0]) == ""


def test_outlines_that_overlap_are_no_truth_and_it_says_why(tmp_path: Path) -> None:
    picture(tmp_path / "set", "a.jpg")
    both = ((2, 3, 6), (4, 5, 6))
    write(tmp_path / "set", "a.json", coco("a.jpg", squares=both))
    dataset = open_dataset(tmp_path / "set")
    assert dataset.read_truth(dataset.samples[0]) is None
    assert "overlap" in dataset.why_no_truth(dataset.samples[0])
    (found,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2


def test_boxes_alone_are_no_truth_and_it_says_why(tmp_path: Path) -> None:
    picture(tmp_path / "set", "images/a.jpg")
    write(tmp_path / "set", "labels/a.txt", "0 0.5 0.5 0.2 0.2\n")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.recipe.key == "yolo_pictures"
    assert isinstance(dataset.read_annotations(dataset.samples[0])[0], Boxes)
    assert dataset.read_truth(dataset.samples[0]) is None
    assert "has an outline" in dataset.why_no_truth(dataset.samples[0])


def test_set_of_plain_pictures_says_that_it_has_no_outlines(tmp_path: Path) -> None:
    picture(tmp_path / "set", "a.jpg")
    dataset = open_dataset(tmp_path / "set")
    assert dataset.read_truth(dataset.samples[0]) is None
    assert "no outlines" in dataset.why_no_truth(dataset.samples[0])


def test_pictures_that_are_not_there_are_blank_and_told(tmp_path: Path) -> None:
    place = write(tmp_path / "set", "a.json", coco("x/a.jpg", "b.jpg"))
    for path in (place, tmp_path / "set"):
        dataset = open_dataset(path)
        assert len(dataset.samples) == 2
        first = dataset.samples[0]
        assert dataset.is_blank(first)
        assert dataset.read_picture(first).plane_shape == SHAPE
        assert dataset.thumbnail(first, 10).max() == 0
        assert dataset.read_truth(first) is not None
        assert "2 pictures are not there" in dataset.problems[0].message


def test_picture_inside_a_labelme_file_is_shown(tmp_path: Path) -> None:
    import base64

    picture(tmp_path, "p.png")
    packed = base64.b64encode((tmp_path / "p.png").read_bytes()).decode()
    (tmp_path / "p.png").unlink()
    shape = {
        "label": "cell",
        "points": [[1, 1], [5, 1], [5, 5]],
        "shape_type": "polygon",
    }
    content = {
        "version": "5.0",
        "flags": {},
        "shapes": [shape],
        "imagePath": "a.png",
        "imageData": packed,
        "imageHeight": SHAPE[0],
        "imageWidth": SHAPE[1],
    }
    place = write(tmp_path / "set", "a.json", json.dumps(content))
    for path in (place, tmp_path / "set"):
        dataset = open_dataset(path)
        assert int(dataset.read_picture(dataset.samples[0]).pixels.max()) == 90
        assert len(dataset.read_annotations(dataset.samples[0])) == 1


def test_picture_two_folders_up_is_found(tmp_path: Path) -> None:
    picture(tmp_path / "set", "images/train/a.jpg")
    place = write(tmp_path / "set", "labels/train/a.txt", "0 0.5 0.5 0.2 0.2\n")
    dataset = open_dataset(place)
    assert [sample.image for sample in dataset.samples] == ["images/train/a.jpg"]
    assert not dataset.is_blank(dataset.samples[0])


def test_blank_picture_of_unknown_size_says_so(tmp_path: Path) -> None:
    place = write(tmp_path / "x" / "y" / "alone", "a.txt", "0 0.5 0.5 0.2 0.2\n")
    dataset = open_dataset(place)
    with pytest.raises(UnreadableFileError, match="nothing says how large it is"):
        dataset.read_picture(dataset.samples[0])


def test_file_that_speaks_of_no_picture_is_refused(tmp_path: Path) -> None:
    place = write(tmp_path / "set", "a.json", coco())
    with pytest.raises(NotRecognisedError, match="speaks of no picture"):
        open_dataset(place)


def test_file_of_another_kind_is_no_picture(tmp_path: Path) -> None:
    place = write(tmp_path / "set", "a.json", '{"some": "settings"}')
    assert not can_open(place)
    with pytest.raises(UnreadableFileError, match="no picture but a JSON text"):
        open_dataset(place)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", "{", r"no whole JSON file \(Expecting .*line 1 column 2"),
        ("a.json", '\n{"imag', "no whole JSON file .*line 2 column 2"),
        ("a.json", '[{"image_id"', "no whole JSON file"),
        ("a.geojson", '{"type": "Fea', "no whole JSON file"),
        ("a.xml", "<annotation><obj", "no whole XML file .*line 1, column"),
        ("a.json", "<html>gone</html>", "a web page"),
        ("a.xml", "<!DOCTYPE html><html>", "a web page"),
        ("a.xml", "<settings/>", "no picture but an XML text"),
        ("a.json", "", "an empty file"),
    ],
)
def test_a_file_cut_too_early_to_be_known_says_where_it_ends(
    name: str, content: str, said: str, tmp_path: Path
) -> None:
    place = write(tmp_path, name, content)
    with pytest.raises(UnreadableFileError, match=said) as caught:
        open_dataset(place)
    assert str(place) in str(caught.value)


def test_blank_picture_has_a_size_that_can_be_shown() -> None:
    for size in ((0, 5), (5, 0), (10**6, 10**6)):
        with pytest.raises(UnreadableFileError, match="blank picture of"):
            blank_png(*size, "a.png")


GROUPS = """
key = "mine"
title = "Mine"
about = "Masks without pictures."
classes = ["cell"]
images = "pictures/{number#}.png"

[samples_from]
file = "masks/{number#}_{object#}.png"
size = [20, 30]

[[annotations]]
word = "mask-files"
file = "masks/{number#}_{object#}.png"
"""


def test_samples_come_from_files_of_objects(tmp_path: Path) -> None:
    rows = tmp_path / "data-home" / "rows"
    rows.mkdir(parents=True)
    (rows / "mine.toml").write_text(GROUPS)
    for name in ("1_1", "1_2", "2_1"):
        mask = np.zeros(SHAPE, np.uint8)
        mask[2:5, 2:5] = 255
        file = tmp_path / "set" / "masks" / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(file)
    dataset = open_dataset(tmp_path / "set", row="mine")
    assert [sample.image for sample in dataset.samples] == [
        "pictures/1.png",
        "pictures/2.png",
    ]
    assert dataset.is_blank(dataset.samples[0])
    (stack,) = dataset.read_annotations(dataset.samples[0])
    assert len(stack.masks) == 2


def test_real_files_of_all_forms_open(real_samples: Path) -> None:
    root = real_samples / "annotation_containers"
    assets = root / "datumaro_assets" / "tests" / "assets"
    expected = {
        assets / "coco_dataset" / "coco_instances": "coco_pictures",
        assets / "cvat_dataset" / "for_images" / "export_project": "cvat_pictures",
        assets / "voc_dataset" / "voc_dataset1": "voc_folders",
        assets / "yolo_dataset" / "labels": "yolo_pictures",
        root / "labelme" / "examples" / "primitives": "labelme_pictures",
    }
    for place, key in expected.items():
        dataset = open_dataset(place)
        assert dataset.recipe.key == key
        assert any(dataset.read_annotations(sample) for sample in dataset.samples)


def test_function_that_makes_pictures_and_is_not_there_is_named(
    tmp_path: Path,
) -> None:
    rows = tmp_path / "data-home" / "rows"
    rows.mkdir(parents=True)
    named = GROUPS.replace("size = [20, 30]", 'pictures = "no.such:function"')
    (rows / "mine.toml").write_text(named)
    mask = tmp_path / "set" / "masks" / "1_1.png"
    mask.parent.mkdir(parents=True)
    Image.fromarray(np.ones(SHAPE, np.uint8)).save(mask)
    dataset = open_dataset(tmp_path / "set", row="mine")
    with pytest.raises(RecipeError, match=r"no function 'no\.such:function'"):
        dataset.read_picture(dataset.samples[0])
