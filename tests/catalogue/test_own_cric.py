"""Nuclei that go back into the files of the CRIC exporter."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING

import miniatures_apcdata
import miniatures_cric as mini
import numpy as np
import pytest
from going_back import write_back

from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.batch.own_form import export_corrections
from napari_cellsets.catalogue import open_dataset
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


def written(tmp_path: Path, *, as_csv: bool) -> Dataset:
    mini.write_pictures(tmp_path / "cric")
    mini.write_classifications(tmp_path / "cric", as_csv=as_csv)
    return open_dataset(tmp_path / "cric")


def second(dataset: Dataset) -> Sample:
    return next(one for one in dataset.samples if mini.SECOND in one.name)


def correct(dataset: Dataset, project: Project, sample: Sample) -> None:
    """The first moves, the second has another class, another one is new."""
    (name,) = (one.name for one in dataset.read_named(sample))
    marks = {
        MarkKey(sample.name, name, 1): Mark("points", [7.5, 9.0], "HSIL"),
        MarkKey(sample.name, name, 2): Mark("points", [899.0, 4.0], "LSIL"),
        MarkKey(sample.name, name, NEW): Mark("points", [30.0, 40.0], "SCC"),
    }
    project.record_marks(dataset.identity, marks, {})


@pytest.mark.parametrize("as_csv", [False, True])
def test_only_corrected_cells_are_other_bytes(
    tmp_path: Path, project: Project, as_csv: bool
) -> None:
    dataset = written(tmp_path, as_csv=as_csv)
    sample = second(dataset)
    name = "classifications.csv" if as_csv else "classifications.json"
    before = (tmp_path / "cric" / name).read_text()
    correct(dataset, project, sample)
    (wanted,) = corrected_annotations(dataset, project, sample)
    after = write_back(dataset, project, tmp_path / "out")
    (found,) = after.read_annotations(second(after))
    np.testing.assert_array_equal(found.yx, wanted.yx)
    told = [found.class_names[number] for number in found.class_ids]
    assert told == ["HSIL", "LSIL", "SCC"]
    assert found.properties["id"] == ["13", "14", "15"]
    text = (tmp_path / "cric" / name).read_text()
    if as_csv:
        rows = list(csv.DictReader(text.splitlines()))
        assert [row["image_doi"] for row in rows[-3:]] == [rows[-4]["image_doi"]] * 3
        same = [line for line in before.splitlines() if mini.FIRST in line]
        assert [line for line in text.splitlines() if mini.FIRST in line] == same
        return
    old, new = json.loads(before), json.loads(text)
    for one, other in zip(old, new, strict=True):
        same = mini.SECOND not in one["image_name"]
        assert (one == other) is same
        assert {**one, "classifications": 0} == {**other, "classifications": 0}


@pytest.mark.parametrize("as_csv", [False, True])
def test_cells_that_are_gone_leave_the_others(
    tmp_path: Path, project: Project, as_csv: bool
) -> None:
    dataset = written(tmp_path, as_csv=as_csv)
    sample = second(dataset)
    (name,) = (one.name for one in dataset.read_named(sample))
    gone = {MarkKey(sample.name, name, 1): Mark("points", None, "", gone=True)}
    project.record_marks(dataset.identity, gone, {})
    after = write_back(dataset, project, tmp_path / "out")
    (found,) = after.read_annotations(second(after))
    assert found.properties["id"] == ["14"]


def test_a_real_list_is_the_same_but_for_what_was_corrected(
    tmp_path: Path, project: Project, real_samples: Path
) -> None:
    root = shutil.copytree(real_samples / "cric", tmp_path / "cric")
    before = (root / "classifications.json").read_bytes()
    dataset = open_dataset(root)
    sample = dataset.samples[0]
    points = dataset.read_annotations(sample)[0]
    (name,) = (one.name for one in dataset.read_named(sample))
    place = (points.yx[0] + [0, 3]).tolist()
    told = points.class_names[int(points.class_ids[0])]
    moved = {MarkKey(sample.name, name, 1): Mark("points", place, told)}
    project.record_marks(dataset.identity, moved, {})
    write_back(dataset, project, tmp_path / "out")
    after = (root / "classifications.json").read_bytes()
    x = int(points.yx[0, 1]) + 1
    start = b'{"cell_id":%s,' % points.properties["id"][0].encode()
    at = before.index(b'"nucleus_x":%d,' % x, before.index(start))
    assert after[:at] == before[:at]
    assert after[at:] == before[at:].replace(b":%d," % x, b":%d," % (x + 3), 1)


@pytest.mark.parametrize("as_json", [False, True])
def test_tables_of_one_picture_go_back_too(
    tmp_path: Path, project: Project, as_json: bool
) -> None:
    root = miniatures_apcdata.write_apcdata(tmp_path / "set", as_json=as_json)
    dataset = open_dataset(root)
    sample = dataset.samples[0]
    name = dataset.read_named(sample)[0].name
    marks = {
        MarkKey(sample.name, name, 2): Mark("points", None, "", gone=True),
        MarkKey(sample.name, name, NEW): Mark("points", [30.0, 40.0], "SCC"),
    }
    project.record_marks(dataset.identity, marks, {})
    report = export_corrections(dataset, project, tmp_path / "out")
    (file,) = report.written
    assert file.stem == "0001"
    if as_json:
        cells = json.loads(file.read_text())[0]["classifications"]
        told = [tuple(cell.values()) for cell in cells]
        assert told == [(1, "Negative", 100, 200), (3, "SCC", 41, 31)]
        return
    lines = file.read_text().splitlines()[1:]
    name = "0000000000000001.png"
    assert lines == [f"1,{name},null,1,Negative,100,200", f"1,{name},null,3,SCC,41,31"]


def test_of_files_of_one_picture_each_that_of_the_picture_is_written(
    tmp_path: Path, project: Project
) -> None:
    written(tmp_path, as_csv=False)
    whole = tmp_path / "cric" / "classifications.json"
    for one in json.loads(whole.read_text()):
        number = one["image_id"]
        alone = whole.with_name(f"cric_{number}_classification.json")
        alone.write_text(json.dumps([one]))
    whole.unlink()
    dataset = open_dataset(tmp_path / "cric")
    correct(dataset, project, second(dataset))
    (file,) = export_corrections(dataset, project, tmp_path / "out").written
    (one,) = json.loads(file.read_text())
    assert mini.SECOND in one["image_name"]
    assert len(one["classifications"]) == 3


def test_cells_of_one_number_cannot_be_told_apart(
    tmp_path: Path, project: Project
) -> None:
    dataset = written(tmp_path, as_csv=False)
    sample = next(one for one in dataset.samples if mini.FIRST in one.name)
    correct(dataset, project, sample)
    correct(dataset, project, second(dataset))
    report = export_corrections(dataset, project, tmp_path / "out")
    (problem,) = report.failed
    assert problem.message.startswith("two of its cells have the same number")


def test_a_nucleus_without_class_has_no_place(tmp_path: Path, project: Project) -> None:
    dataset = written(tmp_path, as_csv=False)
    sample = second(dataset)
    (name,) = (one.name for one in dataset.read_named(sample))
    new = {MarkKey(sample.name, name, NEW): Mark("points", [30.0, 40.0], "")}
    project.record_marks(dataset.identity, new, {})
    with pytest.raises(ExportError, match="each nucleus needs a class"):
        export_corrections(dataset, project, tmp_path / "out")


def test_a_quoted_table_is_left_alone(tmp_path: Path, project: Project) -> None:
    written(tmp_path, as_csv=True)
    table = tmp_path / "cric" / "classifications.csv"
    table.write_text(table.read_text().replace("SCC", '"SCC"'))
    dataset = open_dataset(tmp_path / "cric")
    correct(dataset, project, second(dataset))
    with pytest.raises(ExportError, match="tells nothing of this picture"):
        export_corrections(dataset, project, tmp_path / "out")
