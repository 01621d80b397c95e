from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.batch.classify import classify_dataset
from napari_cellsets.batch.classify_set import (
    ClassifyRun,
    write_cells_csv,
    write_objects_csv,
)
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.classify import crop_objects
from napari_cellsets.classify.gather import Gathered
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError
from napari_cellsets.inference.classifier import read_classifier_info
from napari_cellsets.inference.scoring import score_cells
from tiny_classifiers import gem, gem_classifier, write_gems

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path) -> ClassifyRun:
    """A run over 40 rubies and 40 emeralds, one of them cut off."""
    root = write_gems(tmp_path / "gems", {"ruby": 40, "emerald": 40})
    cut = root / "ruby" / "ruby_7.png"
    cut.write_bytes(cut.read_bytes()[:50])
    dataset = open_dataset(root)
    info = read_classifier_info(gem_classifier(tmp_path / "gems.onnx"))
    return ClassifyRun(dataset, Gathered([s.name for s in dataset.samples], info))


def truth_of(run: ClassifyRun) -> list[str]:
    samples = run.dataset.samples
    return [run.dataset.class_of(samples[at]).name for at in run.gathered.done]


def test_all_good_cells_are_named_and_bad_ones_are_told(run: ClassifyRun) -> None:
    told: list[float] = []
    run(CancelToken(), lambda share, _text: told.append(share))
    table = run.gathered.table()
    assert len(table) == 79
    assert [table.answer(i) for i in range(79)] == truth_of(run)
    assert len(run.problems) == 1
    assert "ruby_7" in run.problems[0]
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_cancelled_run_keeps_what_it_has_and_the_next_one_does_the_rest(
    run: ClassifyRun,
) -> None:
    token = CancelToken()
    with pytest.raises(CancelledError):
        run(token, lambda _share, _text: token.cancel())
    done = run.gathered.done
    assert 0 < done.size < 79
    again = ClassifyRun(run.dataset, run.gathered)
    read: list[str] = []
    original = run.dataset.read_picture
    run.dataset.read_picture = lambda sample: (
        read.append(sample.name) or original(sample)
    )
    again(CancelToken(), lambda _share, _text: None)
    assert run.gathered.done.size == 79
    assert len(read) == 80 - done.size


def test_the_table_is_the_one_of_the_command(run: ClassifyRun, tmp_path: Path) -> None:
    run(CancelToken(), lambda _share, _text: None)
    ours, command = tmp_path / "ours.csv", tmp_path / "command.csv"
    table, done = run.gathered.table(), run.gathered.done
    write_cells_csv(run.dataset, done, table, truth_of(run), ours)
    classify_dataset(run.dataset, command, model=run.gathered.info)
    assert ours.read_text() == command.read_text()


def test_a_file_of_the_set_is_never_replaced(run: ClassifyRun) -> None:
    run(CancelToken(), lambda _share, _text: None)
    table, done = run.gathered.table(), run.gathered.done
    place = run.dataset.tree.root / "ruby" / "ruby_0.png"
    with pytest.raises(ExportError):
        write_cells_csv(run.dataset, done, table, truth_of(run), place)


def test_objects_are_written_with_label_and_place(
    run: ClassifyRun, tmp_path: Path
) -> None:
    pixels, labels = gem("ruby", (40, 60)), np.zeros((40, 60), np.int32)
    labels[10:20, 20:30] = 4
    crops = crop_objects(pixels, labels, run.gathered.info)
    scores = score_cells(crops.pixels, run.gathered.info)
    table = ClassTable.of(["4"], scores, run.gathered.info)
    out = tmp_path / "objects.csv"
    write_objects_csv(run.dataset, 0, table, [None], crops, out)
    with out.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["predicted"], row["label"], row["truth"]) == ("ruby", "4", "")
    assert (float(row["y"]), float(row["x"])) == (14.5, 24.5)
