"""Comparison Detector: bitmaps with boxes, found by file names used as ids."""

from __future__ import annotations

import json
import shutil
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from miniatures_comparison_detector import (
    CLASSES,
    SIZE,
    TEST,
    TRAIN,
    document,
    picture,
    write_comparison_detector,
)
from PIL import Image

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import Boxes

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

KEY = "comparison_detector"


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted(folder.rglob("*.*")):
            target.write(file, file.relative_to(folder.parent).as_posix())
    return archive


def boxes_of(dataset: Dataset) -> dict[str, list[tuple[str, list[float]]]]:
    """Class and edges of all boxes of each picture."""
    found = {}
    for sample in dataset.samples:
        marked: list[tuple[str, list[float]]] = []
        for boxes in dataset.read_annotations(sample):
            assert isinstance(boxes, Boxes)
            for class_id, edges in zip(boxes.class_ids, boxes.yxyx, strict=True):
                marked.append((boxes.class_names[class_id], edges.tolist()))
        found[sample.name] = marked
    return found


def expected() -> dict[str, list[tuple[str, list[float]]]]:
    return {
        f"{split}/{name}": [
            (
                CLASSES[category - 1],
                [y - 0.5, x - 0.5, y + height - 0.5, x + width - 0.5],
            )
            for category, (x, y, width, height) in boxes
            if min(width, height) > 1
        ]
        for split, marked in (("train", TRAIN), ("test", TEST))
        for name, boxes in marked.items()
    }


@pytest.mark.parametrize("ids", ["name", "number"])
def test_boxes_find_their_pictures(ids: str, tmp_path: Path) -> None:
    dataset = open_dataset(write_comparison_detector(tmp_path, ids=ids))
    assert dataset.recipe.key == KEY
    assert boxes_of(dataset) == expected()
    assert dataset.splits == {"test": 2, "train": 3}


def test_ids_of_classes_are_those_of_the_set(tmp_path: Path) -> None:
    dataset = open_dataset(write_comparison_detector(tmp_path))
    assert dataset.class_table.names == dict(enumerate(CLASSES, start=1))
    assert dataset.class_table.find("herpes") == 10


def test_boxes_one_pixel_thin_are_left_out_and_told(tmp_path: Path) -> None:
    dataset = open_dataset(write_comparison_detector(tmp_path))
    boxes_of(dataset)
    told = sorted(problem.message for problem in dataset.problems)
    assert len(told) == 2
    assert "1 box of train/00404.bmp thinner than 2 pixels: left out" in told[0]
    assert "1 box of train/01210.bmp" in told[1]


@pytest.mark.parametrize(
    "part", ["train", "test", "test/00008.bmp", "test.json", "a.zip", ".."]
)
def test_set_opens_from_any_part(part: str, tmp_path: Path) -> None:
    root = write_comparison_detector(tmp_path / "set")
    zipped(root, root / "a.zip")
    dataset = open_dataset((root / part).resolve())
    assert dataset.recipe.key == KEY
    found = boxes_of(dataset)
    whole = expected()
    assert found == {name: whole[name] for name in found}
    assert len(found) == {"train": 3, "test": 2}.get(part, 5)


def test_pictures_are_those_written(tmp_path: Path) -> None:
    dataset = open_dataset(write_comparison_detector(tmp_path))
    for sample in dataset.samples:
        pixels = dataset.read_picture(sample).pixels
        np.testing.assert_array_equal(pixels, picture(sample.name[-5:]))


def test_numbered_bitmaps_of_others_are_another_set(tmp_path: Path) -> None:
    root = write_comparison_detector(tmp_path)
    mine = root.rename(tmp_path / "mine")
    for name in ("train.json", "test.json"):
        (mine / name).unlink()
    assert open_dataset(mine).recipe.key != KEY


@pytest.mark.parametrize("damage", ["<html>", "[]", '{"images": 3}', ""])
def test_broken_file_of_one_split_leaves_the_other(damage: str, tmp_path: Path) -> None:
    root = write_comparison_detector(tmp_path)
    (root / "train.json").write_text(damage)
    found = boxes_of(open_dataset(root, row=KEY))
    whole = expected()
    for name, boxes in found.items():
        assert boxes == (whole[name] if name.startswith("test/") else [])


# Real files


def test_real_bitmaps_are_read_with_boxes(real_samples: Path, tmp_path: Path) -> None:
    root = tmp_path / "ComparisonDetectorDataset"
    shutil.copytree(real_samples / KEY / "test", root / "test")
    marked = {"00005": [(1, [100, 40, 17, 18])], "00008": [(11, [0, 0, 1175, 581])]}
    (root / "test.json").write_text(json.dumps(document(marked)))
    dataset = open_dataset(root)
    assert dataset.recipe.key == KEY
    for sample in dataset.samples:
        shown = dataset.read_picture(sample)
        with Image.open(root / sample.image) as image:
            np.testing.assert_array_equal(shown.pixels, np.asarray(image))
        assert shown.plane_shape == (581, 1175)
    found = boxes_of(dataset)
    assert found["test/00005"] == [("ascus", [39.5, 99.5, 57.5, 116.5])]
    assert found["test/00008"] == [("actinomyces", [-0.5, -0.5, 580.5, 1174.5])]
    assert SIZE != (581, 1175)


def test_real_reference_crops_are_classes(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / KEY / "images")
    assert dataset.recipe.key == "class_folders"
    cells = [s for s in dataset.samples if s.facts["class"].isdigit()]
    assert len(cells) == 66
    assert {s.facts["class"] for s in cells} == set(map(str, range(1, 12)))
