"""Classes of pictures as people gave them: in a table, in folders, in conversion."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.batch.picture_classes import (
    UNNAMED,
    as_said,
    folder_name,
    picture_classes,
    write_class_folders,
    write_class_table,
)
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from napari_cellsets.store import Mark, MarkKey, Project
from small_cells import write_cells

if TYPE_CHECKING:
    from collections.abc import Iterator


def silent(_fraction: float, _text: str) -> None:
    """Hear of progress."""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "project.sqlite", author="A") as project:
        yield project


@pytest.fixture
def cells(tmp_path: Path) -> Dataset:
    return open_dataset(write_cells(tmp_path / "cells"))


def give(project: Project, cells: Dataset, index: int, name: str) -> None:
    key = MarkKey(cells.samples[index].name)
    mark = Mark(class_name=name, gone=not name)
    project.record_marks(cells.identity, {key: mark}, {})


def told(project: Project, cells: Dataset) -> list[tuple[str, str, str]]:
    every = picture_classes(cells, project)
    return [(one.published, one.name, one.verdict) for one in every]


def test_published_classes_count_where_nobody_said_anything(
    project: Project, cells: Dataset
) -> None:
    folders = [sample.name.split("/")[0] for sample in cells.samples]
    assert told(project, cells) == [(name, name, "") for name in folders]


def test_what_was_said_counts_until_it_is_taken_back(
    project: Project, cells: Dataset
) -> None:
    give(project, cells, 0, "monocyte")
    give(project, cells, 1, "eosinophil")
    give(project, cells, 2, "monocyte")
    give(project, cells, 2, "")
    assert told(project, cells)[:3] == [
        ("basophil", "monocyte", "relabelled"),
        ("eosinophil", "eosinophil", "accepted"),
        ("ig", "ig", ""),
    ]


def test_table_has_who_and_when_and_both_classes(
    project: Project, cells: Dataset, tmp_path: Path
) -> None:
    give(project, cells, 0, "monocyte")
    path = write_class_table(
        picture_classes(cells, project, [1, 0]), tmp_path / "t.csv"
    )
    with path.open(encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["class"], first["class given at"]) == ("eosinophil", "")
    assert (second["class as published"], second["class"]) == ("basophil", "monocyte")
    assert second["class given by"] == "A"
    assert second["class given at"].endswith("+00:00")


def test_folders_open_as_the_corrected_set(
    project: Project, cells: Dataset, tmp_path: Path
) -> None:
    give(project, cells, 0, "monocyte")
    root = tmp_path / "out"
    every = picture_classes(cells, project)
    assert write_class_folders(cells, every, root, CancelToken(), silent) == 7
    again = open_dataset(root)
    counts = [sample.facts["class"] for sample in again.samples]
    assert (counts.count("monocyte"), counts.count("basophil")) == (2, 0)
    image = cells.samples[0].image
    copied = root / "monocyte" / Path(image).name
    assert copied.read_bytes() == cells.tree.read(image)


def test_pictures_of_one_name_are_told_apart(project: Project, tmp_path: Path) -> None:
    cells = open_dataset(write_cells(tmp_path / "same", ["a/1.png", "b/1.png"]))
    give(project, cells, 0, "b")
    root = tmp_path / "out"
    every = picture_classes(cells, project)
    write_class_folders(cells, every, root, CancelToken(), silent)
    assert sorted(file.name for file in (root / "b").iterdir()) == ["1.png", "1_2.png"]


def test_folder_with_something_in_it_is_refused(
    project: Project, cells: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="should be empty"):
        write_class_folders(
            cells, picture_classes(cells, project), tmp_path, CancelToken(), silent
        )


def test_folder_that_cannot_be_written_is_told(
    project: Project, cells: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    every = picture_classes(cells, project)
    with pytest.raises(ExportError, match="No space left"):
        write_class_folders(cells, every, tmp_path / "out", CancelToken(), silent)


def test_copying_can_be_cancelled(
    project: Project, cells: Dataset, tmp_path: Path
) -> None:
    token = CancelToken()
    token.cancel()
    every = picture_classes(cells, project)
    with pytest.raises(CancelledError):
        write_class_folders(cells, every, tmp_path / "out", token, silent)


def test_conversion_takes_the_class_that_was_given(
    project: Project, cells: Dataset
) -> None:
    give(project, cells, 0, "monocyte")
    found = corrected_annotations(cells, project, cells.samples[0])
    assert [one.name for one in found] == ["monocyte"]


def test_finer_classes_go_with_the_class_they_are_of(
    project: Project, cells: Dataset
) -> None:
    give(project, cells, 2, "monocyte")
    rows = project.marks(cells.identity)
    sample = cells.samples[2]
    said = as_said(sample, rows[MarkKey(sample.name)])
    assert said.facts["class"] == "monocyte"
    assert "subclass" not in said.facts
    assert as_said(sample, None) is sample


@given(st.text())
def test_every_class_has_a_folder_of_one_name(name: str) -> None:
    folder = folder_name(name)
    assert folder
    assert not set(folder) & set('<>:"/\\|?*\0')
    assert folder == folder.strip(" .")
    assert folder not in (".", "..")


def test_no_class_has_a_folder_too() -> None:
    assert folder_name("") == UNNAMED
    assert folder_name("a/b") == "a_b"
