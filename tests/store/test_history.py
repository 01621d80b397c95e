from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import (
    LabelDelta,
    Project,
    facts,
    history,
    history_list,
    journal,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHERE = ("set", "a", "cells")
SHAPE = (6, 8)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    """A time that the test sets."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time.timestamp()

    def on(self, **span: float) -> datetime:
        self.time += timedelta(**span)
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (journal, facts, verdicts):
        monkeypatch.setattr(module, "now", made)
    return made


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


def save(project: Project, value: int, shape: tuple[int, ...] = SHAPE) -> None:
    said = {"model": value}
    project.save_labels(*WHERE, np.full(shape, value, np.int32), said)


def paint(project: Project, value: int) -> None:
    stored = project.load_labels(*WHERE)
    assert stored is not None
    after = stored.labels.copy()
    after[value % SHAPE[0], value % SHAPE[1] :] = value
    delta = LabelDelta.between(stored.labels, after)
    assert delta is not None
    project.record(*WHERE, delta, {"tool": "brush", "value": value})


def test_labels_of_an_earlier_time_are_seen(project: Project, clock: Clock) -> None:
    save(project, 1)
    clock.on(minutes=1)
    paint(project, 2)
    clock.on(minutes=1)
    paint(project, 3)
    seen = project.load_labels(*WHERE, at=START + timedelta(seconds=90))
    assert seen is not None
    assert np.unique(seen.labels).tolist() == [1, 2]
    assert (seen.revision, seen.edits, seen.author) == (2, 1, "ada")
    assert seen.changed == (START + timedelta(minutes=1)).timestamp()
    assert seen.provenance == {"model": 1}


def test_before_anything_was_stored_there_is_nothing(
    project: Project, clock: Clock
) -> None:
    clock.on(minutes=1)
    save(project, 1)
    assert project.load_labels(*WHERE, at=START) is None
    assert project.load_labels("set", "b", "cells", at=START) is None
    with pytest.raises(StoreError, match="no labels of 'a' were stored at that time"):
        project.restore(*WHERE, START)


def test_looking_at_earlier_labels_does_not_let_them_be_edited(
    project: Project, clock: Clock
) -> None:
    save(project, 1)
    clock.on(minutes=1)
    paint(project, 2)
    with Project.open(project.place) as other:
        other.load_labels(*WHERE, at=START)
        delta = LabelDelta.between(np.zeros(SHAPE, int), np.ones(SHAPE, int))
        assert delta is not None
        with pytest.raises(StoreError, match="changed without being loaded"):
            other.record(*WHERE, delta, {})


def test_a_replaced_image_is_seen_with_what_was_said_of_it(
    project: Project, clock: Clock
) -> None:
    save(project, 1)
    clock.on(minutes=1)
    paint(project, 2)
    clock.on(minutes=1)
    save(project, 7, (3, 3))
    seen = project.load_labels(*WHERE, at=START + timedelta(seconds=90))
    assert seen is not None
    assert np.unique(seen.labels).tolist() == [1, 2]
    assert (seen.provenance, seen.edits) == ({"model": 1}, 1)


def test_restoring_is_an_edit_that_can_be_taken_back(
    project: Project, clock: Clock
) -> None:
    save(project, 1)
    paint(project, 2)
    before = clock.on(minutes=1)
    clock.on(minutes=1)
    paint(project, 3)
    worst = clock.on(minutes=1)
    clock.on(minutes=1)
    assert project.restore(*WHERE, before) == 4
    stored = project.load_labels(*WHERE)
    assert stored is not None
    assert np.unique(stored.labels).tolist() == [1, 2]
    clock.on(minutes=1)
    project.restore(*WHERE, worst)
    stored = project.load_labels(*WHERE)
    assert stored is not None
    assert np.unique(stored.labels).tolist() == [1, 2, 3]


def test_restoring_an_image_of_another_size_keeps_the_present_one(
    project: Project, clock: Clock
) -> None:
    save(project, 1)
    second = clock.on(minutes=1)
    save(project, 2, (3, 3))
    clock.on(minutes=1)
    project.restore(*WHERE, START)
    stored = project.load_labels(*WHERE)
    assert stored is not None
    assert stored.labels.shape == SHAPE
    assert (stored.provenance["model"], stored.provenance["tool"]) == (1, "restore")
    seen = project.load_labels(*WHERE, at=second)
    assert seen is not None
    assert seen.labels.shape == (3, 3)


def test_restoring_what_is_there_changes_nothing(
    project: Project, clock: Clock
) -> None:
    save(project, 1)
    assert project.restore(*WHERE, clock.on(minutes=1)) == 1


def test_changes_are_listed_with_who_and_where(project: Project, clock: Clock) -> None:
    assert project.label_history(*WHERE) == []
    save(project, 1)
    clock.on(minutes=1)
    paint(project, 2)
    clock.on(minutes=1)
    save(project, 3)
    first, edit, image = project.label_history(*WHERE)
    assert (first.revision, first.box, first.when) == (1, None, START)
    assert (first.provenance, image.provenance) == ({"model": 1}, {"model": 3})
    assert (edit.revision, edit.author, edit.provenance["tool"]) == (2, "ada", "brush")
    assert edit.box == (slice(2, 3), slice(2, 8))
    assert (image.revision, image.box, image.time) == (3, None, clock())


def test_changes_are_listed_page_by_page(project: Project, clock: Clock) -> None:
    save(project, 1)
    for value in (2, 3, 4):
        paint(project, value)
    save(project, 5)
    paint(project, 6)
    everything = project.label_history(*WHERE)
    assert [change.revision for change in everything] == [1, 2, 3, 4, 5, 6]
    assert project.label_history(*WHERE, limit=2) == everything[4:]
    assert project.label_history(*WHERE, limit=2, before=5) == everything[2:4]
    assert project.label_history(*WHERE, limit=9, before=3) == everything[:2]
    assert project.label_history(*WHERE, before=1) == []


@pytest.mark.parametrize(
    ("provenance", "box", "title"),
    [
        ({"tool": "Edit", "act": "merge 2 objects"}, (slice(0, 1),), "merge 2 objects"),
        ({"tool": "napari"}, (slice(0, 1),), "napari"),
        ({}, (slice(0, 1),), "edit"),
        ({"model": "nuclei"}, None, "cells counted by nuclei"),
        ({"source": "data set"}, None, "labels: data set"),
        ({}, None, "labels: a whole image"),
    ],
)
def test_changes_say_what_was_done(
    provenance: dict[str, str], box: tuple[slice, ...] | None, title: str
) -> None:
    assert history_list.LabelChange(1, 0.0, "ada", provenance, box).title == title


def test_a_restored_state_is_named_by_its_time(project: Project, clock: Clock) -> None:
    save(project, 1)
    then = clock.on(minutes=1)
    paint(project, 2)
    clock.on(minutes=1)
    paint(project, 3)
    clock.on(minutes=1)
    project.restore(*WHERE, 2)
    title = project.label_history(*WHERE)[-1].title
    assert title == f"restore what was on {then.astimezone():%Y-%m-%d at %H:%M:%S}"


def test_labels_of_a_revision_are_seen_and_restored(
    project: Project, clock: Clock
) -> None:
    save(project, 1)
    paint(project, 2)
    paint(project, 3)
    seen = project.load_labels(*WHERE, at=2)
    assert seen is not None
    assert (seen.revision, np.unique(seen.labels).tolist()) == (2, [1, 2])
    project.restore(*WHERE, 1)
    stored = project.load_labels(*WHERE)
    assert stored is not None
    assert np.unique(stored.labels).tolist() == [1]


@pytest.mark.parametrize("revision", [0, 3])
def test_a_revision_that_is_not_kept_is_refused(
    project: Project, revision: int
) -> None:
    save(project, 1)
    paint(project, 2)
    with pytest.raises(StoreError, match=f"no revision {revision} .* from 1 to 2"):
        project.load_labels(*WHERE, at=revision)


def test_what_is_older_than_the_horizon_is_gone_and_said(
    project: Project, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "JOURNAL_ENTRIES", 0)
    save(project, 1)
    clock.on(days=1)
    paint(project, 2)
    clock.on(days=history.HISTORY_DAYS)
    paint(project, 3)
    clock.on(hours=1)
    paint(project, 4)
    with pytest.raises(StoreError, match=r"as of 2026-03-01 13:00 UTC are gone: they"):
        project.load_labels(*WHERE, at=START + timedelta(hours=1))
    for at, found in ((START + timedelta(days=2), [1, 2]), (clock.time, [1, 2, 3, 4])):
        seen = project.load_labels(*WHERE, at=at)
        assert seen is not None
        assert np.unique(seen.labels).tolist() == found
    assert [change.revision for change in project.label_history(*WHERE)] == [2, 3, 4]


def test_a_replaced_image_goes_with_the_horizon(project: Project, clock: Clock) -> None:
    save(project, 1)
    clock.on(days=1)
    save(project, 2)
    clock.on(days=history.HISTORY_DAYS + 1)
    save(project, 3)
    seen = project.load_labels(*WHERE, at=START + timedelta(days=2))
    assert seen is not None
    assert np.unique(seen.labels).tolist() == [2]
    with pytest.raises(StoreError, match="are gone"):
        project.load_labels(*WHERE, at=START)


def test_a_lost_edit_of_the_past_is_noticed(project: Project, clock: Clock) -> None:
    save(project, 1)
    for value in (2, 3):
        clock.on(minutes=1)
        paint(project, value)
    clock.on(minutes=1)
    save(project, 4)
    with sqlite3.connect(project.place) as raw:
        raw.execute("delete from cellsets_journal where sequence = 2")
    raw.close()
    with pytest.raises(StoreError, match="edit 2 of 'a' was expected"):
        project.load_labels(*WHERE, at=START)


_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["paint", "paint", "save", "restore"]), st.integers(0, 99)
    ),
    max_size=15,
)


@settings(max_examples=40, deadline=None)
@given(acts=_ACTS, entries=st.integers(0, 4))
def test_every_moment_is_as_a_list_of_copies_has_it(
    acts: list[tuple[str, int]], entries: int
) -> None:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch, Project.open("sqlite://") as project:
        for module in (journal, facts):
            patch.setattr(module, "now", clock)
        patch.setattr(journal, "JOURNAL_ENTRIES", entries)
        save(project, 1000)
        copies = [(clock.time, np.full(SHAPE, 1000))]
        for number, (act, value) in enumerate(acts):
            clock.on(seconds=1)
            if act == "paint":
                paint(project, 100 * number + value + 1)
            elif act == "save":
                save(project, value)
            else:
                project.restore(*WHERE, copies[value % len(copies)][0])
            stored = project.load_labels(*WHERE)
            assert stored is not None
            copies.append((clock.time, stored.labels))
        for time, labels in copies:
            for later in (0, 0.5):
                seen = project.load_labels(*WHERE, at=time + timedelta(seconds=later))
                assert seen is not None
                assert np.array_equal(seen.labels, labels)
