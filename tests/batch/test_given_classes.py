"""Classes that a data set does not have: added, given, exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotated_sets import write_annotated_set
from napari_cellsets.batch.container_export import ContainerExport
from napari_cellsets.batch.given_classes import (
    add_object_class,
    drop_object_class,
    learn_classes,
)
from napari_cellsets.batch.known_classes import class_names, kept_objects
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Mark, MarkKey, Project
from small_sets import write_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

CLASSES = ("nucleus", "debris")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


@pytest.fixture
def annotated(tmp_path: Path) -> Dataset:
    return open_dataset(write_annotated_set(tmp_path / "annotated"))


def exported(form: str, dataset: Dataset, project: Project, out: Path) -> Path:
    export = ContainerExport(form, lossy=True)
    export.write(dataset, project, dataset.samples, out, CancelToken(), _silent)
    return out


def _silent(_share: float, _words: str) -> None:
    """Nobody looks."""


def test_an_added_class_is_known_wherever_the_set_is_opened(
    annotated: Dataset, project: Project
) -> None:
    added = add_object_class(annotated, project, "artefact")
    assert class_names(annotated)[added.number] == "artefact"
    again = open_dataset(annotated.path)
    assert "artefact" not in class_names(again).values()
    assert learn_classes(again, project)
    assert not learn_classes(again, project)
    assert class_names(again) == class_names(annotated)


def test_a_class_that_is_taken_back_is_known_no_more(
    annotated: Dataset, project: Project
) -> None:
    added = add_object_class(annotated, project, "artefact")
    drop_object_class(annotated, project, added)
    assert class_names(annotated) == {1: "nucleus", 2: "debris"}
    assert add_object_class(annotated, project, "artefact")[:3] == added[:3]


@pytest.mark.parametrize("name", ["nucleus", "Nucleus ", "DEBRIS"])
def test_a_class_of_the_set_is_not_added_again(
    annotated: Dataset, project: Project, name: str
) -> None:
    with pytest.raises(StoreError, match="already"):
        add_object_class(annotated, project, name)
    assert project.added_classes(annotated.identity) == ()


def test_an_empty_name_is_refused(annotated: Dataset, project: Project) -> None:
    with pytest.raises(StoreError, match="needs a name"):
        add_object_class(annotated, project, "  ")


def test_an_added_class_is_a_category_also_before_anything_has_it(
    annotated: Dataset, project: Project, tmp_path: Path
) -> None:
    added = add_object_class(annotated, project, "artefact")
    out = exported("coco", annotated, project, tmp_path / "out")
    (file,) = out.rglob("*.json")
    names = {c["id"]: c["name"] for c in json.loads(file.read_text())["categories"]}
    assert (names[1], names[2], names[added.number]) == (*CLASSES, "artefact")


@pytest.mark.parametrize(
    ("form", "ending"),
    [("coco", "json"), ("qupath", "geojson"), ("points-csv", "csv"), ("yolo", "yaml")],
)
def test_a_point_of_an_added_class_goes_out_with_its_name(
    annotated: Dataset, project: Project, tmp_path: Path, form: str, ending: str
) -> None:
    add_object_class(annotated, project, "artefact")
    place = Mark("points", [3.0, 4.0], "artefact")
    if form == "yolo":
        place = Mark("boxes", [3.0, 4.0, 9.0, 9.0, 0.0], "artefact")
    key = MarkKey(annotated.samples[1].name, place.kind, 10**15)
    project.record_marks(annotated.identity, {key: place}, {})
    # another window, that never heard of the class
    out = exported(form, open_dataset(annotated.path), project, tmp_path / "out")
    files = [file.read_text() for file in out.rglob(f"*.{ending}")]
    assert any("artefact" in text for text in files)


def test_a_set_without_classes_can_be_given_some(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_set(tmp_path / "plain"))
    sample = dataset.samples[0]
    usual = class_names(dataset)
    added = add_object_class(dataset, project, "artefact")
    assert added.number == 101
    assert class_names(dataset) == {**usual, 101: "artefact"}
    labels = np.zeros((48, 64), np.int32)
    labels[:9, :9], labels[20:30, 20:30] = 1, 2
    place = (dataset.identity, sample.name, "cells")
    project.save_labels(*place, labels, {"source": "drawn by hand"})
    project.set_object_facts(*place, [2], {"class_id": added.number})
    kept = kept_objects(open_dataset(dataset.path), project, sample)
    assert kept is not None
    assert kept.classes == {2: "artefact"}
    assert kept.image.class_of == {2: 101}
