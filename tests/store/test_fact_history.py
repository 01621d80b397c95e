"""What was said of objects, in the history of their layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.store import (
    Before,
    LabelChange,
    LabelDelta,
    ObjectsChange,
    Project,
    fact_history,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHERE = ("set", "a", "cells")
NAMES = {3: "platelet"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


@pytest.fixture
def field(project: Project) -> np.ndarray:
    """Three objects; the first one has a class of the data set."""
    labels = np.zeros((6, 13), np.int32)
    for label in (1, 2, 3):
        labels[1:5, 4 * label - 3 : 4 * label] = label
    project.save_labels(*WHERE, labels, {"model": "m", "classes": {"7": [1]}})
    return labels


def edit(project: Project, before: np.ndarray, after: np.ndarray) -> None:
    delta = LabelDelta.between(before, after)
    assert delta is not None
    project.record(*WHERE, delta, {"act": "edit"})


def told(project: Project) -> list[str]:
    return [
        one.title if isinstance(one, LabelChange) else one.title_of(NAMES)
        for one in project.history(*WHERE).changes
    ]


@pytest.mark.usefixtures("field")
def test_one_gesture_on_many_objects_is_one_act(project: Project) -> None:
    project.set_object_facts(*WHERE, [1, 2, 3], {"class_id": 3})
    (_, act) = project.history(*WHERE).changes
    assert isinstance(act, ObjectsChange)
    assert (act.author, act.revision, sorted(act.said)) == ("ada", 1, [1, 2, 3])
    assert act.when.timestamp() == pytest.approx(act.time)
    assert act.title_of(NAMES) == "class “platelet” of 3 objects"


@pytest.mark.usefixtures("field")
def test_acts_tell_what_is_new(project: Project) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": 7, "flag": "blurred"})
    project.set_object_facts(*WHERE, [1], {"flag": "", "comment": "twice"})
    project.set_object_facts(*WHERE, [1], {"class_id": None})
    project.set_object_facts(*WHERE, [2], {"class_id": 4})
    project.change_object_facts(*WHERE, {1: {"class_id": 3}, 2: {"class_id": 5}})
    assert told(project)[1:] == [
        "flag “blurred” of object 1",
        "no flag of object 1; comment “twice” of object 1",
        "no class of object 1",
        "class “4” of object 2",
        "classes of 2 objects",
    ]


@pytest.mark.usefixtures("field")
def test_saying_the_same_again_is_no_act(project: Project) -> None:
    project.set_object_facts(*WHERE, [1], {"class_id": 7})
    assert len(told(project)) == 1


def test_edits_of_labels_are_no_acts_on_objects(
    project: Project, field: np.ndarray
) -> None:
    project.set_object_facts(*WHERE, [1, 2], {"flag": "blurred"})
    grown = field.copy()
    grown[0, 1:4] = 1
    edit(project, field, grown)
    merged = grown.copy()
    merged[merged == 2] = 1
    edit(project, grown, merged)
    edit(project, merged, grown)
    project.set_object_facts(*WHERE, [2], {"flag": ""})
    assert told(project)[1:] == [
        "flag “blurred” of 2 objects",
        *["edit"] * 3,
        "no flag of object 2",
    ]


def test_renumbered_objects_are_no_acts(project: Project, field: np.ndarray) -> None:
    project.set_object_facts(*WHERE, [3], {"flag": "blurred"})
    after = field.copy()
    after[after == 3] = 9
    edit(project, field, after)
    assert told(project)[1:] == ["flag “blurred” of object 3", "edit"]


def test_a_new_image_begins_anew(project: Project, field: np.ndarray) -> None:
    project.set_object_facts(*WHERE, [3], {"flag": "blurred"})
    project.save_labels(*WHERE, field, {"model": "n"})
    assert told(project)[1:] == ["cells counted by n"]


def test_what_is_not_stored_has_no_history(project: Project) -> None:
    assert project.history(*WHERE) == ([], None)


@settings(max_examples=25, deadline=None)
@given(
    acts=st.lists(st.sampled_from(["edit", "flag", "class"]), max_size=9),
    limit=st.integers(1, 4),
)
def test_pages_together_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str], limit: int
) -> None:
    labels = np.ones((3, 20), np.int32)
    with Project.open(tmp_path_factory.mktemp("p") / "p.sqlite") as project:
        project.save_labels(*WHERE, labels, {"model": "m"})
        for number, act in enumerate(acts, start=1):
            if act == "edit":
                after = labels.copy()
                after[1, number] = 0
                edit(project, labels, after)
                labels = after
            elif act == "flag":
                project.set_object_facts(*WHERE, [1], {"flag": str(number)})
            else:
                project.set_object_facts(*WHERE, [1], {"class_id": number})
        whole = project.history(*WHERE).changes
        assert len(whole) == len(acts) + 1
        found: list[LabelChange | ObjectsChange] = []
        before: Before | None = Before()
        while before is not None:
            page, before = project.history(*WHERE, limit=limit, before=before)
            assert len(page) <= limit
            found = [*page, *found]
    assert found == whole


@pytest.mark.usefixtures("field")
def test_all_acts_are_found_however_many(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fact_history, "_MANY", 2)
    for number in range(5):
        project.set_object_facts(*WHERE, [1], {"comment": str(number)})
    assert told(project)[1:] == [
        f"comment “{number}” of object 1" for number in range(5)
    ]
