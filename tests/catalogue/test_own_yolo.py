"""Boxes that go back into the renamed YOLO files of APCData."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from going_back import write_back
from miniatures_apcdata import write_apcdata

from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.batch.own_form import export_corrections
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import Boxes
from napari_cellsets.core.errors import ExportError
from napari_cellsets.store import Mark, MarkKey, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample

NEW = 10**15


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


def boxes_of(dataset: Dataset, sample: Sample) -> tuple[str, Boxes]:
    return next(
        (one.name, one.annotation)
        for one in dataset.read_named(sample)
        if isinstance(one.annotation, Boxes)
    )


@pytest.mark.parametrize("exported", [False, True])
def test_other_boxes_of_the_picture_keep_their_lines(
    tmp_path: Path, project: Project, exported: bool
) -> None:
    dataset = open_dataset(write_apcdata(tmp_path / "set", exported=exported))
    sample = dataset.samples[1]
    name, _ = boxes_of(dataset, sample)
    marks = {
        MarkKey(sample.name, name, 2): Mark("boxes", [10, 20, 30, 60, 0.0], "SCC"),
        MarkKey(sample.name, name, NEW): Mark("boxes", [1, 2, 3, 4, 0.0], "ASC-US"),
    }
    project.record_marks(dataset.identity, marks, {})
    found = corrected_annotations(dataset, project, sample)
    (wanted,) = (one for one in found if isinstance(one, Boxes))
    after = write_back(dataset, project, tmp_path / "out")
    _, boxes = boxes_of(after, after.samples[1])
    np.testing.assert_allclose(boxes.yxyx, wanted.yxyx, atol=1e-5)
    assert boxes.class_ids.tolist() == wanted.class_ids.tolist()
    lines = dataset.tree.read(boxes.source).decode().splitlines()
    assert lines[0] == "1 0.1 0.2 0.1 0.1"
    assert [line.split()[0] for line in lines] == ["1", "5", "1"]


def test_a_box_without_class_has_no_number(tmp_path: Path, project: Project) -> None:
    dataset = open_dataset(write_apcdata(tmp_path / "set"))
    sample = dataset.samples[1]
    name, _ = boxes_of(dataset, sample)
    new = {MarkKey(sample.name, name, NEW): Mark("boxes", [1, 2, 3, 4, 0.0], "")}
    project.record_marks(dataset.identity, new, {})
    with pytest.raises(ExportError, match="a box has no class"):
        export_corrections(dataset, project, tmp_path / "out")


def test_a_turned_box_has_no_place(tmp_path: Path, project: Project) -> None:
    dataset = open_dataset(write_apcdata(tmp_path / "set"))
    sample = dataset.samples[1]
    name, _ = boxes_of(dataset, sample)
    new = {MarkKey(sample.name, name, 1): Mark("boxes", [1, 2, 3, 4, 30.0], "SCC")}
    project.record_marks(dataset.identity, new, {})
    with pytest.raises(ExportError, match="no turned box"):
        export_corrections(dataset, project, tmp_path / "out")


def test_a_file_with_other_lines_is_left_alone(
    tmp_path: Path, project: Project
) -> None:
    root = write_apcdata(tmp_path / "set", exported=False)
    file = next(root.rglob("labels/0002 K 12.txt"))
    file.write_text(file.read_text() + "no box at all\n")
    dataset = open_dataset(root)
    sample = dataset.samples[1]
    name, _ = boxes_of(dataset, sample)
    gone = {MarkKey(sample.name, name, 1): Mark("boxes", None, "", gone=True)}
    project.record_marks(dataset.identity, gone, {})
    with pytest.raises(ExportError, match="some lines of its file are no boxes"):
        export_corrections(dataset, project, tmp_path / "out")
