from __future__ import annotations

import gc
import threading
import weakref

from napari_cellsets._qt.worker_threads import start_in_thread


class Noted:
    """Work that notes its thread and waits to be let on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.thread: threading.Thread | None = None
        self.name = ""

    def __call__(self) -> None:
        self.thread = threading.current_thread()
        self.name = self.thread.name
        assert self.go_on.wait(20)


def done(name: str) -> Noted:
    """Return work that was begun and has ended."""
    work = Noted()
    work.go_on.set()
    assert start_in_thread(work, name).join(20)
    return work


def test_work_after_work_is_done_by_one_thread() -> None:
    first, second = done("first"), done("second")
    assert first.thread is second.thread
    assert first.thread is not threading.main_thread()


def test_work_at_the_same_time_is_done_by_two_threads() -> None:
    works = Noted(), Noted()
    running = [start_in_thread(work, "both") for work in works]
    for work in works:
        work.go_on.set()
    assert all(one.join(20) for one in running)
    assert works[0].thread is not works[1].thread


def test_thread_has_the_name_of_its_work_meanwhile() -> None:
    work = done("Count")
    assert work.name == "Count"
    assert work.thread is not None
    assert work.thread.name != "Count"


def test_waiting_for_work_that_goes_on_ends_in_time() -> None:
    work = Noted()
    running = start_in_thread(work, "long")
    assert not running.join(0.01)
    work.go_on.set()
    assert running.join(20)


def test_idle_thread_holds_nothing_of_its_work() -> None:
    work = done("held")
    gone = weakref.ref(work)
    del work
    gc.collect()
    assert gone() is None
