"""What ``export`` and ``convert --cells`` write of the project store."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.cli import main
from napari_cellsets.store import Project
from small_sets import labels_of, write_set

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def four(tmp_path: Path) -> Path:
    return write_set(tmp_path / "four")


@pytest.fixture
def store(four: Path, tmp_path: Path) -> str:
    """A store with cells of the first picture; a flag on one of them."""
    place, dataset = tmp_path / "p.sqlite", open_dataset(four)
    where = (dataset.identity, dataset.samples[0].name, "cells")
    with Project.open(place) as project:
        project.save_labels(*where, labels_of(0), {"source": "predicted"})
        said = {"class_id": 7, "flag": "blurred"}
        project.set_object_facts(*where, [2], said)
    return str(place)


def test_export_writes_tables_with_what_people_said(
    four: Path, store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["export", str(four), str(out), "--store", store]) == 0
    assert "objects.csv with 2 cells" in capsys.readouterr().out
    with (out / "objects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["class"], row["flag"]) for row in rows] == [("", ""), ("7", "blurred")]
    with (out / "counts_per_class.csv").open(newline="") as file:
        assert [row["class"] for row in csv.DictReader(file)] == ["7", ""]
    assert not (out / "masks").exists()


def test_export_writes_masks_alone(four: Path, store: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["export", str(four), str(out), "--store", store, "--masks", "png"]
    assert main([*command, "--no-tables"]) == 0
    assert [path.name for path in out.iterdir()] == ["masks"]


def test_export_says_that_nothing_was_counted(
    four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "empty.sqlite")
    assert main(["export", str(four), str(tmp_path / "out"), "--store", store]) == 1
    assert "nothing was counted yet" in capsys.readouterr().err


def test_convert_writes_cells_in_place_of_the_sets_own_marks(
    four: Path, store: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = ["convert", str(four), "--to", "coco", str(out), "--store", store]
    assert main([*command, "--cells", "--lossy"]) == 0
    written = json.loads((out / "annotations.json").read_text())
    names = {one["id"]: one["name"] for one in written["categories"]}
    assert "7" in {names.get(one["category_id"]) for one in written["annotations"]}
    assert len({one["image_id"] for one in written["annotations"]}) == 1
