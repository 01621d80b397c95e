"""Answers of a classifier compared with what people said of the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import read_table
from napari_cellsets import cli
from napari_cellsets.batch import classify_dataset
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.formats.labels_io import write_label_png
from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project
from tiny_classifiers import gem, gem_classifier, write_cell, write_gems

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def gems(tmp_path: Path) -> Path:
    return gem_classifier(tmp_path / "gems.onnx")


@pytest.fixture
def four(tmp_path: Path) -> Dataset:
    """Two rubies and two emeralds, of which one is a sapphire by its name."""
    root = write_gems(tmp_path / "four", {"ruby": 2, "emerald": 1, "sapphire": 1})
    write_cell(root / "sapphire" / "wrong.png", gem("emerald"))
    return open_dataset(root)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite") as project:
        yield project


def wrong(dataset: Dataset) -> str:
    return next(one.name for one in dataset.samples if "wrong" in one.name)


def say(project: Project, dataset: Dataset, name: str, *, gone: bool = False) -> None:
    mark = Mark("class", None, "" if gone else name, gone)
    project.record_marks(dataset.identity, {MarkKey(wrong(dataset)): mark}, {})


def test_a_corrected_class_counts_and_both_comparisons_are_told(
    four: Dataset, gems: Path, project: Project, tmp_path: Path
) -> None:
    say(project, four, "emerald")
    done = classify_dataset(four, tmp_path / "c.csv", model=gems, project=project)
    assert done.report is not None
    assert done.published is not None
    assert (done.report.accuracy, done.published.accuracy) == (1.0, 0.8)
    assert done.corrected == 1
    rows = {row["image"]: row["truth"] for row in read_table(tmp_path / "c.csv")}
    assert rows["wrong.png"] == "emerald"


def test_without_corrections_there_is_one_comparison(
    four: Dataset, gems: Path, project: Project, tmp_path: Path
) -> None:
    say(project, four, "sapphire")  # confirmed
    done = classify_dataset(four, tmp_path / "c.csv", model=gems, project=project)
    assert (done.corrected, done.published) == (0, None)
    assert done.report is not None
    assert done.report.accuracy == 0.8


def test_finished_rows_follow_what_people_say_later(
    four: Dataset, gems: Path, project: Project, tmp_path: Path
) -> None:
    out = tmp_path / "c.csv"
    truths = []
    for name in ("", "emerald", "sapphire"):
        say(project, four, name, gone=not name)
        done = classify_dataset(four, out, model=gems, project=project)
        truths.append({row["image"]: row["truth"] for row in read_table(out)})
    assert done.classified == 0
    assert [one["wrong.png"] for one in truths] == ["sapphire", "emerald", "sapphire"]


def test_objects_are_those_of_the_corrected_ground_truth(
    gems: Path, project: Project, tmp_path: Path
) -> None:
    pixels, labels = gem("emerald", (80, 120)), np.zeros((80, 120), np.int32)
    pixels[10:50, 70:110] = gem("ruby", (40, 40))
    labels[20:40, 80:100] = 3
    write_cell(tmp_path / "set/images/f.png", pixels)
    write_label_png(tmp_path / "set/masks/f.png", labels)
    dataset = open_dataset(tmp_path / "set")
    where = (dataset.identity, "f", "truth")
    project.save_labels(*where, labels, {"source": "data set"})
    after = labels.copy()
    after[20:40, 20:40] = 8
    edit = LabelDelta.between(labels, after)
    assert edit is not None
    project.record(*where, edit, {})
    out = tmp_path / "c.csv"

    def named() -> list[tuple[str, str]]:
        classify_dataset(dataset, out, model=gems, objects=True, project=project)
        return [(row["label"], row["predicted"]) for row in read_table(out)]

    assert named() == [("3", "ruby"), ("8", "emerald")]
    project.record(*where, edit.inverse(), {})
    assert named() == [("3", "ruby")]


def test_the_command_states_both(
    four: Dataset,
    gems: Path,
    project: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    say(project, four, "emerald")
    command = ["classify", str(four.path), "--model", str(gems), "--no-resume"]
    command += ["--out", str(tmp_path / "c.csv")]
    assert cli.main(command) == 0
    assert "people corrected" not in capsys.readouterr().out
    assert cli.main([*command, "--corrected", "--store", project.place]) == 0
    said = capsys.readouterr().out
    assert "5 with truth: accuracy 1.000" in said
    assert "1 of them as people corrected" in said
    assert "with the published classes accuracy 0.800" in said
