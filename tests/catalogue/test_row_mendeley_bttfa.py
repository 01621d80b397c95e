"""Mendeley BTTFA: nuclei dark on white."""

from __future__ import annotations

from typing import TYPE_CHECKING

import miniatures_mendeley_bttfa as mini
import numpy as np
import pytest
from openings import zipped
from PIL import Image

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.formats.words.dark_components import dark_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset


def check(dataset: Dataset) -> None:
    assert dataset.recipe.key == "mendeley_bttfa"
    assert [sample.name for sample in dataset.samples] == list(mini.NUCLEI)
    for sample in dataset.samples:
        (found,) = dataset.read_annotations(sample)
        assert isinstance(found, LabelImage)
        expected = mini.mask_of(mini.NUCLEI[sample.name])
        expected[0, 0] = True  # grey 155 is nucleus, 156 is not
        np.testing.assert_array_equal(found.labels > 0, expected)
        assert found.labels.max() == len(mini.NUCLEI[sample.name]) + 1
        assert set(found.class_of.values()) <= {1}
        assert dataset.beside(sample) == ("groundtruth_mask",)
    assert dataset.problems == []


def test_nuclei_are_dark_on_white(tmp_path: Path) -> None:
    check(open_dataset(mini.write_mendeley_bttfa(tmp_path)))


def test_it_is_read_from_an_archive(tmp_path: Path) -> None:
    root = mini.write_mendeley_bttfa(tmp_path)
    check(open_dataset(zipped(root, tmp_path / "a.zip", "dataset_forsubmit/")))


@pytest.mark.parametrize("part", ["imgbmp", "GroundTruth"])
def test_a_folder_of_it_finds_the_rest(part: str, tmp_path: Path) -> None:
    check(open_dataset(mini.write_mendeley_bttfa(tmp_path) / part))


@pytest.mark.parametrize("file", ["imgbmp/2.bmp", "GroundTruth/2.bmp"])
def test_one_file_opens_the_set_at_its_picture(file: str, tmp_path: Path) -> None:
    dataset = open_dataset(mini.write_mendeley_bttfa(tmp_path) / file)
    check(dataset)
    assert dataset.samples[dataset.start].name == "2"


def test_the_folder_that_nobody_describes_is_shown_beside(tmp_path: Path) -> None:
    dataset = open_dataset(mini.write_mendeley_bttfa(tmp_path))
    picture = dataset.read_beside(dataset.samples[0], "groundtruth_mask")
    assert picture.plane_shape == mini.SHAPE


def test_a_mask_of_another_size_is_told(tmp_path: Path) -> None:
    root = mini.write_mendeley_bttfa(tmp_path)
    Image.new("L", (5, 5)).save(root / "GroundTruth" / "1.bmp")
    dataset = open_dataset(root)
    assert dataset.read_annotations(dataset.samples[0]) == ()
    assert "5 x 5 pixels" in dataset.problems[0].message


@pytest.mark.parametrize("kind", ["grey", "colour", "sixteen", "bits", "bitmap"])
def test_masks_of_any_depth_are_read(kind: str) -> None:
    dark = np.array([[True, False], [False, True]])
    plane = {
        "grey": np.where(dark, 100, 200).astype(np.uint8),
        "colour": np.where(dark[..., None], (120, 90, 60), (255, 250, 240)),
        "sixteen": np.where(dark, 20_000, 60_000).astype(np.uint16),
        "bits": ~dark,
        "bitmap": (~dark).astype(np.uint8),
    }[kind]
    np.testing.assert_array_equal(dark_of(plane, 156) > 0, dark)
