"""What classifiers said stands in the tables beside what people said."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import squares, write_set
from napari_cellsets.batch.kept_export import OBJECTS_NAME, Export
from napari_cellsets.batch.kept_predictions import predicted_pictures
from napari_cellsets.batch.picture_classes import picture_classes, write_class_table
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.classify import ClassTable
from napari_cellsets.classify.crops import stamps_of
from napari_cellsets.classify.kept import KeptTable, pack
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.store import PredictionKey, Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

CLASSES = ("ruby", "emerald")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite") as opened:
        yield opened


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return open_dataset(write_set(tmp_path / "set"))


def answered(names: Sequence[str], shares: Sequence[float]) -> ClassTable:
    """A table in which each cell is a ruby with this probability."""
    pairs = np.array([(share, 1 - share) for share in shares], np.float32)
    return ClassTable(tuple(names), CLASSES, CLASSES, pairs)


def keep(project: Project, key: PredictionKey, kept: KeptTable, model: str) -> None:
    said = {"model": model, "model_hash": key.model_hash}
    project.save_prediction(key, pack(kept), said)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def objects(dataset: Dataset, project: Project, folder: Path) -> list[dict[str, str]]:
    work = Export(dataset, project, dataset.samples[:1], folder, None, False, True)
    work(CancelToken(), lambda *_: None)
    return rows_of(folder / OBJECTS_NAME)


def test_objects_have_class_probability_and_model_of_the_newest_answer(
    dataset: Dataset, project: Project, tmp_path: Path
) -> None:
    labels, name = squares(3), dataset.samples[0].name
    project.save_labels(dataset.identity, name, "cells", labels, {})
    stamps = stamps_of(labels)[1]
    for digest, model, shares in (
        ("a" * 20, "old.onnx", (0.9, 0.8, 0.7)),
        ("b" * 20, "new.onnx", (0.75, 0.25, 0.5)),
    ):
        key = PredictionKey(dataset.identity, digest, name, "cells")
        keep(project, key, KeptTable(answered("123", shares), stamps), model)
    number = dataset.class_table.id_for("sapphire")
    place = dataset.identity, name, "cells"
    project.set_object_facts(*place, [2], {"class_id": number})
    rows = objects(dataset, project, tmp_path / "out")
    assert [row["predicted_class"] for row in rows] == ["ruby", "emerald", "ruby"]
    assert [float(row["probability"]) for row in rows] == [0.75, 0.75, 0.5]
    assert {row["predicted_by"] for row in rows} == {"new.onnx (bbbbbbbb)"}
    assert [bool(row["class"]) for row in rows] == [False, True, False]


def test_an_object_that_was_changed_since_has_no_prediction(
    dataset: Dataset, project: Project, tmp_path: Path
) -> None:
    before, name = squares(2), dataset.samples[0].name
    now = before.copy()
    now[tuple(np.argwhere(now == 2)[0])] = 0
    project.save_labels(dataset.identity, name, "cells", now, {})
    key = PredictionKey(dataset.identity, "a" * 20, name, "cells")
    kept = KeptTable(answered("12", (0.9, 0.9)), stamps_of(before)[1])
    keep(project, key, kept, "m.onnx")
    rows = objects(dataset, project, tmp_path / "out")
    assert [row["predicted_class"] for row in rows] == ["ruby", ""]
    assert rows[1]["probability"] == ""


def test_without_predictions_there_are_no_columns_for_them(
    dataset: Dataset, project: Project, tmp_path: Path
) -> None:
    name = dataset.samples[0].name
    project.save_labels(dataset.identity, name, "cells", squares(2), {})
    rows = objects(dataset, project, tmp_path / "out")
    assert "predicted_class" not in rows[0]


def test_the_table_of_pictures_has_them_beside_the_persons_class(
    dataset: Dataset, project: Project, tmp_path: Path
) -> None:
    names = [sample.name for sample in dataset.samples]
    key = PredictionKey(dataset.identity, "c" * 20)
    keep(project, key, KeptTable(answered(names[:2], (0.125, 0.875))), "m.onnx")
    predicted = predicted_pictures(dataset, project)
    path = write_class_table(
        picture_classes(dataset, project), tmp_path / "t.csv", predicted
    )
    first, second, third = rows_of(path)[:3]
    assert (first["predicted class"], first["probability"]) == ("emerald", "0.875")
    assert (second["predicted class"], second["predicted by"]) == (
        "ruby",
        "m.onnx (cccccccc)",
    )
    assert (third["predicted class"], third["probability"]) == ("", "")
