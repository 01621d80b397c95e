"""Parts of published sets: what is there is shown, what is missing is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from napari_cellsets.catalogue import can_open, open_dataset
from napari_cellsets.core.errors import NotRecognisedError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("folder", "title", "number"),
    [
        ("hicervix", "HiCervix", "40,229"),
        ("cervix93", "Cervix93", "93"),
        ("aml_cytomorphology_lmu", "AML", "18,365"),
    ],
)
def test_tables_alone_are_told_with_what_is_missing(
    folder: str, title: str, number: str, real_samples: Path
) -> None:
    said = rf"table of .*{title}.* but none of the {number} pictures.*Put them beside"
    with pytest.raises(NotRecognisedError, match=said):
        open_dataset(real_samples / folder)
    assert can_open(real_samples / folder)


def test_a_table_of_somebody_else_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/labels.csv").write_text("a,b\n1,2\n")
    with pytest.raises(NotRecognisedError, match="there is no picture here"):
        open_dataset(tmp_path / "set")


@pytest.mark.parametrize("part", ["", "test", "test/00005.bmp"])
def test_pictures_of_a_set_without_its_annotations_are_told(
    part: str, real_samples: Path
) -> None:
    dataset = open_dataset(real_samples / "comparison_detector" / part)
    assert dataset.recipe.key == "plain_images"
    if part:
        assert {sample.image[-4:] for sample in dataset.samples} == {".bmp"}
    (problem,) = dataset.problems
    assert "a picture of Comparison Detector, but test.json is not" in problem.message


@pytest.mark.parametrize("size", [(1175, 581), (1176, 581)])
def test_the_size_of_a_picture_decides(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    (tmp_path / "train").mkdir()
    picture = Image.fromarray(np.zeros((height, width), np.uint8))
    picture.save(tmp_path / "train/00001.bmp")
    said = [problem.message for problem in open_dataset(tmp_path).problems]
    assert any("Comparison Detector" in text for text in said) == (width == 1175)


def test_pictures_that_cannot_be_read_are_of_no_set(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    Image.new("L", (1175, 581)).save(tmp_path / "train/00002.bmp")
    (tmp_path / "train/00001.bmp").write_bytes(b"BM")
    assert open_dataset(tmp_path).problems == []


def test_a_size_alone_is_no_sign_of_a_set(tmp_path: Path) -> None:
    Image.new("L", (1376, 1020)).save(tmp_path / "a.png")  # as those of CRIC
    assert open_dataset(tmp_path).problems == []
