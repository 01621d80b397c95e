"""What ``convert`` and ``check`` say and write."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.cli import main
from napari_cellsets.store import Project
from small_sets import write_set

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def four(tmp_path: Path) -> Path:
    return write_set(tmp_path / "four")


def test_convert_writes_the_form_and_sums_it_up(
    four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["convert", str(four), "--to", "coco", str(out), "--images"]) == 0
    assert capsys.readouterr().out == f"4 images -> {out}\n"
    content = json.loads((out / "annotations.json").read_text())
    assert len(content["images"]) == 4
    assert (out / "images" / content["images"][0]["file_name"]).is_file()


def test_convert_of_one_picture_writes_it_alone(four: Path, tmp_path: Path) -> None:
    picture, out = four / "images" / "a2.png", tmp_path / "out"
    assert main(["convert", str(picture), "--to", "labelme", str(out)]) == 0
    assert [path.name for path in out.rglob("*.json")] == ["a2.json"]


def test_convert_tells_what_it_leaves_out(
    four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (four / "masks" / "a1.png").write_bytes(b"nothing")
    assert main(["convert", str(four), "--to", "coco", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert "left out a1: " in said.err
    assert said.out.startswith("3 images; 1 left out -> ")


def test_convert_writes_what_people_have_corrected(four: Path, tmp_path: Path) -> None:
    dataset, store = open_dataset(four), tmp_path / "p.sqlite"
    sample = dataset.samples[0]
    truth = dataset.read_truth(sample)
    assert truth is not None
    with Project.open(store) as project:
        nothing = np.zeros_like(truth.labels)
        project.save_labels(dataset.identity, sample.name, "truth", nothing, {})
    counts = []
    for more in ([], ["--corrected", "--store", str(store)]):
        out = tmp_path / f"out{len(more)}"
        assert main(["convert", str(four), "--to", "coco", str(out), *more]) == 0
        found = json.loads((out / "annotations.json").read_text())["annotations"]
        counts.append(len(found))
    assert counts[0] - counts[1] == truth.labels.max()


def test_convert_takes_one_annotation_and_names_those_there_are(
    four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", str(four), "--to", "coco", str(tmp_path / "out")]
    assert main([*command, "--annotation", "objects"]) == 0
    assert capsys.readouterr().out.startswith("4 images -> ")
    assert main([*command, "--annotation", "dots"]) == 1
    said = capsys.readouterr()
    assert "there is no annotation 'dots'. There is: objects." in said.err


def test_convert_takes_one_split(
    real_samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(real_samples / "fluorescent_neuronal_cells_v2")
    command = ["convert", root, "--to", "coco", str(tmp_path / "out"), "--split"]
    assert main([*command, "trainval"]) == 0
    assert capsys.readouterr().out.startswith("2 images")
    assert main([*command, "nonsense"]) == 1
    assert "Known are: unlabelled, trainval." in capsys.readouterr().err


def test_convert_to_an_unknown_form_is_not_understood(
    four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["convert", str(four), "--to", "cocoa", str(tmp_path / "out")])
    assert "labelme" in capsys.readouterr().err


def test_check_of_a_sound_set_is_code_0(
    four: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (four / "images" / "b1.png").unlink()
    assert main(["check", str(four)]) == 0
    assert (
        "3 images; 0 corrupt; 0 unmatched; 0 groups of duplicates\n"
        in capsys.readouterr().out
    )


def test_check_shows_findings_and_writes_a_table(
    four: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (four / "images" / "a2.png").write_bytes(b"<html></html>")
    shutil.copy(four / "images" / "a1.png", four / "images" / "a7.png")
    table = tmp_path / "check.csv"
    assert main(["check", str(four), "--quick", "--csv", str(table)]) == 1
    said = capsys.readouterr().out
    assert "corrupt: " in said
    assert "duplicate: images/a1.png = images/a7.png\n" in said
    assert said.endswith(
        f"5 images; 1 corrupt; 0 unmatched; 1 group of duplicates -> {table}\n"
    )
    with table.open(encoding="utf-8", newline="") as file:
        assert {row["finding"] for row in csv.DictReader(file)} >= {
            "corrupt",
            "duplicate",
        }


def test_check_of_the_real_cells_shows_the_pair_of_two_classes_first(
    real_samples: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(real_samples / "pbc_acevedo"), "--quick"]) == 1
    said = capsys.readouterr().out
    first = next(line for line in said.splitlines() if line.startswith("duplicate"))
    assert "EO_225902.jpg" in first
    assert first.endswith("BNE_191112.jpg (different classes)")
    assert "class basophil         54      1,218  incomplete\n" in said
