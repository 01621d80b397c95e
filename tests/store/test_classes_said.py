"""Classes that labels are saved with follow their objects through edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.store import LabelDelta, Project
from napari_cellsets.store.object_words import CLASSES, said_classes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHERE = ("set-1", "red/0", "truth")
CLASS_OF = {1: 10, 2: 20, 7: 10}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


@pytest.fixture
def field(project: Project) -> np.ndarray:
    """Three objects of two classes, as a data set has them."""
    labels = np.zeros((6, 20), np.int32)
    labels[1:5, 1:5], labels[1:5, 6:10], labels[1:5, 11:15] = 1, 2, 7
    said = {"source": "data set", CLASSES: said_classes(CLASS_OF)}
    project.save_labels(*WHERE, labels, said)
    return labels


def edit(project: Project, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    delta = LabelDelta.between(before, after)
    assert delta is not None
    project.record(*WHERE, delta, {"source": "corrected by hand"})
    return after


def class_of(project: Project, label: int) -> int | None:
    return project.object_facts(*WHERE).of(label).class_id


@pytest.mark.usefixtures("field")
def test_objects_have_the_class_that_they_were_saved_with(project: Project) -> None:
    assert {label: class_of(project, label) for label in CLASS_OF} == CLASS_OF


@pytest.mark.usefixtures("field")
def test_classes_of_others_are_no_part_of_an_objects_origin(project: Project) -> None:
    facts = project.object_facts(*WHERE)
    assert facts.of(1).origin == {"source": "data set"}
    project.set_object_facts(*WHERE, [1], {"flag": "blurred"})
    assert project.object_facts(*WHERE).of(1).origin == {"source": "data set"}


def test_both_parts_of_a_split_have_the_class(
    project: Project, field: np.ndarray
) -> None:
    after = field.copy()
    after[1:5, 3:5] = 8
    edit(project, field, after)
    assert (class_of(project, 1), class_of(project, 8)) == (10, 10)


def test_the_class_moves_with_its_object_to_the_number_of_another(
    project: Project, field: np.ndarray
) -> None:
    gone = edit(project, field, np.where(field == 2, 0, field))
    edit(project, gone, np.where(gone == 7, 2, gone))
    assert class_of(project, 2) == 10


def test_what_is_drawn_has_no_class_not_that_of_a_number_used_before(
    project: Project, field: np.ndarray
) -> None:
    gone = edit(project, field, np.where(field == 2, 0, field))
    drawn = gone.copy()
    drawn[1:3, 16:19] = 2
    edit(project, gone, drawn)
    assert class_of(project, 2) is None


def test_a_deletion_that_is_undone_brings_the_class_back(
    project: Project, field: np.ndarray
) -> None:
    gone = edit(project, field, np.where(field == 2, 0, field))
    edit(project, gone, field)
    assert class_of(project, 2) == 20


@pytest.mark.usefixtures("field")
def test_a_class_can_be_taken_away(project: Project) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": None})
    assert class_of(project, 1) is None


@pytest.mark.usefixtures("field")
def test_a_comment_leaves_the_class_alone(project: Project) -> None:
    project.set_object_facts(*WHERE, [2], {"comment": "dark"})
    assert class_of(project, 2) == 20


@pytest.mark.usefixtures("field")
def test_each_object_can_be_told_something_else_in_one_act(project: Project) -> None:
    project.change_object_facts(*WHERE, {1: {"class_id": 20}, 2: {"flag": "dark"}})
    facts = project.object_facts(*WHERE)
    assert (facts.of(1).class_id, facts.of(2).flag) == (20, "dark")
    assert (facts.of(2).class_id, facts.of(7).class_id) == (20, 10)
