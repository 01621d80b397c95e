from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import HISTORY_DAYS, LabelDelta, Project, journal, upkeep

if TYPE_CHECKING:
    from pathlib import Path

WHERE = ("set", "a", "cells")
NOISE = np.random.default_rng(0).integers(0, 3, (2, 900, 900), np.int32)


def worked_on(project: Project) -> None:
    """Save noise, and edit all of it twice."""
    project.save_labels(*WHERE, NOISE[0], {})
    for before, after in ((0, 1), (1, 0), (0, 1)):
        delta = LabelDelta.between(NOISE[before], NOISE[after])
        assert delta is not None
        project.record(*WHERE, delta, {})


def test_old_history_goes_and_the_file_shrinks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "p.sqlite"
    with Project.open(place) as project:
        worked_on(project)
        project.set_verdict("set", "a", "accepted")
    before = place.stat().st_size
    later = datetime.now(UTC) + timedelta(days=HISTORY_DAYS + 1)
    for module in (journal, upkeep):
        monkeypatch.setattr(module, "now", later.timestamp)
    with Project.open(place) as project:
        project.compact()
        stored = project.load_labels(*WHERE)
        assert stored is not None
        assert np.array_equal(stored.labels, NOISE[1])
        assert (stored.revision, stored.edits) == (4, 3)
        (first,) = project.label_history(*WHERE)
        assert first.revision == 4
        assert list(project.verdicts("set")) == ["a"]
    assert place.stat().st_size < before / 3


def test_what_is_younger_stays(place: str) -> None:
    with Project.open(place) as project:
        worked_on(project)
        project.compact()
        assert len(project.label_history(*WHERE)) == 4
        seen = project.load_labels(*WHERE)
        assert seen is not None
        assert np.array_equal(seen.labels, NOISE[1])


def test_a_copy_is_whole_while_the_store_is_in_use(tmp_path: Path) -> None:
    with Project.open(tmp_path / "p.sqlite") as project:
        worked_on(project)
        project.copy_to(tmp_path / "copy.sqlite")
        project.set_verdict("set", "a", "accepted")
    with Project.open(tmp_path / "copy.sqlite") as copy:
        stored = copy.load_labels(*WHERE)
        assert stored is not None
        assert np.array_equal(stored.labels, NOISE[1])
        assert copy.verdicts("set") == {}


def test_a_copy_replaces_no_file(tmp_path: Path) -> None:
    (tmp_path / "copy.sqlite").write_text("mine")
    with (
        Project.open(tmp_path / "p.sqlite") as project,
        pytest.raises(StoreError, match=r"copy\.sqlite: a file is there already"),
    ):
        project.copy_to(tmp_path / "copy.sqlite")
    assert (tmp_path / "copy.sqlite").read_text() == "mine"


def test_a_copy_into_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with (
        Project.open(tmp_path / "p.sqlite") as project,
        pytest.raises(StoreError, match=r"could not be opened"),
    ):
        project.copy_to(tmp_path / "none" / "copy.sqlite")


def test_a_store_that_is_no_file_is_not_copied(tmp_path: Path) -> None:
    with (
        Project.open("sqlite://") as project,
        pytest.raises(StoreError, match="only a store in a file"),
    ):
        project.copy_to(tmp_path / "copy.sqlite")


def test_a_copy_that_could_not_be_finished_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "copy.sqlite"

    def fail(*_: object) -> None:
        target.write_bytes(b"half")
        raise sqlite3.OperationalError("database or disk is full")

    with Project.open(tmp_path / "p.sqlite") as project:
        monkeypatch.setattr(project, "_outside_transactions", fail)
        with pytest.raises(StoreError, match="the disk is full"):
            project.copy_to(target)
    assert not target.exists()
