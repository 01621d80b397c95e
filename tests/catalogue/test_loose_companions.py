"""A file of annotations opened alone finds the files that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.core.image import Picture
from napari_cellsets.formats.containers.base import FORMS, Marked

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.core.annotation import Annotation

SIZE = (20, 30)
CLASSES = {1: "nucleus", 2: "cytoplasm"}


def written(form: str, out: Path) -> Path:
    """Write one picture with two objects; return the first file."""
    labels = np.zeros(SIZE, np.int32)
    labels[2:6, 3:9], labels[10:15, 20:28] = 1, 2
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3)).astype(np.uint8)
    found = LabelImage(labels, "", CLASSES, {1: 2, 2: 1})
    marked = Marked("train/a.png", SIZE, (found,), lambda: Picture(pixels, "yxc"))
    return FORMS[form].write([marked], out, classes=CLASSES, with_images=True)[0]


def read(path: Path) -> tuple[Annotation, ...]:
    dataset = open_dataset(path)
    return dataset.read_annotations(dataset.samples[0])


def test_a_yolo_text_finds_the_names_of_its_classes(tmp_path) -> None:
    (found,) = read(written("yolo", tmp_path))
    assert [found.class_names[key] for key in found.class_ids] == [
        "cytoplasm",
        "nucleus",
    ]


def test_a_voc_file_finds_its_masks_and_the_numbers_of_its_classes(tmp_path) -> None:
    found = read(written("voc", tmp_path))
    (labels,) = [a for a in found if isinstance(a, LabelImage)]
    assert labels.labels.max() == 2
    assert {k: labels.class_names[v] for k, v in labels.class_of.items()} == {
        1: "cytoplasm",
        2: "nucleus",
    }


def test_a_panoptic_file_finds_its_picture_of_segments(tmp_path) -> None:
    (found,) = read(written("coco-panoptic", tmp_path))
    assert np.unique(found.labels).tolist() == [0, 1, 2]


def test_files_of_others_are_left_alone(tmp_path) -> None:
    file = written("coco", tmp_path / "set")
    (tmp_path / "other.yaml").write_text("names: [x]")
    cv2.imwrite(str(tmp_path / "set" / "other.png"), np.zeros((4, 4), np.uint8))
    dataset = open_dataset(file)
    assert [sample.image for sample in dataset.samples] == ["images/train/a.png"]
