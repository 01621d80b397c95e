"""Pictures that changed under corrections are told where those go out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import squares, write_picture, write_set
from napari_cellsets import cli
from napari_cellsets.batch.changed_pictures import told_of_changed_pictures
from napari_cellsets.batch.drawn_on import drawn_on
from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = "the picture on disk is another one than when its"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite") as project:
        yield project


def correct(project: Project, dataset: Dataset, index: int, layer: str) -> None:
    """Take the first object away."""
    sample = dataset.samples[index]
    truth = dataset.read_truth(sample)
    assert truth is not None
    said = drawn_on(dataset.read_picture(sample), {"source": "data set"})
    place = (dataset.identity, sample.name, layer)
    project.save_labels(*place, truth.labels, said)
    after = np.where(truth.labels == 1, 0, truth.labels)
    edit = LabelDelta.between(truth.labels, after)
    assert edit is not None
    project.record(*place, edit, {})


def change(dataset: Dataset, index: int) -> None:
    write_picture(dataset.path / dataset.samples[index].image, squares(9))


def told(dataset: Dataset, project: Project, *, cells: bool = False) -> list[str]:
    samples, token = dataset.samples, CancelToken()
    return told_of_changed_pictures(dataset, project, samples, token, cells=cells)


@pytest.mark.parametrize("layer", ["truth", "cells"])
def test_only_what_goes_out_is_told_of(
    four: Dataset, project: Project, layer: str
) -> None:
    correct(project, four, 2, layer)
    change(four, 0)
    change(four, 2)
    words = [f"p2: {WORDS} cells were drawn. Look whether the outlines still fit."]
    assert told(four, project, cells=layer == "cells") == words
    assert told(four, project, cells=layer != "cells") == []


def test_corrected_points_are_told_of(four: Dataset, project: Project) -> None:
    sample = four.samples[3]
    said = drawn_on(four.read_picture(sample), {"tool": "points"})
    point = {MarkKey(sample.name, "points", 1): Mark("points", [1, 2])}
    project.record_marks(four.identity, point, said)
    assert told(four, project) == []
    change(four, 3)
    (words,) = told(four, project)
    assert words.startswith(f"p3: {WORDS} points, boxes or outlines were corrected.")


def test_a_few_are_named(project: Project, tmp_path: Path) -> None:
    dataset = open_dataset(write_set(tmp_path / "set", (1, 2, 3, 4, 5)))
    for index in range(5):
        correct(project, dataset, index, "truth")
        change(dataset, index)
    said = told(dataset, project)
    assert len(said) == 4
    assert said[-1] == "2 more like that"


def test_pictures_that_are_gone_are_left_to_whoever_writes(
    four: Dataset, project: Project
) -> None:
    correct(project, four, 2, "truth")
    (four.path / four.samples[2].image).unlink()
    assert told(four, project) == []


def test_looking_can_be_cancelled(four: Dataset, project: Project) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(CancelledError):
        told_of_changed_pictures(four, project, four.samples, token)


@pytest.mark.parametrize("form", ["coco", "own"])
def test_the_command_tells(
    four: Dataset,
    project: Project,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    correct(project, four, 2, "truth")
    command = ["convert", str(four.path), str(tmp_path / "out"), "--to", form]
    command += ["--corrected", "--store", project.place, "--lossy"]
    assert cli.main(command) == 0
    assert WORDS not in capsys.readouterr().err
    change(four, 2)
    command[2] += "2"
    assert cli.main(command) == 0
    assert f"p2: {WORDS} cells were drawn" in capsys.readouterr().err
