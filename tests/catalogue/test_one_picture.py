"""One dropped picture of a set of somebody's own opens with its annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from own_sets import SHAPE, VOC, YOLO, coco, picture, text
from PIL import Image

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.catalogue.around import annotations_around
from napari_cellsets.core.annotation import Boxes, LabelImage, Polygons

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset


def kinds(dataset: Dataset) -> list[type]:
    sample = dataset.samples[dataset.start]
    return [type(found) for found in dataset.read_annotations(sample)]


@pytest.mark.parametrize(
    ("image", "file", "content", "row", "kind"),
    [
        ("a.jpg", "annotations.json", coco("a.jpg"), "coco_pictures", Polygons),
        ("images/a.jpg", "all.json", coco("a.jpg"), "coco_pictures", Polygons),
        ("train/a.jpg", "train.json", coco("a.jpg"), "coco_pictures", Polygons),
        (
            "images/train/a.jpg",
            "annotations/instances_train.json",
            coco("a.jpg"),
            "coco_pictures",
            Polygons,
        ),
        ("a.jpg", "a.txt", YOLO, "yolo_pictures", Boxes),
        ("a.jpg", "labels/a.txt", YOLO, "yolo_pictures", Boxes),
        ("images/a.jpg", "labels/a.txt", YOLO, "yolo_pictures", Boxes),
        ("images/val/a.jpg", "labels/val/a.txt", YOLO, "yolo_pictures", Boxes),
        ("val/images/a.jpg", "val/labels/a.txt", YOLO, "yolo_pictures", Boxes),
        ("slides/a.jpg", "labels/a.txt", YOLO, "yolo_pictures", Boxes),
        ("a.jpg", "a.xml", VOC, "voc_pictures", Boxes),
        ("JPEGImages/a.jpg", "Annotations/a.xml", VOC, "voc_folders", Boxes),
        ("slides/a.jpg", "all.json", coco("slides/a.jpg"), "coco_pictures", Polygons),
    ],
)
def test_a_picture_brings_its_annotations(
    image: str, file: str, content: str, row: str, kind: type, tmp_path: Path
) -> None:
    root = tmp_path / "set"
    dropped = picture(root / image)
    text(root / file, content)
    dataset = open_dataset(dropped)
    assert dataset.recipe.key == row
    assert kinds(dataset) == [kind]
    assert dataset.problems == []


def test_the_whole_set_opens_at_the_picture_that_was_dropped(tmp_path: Path) -> None:
    root = tmp_path / "set"
    for name in ("train/a", "train/b", "val/c"):
        dropped = picture(root / f"images/{name}.jpg")
        text(root / f"labels/{name}.txt", YOLO)
    dataset = open_dataset(dropped)
    assert len(dataset.samples) == 3
    assert dataset.samples[dataset.start].image == "images/val/c.jpg"


def test_names_of_classes_are_found_with_the_picture(tmp_path: Path) -> None:
    root = tmp_path / "set"
    dropped = picture(root / "obj_train_data/1.jpg")
    text(root / "obj_train_data/1.txt", YOLO)
    text(root / "obj.names", "nucleus\n")
    assert open_dataset(dropped).path == dropped
    dataset = open_dataset(dropped)
    (boxes,) = dataset.read_annotations(dataset.samples[0])
    assert list(boxes.class_names.values()) == ["nucleus"]


def test_masks_of_voc_come_with_the_picture(tmp_path: Path) -> None:
    root = tmp_path / "set"
    dropped = picture(root / "JPEGImages/a.jpg")
    text(root / "Annotations/a.xml", VOC)
    for folder in ("SegmentationObject", "SegmentationClass"):
        (root / folder).mkdir()
        plane = np.zeros(SHAPE, np.uint8)
        plane[3:6, 4:9] = 1
        Image.fromarray(plane, "P").save(root / folder / "a.png")
    assert kinds(open_dataset(dropped)) == [LabelImage, Boxes]


@pytest.mark.parametrize(
    ("image", "file", "content"),
    [
        ("mine/a.jpg", "other/a.txt", YOLO),
        ("mine/a.jpg", "all.json", coco("a.jpg")),
        ("mine/a.jpg", "all.json", coco("others/a.jpg")),
        ("mine/more/a.jpg", "labels/a.txt", YOLO),
        ("a.jpg", "b.txt", YOLO),
        ("a.jpg", "a.txt", "just a remark\n"),
        ("a.jpg", "a.json", "{"),
        ("a.jpg", "all.json", coco("b.jpg")),
    ],
)
def test_annotations_of_others_are_left_alone(
    image: str, file: str, content: str, tmp_path: Path
) -> None:
    dropped = picture(tmp_path / "set" / image)
    text(tmp_path / "set" / file, content)
    dataset = open_dataset(dropped)
    assert dataset.recipe.key == "plain_images"
    assert len(dataset.samples) == 1


def test_folders_beside_those_of_the_picture_are_not_scanned(tmp_path: Path) -> None:
    root = tmp_path / "set"
    dropped = picture(root / "images/a.jpg")
    text(root / "labels/a.txt", YOLO)
    picture(root / "holidays/b.jpg")
    dataset = open_dataset(dropped)
    assert [sample.image for sample in dataset.samples] == ["images/a.jpg"]


def test_a_folder_that_may_not_be_read_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_cellsets.catalogue import around

    def refuse(folder: Path) -> None:
        raise PermissionError(folder)

    dropped = picture(tmp_path / "a.jpg")
    text(tmp_path / "a.txt", YOLO)
    monkeypatch.setattr(around.os, "scandir", refuse)
    found = annotations_around(dropped)
    assert found is not None
    assert (found.form, found.root) == ("yolo", tmp_path)


def test_many_files_of_others_are_not_all_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_cellsets.catalogue import around

    asked = []
    monkeypatch.setattr(around, "_speaks_of", lambda file, *_: asked.append(file))
    dropped = picture(tmp_path / "a.jpg")
    for number in range(100):
        text(tmp_path / f"{number}.json", "{}")
    assert annotations_around(dropped) is None
    assert len(asked) < 20


def test_a_file_beyond_belief_is_not_opened_for_one_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_cellsets.catalogue import around

    dropped = picture(tmp_path / "a.jpg")
    text(tmp_path / "all.json", coco("a.jpg"))
    assert annotations_around(dropped) is not None
    monkeypatch.setattr(around, "_MOST_BYTES", 10)
    assert annotations_around(dropped) is None


def test_published_pictures_open_with_their_annotations(real_samples: Path) -> None:
    base = real_samples / "annotation_containers/datumaro_assets/tests/assets"
    for place, row, split in (
        ("coco_dataset/coco_instances/images/train/a.jpg", "coco_pictures", "train"),
        ("voc_dataset/voc_dataset1/JPEGImages/2007_000001.jpg", "voc_folders", "train"),
        ("yolo_dataset/labels/images/val/1.jpg", "yolo_pictures", "val"),
        ("yolo_dataset/strict/obj_train_data/1.jpg", "yolo_pictures", "train"),
        ("yolo_dataset/annotations/Images/1.jpg", "yolo_pictures", ""),
        (
            "cvat_dataset/for_images/export_project/images/Test/img0.jpg",
            "cvat_pictures",
            "Test",
        ),
        ("labelme_dataset/Images/subset1/img1.png", "labelme_web_pictures", ""),
    ):
        dataset = open_dataset(base / place)
        sample = dataset.samples[dataset.start]
        assert (dataset.recipe.key, sample.split) == (row, split)
        assert (dataset.tree.root / sample.image) == base / place
        assert dataset.read_annotations(sample)
