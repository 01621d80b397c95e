from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import LabelDelta, Project, engine, migrations, schema

WHERE = ("set", "a", "cells")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A store with one layer, closed."""
    path = tmp_path / "p.sqlite"
    with Project.open(path) as project:
        project.save_labels(*WHERE, np.zeros((50, 50), np.int32), {})
    return path


def test_a_file_of_another_kind_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Not a database, but notes of a person. " * 50)
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"notes\.txt: is not a project store"):
        Project.open(file)
    assert file.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "bookmarks.sqlite"
    with sqlite3.connect(file) as raw:
        raw.execute("create table bookmarks (url text)")
    raw.close()
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"another program .*'bookmarks'"):
        Project.open(file)
    assert file.read_bytes() == before


def test_a_store_of_a_newer_version_is_refused_and_kept(place: Path) -> None:
    with sqlite3.connect(place) as raw:
        raw.execute("update cellsets_about set value = '99'")
    raw.close()
    before = place.read_bytes()
    with pytest.raises(StoreError, match=r"newer napari-cellsets .*99.* Update"):
        Project.open(place)
    assert place.read_bytes() == before


def test_an_older_store_is_migrated_once(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_note(connection: object) -> None:
        connection.exec_driver_sql(  # type: ignore[attr-defined]
            "alter table cellsets_datasets add column note text"
        )

    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    monkeypatch.setattr(migrations, "STEPS", {schema.VERSION - 1: add_note})
    for _ in range(2):
        with Project.open(place) as project:
            assert project.load_labels(*WHERE) is not None
    with sqlite3.connect(place) as raw:
        version = raw.execute("select value from cellsets_about").fetchone()[0]
        raw.execute("select note from cellsets_datasets")
    raw.close()
    assert version == str(schema.VERSION)


def test_a_migration_that_fails_changes_nothing(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: object) -> None:
        connection.exec_driver_sql("drop table cellsets_counts")  # type: ignore[attr-defined]
        connection.exec_driver_sql("drop table no_such_table")  # type: ignore[attr-defined]

    with monkeypatch.context() as patch:
        patch.setattr(schema, "VERSION", schema.VERSION + 1)
        patch.setattr(migrations, "STEPS", {schema.VERSION - 1: fail})
        with pytest.raises(StoreError, match="the database said: no such table"):
            Project.open(place)
    with Project.open(place) as project:
        assert project.counts("set") == []


def test_a_damaged_store_is_told_in_one_sentence(place: Path) -> None:
    whole = place.read_bytes()
    place.write_bytes(whole[:4096] + b"\x5a" * (len(whole) - 4096))
    with pytest.raises(StoreError, match=r"p\.sqlite: is damaged"):
        Project.open(place).load_labels(*WHERE)


def test_a_full_disk_is_told_and_loses_nothing(place: Path) -> None:
    with Project.open(place) as project:
        project.load_labels(*WHERE)
        noise = np.random.default_rng(0).integers(1, 9, (50, 50), np.int32)
        delta = LabelDelta.between(np.zeros_like(noise), noise)
        assert delta is not None
        with project._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        def fill() -> None:
            for _ in range(100):
                project.record(*WHERE, delta, {})

        with pytest.raises(StoreError, match=r"the disk is full\. Make room"):
            fill()
        stored = project.load_labels(*WHERE)
        assert stored is not None
        assert stored.revision == 1 + stored.edits
        with project._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert project.record(*WHERE, delta, {}) == stored.revision + 1


def test_a_disk_that_fails_is_told(place: Path) -> None:
    with (
        pytest.raises(StoreError, match=r"the disk is full, or fails\. Make room"),
        engine.told_as_store_errors(str(place)),
    ):
        raise sqlite3.OperationalError("disk I/O error")


def test_a_network_that_is_cut_is_told(place: Path) -> None:
    with (
        pytest.raises(StoreError, match=r"cannot be reached any more\. .* Check"),
        engine.told_as_store_errors(str(place)),
    ):
        raise sqlite3.OperationalError("could not receive data from server: timed out")


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be opened"):
        Project.open(tmp_path / "file" / "p.sqlite")


def test_text_that_is_no_url_is_refused() -> None:
    with pytest.raises(StoreError, match="A database URL such as"):
        Project.open("://nothing")


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(StoreError, match="not known: 'tabletop'"):
        Project.open("tabletop://host/name")


def test_a_missing_driver_is_named_and_the_password_is_not() -> None:
    with pytest.raises(StoreError, match="needs the Python package 'pymssql'") as told:
        Project.open("mssql+pymssql://ada:secret@host/name")
    assert "secret" not in str(told.value)


_TRY = """
import os, sys
import numpy as np
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Project

def work(place):
    with Project.open(place) as project:
        project.save_labels("set", "b", "cells", np.ones((5, 5), int), {})

work("sqlite://")  # everything is imported while this account may read it
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    work(sys.argv[1])
except StoreError as error:
    print(error)
"""


def as_ordinary_user(place: Path) -> str:
    """Try to write there without an administrator's rights; return what is said."""
    command = [sys.executable, "-c", _TRY, str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(os.name != "posix", reason="folders have no write bit there")
def test_a_read_only_folder_is_told_in_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        assert "could not be opened" in as_ordinary_user(Path(folder) / "p.sqlite")
        assert os.listdir(folder) == []


@pytest.mark.skipif(os.name != "posix", reason="folders have no write bit there")
def test_a_read_only_store_is_told_in_one_sentence() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "p.sqlite"
        with Project.open(place) as project:
            project.save_labels(*WHERE, np.zeros((5, 5), int), {})
        place.chmod(0o444)
        os.chmod(folder, 0o555)
        said = as_ordinary_user(place)
    assert "could not be" in said or "read-only" in said
    assert said.count("\n") == 1
