"""Cervix93: points as row and column from 1, grades from a table, stacks beside."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import miniatures_cervix93 as mini
import numpy as np
import pytest
from openings import zipped

from napari_cellsets.catalogue import can_open, open_dataset
from napari_cellsets.core.annotation import Points

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

FRAMES = tuple(mini.PLANES)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write_cervix93(tmp_path_factory.mktemp("cervix93"))


def check(dataset: Dataset, frames: tuple[str, ...] = FRAMES) -> None:
    assert dataset.recipe.key == "cervix93"
    assert [sample.name for sample in dataset.samples] == list(frames)
    for sample in dataset.samples:
        (points,) = dataset.read_annotations(sample)
        assert isinstance(points, Points)
        expected = np.array(mini.POINTS[sample.name]) - 1
        np.testing.assert_array_equal(points.yx, expected)
        assert points.class_names == {1: "nucleus"}
        assert dataset.beside(sample) == ("stack",)
    assert dataset.problems == []


def test_points_are_rows_and_columns_from_zero(whole: Path) -> None:
    check(open_dataset(whole))


def test_grade_and_set_come_from_the_table(whole: Path) -> None:
    dataset = open_dataset(whole)
    assert [(s.facts["grade"], s.split) for s in dataset.samples] == [
        ("HSIL", "training"),
        ("LSIL", "test"),
        ("Negative", "training"),
    ]
    assert dataset.completeness.text == "3 of 93 images"


def test_a_stack_has_as_many_planes_as_there_are(whole: Path) -> None:
    dataset = open_dataset(whole)
    for sample in dataset.samples:
        stack = dataset.read_beside(sample, "stack")
        assert stack.axes == "zyx"
        assert stack.pixels.shape[0] == mini.PLANES[sample.name]
        planes = stack.pixels[:, 0, 0].tolist()
        assert planes == list(range(len(planes)))
        assert dataset.read_picture(sample).pixels.dtype == np.uint8


@pytest.mark.parametrize("inside", ["", f"{mini.FOLDER}/"])
def test_it_is_read_from_an_archive(inside: str, whole: Path, tmp_path: Path) -> None:
    archive = zipped(whole, tmp_path / "cytology_dataset-master.zip", inside)
    check(open_dataset(archive))


@pytest.mark.parametrize("part", ["dataset", "dataset/EDF"])
def test_a_folder_of_it_finds_the_rest(part: str, whole: Path) -> None:
    check(open_dataset(whole / part))


def test_a_stack_opens_its_frame(whole: Path) -> None:
    check(open_dataset(whole / "dataset" / "frame031_stack"), ("frame031",))


@pytest.mark.parametrize(
    "file", ["EDF/frame077.png", "EDF/frame077.csv", "frame077_stack/fov003.png"]
)
def test_one_file_opens_the_set_at_its_frame(file: str, whole: Path) -> None:
    dataset = open_dataset(whole / "dataset" / file)
    check(dataset)
    assert dataset.samples[dataset.start].name == "frame077"


def test_the_table_of_grades_opens_the_set(whole: Path) -> None:
    assert can_open(whole / "dataset" / "labels.csv")
    check(open_dataset(whole / "dataset" / "labels.csv"))


def test_a_broken_line_is_told_and_the_other_points_stay(
    whole: Path, tmp_path: Path
) -> None:
    shutil.copytree(whole, tmp_path / "a")
    file = tmp_path / "a" / "dataset" / "EDF" / "frame000.csv"
    file.write_text("12,1191\nnan,5\nfive,six\n861,640\n")
    dataset = open_dataset(tmp_path / "a")
    (points,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(points, Points)
    np.testing.assert_array_equal(points.yx, [[11, 1190], [860, 639]])
    assert ["line 2" in p.message for p in dataset.problems] == [True, False]


def test_real_points_and_grades_are_read(real_samples: Path, tmp_path: Path) -> None:
    """Tables as published; the pictures are drawn, as none is at hand."""
    real = real_samples / "cervix93" / "dataset"
    for number, frame in enumerate(("frame000", "frame077")):
        mini.write_frame(tmp_path / "dataset", frame, number, 2)
        shutil.copy(real / "EDF" / f"{frame}.csv", tmp_path / "dataset" / "EDF")
    shutil.copy(real / "labels.csv", tmp_path / "dataset")
    dataset = open_dataset(tmp_path)
    told = [(s.name, s.facts["grade"], s.split) for s in dataset.samples]
    assert told == [("frame000", "HSIL", "training"), ("frame077", "Negative", "test")]
    rows = (real / "EDF" / "frame000.csv").read_text().split()
    (points,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(points, Points)
    assert len(points.yx) == len(rows)
    assert points.yx.max(axis=0).tolist() == [860, 1190]
    assert dataset.problems == []


def test_published_grades_and_sets_of_all_frames(real_samples: Path) -> None:
    lines = (real_samples / "cervix93/dataset/labels.csv").read_text().split()[1:]
    fields = [line.split(",") for line in lines]
    assert len(fields) == 93
    assert sum(group == "0" for _, _, group in fields) == 69
    assert [sum(g == x for _, g, _ in fields) for x in "NLH"] == [16, 46, 31]
