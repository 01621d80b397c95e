"""Fluorescent Neuronal Cells v2: masks, and the same neurons in other files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from miniatures_fnc_v2 import STEMS, mask_of, objects_of, write_fnc_v2

from napari_cellsets.catalogue import dataset_info, open_dataset
from napari_cellsets.core.annotation import LabelImage, Points, Polygons

if TYPE_CHECKING:
    from pathlib import Path

KEY = "fluorescent_neuronal_cells_v2"
CLASSES = {"green": (1, "c-FOS nucleus"), "yellow": (2, "CTb neuron")}


@pytest.mark.parametrize("kind", ["COCO", "VIA", "Pascal_VOC"])
def test_outlines_lie_on_the_masks(kind: str, tmp_path: Path) -> None:
    dataset = open_dataset(write_fnc_v2(tmp_path / "set", (kind,)))
    assert dataset.recipe.key == KEY
    for sample in dataset.samples:
        colour, split, stem = sample.name.split("/")
        found = dataset.read_annotations(sample)
        if split == "unlabelled":
            assert found == ()
            continue
        mask = mask_of(colour, stem)
        assert isinstance(found[0], LabelImage)
        np.testing.assert_array_equal(found[0].labels > 0, mask > 0)
        polygons = [a for a in found if isinstance(a, Polygons)]
        objects = objects_of(mask)
        assert sum(len(a.outlines) for a in polygons) == len(objects)
        for annotation in polygons:
            for ((ring,),) in annotation.outlines:
                rows, columns = np.rint(ring).astype(int).T
                assert (mask[rows.clip(0), columns.clip(0)] > 0).mean() > 0.9
    assert [p for p in dataset.problems if "COCO" in p.message] == []


def test_dots_are_points_with_the_class_of_the_colour(tmp_path: Path) -> None:
    dataset = open_dataset(write_fnc_v2(tmp_path / "set", ("COCO",)))
    for colour, (number, name) in CLASSES.items():
        sample = dataset.samples[dataset.find(f"{colour}/trainval/0")]
        found = dataset.read_annotations(sample)
        (points,) = (a for a in found if isinstance(a, Points))
        expected = [item["dot"][::-1] for item in objects_of(mask_of(colour, "0"))]
        np.testing.assert_array_equal(np.sort(points.yx, 0), np.sort(expected, 0))
        assert set(points.class_ids.tolist()) == {number}
        assert points.class_names[number] == name


def test_one_of_three_files_is_enough(tmp_path: Path) -> None:
    dataset = open_dataset(write_fnc_v2(tmp_path / "set"))
    sample = dataset.samples[dataset.find("yellow/test/7")]
    kinds = [type(a).__name__ for a in dataset.read_annotations(sample)]
    assert kinds.count("Polygons") == 1
    assert kinds.count("LabelImage") == 1


def test_counts_are_those_of_the_masks(tmp_path: Path) -> None:
    info = dataset_info(open_dataset(write_fnc_v2(tmp_path / "set")))
    assert info["samples"] == 7
    assert info["annotated"] == 6
    assert info["classes"]["c-FOS nucleus"] == 4
    assert info["classes"]["CTb neuron"] == 4
    assert info["problems"] == []
    assert sum(len(stems) for stems in STEMS.values()) == 3


@pytest.mark.parametrize("part", ["green", "green/trainval", "green/test/images"])
def test_parts_know_their_set(part: str, tmp_path: Path) -> None:
    dataset = open_dataset(write_fnc_v2(tmp_path / "set") / part)
    assert dataset.recipe.key == KEY
    assert all(s.name.startswith("green/") for s in dataset.samples)
