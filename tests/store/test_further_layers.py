from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import LabelDelta, Project, further_layer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHERE = ("set-1", "smear/0", further_layer("masks"))
SAID = {"source": "data set", "annotation": "masks"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


@pytest.fixture
def stack(project: Project) -> np.ndarray:
    """Two planes with an object each, in the store."""
    labels = np.zeros((2, 6, 9), np.int32)
    labels[0, 1:5, 1:6] = 1
    labels[1, 1:5, 3:8] = 2
    project.save_labels(*WHERE, labels, SAID)
    return labels


def record(project: Project, before: np.ndarray, after: np.ndarray) -> None:
    delta = LabelDelta.between(before, after)
    assert delta is not None
    project.record(*WHERE, delta, {"tool": "test"})


def test_layers_of_annotations_have_names_that_fit_and_differ() -> None:
    names = ["masks", "masks 2", "Masken der Zellkerne, zweite Lesung, Ärztin B"]
    layers = [further_layer(name) for name in names]
    assert len(set(layers)) == 3
    assert all(len(layer) <= 20 for layer in layers)


def test_the_name_of_a_layer_is_the_same_for_ever() -> None:
    assert further_layer("masks") == "more-07368dcb59c3"


@pytest.mark.usefixtures("stack")
def test_corrections_of_an_annotation_stand_beside_those_of_others(
    project: Project,
) -> None:
    assert project.load_labels(*WHERE[:2], "truth") is None
    assert project.load_labels(*WHERE[:2], further_layer("masks 2")) is None
    stored = project.load_labels(*WHERE)
    assert stored is not None
    assert stored.provenance == SAID


def test_corrected_annotations_make_a_sample_edited(
    project: Project, stack: np.ndarray
) -> None:
    assert project.edited_samples("set-1") == set()
    record(project, stack, np.where(stack == 2, 0, stack))
    assert project.edited_samples("set-1") == {"smear/0"}


def test_a_new_plane_is_there_for_the_next_edit(
    project: Project, stack: np.ndarray
) -> None:
    project.add_planes(*WHERE)
    grown = np.concatenate([stack, np.zeros_like(stack[:1])])
    after = grown.copy()
    after[2, 2:4, 2:4] = 3
    record(project, grown, after)
    stored = project.load_labels(*WHERE)
    assert stored is not None
    np.testing.assert_array_equal(stored.labels, after)


def test_edits_before_a_new_plane_stay_in_the_history(
    project: Project, stack: np.ndarray
) -> None:
    before = datetime.now(UTC)
    after = np.where(stack == 2, 0, stack)
    record(project, stack, after)
    project.add_planes(*WHERE, 2)
    stored, earlier = (
        project.load_labels(*WHERE),
        project.load_labels(*WHERE, at=before),
    )
    assert stored is not None
    assert earlier is not None
    assert (stored.revision, stored.edits) == (2, 1)
    np.testing.assert_array_equal(stored.labels[:2], after)
    np.testing.assert_array_equal(earlier.labels[:2], stack)
    assert earlier.labels.shape == stored.labels.shape == (4, 6, 9)


def test_facts_of_objects_outlast_a_new_plane(
    project: Project, stack: np.ndarray
) -> None:
    project.set_object_facts(*WHERE, [2], {"class_id": 7})
    project.add_planes(*WHERE)
    assert project.object_facts(*WHERE).of(2).class_id == 7
    assert stack.shape[0] == 2


@pytest.mark.usefixtures("stack")
def test_no_plane_is_added_to_labels_that_another_changed(
    project: Project, tmp_path: Path, stack: np.ndarray
) -> None:
    with Project.open(tmp_path / "p.sqlite", author="grace") as other:
        other.load_labels(*WHERE)
        record(other, stack, np.where(stack == 2, 0, stack))
    with pytest.raises(StoreError, match="another program changed"):
        project.add_planes(*WHERE)


def test_facts_follow_an_object_to_another_plane(
    project: Project, stack: np.ndarray
) -> None:
    project.set_object_facts(*WHERE, [2], {"class_id": 7, "comment": "pale"})
    moved = stack.copy()
    moved[1][stack[1] == 2] = 0
    moved[0, 0, 6:9] = 2
    record(project, stack, moved)
    facts = project.object_facts(*WHERE).of(2)
    assert (facts.class_id, facts.comment, facts.origin) == (7, "pale", SAID)
    assert facts.corrected_by == "ada"
