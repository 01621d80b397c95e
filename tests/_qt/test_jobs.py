from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, ClassVar

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari.utils import progress as napari_progress
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.core.errors import ModelError

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from napari_cellsets.core.cancel import CancelToken, Progress

pytestmark = pytest.mark.gui


class Listener:
    """Collects what a runner says, and on which thread."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []
        self.threads: set[threading.Thread] = set()

    def done(self, value: object) -> None:
        self._hear("done", value)

    def failed(self, error: Exception) -> None:
        self._hear("failed", error)

    def cancelled(self) -> None:
        self._hear("cancelled", None)

    def _hear(self, what: str, value: object) -> None:
        self.heard.append((what, value))
        self.threads.add(threading.current_thread())


class UntilCancelled:
    """Work that runs until its token says stop."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.ended = threading.Event()

    def __call__(self, token: CancelToken, progress: Progress) -> str:
        stop = threading.Event()
        self.started.set()
        with token.interrupting(stop.set):
            stop.wait(20)
        self.ended.set()
        return "late"


@pytest.fixture
def owner(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def runner(owner: QWidget) -> JobRunner:
    return JobRunner(owner)


def idle(runner: JobRunner) -> bool:
    return not runner.busy


def test_result_arrives_on_the_main_thread(runner: JobRunner, qtbot: QtBot) -> None:
    listener = Listener()
    workers: list[threading.Thread] = []

    def work(token: CancelToken, progress: Progress) -> int:
        workers.append(threading.current_thread())
        return 42

    runner.start(work, title="count", done=listener.done)
    qtbot.waitUntil(lambda: idle(runner))
    assert listener.heard == [("done", 42)]
    assert listener.threads == {threading.main_thread()}
    assert workers != [threading.main_thread()]


def test_newest_request_wins_and_late_answer_is_dropped(
    runner: JobRunner, qtbot: QtBot
) -> None:
    older, listener = UntilCancelled(), Listener()
    runner.start(older, title="older", done=listener.done, cancelled=listener.cancelled)
    assert older.started.wait(5)
    runner.start(lambda token, progress: "new", title="newer", done=listener.done)
    qtbot.waitUntil(lambda: idle(runner))
    assert older.ended.wait(5)
    QCoreApplication.processEvents()
    assert listener.heard == [("done", "new")]


def test_cancel_is_told_once_the_work_has_ended(
    runner: JobRunner, qtbot: QtBot
) -> None:
    work, listener = UntilCancelled(), Listener()
    runner.start(
        work,
        title="count",
        done=listener.done,
        failed=listener.failed,
        cancelled=listener.cancelled,
    )
    assert work.started.wait(5)
    runner.cancel()
    assert runner.busy
    qtbot.waitUntil(lambda: idle(runner))
    assert listener.heard == [("cancelled", None)]
    assert work.ended.is_set()


def test_busy_follows_the_work(runner: JobRunner, qtbot: QtBot) -> None:
    states: list[bool] = []
    runner.busy_changed.connect(states.append)
    first = UntilCancelled()
    runner.start(first, title="first", done=Listener().done)
    runner.start(lambda token, progress: None, title="second", done=Listener().done)
    qtbot.waitUntil(lambda: idle(runner))
    assert states == [True, False]


def test_progress_is_throttled_and_bounded(runner: JobRunner, qtbot: QtBot) -> None:
    steps: list[tuple[float, str]] = []

    def hear(fraction: float, text: str) -> None:
        steps.append((fraction, text))

    def work(token: CancelToken, progress: Progress) -> None:
        for step in range(20_000):
            progress(2.0, f"step {step}")

    runner.progressed.connect(hear)
    runner.start(work, title="count", done=Listener().done)
    qtbot.waitUntil(lambda: idle(runner))
    assert steps[0] == (1.0, "step 0")
    assert len(steps) < 200


def test_progress_is_mirrored_in_the_activity_dock(
    runner: JobRunner, qtbot: QtBot
) -> None:
    work = UntilCancelled()
    runner.start(work, title="Count this image", done=Listener().done)
    assert work.started.wait(5)
    (bar,) = napari_progress._all_instances
    assert bar.desc.startswith("Count this image")
    bar.cancel()
    qtbot.waitUntil(lambda: idle(runner))
    assert work.ended.is_set()
    assert not napari_progress._all_instances


def test_request_made_while_the_bar_appears_replaces_the_one_it_is_for(
    runner: JobRunner, qtbot: QtBot
) -> None:
    listener = Listener()

    def ask_again(_event: object) -> None:
        shown.disconnect(ask_again)
        runner.start(lambda *_: "second", title="Second", done=listener.done)

    shown = napari_progress._all_instances.events.changed
    shown.connect(ask_again)
    runner.start(lambda *_: "first", title="First", done=listener.done)
    qtbot.waitUntil(lambda: idle(runner))
    assert listener.heard == [("done", "second")]
    assert not napari_progress._all_instances


def test_work_stopped_while_its_bar_appears_does_not_start(
    runner: JobRunner, qtbot: QtBot
) -> None:
    listener, seen = Listener(), []

    def stop(_event: object) -> None:
        shown.disconnect(stop)
        runner.stop()

    shown = napari_progress._all_instances.events.changed
    shown.connect(stop)
    runner.busy_changed.connect(seen.append)
    runner.start(lambda *_: "never", title="First", done=listener.done)
    qtbot.wait(50)
    assert (listener.heard, seen) == ([], [True, False])
    assert not napari_progress._all_instances


def test_expected_error_goes_to_failed_alone(
    runner: JobRunner, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()
    before = len(notification_manager.records)

    def work(token: CancelToken, progress: Progress) -> None:
        raise ModelError("no model", path="a.onnx", advice="Pick another file.")

    runner.start(work, title="count", done=listener.done, failed=listener.failed)
    qtbot.waitUntil(lambda: idle(runner))
    ((what, error),) = listener.heard
    assert what == "failed"
    assert str(error) == "a.onnx: no model. Pick another file."
    assert len(notification_manager.records) == before
    assert not caplog.records


def test_unexpected_error_is_logged_and_notified(
    runner: JobRunner,
    qtbot: QtBot,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listener = Listener()
    notified: list[BaseException] = []
    monkeypatch.setattr(
        notification_manager,
        "receive_error",
        lambda kind, error, trace: notified.append(error),
    )

    def work(token: CancelToken, progress: Progress) -> None:
        raise ZeroDivisionError("oh")

    runner.start(work, title="count", done=listener.done, failed=listener.failed)
    qtbot.waitUntil(lambda: idle(runner))
    assert [what for what, _ in listener.heard] == ["failed"]
    assert isinstance(notified[0], ZeroDivisionError)
    assert "ZeroDivisionError" in caplog.text


def test_expected_error_nobody_handles_is_shown(
    runner: JobRunner, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("napari_cellsets._qt.jobs.show_warning", shown.append)

    def work(token: CancelToken, progress: Progress) -> None:
        raise ModelError("no model")

    runner.start(work, title="count", done=Listener().done)
    qtbot.waitUntil(lambda: idle(runner))
    assert shown == ["no model."]


def test_deleting_the_widget_stops_its_threads(qtbot: QtBot) -> None:
    widget = QWidget()
    runner, work = JobRunner(widget), UntilCancelled()
    runner.start(work, title="count", done=Listener().done)
    assert work.started.wait(5)
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
        QCoreApplication.sendPostedEvents(widget, QEvent.Type.DeferredDelete)
    assert work.ended.is_set()


def test_leaving_the_window_stops_the_work(qtbot: QtBot) -> None:
    window, widget = QWidget(), QWidget()
    qtbot.addWidget(window)
    qtbot.addWidget(widget)
    runner, work, listener = JobRunner(widget), UntilCancelled(), Listener()
    QVBoxLayout(window).addWidget(widget)
    runner.start(work, title="count", done=listener.done, cancelled=listener.cancelled)
    assert work.started.wait(5)
    widget.setParent(None)
    assert work.ended.is_set()
    assert not runner.busy
    QCoreApplication.processEvents()
    assert listener.heard == []


def test_closing_the_window_around_the_widget_stops_the_work(qtbot: QtBot) -> None:
    window, widget = QWidget(), QWidget()
    qtbot.addWidget(window)
    QVBoxLayout(window).addWidget(widget)
    window.show()
    runner, work = JobRunner(widget), UntilCancelled()
    runner.start(work, title="count", done=Listener().done)
    assert work.started.wait(5)
    window.close()
    assert work.ended.is_set()
    assert not runner.busy


class Litter:
    """Garbage that only the collector finds; notes where it was found."""

    found_by: ClassVar[set[threading.Thread]] = set()

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        self.found_by.add(threading.current_thread())


def test_garbage_is_collected_on_the_main_thread_alone(
    runner: JobRunner, qtbot: QtBot
) -> None:
    def work(token: CancelToken, progress: Progress) -> None:
        for _ in range(20_000):
            Litter()
        for _ in range(100):
            if Litter.found_by:
                return
            threading.Event().wait(0.05)

    runner.start(work, title="litter", done=Listener().done)
    qtbot.waitUntil(lambda: idle(runner), timeout=10_000)
    gc.collect()
    assert Litter.found_by == {threading.main_thread()}


def test_collector_is_given_back_when_the_work_ends(
    runner: JobRunner, qtbot: QtBot
) -> None:
    work = UntilCancelled()
    runner.start(work, title="count", done=Listener().done)
    assert not gc.isenabled()
    runner.cancel()
    qtbot.waitUntil(lambda: idle(runner))
    assert gc.isenabled()


def test_closing_the_window_stops_the_work(owner: QWidget, qtbot: QtBot) -> None:
    runner, work = JobRunner(owner), UntilCancelled()
    owner.show()
    runner.start(work, title="count", done=Listener().done)
    assert work.started.wait(5)
    owner.close()
    qtbot.waitUntil(lambda: idle(runner))
    assert work.ended.is_set()
