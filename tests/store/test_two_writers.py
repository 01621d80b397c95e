from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.core.errors import ChangedMeanwhileError, StoreError
from napari_cellsets.store import LabelDelta, Project, engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHERE = ("set", "a", "cells")


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Project, Project]]:
    with Project.open(tmp_path / "p.sqlite") as one, Project.open(one.place) as other:
        one.save_labels(*WHERE, np.zeros((20, 20), np.int32), {})
        one.load_labels(*WHERE)
        other.load_labels(*WHERE)
        yield one, other


def paint(number: int) -> LabelDelta:
    before = np.zeros((20, 20), np.int32)
    after = before.copy()
    after[number] = number + 1
    delta = LabelDelta.between(before, after)
    assert delta is not None
    return delta


def test_an_edit_on_labels_that_another_changed_is_refused(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    one.record(*WHERE, paint(1), {})
    with pytest.raises(StoreError, match=r"another program changed .* Load the sample"):
        other.record(*WHERE, paint(2), {})
    stored = one.load_labels(*WHERE)
    assert stored is not None
    assert np.unique(stored.labels).tolist() == [0, 2]


def test_new_labels_over_what_another_changed_are_refused(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    one.record(*WHERE, paint(1), {})
    with pytest.raises(ChangedMeanwhileError, match="another program changed"):
        other.save_labels(*WHERE, np.zeros((20, 20), np.int32), {})


def test_labels_that_appeared_meanwhile_are_not_overwritten(tmp_path: Path) -> None:
    with Project.open(tmp_path / "p.sqlite") as one, Project.open(one.place) as other:
        assert one.load_labels(*WHERE) is None
        other.save_labels(*WHERE, np.ones((5, 5), int), {})
        with pytest.raises(StoreError, match=r"revision 1, expected 0"):
            one.save_labels(*WHERE, np.zeros((5, 5), int), {})


def test_after_loading_again_the_edit_is_accepted(two: tuple[Project, Project]) -> None:
    one, other = two
    one.record(*WHERE, paint(1), {})
    other.load_labels(*WHERE)
    other.record(*WHERE, paint(2), {})
    stored = one.load_labels(*WHERE)
    assert stored is not None
    assert np.unique(stored.labels).tolist() == [0, 2, 3]


def test_corrections_never_looked_at_are_not_overwritten(
    two: tuple[Project, Project],
) -> None:
    one, _ = two
    one.record(*WHERE, paint(1), {})
    with (
        Project.open(one.place) as blind,
        pytest.raises(StoreError, match="changed without being loaded"),
    ):
        blind.save_labels(*WHERE, np.zeros((20, 20), int), {})


def test_a_prediction_never_looked_at_is_replaced(two: tuple[Project, Project]) -> None:
    with Project.open(two[0].place) as blind:
        assert blind.save_labels(*WHERE, np.ones((20, 20), int), {}) == 2


def test_an_edit_on_labels_never_loaded_is_refused(
    two: tuple[Project, Project],
) -> None:
    with (
        Project.open(two[0].place) as blind,
        pytest.raises(StoreError, match="changed without being loaded"),
    ):
        blind.record(*WHERE, paint(1), {})


def test_a_revision_given_by_the_caller_decides(two: tuple[Project, Project]) -> None:
    one, _ = two
    one.record(*WHERE, paint(1), {}, revision=1)
    with pytest.raises(StoreError, match=r"revision 2, expected 1"):
        one.record(*WHERE, paint(2), {}, revision=1)


def test_a_reader_sees_the_state_from_before_a_running_write(
    two: tuple[Project, Project],
) -> None:
    one, other = two
    with engine.writing(one._engine) as connection:
        connection.exec_driver_sql("delete from cellsets_journal")
        assert other.load_labels(*WHERE) is not None


def test_a_writer_waits_for_another_one(two: tuple[Project, Project]) -> None:
    one, other = two
    entered = threading.Event()
    leave = threading.Event()

    def hold() -> None:
        with engine.writing(other._engine):
            entered.set()
            leave.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    entered.wait(10)
    threading.Timer(0.2, leave.set).start()
    assert one.record(*WHERE, paint(1), {}) == 2
    holder.join()


def test_a_writer_that_never_ends_is_told(
    two: tuple[Project, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = two
    one.close()
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    blocker = sqlite3.connect(one.place, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="held by another program"):
        one.record(*WHERE, paint(1), {})
    blocker.close()
    assert one.record(*WHERE, paint(1), {}) == 2


def test_gui_thread_and_worker_share_one_project(tmp_path: Path) -> None:
    failures: list[Exception] = []

    def work(project: Project, sample: str) -> None:
        try:
            project.save_labels("set", sample, "cells", np.zeros((20, 20), int), {})
            for number in range(20):
                project.record("set", sample, "cells", paint(number), {})
                project.save_count("set", sample, "m", "{}", {"count": number})
        except StoreError as error:
            failures.append(error)

    with Project.open(tmp_path / "p.sqlite") as project:
        workers = [
            threading.Thread(target=work, args=(project, name)) for name in ("a", "b")
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert failures == []
        for name in ("a", "b"):
            stored = project.load_labels("set", name, "cells")
            assert stored is not None
            assert stored.labels[:, 0].tolist() == list(range(1, 21))


def test_two_programs_that_start_together_share_a_new_store(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from napari_cellsets.store import Project\n"
        "p = Project.open(sys.argv[1])\n"
        "p.save_labels('set', sys.argv[2], 'cells', np.ones((9, 9), int), {})"
    )
    place = str(tmp_path / "new" / "p.sqlite")
    running = [
        subprocess.Popen([sys.executable, "-c", code, place, str(n)], stderr=-1)
        for n in range(3)
    ]
    said = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    with Project.open(place) as project:
        assert all(project.load_labels("set", str(n), "cells") for n in range(3))
