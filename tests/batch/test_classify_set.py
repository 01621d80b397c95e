from __future__ import annotations

import csv
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.batch.classify import classify_dataset
from napari_cellsets.batch.classify_set import (
    ClassifyRun,
    write_cells_csv,
    write_objects_csv,
)
from napari_cellsets.batch.kept_predictions import Answers
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.classify import crop_objects
from napari_cellsets.classify.gather import Gathered
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ExportError, StoreError
from napari_cellsets.inference.classifier import read_classifier_info
from napari_cellsets.inference.scoring import score_cells
from napari_cellsets.store import Project
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


def test_answers_are_kept_while_the_run_goes_on(run: ClassifyRun) -> None:
    parts: list[ClassTable] = []
    run.keep, run.every_s = parts.append, 0.0
    run(CancelToken(), lambda _share, _text: None)
    assert [len(part) for part in parts] == [32, 32, 15]
    names = [name for part in parts for name in part.names]
    assert names == list(run.gathered.table().names)
    assert run.unkept == ""


def test_what_a_cancelled_run_has_is_kept(run: ClassifyRun) -> None:
    parts: list[ClassTable] = []
    run.keep, token = parts.append, CancelToken()
    with pytest.raises(CancelledError):
        run(token, lambda _share, _text: token.cancel())
    (part,) = parts
    assert part.names == run.gathered.table().names


def test_a_store_that_cannot_be_written_is_tried_again_and_told(
    run: ClassifyRun,
) -> None:
    tried: list[int] = []

    def keep(part: ClassTable) -> None:
        tried.append(len(part))
        if len(tried) != 2:
            raise StoreError("the disk is full")

    run.keep, run.every_s = keep, 0.0
    run(CancelToken(), lambda _share, _text: None)
    assert tried == [32, 64, 15, 15]
    assert "the disk is full" in run.unkept


#: Classifies a set and stays at the second batch until it is killed.
KILLED = """
    import sys, time
    from functools import partial
    from pathlib import Path
    from napari_cellsets.batch.classify_set import ClassifyRun
    from napari_cellsets.batch.kept_predictions import Answers
    from napari_cellsets.catalogue import open_dataset
    from napari_cellsets.classify.gather import Gathered
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.inference.classifier import read_classifier_info
    from napari_cellsets.store import Project

    root, model, place = map(Path, sys.argv[1:])
    dataset, info = open_dataset(root), read_classifier_info(model)
    answers = Answers(Project.open(place), dataset, info)

    def stay(share, _text):
        if share > 0.5:
            print("half", flush=True)
            time.sleep(600)

    names = [sample.name for sample in dataset.samples]
    keep = partial(answers.keep, anew=False)
    ClassifyRun(dataset, Gathered(names, info), keep, 0.0)(CancelToken(), stay)
"""


def test_a_killed_program_loses_no_answer_that_was_kept(
    run: ClassifyRun, tmp_path: Path
) -> None:
    info, place = run.gathered.info, tmp_path / "p.sqlite"
    given = [str(run.dataset.path), str(info.path), str(place)]
    script = textwrap.dedent(KILLED)
    with subprocess.Popen(
        [sys.executable, "-c", script, *given], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "half\n"
        other.kill()
    with Project.open(place) as project:
        kept = Answers(project, run.dataset, info).kept()
    names = [name for part, _said in kept for name in part.table.names]
    run(CancelToken(), lambda _share, _text: None)
    whole = run.gathered.table()
    assert tuple(names) == whole.names[:64]
    shares = np.concatenate([part.table.probabilities for part, _said in kept])
    assert np.array_equal(shares, whole.probabilities[:64])
