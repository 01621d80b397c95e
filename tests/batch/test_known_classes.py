"""Classes given by hand reach counts, tables and annotations."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import squares
from napari_cellsets.batch.container_export import ContainerExport
from napari_cellsets.batch.kept_export import (
    CLASSES_NAME,
    COUNTS_NAME,
    OBJECTS_NAME,
    Export,
)
from napari_cellsets.batch.known_classes import corrected_classes, kept_objects
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.store import LayerFacts, ObjectFacts, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

NAMES = {1: "alive", 2: "dead"}
MODEL = {
    "source": "predicted",
    "model": "nuclei",
    "model_hash": "0123456789abcdef",
    "settings": {"threshold": 0.5},
}


def facts(
    said: dict[int, int | None], saved: dict[int, int] | None = None
) -> LayerFacts:
    differing = {label: ObjectFacts(class_id) for label, class_id in said.items()}
    return LayerFacts({}, differing, saved or {})


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "store.sqlite", author="ada") as opened:
        yield opened


@pytest.fixture
def kept(four: Dataset, project: Project) -> Dataset:
    """Cells of the first picture of four; the first two objects are corrected."""
    alive, dead = (four.class_table.id_for(name) for name in ("alive", "dead"))
    for sample, number in zip(four.samples[:3], (3, 0, 5), strict=True):
        place = (four.identity, sample.name)
        project.save_labels(*place, "cells", squares(number), MODEL)
    cells = (four.identity, four.samples[0].name, "cells")
    project.set_object_facts(*cells, [1], {"class_id": alive})
    project.set_object_facts(*cells, [2], {"class_id": dead, "flag": "blurred"})
    return four


def export(dataset: Dataset, project: Project, folder: Path, **more: object) -> str:
    asked = {"masks": None, "counts": False, "objects": False, **more}
    work = Export(dataset, project, dataset.samples, folder, **asked)
    return work(CancelToken(), lambda fraction, text: None)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_a_person_says_counts_before_what_was_published() -> None:
    found = corrected_classes({1: "alive", 2: "alive"}, facts({2: 2, 5: 1}), NAMES)
    assert found == {1: "alive", 2: "dead", 5: "alive"}


def test_without_facts_classes_are_as_published() -> None:
    assert corrected_classes({1: "alive"}, None, NAMES) == {1: "alive"}


def test_a_class_that_was_taken_away_is_not_the_published_one_again() -> None:
    said = facts({1: None}, saved={1: 1, 2: 2})
    assert corrected_classes({1: "alive", 2: "dead"}, said, NAMES) == {2: "dead"}


def test_a_comment_takes_no_published_class_away_where_no_classes_were_saved() -> None:
    assert corrected_classes({1: "alive"}, facts({1: None}), NAMES) == {1: "alive"}


def test_a_class_id_without_a_name_is_told_by_its_number() -> None:
    assert corrected_classes({}, facts({3: 77}), NAMES) == {3: "77"}


def test_there_are_no_kept_cells_before_any_were_counted(
    four: Dataset, project: Project
) -> None:
    assert kept_objects(four, project, four.samples[3]) is None


def test_ground_truth_is_the_files_until_it_is_corrected(
    four: Dataset, project: Project
) -> None:
    sample = four.samples[0]
    found = kept_objects(four, project, sample, "truth")
    assert found is not None
    assert np.array_equal(found.labels, squares(3))
    project.save_labels(four.identity, sample.name, "truth", squares(2), {})
    found = kept_objects(four, project, sample, "truth")
    assert found is not None
    assert np.array_equal(found.labels, squares(2))


def test_predicted_classes_count_where_nobody_said_another(
    kept: Dataset, project: Project
) -> None:
    said = {1: "sick", 3: "sick"}
    found = kept_objects(kept, project, kept.samples[0], predicted=said)
    assert found is not None
    assert found.classes == {1: "alive", 2: "dead", 3: "sick"}
    image = found.image
    assert {label: image.class_names[n] for label, n in image.class_of.items()} == {
        1: "alive",
        2: "dead",
        3: "sick",
    }


def test_cells_without_any_class_are_cells(kept: Dataset, project: Project) -> None:
    found = kept_objects(kept, project, kept.samples[2])
    assert found is not None
    image = found.image
    assert image.class_of == {}
    assert len(image.class_names) == 1


def test_tables_have_class_flag_and_origin_of_each_object(
    kept: Dataset, project: Project, tmp_path: Path
) -> None:
    export(kept, project, tmp_path / "out", objects=True)
    rows = table(tmp_path / "out" / OBJECTS_NAME)
    assert [row["class"] for row in rows[:4]] == ["alive", "dead", "", ""]
    assert [row["flag"] for row in rows[:3]] == ["", "blurred", ""]
    said = "predicted by nuclei (0123456789ab), threshold 0.5"
    assert {row["origin"] for row in rows} == {said}


def test_counts_per_class_are_written_beside_the_counts(
    kept: Dataset, project: Project, tmp_path: Path
) -> None:
    said = export(kept, project, tmp_path / "out", counts=True)
    assert f"{CLASSES_NAME} with 2 classes" in said
    rows = table(tmp_path / "out" / CLASSES_NAME)
    assert [(row["class"], row["count"], row["truth"]) for row in rows] == [
        ("alive", "1", ""),
        ("dead", "1", ""),
        ("", "1", ""),
    ]


def test_counts_per_class_are_compared_with_classes_of_the_truth(
    kept: Dataset, project: Project, tmp_path: Path
) -> None:
    truth = (kept.identity, kept.samples[0].name, "truth")
    project.save_labels(*truth, squares(3), {"source": "data set"})
    dead = kept.class_table.id_for("dead")
    project.set_object_facts(*truth, [1, 2], {"class_id": dead})
    export(kept, project, tmp_path / "out", counts=True)
    rows = {row["class"]: row for row in table(tmp_path / "out" / CLASSES_NAME)}
    assert rows["dead"]["matched"] == "1"
    assert (rows["dead"]["precision"], rows["dead"]["recall"]) == ("1", "0.5")
    assert (rows["alive"]["count"], rows["alive"]["truth"]) == ("1", "0")


def test_without_classes_no_table_of_classes_is_written(
    four: Dataset, project: Project, tmp_path: Path
) -> None:
    first = four.samples[0].name
    project.save_labels(four.identity, first, "cells", squares(3), MODEL)
    export(four, project, tmp_path / "out", counts=True)
    assert (tmp_path / "out" / COUNTS_NAME).exists()
    assert not (tmp_path / "out" / CLASSES_NAME).exists()


def test_coco_has_the_corrected_classes(
    kept: Dataset, project: Project, tmp_path: Path
) -> None:
    asked = ContainerExport("coco", cells=True, lossy=True)
    export(kept, project, tmp_path / "out", annotations=asked)
    (path,) = (tmp_path / "out").glob("*.json")
    written = json.loads(path.read_text(encoding="utf-8"))
    names = {one["id"]: one["name"] for one in written["categories"]}
    first = written["images"][0]["id"]
    found = [
        names.get(one["category_id"])
        for one in written["annotations"]
        if one["image_id"] == first
    ]
    assert found[:2] == ["alive", "dead"]


def test_counts_compare_with_the_corrected_truth(
    kept: Dataset, project: Project, tmp_path: Path
) -> None:
    truth = (kept.identity, kept.samples[0].name, "truth")
    project.save_labels(*truth, squares(2), {"source": "data set"})
    export(kept, project, tmp_path / "out", counts=True)
    assert table(tmp_path / "out" / COUNTS_NAME)[0]["truth"] == "2"
