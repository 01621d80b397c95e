"""Corrections of marks: on SQLite, and on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Mark, MarkChangedError, MarkKey, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SET = "set"
POINT = MarkKey("a", "nuclei", 3)
BOX = MarkKey("a", "boxes", 1)
CLASS = MarkKey("a")


@pytest.fixture
def two(place: str) -> Iterator[tuple[Project, Project]]:
    with (
        Project.open(place, author="ada") as one,
        Project.open(place, author="bob") as other,
    ):
        yield one, other


def point(y: float, class_name: str = "") -> Mark:
    return Mark("points", [y, 1.5], class_name)


def now_of(project: Project, sample: str | None = None) -> dict[MarkKey, Mark]:
    return {key: kept.mark for key, kept in project.marks(SET, sample).items()}


def test_nothing_is_corrected_at_first(two: tuple[Project, Project]) -> None:
    assert two[0].marks(SET) == {}
    assert two[0].mark_acts(SET) == []
    assert two[0].marked_samples(SET) == set()


def test_marks_of_all_kinds_come_back_with_who_how_and_when(place: str) -> None:
    ring = [[0.0, 0.0], [0.0, 5.5], [5.25, 0.0]]
    changes = {
        POINT: point(0.1, "ł ☃"),
        BOX: Mark("boxes", [0.5, 1, 2, 3, 12.5], "b"),
        MarkKey("a", "outlines", 2): Mark("polygons", [[ring, ring], [ring]]),
        MarkKey("a", "boxes", 2): Mark("boxes", gone=True),
        CLASS: Mark("class", None, "dysplastic"),
    }
    before = datetime.now(UTC)
    with Project.open(place, author="ada") as project:
        act = project.record_marks(SET, changes, {"tool": "paste"})
    with Project.open(place, author="bob") as project:
        found = project.marks(SET)
    assert {key: kept.mark for key, kept in found.items()} == changes
    kept = found[POINT]
    assert (kept.author, kept.provenance, kept.act) == ("ada", {"tool": "paste"}, act)
    assert before <= kept.when <= datetime.now(UTC)


def test_the_newest_counts_and_all_stay_readable(two: tuple[Project, Project]) -> None:
    one, other = two
    one.record_marks(SET, {POINT: point(1), BOX: Mark("boxes", [0, 0, 1, 1, 0])}, {})
    other.record_marks(SET, {POINT: point(2)}, {"tool": "move"})
    assert now_of(one) == {POINT: point(2), BOX: Mark("boxes", [0, 0, 1, 1, 0])}
    acts = one.mark_acts(SET)
    assert [act.author for act in acts] == ["ada", "bob"]
    assert [act.marks[POINT] for act in acts] == [point(1), point(2)]
    assert acts[1].provenance == {"tool": "move"}


def test_one_act_may_reach_many_samples(two: tuple[Project, Project]) -> None:
    names = [f"image {n}" for n in range(1000)]
    said = {MarkKey(name): Mark("class", None, "odd") for name in names}
    two[0].record_marks(SET, said, {})
    assert now_of(two[1]) == said
    assert two[1].marked_samples(SET) == set(names)
    assert two[1].marked_samples(SET, classes=False) == set()
    (act,) = two[1].mark_acts(SET)
    assert act.marks == said


def test_all_of_an_act_is_stored_or_nothing(two: tuple[Project, Project]) -> None:
    with pytest.raises(StoreError, match="A mark is one of"):
        two[0].record_marks(SET, {POINT: point(1), BOX: Mark("cube", [1])}, {})
    assert two[0].marks(SET) == {}


def test_samples_layers_and_sets_are_kept_apart(two: tuple[Project, Project]) -> None:
    one = two[0]
    elsewhere = POINT._replace(sample="b")
    one.record_marks(SET, {POINT: point(1), elsewhere: point(2), CLASS: Mark()}, {})
    one.record_marks("other set", {POINT: point(3)}, {})
    assert now_of(one, "b") == {elsewhere: point(2)}
    assert set(one.marks(SET, "a", "nuclei")) == {POINT}
    assert set(one.marks(SET, layer="")) == {CLASS}
    assert list(one.mark_acts(SET, "b")[0].marks) == [elsewhere]


def test_marks_can_be_seen_as_of_a_time(two: tuple[Project, Project]) -> None:
    one = two[0]
    one.record_marks(SET, {POINT: point(1)}, {})
    time.sleep(0.002)
    then = datetime.now(UTC)
    time.sleep(0.002)
    one.record_marks(SET, {POINT: point(2)}, {})
    seen = one.marks(SET, at=then)
    assert {key: kept.mark for key, kept in seen.items()} == {POINT: point(1)}


def test_no_change_is_no_act(two: tuple[Project, Project]) -> None:
    assert two[0].record_marks(SET, {}, {}) == ""
    assert two[0].last_change() == 0


def test_the_other_window_hears_of_marks_and_this_one_does_not(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    one.record_marks(SET, {POINT: point(1), BOX: Mark("boxes", gone=True)}, {})
    one.record_marks(SET, {POINT: point(2)}, {})
    assert one.changed_since(SET, 0).marks == ()
    heard = other.changed_since(SET, 0)
    assert {(row.sample, row.layer, row.author) for row in heard.marks} == {
        ("a", "nuclei", "ada"),
        ("a", "boxes", "ada"),
    }
    assert other.changed_since(SET, heard.number).marks == ()
    assert other.changed_since("other set", 0).marks == ()


def test_a_mark_that_somebody_else_changed_is_not_overwritten(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    one.record_marks(SET, {POINT: point(0)}, {})
    seen = one.marks(SET)[POINT].number
    other.record_marks(SET, {POINT: point(1)}, {})
    with pytest.raises(
        MarkChangedError, match="bob changed the same mark of 'a' in between"
    ):
        one.record_marks(SET, {POINT: point(2)}, {}, seen=seen)
    assert now_of(one) == {POINT: point(1)}


def test_other_marks_and_ones_own_are_no_hindrance(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    other.record_marks(SET, {BOX: Mark("boxes", gone=True)}, {})
    for y in (1, 2):
        one.record_marks(SET, {POINT: point(y)}, {}, seen=0)
    assert now_of(one)[POINT] == point(2)


def test_samples_with_marks_are_counted_as_work(two: tuple[Project, Project]) -> None:
    two[0].record_marks(SET, {POINT: point(1), MarkKey("b"): Mark()}, {})
    assert two[0].datasets() == {SET: 2}


@pytest.mark.parametrize(
    ("key", "mark"),
    [
        (CLASS, point(1)),
        (CLASS, Mark("class", [1, 2])),
        (POINT, Mark("class", None, "odd")),
        (POINT, Mark("class", [1, 2])),
    ],
)
def test_class_and_place_go_where_they_belong(
    tmp_path: Path, key: MarkKey, mark: Mark
) -> None:
    with (
        Project.open(tmp_path / "p.sqlite") as project,
        pytest.raises(StoreError, match="The class of a picture has no layer"),
    ):
        project.record_marks(SET, {key: mark}, {})


@pytest.mark.parametrize(
    "mark", [Mark("points"), Mark("points", [1.0, 2.0], gone=True)]
)
def test_a_mark_has_a_place_unless_it_is_gone(tmp_path: Path, mark: Mark) -> None:
    with (
        Project.open(tmp_path / "p.sqlite") as project,
        pytest.raises(StoreError, match="has a place unless it is gone"),
    ):
        project.record_marks(SET, {POINT: mark}, {})


def test_marks_are_read_by_their_sample_not_by_reading_all(tmp_path: Path) -> None:
    Project.open(tmp_path / "p.sqlite").close()
    with sqlite3.connect(tmp_path / "p.sqlite") as raw:
        plan = raw.execute(
            "explain query plan select * from cellsets_marks "
            "where dataset = 1 and sample = 'a' order by id"
        ).fetchall()
    raw.close()
    assert "cellsets_marks_sample (dataset=? AND sample=?)" in str(plan)
