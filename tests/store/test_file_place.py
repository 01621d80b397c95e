"""A store whose file is moved while it is open, or lies where nothing can be locked."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import LabelDelta, Project, engine, file_place

if TYPE_CHECKING:
    from pathlib import Path

WHERE = ("set", "a", "cells")
EMPTY = np.zeros((9, 9), np.int32)

open_files_move = pytest.mark.skipif(
    sys.platform == "win32", reason="an open file cannot be moved there"
)


def stroke(value: int) -> LabelDelta:
    after = EMPTY.copy()
    after[value] = value
    delta = LabelDelta.between(EMPTY, after)
    assert delta is not None
    return delta


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "p.sqlite"


@pytest.fixture
def project(place: Path) -> Project:
    """An open store with one edit, all of it in its file."""
    project = Project.open(place)
    project.save_labels(*WHERE, EMPTY, {})
    project.record(*WHERE, stroke(1), {})
    project.settle()
    return project


@open_files_move
@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_nothing_is_called_saved_in_a_file_that_has_gone(
    project: Project, place: Path, how: str
) -> None:
    if how == "moved":
        place.rename(place.with_name("elsewhere.sqlite"))
    else:
        place.unlink()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"p\.sqlite: was moved or deleted while"):
            project.record(*WHERE, stroke(2), {})
    with pytest.raises(StoreError, match="was moved or deleted"):
        project.load_labels(*WHERE)
    project.close()
    with pytest.raises(StoreError, match="was moved or deleted"):
        project.marks("set")
    assert not place.exists()


@open_files_move
def test_work_goes_on_when_the_file_is_back(project: Project, place: Path) -> None:
    aside = place.rename(place.with_name("elsewhere.sqlite"))
    with pytest.raises(StoreError, match="Put it back"):
        project.record(*WHERE, stroke(2), {})
    aside.rename(place)
    assert project.record(*WHERE, stroke(2), {}) == 3
    project.close()
    with Project.open(place) as again:
        stored = again.load_labels(*WHERE)
        assert stored is not None
        assert stored.labels[:3, 0].tolist() == [0, 1, 2]


@open_files_move
def test_another_store_put_in_its_place_is_looked_at_first(
    project: Project, place: Path, tmp_path: Path
) -> None:
    project.copy_to(tmp_path / "copy.sqlite")
    project.record(*WHERE, stroke(2), {})
    project.settle()
    for file in place.parent.glob("p.sqlite*"):
        file.unlink()
    os.replace(tmp_path / "copy.sqlite", place)
    with pytest.raises(StoreError, match="another program changed the labels of 'a'"):
        project.record(*WHERE, stroke(3), {})
    stored = project.load_labels(*WHERE)
    assert stored is not None
    assert stored.revision == 2
    assert project.record(*WHERE, stroke(3), {}) == 3


def test_the_file_alone_has_everything_once_it_is_settled(
    project: Project, place: Path, tmp_path: Path
) -> None:
    project.record(*WHERE, stroke(2), {})
    project.settle()
    shutil.copy(place, tmp_path / "alone.sqlite")
    with Project.open(tmp_path / "alone.sqlite") as alone:
        stored = alone.load_labels(*WHERE)
    assert stored is not None
    assert stored.revision == 3


def test_a_store_that_is_no_file_needs_no_settling() -> None:
    with Project.open("sqlite://") as project:
        project.settle()
        assert project.save_labels(*WHERE, EMPTY, {}) == 1


@pytest.fixture
def locked(place: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """A store that is held for ever."""
    Project.open(place).close()
    monkeypatch.setattr(engine, "BUSY_MS", 20)
    holder = sqlite3.connect(place)
    holder.execute("begin exclusive")
    return holder


@pytest.mark.skipif(os.name != "posix", reason="files are locked otherwise there")
def test_a_drive_without_locks_is_told(
    locked: sqlite3.Connection, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", refuse)
    with pytest.raises(StoreError, match=r"a drive that cannot lock files\. Choose"):
        Project.open(place)
    locked.close()


def test_a_store_that_is_held_is_not_taken_for_a_drive_without_locks(
    locked: sqlite3.Connection, place: Path
) -> None:
    assert file_place.can_lock(place.parent)
    with pytest.raises(StoreError, match="is held by another program"):
        Project.open(place)
    locked.close()
