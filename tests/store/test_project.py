from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.core.places import data_home
from napari_cellsets.store import LabelDelta, Project, journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SET, SAMPLE = "set-1", "red/0"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


def stroke(labels: np.ndarray, number: int) -> tuple[np.ndarray, LabelDelta]:
    """Paint a square that depends on the number; return the image and the edit."""
    edited = labels.copy()
    y, x = (number * 7) % (labels.shape[-2] - 5), (number * 11) % (labels.shape[-1] - 5)
    edited[..., y : y + 5, x : x + 5] = number + 1000
    delta = LabelDelta.between(labels, edited)
    assert delta is not None
    return edited, delta


def saved(project: Project, shape: tuple[int, ...] = (40, 60)) -> np.ndarray:
    labels = np.arange(np.prod(shape), dtype=np.int32).reshape(shape) // 50
    project.save_labels(SET, SAMPLE, "cells", labels, {"kind": "prediction"})
    return labels


def test_nothing_is_stored_at_first(project: Project) -> None:
    assert project.load_labels(SET, SAMPLE, "cells") is None
    assert project.edited_samples(SET) == set()
    assert project.counts(SET) == []


def test_saved_labels_come_back_with_their_provenance(project: Project) -> None:
    labels = saved(project)
    stored = project.load_labels(SET, SAMPLE, "cells")
    assert stored is not None
    assert np.array_equal(stored.labels, labels)
    assert stored.provenance == {"kind": "prediction"}
    assert (stored.revision, stored.edits, stored.author) == (1, 0, "ada")


def test_edits_survive_closing(tmp_path: Path) -> None:
    place = tmp_path / "p.sqlite"
    with Project.open(place) as project:
        labels = saved(project)
        for number in range(5):
            labels, delta = stroke(labels, number)
            project.record(SET, SAMPLE, "cells", delta, {"tool": "paint"})
    with Project.open(place) as again:
        stored = again.load_labels(SET, SAMPLE, "cells")
    assert stored is not None
    assert np.array_equal(stored.labels, labels)
    assert stored.edits == 5


def test_labels_known_already_are_read_again_once_they_were_changed(
    project: Project,
) -> None:
    labels, delta = stroke(saved(project), 1)
    known = project.load_labels(SET, SAMPLE, "cells")
    assert project.load_labels(SET, SAMPLE, "cells", known=known) is known
    project.record(SET, SAMPLE, "cells", delta, {})
    stored = project.load_labels(SET, SAMPLE, "cells", known=known)
    assert stored is not None
    assert np.array_equal(stored.labels, labels)


def test_stacks_are_stored_as_they_are(project: Project) -> None:
    labels = saved(project, (3, 20, 30))
    labels, delta = stroke(labels, 2)
    project.record(SET, SAMPLE, "cells", delta, {})
    stored = project.load_labels(SET, SAMPLE, "cells")
    assert stored is not None
    assert np.array_equal(stored.labels, labels)


def test_cells_and_truth_are_kept_apart(project: Project) -> None:
    saved(project)
    truth = np.ones((40, 60), np.int32)
    project.save_labels(SET, SAMPLE, "truth", truth, {})
    stored = project.load_labels(SET, SAMPLE, "truth")
    assert stored is not None
    assert np.array_equal(stored.labels, truth)


def test_samples_of_the_same_name_in_two_sets_are_kept_apart(project: Project) -> None:
    saved(project)
    assert project.load_labels("set-2", SAMPLE, "cells") is None


def test_edited_samples_are_named_per_layer(project: Project) -> None:
    _, delta = stroke(saved(project), 1)
    project.save_labels(SET, "untouched", "cells", np.zeros((9, 9), int), {})
    project.record(SET, SAMPLE, "cells", delta, {})
    assert project.edited_samples(SET) == {SAMPLE}
    assert project.edited_samples(SET, "cells") == {SAMPLE}
    assert project.edited_samples(SET, "truth") == set()
    assert project.edited_samples("set-2") == set()


def test_a_new_base_begins_without_edits(project: Project) -> None:
    _, delta = stroke(saved(project), 1)
    project.record(SET, SAMPLE, "cells", delta, {})
    fresh = np.zeros((10, 10), np.int32)
    assert project.save_labels(SET, SAMPLE, "cells", fresh, {}) == 3
    stored = project.load_labels(SET, SAMPLE, "cells")
    assert stored is not None
    assert np.array_equal(stored.labels, fresh)
    assert project.edited_samples(SET) == set()


@pytest.mark.parametrize(("entries", "size"), [(3, 2**20), (1000, 300)])
def test_long_journal_is_folded_into_a_new_base(
    project: Project, monkeypatch: pytest.MonkeyPatch, entries: int, size: int
) -> None:
    monkeypatch.setattr(journal, "JOURNAL_ENTRIES", entries)
    monkeypatch.setattr(journal, "JOURNAL_BYTES", size)
    labels = np.zeros((40, 60), np.int32)
    project.save_labels(SET, SAMPLE, "cells", labels, {"model": "m"})
    kept = []
    for number in range(20):
        labels, delta = stroke(labels, number)
        project.record(SET, SAMPLE, "cells", delta, {})
        with sqlite3.connect(project.place) as raw:
            kept += raw.execute(
                "select journal_entries from cellsets_layers"
            ).fetchone()
        raw.close()
    stored = project.load_labels(SET, SAMPLE, "cells")
    assert stored is not None
    assert np.array_equal(stored.labels, labels)
    assert stored.provenance == {"model": "m"}
    assert (stored.revision, stored.edits) == (21, 20)
    assert max(kept) <= 12
    assert 0 in kept


def test_store_stays_small_over_many_edits(project: Project) -> None:
    labels = saved(project, (200, 300))
    for number in range(400):
        labels, delta = stroke(labels, number)
        project.record(SET, SAMPLE, "cells", delta, {"tool": "paint"})
    project.close()
    with sqlite3.connect(project.place) as raw:
        pages = raw.execute(
            "select page_count * page_size from pragma_page_count, pragma_page_size"
        ).fetchone()[0]
    raw.close()
    assert pages < 2**20


def test_each_edit_tells_who_and_how(project: Project) -> None:
    _, delta = stroke(saved(project), 1)
    project.record(SET, SAMPLE, "cells", delta, {"tool": "fill", "n": np.int64(3)})
    with sqlite3.connect(project.place) as raw:
        row = raw.execute(
            "select sequence, author, facts from cellsets_journal "
            "join cellsets_provenance on id = provenance"
        ).fetchone()
    raw.close()
    assert row == (2, "ada", '{"n": 3, "tool": "fill"}')


def test_newest_count_of_each_sample_is_told(project: Project) -> None:
    project.save_count(SET, "b", "hash", "{}", {"count": 1})
    project.save_count(SET, "a", "hash", "{}", {"count": 2})
    project.save_count(SET, "b", "other", "{}", {"count": 3, "f1": np.float64(0.5)})
    found = project.counts(SET)
    assert [(row["sample"], row["count"]) for row in found] == [("a", 2), ("b", 3)]
    assert found[1]["f1"] == 0.5
    assert found[1]["model_hash"] == "other"


def test_counts_of_one_model_and_settings_can_be_asked_for(project: Project) -> None:
    project.save_count(SET, "a", "m1", '{"t": 1}', {"count": 1})
    project.save_count(SET, "a", "m1", '{"t": 2}', {"count": 2})
    project.save_count(SET, "a", "m2", '{"t": 1}', {"count": 3})
    found = project.counts(SET, model_hash="m1", settings_json='{"t": 1}')
    assert [row["count"] for row in found] == [1]


def test_same_model_and_settings_replace_their_count(project: Project) -> None:
    for count in (1, 2):
        project.save_count(SET, "a", "m", "{}", {"count": count})
    with sqlite3.connect(project.place) as raw:
        rows = raw.execute("select count(*) from cellsets_counts").fetchone()[0]
    raw.close()
    assert rows == 1
    assert project.counts(SET)[0]["count"] == 2


def test_default_place_is_the_persons_data_folder() -> None:
    with Project.open() as project:
        assert project.place == str(data_home() / "project.sqlite")


def test_a_folder_holds_the_store_under_its_usual_name(tmp_path: Path) -> None:
    with Project.open(tmp_path) as project:
        assert project.place == str(tmp_path / "project.sqlite")


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_database_url_is_accepted(tmp_path: Path, kind: str) -> None:
    url = f"sqlite:///{tmp_path}/u.sqlite" if kind == "file" else "sqlite://"
    with Project.open(url) as project:
        labels = saved(project)
        stored = project.load_labels(SET, SAMPLE, "cells")
        assert stored is not None
        assert np.array_equal(stored.labels, labels)


def test_commits_wait_for_the_disk(project: Project) -> None:
    with project._engine.connect() as connection:
        asked = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    assert asked == ["wal", 2, 5000]


def test_labels_of_an_unknown_layer_are_refused(project: Project) -> None:
    with pytest.raises(StoreError, match="A layer is one of"):
        project.load_labels(SET, SAMPLE, "nuclei")


def test_an_edit_without_stored_labels_is_refused(project: Project) -> None:
    project.load_labels(SET, SAMPLE, "cells")
    _, delta = stroke(np.zeros((40, 60), np.int32), 1)
    with pytest.raises(StoreError, match="no labels of 'red/0' are stored"):
        project.record(SET, SAMPLE, "cells", delta, {})


def test_an_edit_outside_the_labels_is_refused(project: Project) -> None:
    saved(project, (10, 10))
    _, delta = stroke(np.zeros((40, 60), np.int32), 4)
    with pytest.raises(StoreError, match="lies outside the labels of 'red/0'"):
        project.record(SET, SAMPLE, "cells", delta, {})
    assert project.edited_samples(SET) == set()


def test_a_lost_edit_is_noticed(project: Project) -> None:
    labels = saved(project)
    for number in range(3):
        labels, delta = stroke(labels, number)
        project.record(SET, SAMPLE, "cells", delta, {})
    with sqlite3.connect(project.place) as raw:
        raw.execute("delete from cellsets_journal where sequence = 3")
    raw.close()
    with pytest.raises(StoreError, match=r"3 edits were expected, 2 were found"):
        project.load_labels(SET, SAMPLE, "cells")


def test_a_damaged_base_is_noticed_and_named(project: Project) -> None:
    saved(project)
    with sqlite3.connect(project.place) as raw:
        blob = raw.execute("select labels from cellsets_bases").fetchone()[0]
        raw.execute("update cellsets_bases set labels = ?", (blob[:-1] + b"?",))
    raw.close()
    with pytest.raises(StoreError, match=r"p\.sqlite: A stored label image is damaged"):
        project.load_labels(SET, SAMPLE, "cells")
