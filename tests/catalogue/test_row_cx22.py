"""Cx22: overlapping cells in MATLAB 7.3 files, images cut from another set."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from miniatures_cx22 import (
    PAIR_NAMES,
    PAIR_WH,
    PAIR_XY,
    multi_cells,
    pair_cells,
    source_picture,
    write_multi,
    write_pair,
    write_sources,
)

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import Boxes, MaskStack

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

NAMES = "generator/ImageDataNames.mat"
XY, WH = "generator/ROIs_x_y.mat", "generator/ROIs_W_H.mat"


def full(stack: MaskStack, number: int) -> np.ndarray:
    whole = np.zeros(stack.shape, bool)
    (top, left), mask = stack.corners[number], stack.masks[number]
    whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return whole


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(folder.rglob("*.*")):
            target.write(file, file.relative_to(folder.parent).as_posix())
    return archive


def check_pair(dataset: Dataset) -> None:
    """The samples of the pair are those written, each mask kept whole."""
    for image, (cytoplasms, nuclei) in enumerate(pair_cells()):
        name = f"Cx22-Pair/{image + 1:03d}"
        sample = dataset.samples[dataset.find(name)]
        stack, boxes = dataset.read_annotations(sample)
        assert isinstance(stack, MaskStack)
        for number, mask in enumerate([*cytoplasms, *nuclei]):
            np.testing.assert_array_equal(full(stack, number), mask)
        named = [stack.class_names[class_id] for class_id in stack.class_ids]
        assert named == ["cytoplasm", "cytoplasm", "nucleus", "nucleus"]
        assert isinstance(boxes, Boxes)
        assert len(boxes.yxyx) == 4


@pytest.mark.parametrize(
    "part",
    [
        "",
        "cyto",
        "nuc",
        "cyto/cyto_ins.mat",
        "nuc/nuc_ins.mat",
        "cyto/cyto_ins_bbox.mat",
        "Cx22-Pair.zip",
    ],
)
def test_set_opens_from_any_part(part: str, tmp_path: Path) -> None:
    root = write_pair(tmp_path / "set")
    archive = zipped(root, tmp_path / "Cx22-Pair.zip")
    dataset = open_dataset(archive if part.endswith("zip") else root / part)
    assert dataset.recipe.key == "cx22"
    check_pair(dataset)
    assert dataset.completeness.text == "3 of 820 images of Cx22-Pair"
    (problem,) = dataset.problems
    assert "they are blank. Put the folder CCEDD" in problem.message


def test_parts_beside_each_other_open_together(tmp_path: Path) -> None:
    write_pair(tmp_path / "Cx22")
    write_multi(tmp_path / "Cx22")
    write_multi(tmp_path / "Cx22", "Cx22-Multi-Train")
    dataset = open_dataset(tmp_path / "Cx22")
    assert [sample.name for sample in dataset.samples] == [
        "Cx22-Multi-Test/001",
        "Cx22-Multi-Train/001",
        "Cx22-Pair/001",
        "Cx22-Pair/002",
        "Cx22-Pair/003",
    ]
    check_pair(dataset)
    (stack, _) = dataset.read_annotations(dataset.samples[0])
    (cells,) = multi_cells()
    for number, mask in enumerate([*cells[0], *cells[1]]):
        np.testing.assert_array_equal(full(stack, number), mask)


def test_images_are_cut_from_ccedd_beside(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    write_sources(tmp_path / "CCEDD" / "label_correct" / "png")
    dataset = open_dataset(root)
    for sample, name, (x, y), (wide, high) in zip(
        dataset.samples, PAIR_NAMES, PAIR_XY, PAIR_WH, strict=True
    ):
        pixels = dataset.read_picture(sample).pixels
        assert pixels.shape == (512, 512, 3)
        cut = source_picture(name)[y : y + high, x : x + wide]
        np.testing.assert_array_equal(pixels[: cut.shape[0], : cut.shape[1]], cut)
    assert dataset.thumbnail(dataset.samples[0]).shape == (128, 128, 3)
    assert dataset.problems == []


def test_without_ccedd_images_are_white(tmp_path: Path) -> None:
    dataset = open_dataset(write_pair(tmp_path))
    picture = dataset.read_picture(dataset.samples[0])
    assert picture.pixels.shape == (512, 512, 3)
    assert (picture.pixels == 255).all()


def test_facts_tell_where_an_image_was_cut_from(tmp_path: Path) -> None:
    write_pair(tmp_path)
    write_multi(tmp_path)
    dataset = open_dataset(tmp_path)
    facts = dataset.samples[dataset.find("Cx22-Multi-Test/001")].facts
    assert facts["picture of CCEDD"] == "00477"
    assert facts["cut from (x, y)"] == "300, 200"
    assert facts["size of the cut"] == "800 x 600"
    assert facts["scale"] == "0.64"
    assert facts["cells"] == "4"
    apart = dataset.samples[dataset.find("Cx22-Pair/003")].facts
    assert (apart["smallest overlap"], apart["largest overlap"]) == ("0", "0")


def test_damaged_table_is_told_and_masks_are_read(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    write_sources(tmp_path / "png")
    (root / NAMES).write_bytes(b"<html>")
    dataset = open_dataset(root)
    check_pair(dataset)
    assert (dataset.read_picture(dataset.samples[0]).pixels == 255).all()
    assert any("ImageDataNames.mat" in p.message for p in dataset.problems)


def test_one_damaged_file_leaves_the_other(tmp_path: Path) -> None:
    root = write_pair(tmp_path)
    file = root / "nuc" / "nuc_ins.mat"
    file.write_bytes(file.read_bytes()[:900])
    dataset = open_dataset(root)
    dataset.read_annotations(dataset.samples[0])
    assert any("nuc_ins.mat" in problem.message for problem in dataset.problems)


def test_real_boxes_are_a_set(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / "cx22")
    assert dataset.recipe.key == "cx22"
    assert dataset.completeness.text == "820 of 820 images of Cx22-Pair, complete"
    assert [p for p in dataset.problems if "they are blank" not in p.message] == []
    assert dataset.samples[0].facts["picture of CCEDD"] == "00000"
    assert sum(int(sample.facts["cells"]) for sample in dataset.samples) == 1640
    (boxes,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(boxes, Boxes)
    np.testing.assert_array_equal(
        boxes.yxyx[0] + 0.5,
        [9, 0, 165, 140],
    )
