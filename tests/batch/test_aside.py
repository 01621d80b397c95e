"""Corrected cells are kept beside new ones, with what was said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import squares
from napari_cellsets.batch.aside import copy_facts, put_aside, stored_work
from napari_cellsets.batch.whole_set import BY_HAND, is_corrected
from napari_cellsets.store import LabelDelta, Project
from napari_cellsets.store.object_words import PICTURE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SET, SAMPLE = "set-1", "image 1"
WHERE = (SET, SAMPLE, "cells")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "store.sqlite") as opened:
        opened.save_labels(*WHERE, squares(3), {"source": "predicted"})
        yield opened


def test_predicted_cells_hold_no_work(project: Project) -> None:
    stored, acts = stored_work(project, SET, SAMPLE)
    assert stored is not None
    assert acts == 0


def test_where_nothing_is_stored_there_is_no_work(project: Project) -> None:
    assert stored_work(project, SET, "image 2") == (None, 0)


def test_words_and_edits_count_as_work(project: Project) -> None:
    project.set_object_facts(*WHERE, [1, 2], {"class_id": 4})
    assert stored_work(project, SET, SAMPLE)[1] == 2
    delta = LabelDelta.between(squares(3), squares(2))
    assert delta is not None
    project.record(*WHERE, delta, {"source": BY_HAND})
    assert stored_work(project, SET, SAMPLE)[1] == 3


def test_a_word_that_was_taken_back_is_no_work(project: Project) -> None:
    project.set_object_facts(*WHERE, [1], {"flag": "blurred"})
    project.set_object_facts(*WHERE, [1], {"flag": ""})
    assert stored_work(project, SET, SAMPLE)[1] == 0


def test_cells_with_words_are_corrected(project: Project) -> None:
    stored, facts = project.load_labels(*WHERE), project.object_facts(*WHERE)
    assert not is_corrected(stored, facts)
    project.set_object_facts(*WHERE, [1], {"comment": "two?"})
    assert is_corrected(stored, project.object_facts(*WHERE))


def test_what_was_said_is_put_aside_and_comes_back(project: Project) -> None:
    project.save_labels(*WHERE, squares(3), {"source": BY_HAND, PICTURE: "7"})
    project.set_object_facts(*WHERE, [1], {"class_id": 4, "comment": "two?"})
    name = put_aside(project, SET, SAMPLE, squares(3))
    project.save_labels(*WHERE, squares(5), {"source": "predicted"})
    assert project.object_facts(*WHERE).differing == {}
    kept = project.load_labels(SET, name, "cells")
    assert kept is not None
    assert np.array_equal(kept.labels, squares(3))
    assert kept.provenance[PICTURE] == "7"
    project.save_labels(*WHERE, kept.labels, {"source": BY_HAND})
    copy_facts(project, SET, name, SAMPLE)
    known = project.object_facts(*WHERE).of(1)
    assert (known.class_id, known.comment) == (4, "two?")
