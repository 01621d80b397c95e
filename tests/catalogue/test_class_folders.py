"""Folders of people's own that are named as classes, and those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.catalogue import open_dataset
from small_cells import write_cells

if TYPE_CHECKING:
    from pathlib import Path


def test_folders_of_small_pictures_are_classes_in_natural_order(tmp_path: Path) -> None:
    write_cells(tmp_path / "set", ["type 10/a.png", "type 2/a.png", "type 2/b.png"])
    dataset = open_dataset(tmp_path / "set")
    assert dataset.recipe.key == "class_folders"
    assert dataset.classes == ("type 2", "type 10")
    assert dataset.completeness.text == "3 images of 2 classes"
    assert dataset.read_truth(dataset.samples[0]) is None


def test_folders_below_splits_are_classes(tmp_path: Path) -> None:
    names = [f"{s}/{c}/{s}{c}.png" for s in ("train", "val", "test") for c in "ab"]
    dataset = open_dataset(write_cells(tmp_path / "set", names))
    assert dataset.splits == {"test": 2, "train": 2, "val": 2}
    assert dataset.classes == ("a", "b")


def test_capitals_make_no_other_class(tmp_path: Path) -> None:
    names = ["test/basophil/1.png", "test/blast/1.png", "train/Basophil/2.png"]
    dataset = open_dataset(write_cells(tmp_path / "set", names))
    assert dataset.classes == ("basophil", "blast")
    assert dataset.splits == {"train": 1, "test": 2}


def test_same_classes_in_several_places_are_one_set(tmp_path: Path) -> None:
    names = [f"{part}/{kind}/1.jpg" for part in ("lab1", "lab2") for kind in "ab"]
    dataset = open_dataset(write_cells(tmp_path / "set", names))
    assert dataset.recipe.key == "class_folders"
    assert [s.name for s in dataset.samples] == [n[:-4] for n in names]


@pytest.mark.parametrize("place", ["train", "train/a", "train/a/1.png"])
def test_part_of_a_split_knows_its_classes(place: str, tmp_path: Path) -> None:
    root = write_cells(
        tmp_path / "set", ["train/a/1.png", "train/b/1.png", "test/a/2.png"]
    )
    dataset = open_dataset(root / place)
    assert dataset.recipe.key == "class_folders"
    assert {s.split for s in dataset.samples} >= {"train"}
    assert dataset.samples[dataset.start].facts["class"] == "a"


@pytest.mark.parametrize(
    ("names", "size"),
    [
        (["a/1.png", "a/2.png"], (36, 40)),
        (["a/1.png", "b/1.png"], (1600, 1200)),
        (["images/1.png", "masks/2.png"], (36, 40)),
        (["2024/a/1.png", "2025/b/1.png"], (36, 40)),
        (["a/1.png", "b/1.png", "top.png"], (36, 40)),
        (["1.png", "2.png"], (36, 40)),
    ],
    ids=["one folder", "large", "other words", "albums", "loose pictures", "flat"],
)
def test_other_folders_stay_plain_pictures(
    names: list[str], size: tuple[int, int], tmp_path: Path
) -> None:
    dataset = open_dataset(write_cells(tmp_path / "set", names, size))
    assert dataset.recipe.key == "plain_images"
    assert dataset.kind == "fields"
    assert dataset.class_of(dataset.samples[0]) is None


def test_one_folder_among_others_stays_plain_pictures(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", ["a/1.png", "b/1.png"])
    assert open_dataset(root / "a").recipe.key == "plain_images"
    assert open_dataset(root / "a" / "1.png").recipe.key == "plain_images"


def test_pictures_with_masks_win_over_folders_of_classes(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", ["a/1.png", "b/1.png"])
    Image.fromarray(np.zeros((40, 36), np.uint8)).save(root / "a" / "1_mask.png")
    assert open_dataset(root).recipe.key == "image_and_mask_files"
