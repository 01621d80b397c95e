"""Outlines and points that go back into the text files of their set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import miniatures_cervix93
import miniatures_sipakmed
import numpy as np
import pytest
from going_back import named, own, write_back

from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.batch.own_form import export_corrections
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.own_files import OwnFiles
from napari_cellsets.store import Mark, MarkKey, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


def test_outlines_of_sipakmed_go_back_into_their_files(
    tmp_path: Path, project: Project
) -> None:
    root = miniatures_sipakmed.write_sipakmed(tmp_path / "set")
    dataset = open_dataset(root, row="sipakmed_clusters")
    sample = dataset.samples[0]
    moved = [[[[30.25, 10.5], [60.0, 12.0], [45.0, 80.125]]]]
    marks = {
        MarkKey(sample.name, "cells", 1): Mark("polygons", moved, "Dyskeratotic"),
        MarkKey(sample.name, "cells", 10**15): Mark("polygons", moved),
        MarkKey(sample.name, "nuclei", 1): Mark("polygons", None, "", gone=True),
    }
    project.record_marks(dataset.identity, marks, {})
    expected = corrected_annotations(dataset, project, sample)
    gone = next(root.rglob("im_Dyskeratotic/001_nuc01.dat"))
    after = write_back(dataset, project, tmp_path / "out")
    assert not (tmp_path / "out" / gone.relative_to(root)).exists()
    gone.unlink()
    after = open_dataset(root, row="sipakmed_clusters")
    found = after.read_annotations(after.samples[0])
    for one, wanted in zip(found, expected, strict=True):
        assert len(one.outlines) == len(wanted.outlines)
        for outline, other in zip(one.outlines, wanted.outlines, strict=True):
            np.testing.assert_array_equal(outline[0][0], other[0][0])
    (new,) = root.rglob("im_Dyskeratotic/001_cyt03.dat")
    assert np.loadtxt(new, delimiter=",")[:, ::-1].tolist() == moved[0][0]


def test_what_a_contour_file_cannot_hold_is_refused(
    tmp_path: Path, project: Project
) -> None:
    root = miniatures_sipakmed.write_sipakmed(tmp_path / "set")
    dataset = open_dataset(root, row="sipakmed_clusters")
    sample, ring = dataset.samples[0], [[10, 10], [50, 10], [50, 60]]
    other = {MarkKey(sample.name, "cells", 1): Mark("polygons", [[ring]], "Parabasal")}
    project.record_marks(dataset.identity, other, {})
    with pytest.raises(ExportError, match="tell no class of an object"):
        export_corrections(dataset, project, tmp_path / "out")
    back = {
        MarkKey(sample.name, "cells", 1): Mark("polygons", [[ring]], "Dyskeratotic")
    }
    project.record_marks(dataset.identity, back, {})
    parts = {MarkKey(sample.name, "nuclei", 1): Mark("polygons", [[ring], [ring]])}
    project.record_marks(dataset.identity, parts, {})
    report = export_corrections(dataset, project, tmp_path / "out")
    (problem,) = report.failed
    assert problem.message.startswith("a contour file holds one ring")
    assert len(report.written) == 2


def test_points_of_cervix93_go_back_into_their_tables(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(miniatures_cervix93.write_cervix93(tmp_path / "set"))
    sample = dataset.samples[0]
    marks = {
        MarkKey(sample.name, "points", 1): Mark("points", None, "", gone=True),
        MarkKey(sample.name, "points", 10**15): Mark("points", [7.0, 9.5], "nucleus"),
    }
    project.record_marks(dataset.identity, marks, {})
    (wanted,) = corrected_annotations(dataset, project, sample)
    after = write_back(dataset, project, tmp_path / "out")
    (found,) = after.read_annotations(after.samples[0])
    np.testing.assert_array_equal(found.yx, wanted.yx)
    (table,) = (tmp_path / "out").rglob("*.csv")
    assert table.read_text().splitlines()[-1] == "8,10.5"


def test_tables_that_know_more_than_marks_are_refused(tmp_path: Path) -> None:
    dataset = open_dataset(miniatures_cervix93.write_cervix93(tmp_path / "set"))
    points = named(dataset, dataset.samples[0], "points")
    files = OwnFiles(dataset.tree, tmp_path / "out")
    more = own(dataset, points, "points", columns=("row", "column", "who"))
    with pytest.raises(ExportError, match="nobody knows column 'who'"):
        files.put(more)
    whole = own(dataset, points, "points", named_by="image")
    with pytest.raises(ExportError, match="a table of the whole set"):
        files.put(whole)


def test_a_table_with_classes_and_words_is_written_with_them(tmp_path: Path) -> None:
    dataset = open_dataset(miniatures_cervix93.write_cervix93(tmp_path / "set"))
    points = replace(
        named(dataset, dataset.samples[0], "points"),
        yx=np.array([[1.0, 2.0], [3.5, 4.0]]),
        class_names={1: "round", 2: "flat"},
        class_ids=np.array([2, -1]),
        properties={"sure": ["0.5", None]},
    )
    options = {"class_column": "kind", "properties": {"sure": "p"}}
    columns = ("kind", "row", "p", "column")
    files = OwnFiles(dataset.tree, tmp_path / "out")
    (file,) = files.put(own(dataset, points, "points", columns=columns, **options))
    assert file.read_text().split() == ["flat,2,0.5,3", ",4.5,,5"]
