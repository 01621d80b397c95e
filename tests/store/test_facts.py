from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import LabelDelta, ObjectFacts, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHERE = ("set-1", "red/0", "cells")
MODEL = {"source": "predicted", "model_hash": "abc", "settings": {"threshold": 0.5}}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


@pytest.fixture
def field(project: Project) -> np.ndarray:
    """Two predicted objects, 1 and 2, in the store."""
    labels = np.zeros((6, 9), np.int32)
    labels[1:5, 1:4] = 1
    labels[1:5, 5:8] = 2
    project.save_labels(*WHERE, labels, MODEL)
    return labels


def edit(
    project: Project, before: np.ndarray, after: np.ndarray, **said: object
) -> np.ndarray:
    delta = LabelDelta.between(before, after)
    assert delta is not None
    project.record(*WHERE, delta, said)
    return after


def facts(project: Project, label: int) -> ObjectFacts:
    return project.object_facts(*WHERE).of(label)


@pytest.mark.usefixtures("field")
def test_objects_come_from_where_their_image_comes_from(project: Project) -> None:
    assert facts(project, 1) == ObjectFacts(origin=MODEL)
    assert project.object_facts(*WHERE).differing == {}


def test_nothing_is_known_where_nothing_is_stored(project: Project) -> None:
    assert project.object_facts(*WHERE) == ({}, {}, {})
    assert project.object_history(*WHERE, 1) == []


@pytest.mark.usefixtures("field")
def test_class_flag_and_comment_survive_closing(project: Project) -> None:
    project.set_object_facts(*WHERE, [1, 2], {"class_id": 4})
    project.set_object_facts(*WHERE, [2], {"flag": "blurred", "comment": "ask"})
    project.close()
    with Project.open(project.place) as again:
        found = facts(again, 2)
    assert (found.class_id, found.flag, found.comment) == (4, "blurred", "ask")
    assert (found.author, found.origin) == ("ada", MODEL)
    assert facts(project, 1).class_id == 4


@pytest.mark.usefixtures("field")
def test_what_was_known_before_stays_readable(project: Project) -> None:
    for number in (4, None, 5):
        project.set_object_facts(*WHERE, [1], {"class_id": number})
    history = project.object_history(*WHERE, 1)
    assert [found.class_id for found in history] == [4, None, 5]


def test_who_reshaped_an_object_is_known(project: Project, field: np.ndarray) -> None:
    after = field.copy()
    after[0, 1:4] = 1
    after = edit(project, field, after)
    first = facts(project, 1)
    assert (first.corrected_by, first.origin) == ("ada", MODEL)
    with Project.open(project.place, author="bob") as other:
        other.load_labels(*WHERE)
        more = after.copy()
        more[5, 1:4] = 1
        edit(other, after, more)
    found = facts(project, 1)
    assert found.corrected_by == "bob"
    assert found.corrected > first.corrected
    assert facts(project, 2).corrected_by == ""


def test_strokes_of_one_person_on_one_object_are_told_once(
    project: Project, field: np.ndarray
) -> None:
    for column in (1, 2, 3):
        after = field.copy()
        after[0, column] = 1
        field = edit(project, field, after)
    assert len(project.object_history(*WHERE, 1)) == 1


def test_a_drawn_object_says_so(project: Project, field: np.ndarray) -> None:
    after = field.copy()
    after[5, 0:4] = 3
    edit(project, field, after, tool="polygon")
    found = facts(project, 3)
    assert found.origin == {"source": "drawn by hand", "tool": "polygon"}
    assert (found.author, found.corrected_by) == ("ada", "")


def test_a_copied_object_keeps_the_origin_that_the_edit_tells(
    project: Project, field: np.ndarray
) -> None:
    after = field.copy()
    after[5, 0:4] = 3
    edit(project, field, after, origin={"source": "data set"})
    assert facts(project, 3).origin == {"source": "data set"}


def test_a_merge_keeps_the_facts_of_the_first(
    project: Project, field: np.ndarray
) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": 4})
    project.set_object_facts(*WHERE, [2], {"class_id": 7})
    edit(project, field, np.where(field == 2, 1, field))
    assert facts(project, 1).class_id == 4
    assert 2 not in project.object_facts(*WHERE).differing


def test_a_split_copies_the_facts(project: Project, field: np.ndarray) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": 4, "comment": "two?"})
    after = field.copy()
    after[3:5, 1:4] = 3
    edit(project, field, after)
    found = facts(project, 3)
    assert (found.class_id, found.comment, found.origin) == (4, "two?", MODEL)
    assert found.corrected_by == "ada"


def test_renumbering_takes_the_facts_along(project: Project, field: np.ndarray) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": 4})
    edit(project, field, np.where(field == 1, 8, field))
    assert facts(project, 8).class_id == 4
    assert facts(project, 8).corrected_by == ""
    with pytest.raises(StoreError, match="'red/0' have no object 1"):
        project.set_object_facts(*WHERE, [1], {"class_id": 5})


def test_renumbering_plain_objects_writes_nothing_of_them(
    project: Project, field: np.ndarray
) -> None:
    edit(project, field, np.where(field > 0, field + 10, field))
    assert project.object_facts(*WHERE).differing == {}
    assert facts(project, 11).origin == MODEL


def test_two_objects_may_change_numbers(project: Project, field: np.ndarray) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": 4})
    edit(project, field, np.choose(field, [0, 2, 1]).astype(np.int32))
    assert [facts(project, label).class_id for label in (1, 2)] == [None, 4]


def test_undo_gives_a_deleted_object_its_facts_again(
    project: Project, field: np.ndarray
) -> None:
    project.set_object_facts(*WHERE, [2], {"class_id": 7})
    without = edit(project, field, np.where(field == 2, 0, field))
    assert 2 not in project.object_facts(*WHERE).differing
    edit(project, without, field)
    assert facts(project, 2).class_id == 7
    assert facts(project, 2).origin == MODEL


def test_undo_of_a_merge_gives_both_their_facts_again(
    project: Project, field: np.ndarray
) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": 4})
    project.set_object_facts(*WHERE, [2], {"class_id": 7})
    merged = edit(project, field, np.where(field == 2, 1, field))
    edit(project, merged, field)
    assert [facts(project, label).class_id for label in (1, 2)] == [4, 7]


def test_a_restored_object_has_its_facts_again(
    project: Project, field: np.ndarray
) -> None:
    project.set_object_facts(*WHERE, [2], {"class_id": 7})
    before = datetime.now(UTC)
    half = field.copy()
    half[3:5, 5:8] = 0
    half = edit(project, field, half)
    edit(project, half, np.where(half == 2, 0, half))
    project.restore(*WHERE, before)
    assert facts(project, 2).class_id == 7


def test_a_new_object_does_not_inherit_from_a_deleted_one_of_its_number(
    project: Project, field: np.ndarray
) -> None:
    project.set_object_facts(*WHERE, [2], {"class_id": 7})
    without = edit(project, field, np.where(field == 2, 0, field))
    after = without.copy()
    after[0, 0:3] = 2
    edit(project, without, after)
    assert facts(project, 2).class_id is None
    assert facts(project, 2).origin["source"] == "drawn by hand"


@pytest.mark.usefixtures("field")
def test_facts_of_an_image_that_was_replaced_are_not_taken_over(
    project: Project,
) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": 4})
    project.save_labels(*WHERE, np.ones((6, 9), np.int32), {"source": "predicted"})
    assert facts(project, 1) == ObjectFacts(origin={"source": "predicted"})


def test_facts_follow_over_many_edits_and_folding(
    project: Project, field: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_cellsets.store import journal

    monkeypatch.setattr(journal, "JOURNAL_ENTRIES", 3)
    project.set_object_facts(*WHERE, [1], {"class_id": 4})
    for number in range(10, 20):
        source = 1 if number == 10 else number - 1
        field = edit(project, field, np.where(field == source, number, field))
        project._areas.clear()
    assert facts(project, 19).class_id == 4


def test_hundreds_of_objects_go_and_come_back(project: Project) -> None:
    labels = np.arange(1, 901, dtype=np.int32).reshape(30, 30)
    project.save_labels(*WHERE, labels, MODEL)
    project.set_object_facts(*WHERE, range(1, 901), {"class_id": 4})
    nothing = np.zeros_like(labels)
    edit(project, labels, nothing)
    assert project.object_facts(*WHERE).differing == {}
    edit(project, nothing, labels)
    found = project.object_facts(*WHERE).differing
    assert {label: one.class_id for label, one in found.items()} == dict.fromkeys(
        range(1, 901), 4
    )


@pytest.mark.usefixtures("field")
def test_facts_of_an_object_that_is_not_there_are_refused(project: Project) -> None:
    with pytest.raises(StoreError, match="'red/0' have no object 9"):
        project.set_object_facts(*WHERE, [1, 9], {"class_id": 4})
    assert project.object_facts(*WHERE).differing == {}


def test_facts_without_labels_are_refused(project: Project) -> None:
    with pytest.raises(StoreError, match="no labels of 'red/0' are stored"):
        project.set_object_facts(*WHERE, [1], {"class_id": 4})


def test_other_facts_are_refused(project: Project) -> None:
    with pytest.raises(StoreError, match="An object has no 'colour' to be set"):
        project.set_object_facts(*WHERE, [1], {"colour": 4})  # type: ignore[typeddict-unknown-key]
