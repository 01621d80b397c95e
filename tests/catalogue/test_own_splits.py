"""Splits of sets of somebody's own: from folders and from files that tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from own_sets import VOC, YOLO, coco, picture, text

from napari_cellsets.catalogue import open_dataset

if TYPE_CHECKING:
    from pathlib import Path


def splits(root: Path) -> dict[str, str]:
    return {one.image: one.split for one in open_dataset(root).samples}


def yolo(root: Path, *stems: str) -> None:
    for stem in stems:
        picture(root / f"images/{stem}.jpg")
        text(root / f"labels/{stem}.txt", YOLO)


def test_folders_of_yolo_are_splits(tmp_path: Path) -> None:
    yolo(tmp_path, "train/a", "Val/b", "test/c", "more/d")
    assert splits(tmp_path) == {
        "images/train/a.jpg": "train",
        "images/Val/b.jpg": "Val",
        "images/test/c.jpg": "test",
        "images/more/d.jpg": "",
    }


def test_folders_of_coco_are_splits(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        picture(tmp_path / split / f"{split}.jpg")
        text(tmp_path / split / "_annotations.coco.json", coco(f"{split}.jpg"))
    found = splits(tmp_path)
    assert found == {"train/train.jpg": "train", "valid/valid.jpg": "valid"}


def test_the_outermost_split_counts(tmp_path: Path) -> None:
    yolo(tmp_path, "train/test/a")
    assert splits(tmp_path) == {"images/train/test/a.jpg": "train"}


@pytest.mark.parametrize(
    "yaml",
    [
        "train: images/one\nval: images/two\n",
        "path: ../sets/mine\ntrain: ./images/one  # first\nval: 'images/two/'\n",
        "train: ../images/one\nvalid: ../images/two\n",
        "train: [images/one]\nval: [images/two]\nnames: [a]\n",
        "train:\n  - images/one\nval:\n  - images/two\nnames:\n  - a\n",
        "train: /content/mine/images/one\nval: C:\\mine\\images\\two\n",
        "train: train.txt\nval: val.txt\n",
    ],
)
def test_data_yaml_tells_splits_of_folders_and_lists(yaml: str, tmp_path: Path) -> None:
    yolo(tmp_path, "one/a", "two/b")
    text(tmp_path / "data.yaml", yaml)
    text(tmp_path / "train.txt", "./images/one/a.jpg\n")
    text(tmp_path / "val.txt", "/content/mine/images/two/b.jpg\n")
    found = splits(tmp_path)
    assert found == {"images/one/a.jpg": "train", "images/two/b.jpg": "val"}


def test_a_folder_of_two_splits_is_of_none(tmp_path: Path) -> None:
    yolo(tmp_path, "a")
    text(tmp_path / "data.yaml", "path: .\ntrain: images\nval: images\n")
    assert splits(tmp_path) == {"images/a.jpg": ""}


def test_a_path_without_end_is_looked_for_by_its_end(tmp_path: Path) -> None:
    yolo(tmp_path, "one/a", "two/b")
    text(
        tmp_path / "data.yaml", f"train: {'x/' * 300_000}images/one\nval: {'/' * 99}\n"
    )
    assert splits(tmp_path) == {"images/one/a.jpg": "train", "images/two/b.jpg": ""}


def test_a_yaml_of_something_else_says_nothing(tmp_path: Path) -> None:
    yolo(tmp_path, "a")
    text(tmp_path / "compose.yaml", "services:\n  train: nowhere\ntest: elsewhere\n")
    assert splits(tmp_path) == {"images/a.jpg": ""}


def test_lists_of_voc_are_splits(tmp_path: Path) -> None:
    for stem in ("a", "b", "c"):
        picture(tmp_path / f"JPEGImages/{stem}.jpg")
        text(tmp_path / f"Annotations/{stem}.xml", VOC)
    lists = tmp_path / "ImageSets/Main"
    text(lists / "train.txt", "a\n")
    text(lists / "val.txt", "b\n\n")
    text(lists / "trainval.txt", "a\nb\n")
    text(lists / "cell_test.txt", "a 1\nb -1\n")
    text(tmp_path / "train.txt", "c\n")
    found = splits(tmp_path)
    assert found == {
        "JPEGImages/a.jpg": "train",
        "JPEGImages/b.jpg": "val",
        "JPEGImages/c.jpg": "",
    }


def test_published_sets_have_the_splits_of_their_folders(real_samples: Path) -> None:
    base = real_samples / "annotation_containers/datumaro_assets/tests/assets"
    assert sorted(splits(base / "coco_dataset/coco_instances").values()) == [
        "train",
        "val",
    ]
    assert set(splits(base / "yolo_dataset/strict").values()) == {"train"}
    assert set(splits(base / "voc_dataset").values()) == {"train", "test"}
