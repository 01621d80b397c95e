"""Whether places without pictures are worth opening: seen by names alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from miniatures_comparison_detector import TEST, document
from miniatures_cx22 import write_pair
from miniatures_neuromorphic import write_neuromorphic

from napari_cellsets.catalogue import can_open
from napari_cellsets.catalogue.set_files import set_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name",
    [
        "CISD.json",
        "a/b/cyto_ins.mat",
        "NUC_INS_BBOX.mat",
        "train.json",
        "annotations_red_test.json",
    ],
)
def test_files_of_sets_are_known_by_name(name: str) -> None:
    assert set_files()(name)


@pytest.mark.parametrize(
    "name", ["a.xml", "00003.json", "x.csv", "notes.txt", "a.png", "scan.npy", "README"]
)
def test_files_of_any_name_are_not(name: str) -> None:
    assert not set_files()(name)


@pytest.mark.parametrize("part", ["", "cyto", "cyto/cyto_ins.mat"])
def test_set_of_arrays_can_be_opened(part: str, tmp_path: Path) -> None:
    assert can_open(write_pair(tmp_path) / part)


@pytest.mark.parametrize("part", ["", "RBC.zip"])
def test_set_of_events_can_be_opened(part: str, tmp_path: Path) -> None:
    assert can_open(write_neuromorphic(tmp_path / "set") / part)


def test_file_of_annotations_can_be_opened_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(document(TEST)))
    assert can_open(file)
    file.write_text('{"name": "napari"}')
    assert not can_open(file)


def test_folder_of_other_files_cannot_be_opened(tmp_path: Path) -> None:
    for name in ("a.txt", "b.npy", "c.mat", "d.csv"):
        (tmp_path / name).write_text("x")
    assert not can_open(tmp_path)
    assert not can_open(tmp_path / "c.mat")
