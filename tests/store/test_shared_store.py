"""One project store, several people: on SQLite, and on a real PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import (
    ChangedLabels,
    Changes,
    LabelDelta,
    Opinion,
    Project,
    Subject,
    engine,
    journal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SET = "set"
WHERE = (SET, "a", "cells")
SHAPE = (40, 60)


@pytest.fixture
def two(place: str) -> Iterator[tuple[Project, Project]]:
    """Two windows on one store, with one empty image."""
    with Project.open(place, author="ada") as one:
        one.save_labels(*WHERE, np.zeros(SHAPE, np.int32), {"model": "m"})
        with Project.open(place, author="bob") as other:
            other.load_labels(*WHERE)
            yield one, other


def paint(project: Project, value: int) -> np.ndarray:
    """Paint a square that depends on the value, on the newest labels."""
    stored = project.load_labels(*WHERE)
    assert stored is not None
    after = stored.labels.copy()
    y, x = value * 3 % 35, value * 7 % 55
    after[y : y + 5, x : x + 5] = value
    delta = LabelDelta.between(stored.labels, after)
    assert delta is not None
    project.record(*WHERE, delta, {"tool": "brush"})
    return after


def stroke(value: int) -> LabelDelta:
    after = np.zeros(SHAPE, np.int32)
    after[value] = value
    delta = LabelDelta.between(np.zeros(SHAPE, np.int32), after)
    assert delta is not None
    return delta


def test_everything_comes_back_after_closing(place: str) -> None:
    with Project.open(place, author="ada") as project:
        project.save_labels(*WHERE, np.zeros(SHAPE, np.int32), {"model": "m"})
        first = len(project.label_history(*WHERE))
        kept = paint(project, 3)
        project.set_object_facts(*WHERE, [3], {"class_id": 4, "comment": "ł ☃"})
        project.set_verdict(SET, "a", "flagged", reason="blurred")
        project.set_verdict(SET, "a", "accepted", object_id=3)
        project.save_count(SET, "a", "m", "{}", {"count": 1})
        project.save_count(SET, "a", "m", "{}", {"count": 2})
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
        assert stored is not None
        assert np.array_equal(stored.labels, kept)
        assert (stored.revision, stored.edits, stored.author) == (2, 1, "ada")
        assert project.object_facts(*WHERE).of(3).comment == "ł ☃"
        assert project.verdicts(SET)["a"].opinion == Opinion("flagged", "blurred")
        assert Subject("a", 3) in project.object_verdicts(SET, "a")
        assert [row["count"] for row in project.counts(SET)] == [2]
        assert project.edited_samples(SET) == {"a"}
        assert (first, len(project.label_history(*WHERE))) == (1, 2)


def test_long_journals_are_folded_and_earlier_times_stay(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "JOURNAL_ENTRIES", 3)
    with Project.open(place) as project:
        project.save_labels(*WHERE, np.zeros(SHAPE, np.int32), {})
        copies = []
        for value in range(1, 12):
            labels = paint(project, value)
            verdict = project.set_verdict(SET, "a", "accepted")
            copies.append((verdict.when, labels))
        for when, labels in copies:
            seen = project.load_labels(*WHERE, at=when)
            assert seen is not None
            assert np.array_equal(seen.labels, labels)
        project.restore(*WHERE, copies[4][0])
        stored = project.load_labels(*WHERE)
        assert stored is not None
        assert np.array_equal(stored.labels, copies[4][1])


def test_what_others_do_is_seen_and_ones_own_labels_are_not_news(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    mark = one.last_change()
    assert one.changed_since(SET, mark) == Changes(mark)
    paint(other, 3)
    other.set_verdict(SET, "b", "accepted")
    news = one.changed_since(SET, mark)
    (labels,) = news.labels
    assert labels == ChangedLabels("a", "cells", 2, "bob", labels.time)
    assert news.verdicts == {"b"}
    assert news.facts == {("a", "cells")}
    assert news.number > mark
    assert one.changed_since(SET, news.number).labels == ()
    assert other.changed_since(SET, mark).labels == ()
    assert one.changed_since("another set", mark).labels == ()


def test_labels_that_were_loaded_since_are_no_news(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    mark = one.last_change()
    paint(other, 3)
    one.load_labels(*WHERE)
    assert one.changed_since(SET, mark).labels == ()


def test_a_save_on_labels_that_another_changed_is_refused(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    kept = paint(other, 3)
    with pytest.raises(StoreError, match=r"another program changed the labels of 'a'"):
        one.record(*WHERE, stroke(1), {})
    with pytest.raises(StoreError, match=r"another program changed the labels of 'a'"):
        one.save_labels(*WHERE, np.ones(SHAPE, int), {})
    stored = one.load_labels(*WHERE)
    assert stored is not None
    assert np.array_equal(stored.labels, kept)


def test_the_newest_verdict_of_several_people_counts(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    one.set_verdict(SET, "a", "accepted")
    other.set_verdict(SET, "a", "rejected")
    assert one.verdicts(SET)["a"].author == "bob"
    history = one.verdict_history(SET, Subject("a"))
    assert [said.author for said in history] == ["ada", "bob"]


def test_a_writer_waits_for_another_one(two: tuple[Project, Project]) -> None:
    one, other = two
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with engine.writing(other._engine):
            entered.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(10)
    threading.Timer(0.2, leave.set).start()
    assert one.record(*WHERE, stroke(1), {}) == 2
    holder.join()


def test_a_writer_that_never_ends_is_told(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    with Project.open(place) as one, Project.open(place) as other:
        with engine.writing(other._engine):
            with pytest.raises(StoreError, match="held by another program"):
                one.set_verdict(SET, "a", "accepted")
        assert one.verdicts(SET) == {}
        assert one.set_verdict(SET, "a", "accepted").verdict == "accepted"


def test_a_reader_sees_one_state_while_another_writes(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    with engine.reading(one._engine) as connection:
        key = journal.LayerKey(*WHERE)
        before = one._journal.find(connection, key)
        paint(other, 3)
        again = one._journal.find(connection, key)
        assert before == again
        assert before is not None
        assert not one._journal.replay(connection, before).any()


_WRITE = """
import sys, numpy as np
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import LabelDelta, Project

place, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
where = ("set", "a", "cells")
with Project.open(place, author=str(first)) as project:
    for value in range(first, last):
        while True:
            stored = project.load_labels(*where)
            if stored is None:
                try:
                    project.save_labels(*where, np.zeros((40, 60), int), {})
                except StoreError:
                    pass
                continue
            after = stored.labels.copy()
            after[value % 40, value // 40] = value
            try:
                delta = LabelDelta.between(stored.labels, after)
                project.record(*where, delta, {"tool": "brush"})
            except StoreError as error:
                if "another program changed" not in str(error):
                    raise
                continue
            break
        project.set_verdict("set", f"s{value}", "accepted")
"""


def test_programs_that_write_at_once_lose_nothing(place: str) -> None:
    each = 12
    ranges = [(str(n), str(n + each)) for n in range(1, 1 + 3 * each, each)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITE, place, *span],
            stderr=subprocess.PIPE,
        )
        for span in ranges
    ]
    said = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    with Project.open(place) as project:
        stored = project.load_labels(*WHERE)
        assert stored is not None
        assert set(np.unique(stored.labels).tolist()) == set(range(1 + 3 * each))
        assert stored.edits == 3 * each
        assert len(project.verdicts(SET)) == 3 * each
        drawn = project.object_facts(*WHERE).differing
    authors = {value: facts.author for value, facts in drawn.items()}
    assert authors == {
        value: first
        for first, _ in ranges
        for value in range(int(first), int(first) + each)
    }


def test_plain_urls_of_postgresql_find_their_driver() -> None:
    assert engine.url_of("postgresql://a@b/c").drivername == "postgresql+psycopg"
    assert engine.url_of("sqlite://").drivername == "sqlite"


def test_a_password_is_not_shown(postgres_place: str) -> None:
    secret = postgres_place.replace("lab@", "lab:sesame@")
    with Project.open(secret) as project:
        assert "sesame" not in project.place
        assert project.place.startswith("postgresql")


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match="does not answer, or does not let you in"):
        Project.open(f"postgresql://lab@/none?host={tmp_path}")


def test_work_goes_on_after_the_server_was_restarted(postgres_place: str) -> None:
    with Project.open(postgres_place) as one, Project.open(postgres_place) as other:
        one.save_labels(*WHERE, np.zeros(SHAPE, np.int32), {})
        with other._engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        assert one.record(*WHERE, stroke(1), {}) == 2


def test_a_connection_lost_in_the_middle_is_told_and_nothing_is_half_written(
    postgres_place: str,
) -> None:
    with Project.open(postgres_place) as one, Project.open(postgres_place) as other:
        one.save_labels(*WHERE, np.zeros(SHAPE, np.int32), {})

        def lose(*_: object) -> int:
            with other._engine.connect() as connection:
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            return 0

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(one, "_follow", lose)
            with pytest.raises(StoreError, match="server ended the connection"):
                one.record(*WHERE, stroke(1), {})
        stored = one.load_labels(*WHERE)
        assert stored is not None
        assert (stored.revision, stored.labels.max()) == (1, 0)
        assert one.record(*WHERE, stroke(1), {}) == 2
