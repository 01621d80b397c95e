"""CCEDD: labelme files that hold their pictures, edge maps, archives in an archive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from miniatures_ccedd import (
    IDS,
    edge_map,
    outlines,
    picture,
    write_ccedd,
    write_nested,
    write_sample,
)
from PIL import Image

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import ClassMask, Polygons

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

KEY = "ccedd"
FOLDERS = ("label_correct", "label_no_correct")


def check(dataset: Dataset, name: str, folder: str, *, edges: bool = True) -> None:
    """Picture, outlines and edges of one sample are those written."""
    sample = dataset.samples[dataset.find(name)]
    number = name.rpartition("/")[2]
    np.testing.assert_array_equal(dataset.read_picture(sample).pixels, picture(number))
    found = dataset.read_annotations(sample)
    (polygons,) = (a for a in found if isinstance(a, Polygons))
    expected = [item for item in outlines(number, folder) if len(item[1]) > 2]
    assert len(polygons.outlines) == len(expected)
    for outline, class_id, (label, points) in zip(
        polygons.outlines, polygons.class_ids, expected, strict=True
    ):
        assert polygons.class_names[class_id] == label
        ((ring,),) = outline
        np.testing.assert_allclose(ring[:, ::-1] + 0.5, points)
    masks = [a for a in found if isinstance(a, ClassMask)]
    assert len(masks) == edges
    for mask in masks:
        edge = mask.classes > 0
        np.testing.assert_array_equal(edge, edge_map(number, folder) > 0)
        (class_id,) = set(mask.classes[edge].tolist())
        assert mask.class_names[class_id] == "edge"


def test_both_label_folders_are_shown(tmp_path: Path) -> None:
    dataset = open_dataset(write_ccedd(tmp_path))
    assert dataset.recipe.key == KEY
    assert len(dataset.samples) == 6
    for folder in FOLDERS:
        for number in IDS:
            check(dataset, f"{folder}/{number}", folder)
    facts = [sample.facts["outlines"] for sample in dataset.samples]
    assert facts == ["corrected"] * 3 + ["not corrected"] * 3
    assert dataset.completeness.text.startswith("6 of 1,372 images")


def test_outline_of_two_points_is_told(tmp_path: Path) -> None:
    dataset = open_dataset(write_ccedd(tmp_path, ("label_correct",)))
    for sample in dataset.samples:
        dataset.read_annotations(sample)
    (problem,) = dataset.problems
    assert "00003.json" in problem.message


@pytest.mark.parametrize(
    "part",
    [
        "label_correct",
        "label_correct/png",
        "label_correct/json",
        "label_correct/edge",
        "label_correct/png/00003.png",
        "label_correct/json/00003.json",
        "label_correct/edge/00003_edge.png",
    ],
)
def test_set_opens_from_any_part(part: str, tmp_path: Path) -> None:
    root = write_ccedd(tmp_path)
    dataset = open_dataset(root / part)
    assert dataset.recipe.key == KEY
    assert dataset.samples[dataset.start].name.startswith("label_correct/")
    check(dataset, "label_correct/00003", "label_correct")


def test_archive_of_archives_is_read_in_place(tmp_path: Path) -> None:
    archive = write_nested(tmp_path)
    dataset = open_dataset(archive)
    assert dataset.recipe.key == KEY
    assert [sample.name for sample in dataset.samples] == list(IDS)
    for number in IDS:
        check(dataset, number, "label_correct", edges=False)


def test_unpacked_once_is_read_too(tmp_path: Path) -> None:
    import zipfile

    archive = write_nested(tmp_path)
    with zipfile.ZipFile(archive) as outer:
        outer.extractall(tmp_path / "once")
    dataset = open_dataset(tmp_path / "once")
    assert dataset.recipe.key == KEY
    check(dataset, "00477", "label_correct", edges=False)


def test_kernels_are_known_as_nuclei(tmp_path: Path) -> None:
    dataset = open_dataset(write_ccedd(tmp_path))
    assert dataset.class_table.find("nucleus") == dataset.class_table.find("kernel")
    assert dataset.recipe.class_titles["kernel"] == "nucleus"


def test_broken_outlines_leave_picture_and_edges(tmp_path: Path) -> None:
    root = write_ccedd(tmp_path, ("label_correct",))
    file = root / "label_correct" / "json" / "00000.json"
    file.write_bytes(file.read_bytes()[:200])
    dataset = open_dataset(root)
    sample = dataset.samples[dataset.find("label_correct/00000")]
    (mask,) = dataset.read_annotations(sample)
    assert isinstance(mask, ClassMask)
    assert any("00000.json" in problem.message for problem in dataset.problems)


def test_outlines_of_another_size_than_said_still_open(tmp_path: Path) -> None:
    root = write_ccedd(tmp_path, ("label_correct",))
    file = root / "label_correct" / "json" / "00000.json"
    content = json.loads(file.read_text())
    content["imageHeight"] = None
    file.write_text(json.dumps(content))
    check(open_dataset(root), "label_correct/00000", "label_correct")


def test_numbered_pictures_of_others_are_another_set(tmp_path: Path) -> None:
    write_sample(tmp_path / "mine", "00000", "label_correct")
    assert open_dataset(tmp_path / "mine").recipe.key != KEY
    dataset = open_dataset(tmp_path / "mine", row=KEY)
    check(dataset, "00000", "label_correct")


def test_edge_maps_of_any_grey_are_edges(tmp_path: Path) -> None:
    root = write_ccedd(tmp_path, ("label_correct",))
    file = root / "label_correct" / "edge" / "00000_edge.png"
    Image.fromarray(np.minimum(edge_map("00000"), 7)).save(file)
    check(open_dataset(root), "label_correct/00000", "label_correct")
