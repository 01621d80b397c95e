from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from old_stores import rows_of, write_version_1

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project, schema
from napari_cellsets.store.pixels import encode_labels

if TYPE_CHECKING:
    from pathlib import Path

WHERE = ("set", "a", "cells")


@pytest.fixture
def old(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A store of version 1 with a base and an edit, and the labels in it."""
    base = np.zeros((8, 9), np.int32)
    base[1:3, 2:5] = 4
    labels = base.copy()
    labels[2:5, 3:6] = 7
    edit = LabelDelta.between(base, labels)
    assert edit is not None
    place = tmp_path / "p.sqlite"
    write_version_1(place, encode_labels(base), "[8, 9]", edit)
    return place, labels


def test_labels_and_counts_of_version_1_are_kept(old: tuple[Path, np.ndarray]) -> None:
    place, labels = old
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
        counts = project.counts("set")
    assert stored is not None
    assert np.array_equal(stored.labels, labels)
    assert (stored.revision, stored.edits, stored.author) == (6, 5, "ada")
    assert stored.provenance == {"model": "m"}
    assert [row["count"] for row in counts] == [7]


def test_work_goes_on_in_a_store_of_version_1(old: tuple[Path, np.ndarray]) -> None:
    place, labels = old
    with Project.open(place) as project:
        project.load_labels(*WHERE)
        after = labels.copy()
        after[0] = 3
        delta = LabelDelta.between(labels, after)
        assert delta is not None
        assert project.record(*WHERE, delta, {}) == 7
        assert project.set_verdict("set", "a", "accepted").revision == 7
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
        assert stored is not None
        assert np.array_equal(stored.labels, after)
        assert project.verdicts("set")["a"].verdict == "accepted"


def test_marks_are_kept_in_a_store_of_version_1(old: tuple[Path, np.ndarray]) -> None:
    point = {MarkKey("a", "points", 1): Mark("points", [2.0, 3.0])}
    with Project.open(old[0]) as project:
        project.record_marks("set", point, {})
    with Project.open(old[0]) as project:
        assert [kept.mark for kept in project.marks("set").values()] == [
            Mark("points", [2.0, 3.0])
        ]


def test_a_migrated_store_has_the_tables_of_a_new_one(
    old: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    import sqlalchemy as sa

    Project.open(old[0]).close()
    Project.open(tmp_path / "new.sqlite").close()
    described = []
    for name in ("p.sqlite", "new.sqlite"):
        engine = sa.create_engine(f"sqlite:///{tmp_path / name}")
        meta = sa.MetaData()
        meta.reflect(engine)
        engine.dispose()
        described.append(
            {
                (table.name, column.name, str(column.type), column.nullable)
                for table in meta.tables.values()
                for column in table.columns
            }
            | {
                (table.name, index.name, *index.columns.keys())
                for table in meta.tables.values()
                for index in table.indexes
            }
        )
    assert described[0] == described[1]


def test_a_migrated_store_says_its_version(old: tuple[Path, np.ndarray]) -> None:
    Project.open(old[0]).close()
    about = dict(rows_of(old[0], "cellsets_about"))
    assert about["version"] == str(schema.VERSION)


def test_history_of_version_1_begins_with_the_edits_that_it_kept(
    old: tuple[Path, np.ndarray],
) -> None:
    place, labels = old
    with Project.open(place) as project:
        seen = project.load_labels(*WHERE, at=datetime.fromtimestamp(1.1e9, UTC))
        assert seen is not None
        assert np.array_equal(seen.labels, labels)
        with pytest.raises(StoreError, match="as of 2001-09-09 01:46 UTC are gone"):
            project.load_labels(*WHERE, at=datetime.fromtimestamp(1e9, UTC))
