"""Long work beside the window: nothing else of the window uses threads.

A `JobRunner` runs one plain function at a time. The newest request wins, an
older one is cancelled and its answer dropped. Whatever the work says arrives on
the main thread.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from napari.utils import cancelable_progress
from napari.utils.notifications import notification_manager, show_warning
from qtpy.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal, Slot

from napari_cellsets._qt.garbage import GarbageGuard
from napari_cellsets._qt.worker_threads import start_in_thread
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from qtpy.QtWidgets import QWidget

    from napari_cellsets._qt.worker_threads import Running
    from napari_cellsets.core.cancel import Progress

T = TypeVar("T")

_log = logging.getLogger(__name__)

#: A bar needs no more than this many seconds between two of its steps.
_PROGRESS_INTERVAL_S = 0.05
#: A window that closes waits this long for work that was told to stop.
_STOP_TIMEOUT_S = 5.0
#: Steps of napari's own bar.
_BAR_STEPS = 1000


class _Job(Generic[T]):
    """One request: what to do and whom to tell."""

    def __init__(
        self,
        work: Callable[[CancelToken, Progress], T],
        title: str,
        done: Callable[[T], None],
        failed: Callable[[Exception], None] | None,
        cancelled: Callable[[], None] | None,
    ) -> None:
        self.work = work
        self.title = title
        self.done = done
        self.failed = failed
        self.cancelled = cancelled
        self.token = CancelToken()
        self.value: T
        self.error: BaseException | None = None


class _Mailbox:
    """Carries what threads say to the main thread, until it is closed.

    Knows no Qt object but the signal that wakes the runner, and forgets that one
    under a lock: a thread can never emit on a runner that Qt has deleted.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._wake: Callable[[], None] | None = wake
        self._letters: list[tuple[_Job[Any], float, str]] = []
        self._last_progress = 0.0

    def post(self, job: _Job[Any], fraction: float, text: str) -> None:
        with self._lock:
            if self._wake is not None:
                self._letters.append((job, fraction, text))
                self._wake()

    def post_progress(self, job: _Job[Any], fraction: float, text: str) -> None:
        now = time.monotonic()
        if now - self._last_progress >= _PROGRESS_INTERVAL_S:
            self._last_progress = now
            self.post(job, min(max(fraction, 0.0), 1.0), text)

    def take(self) -> list[tuple[_Job[Any], float, str]]:
        with self._lock:
            letters, self._letters = self._letters, []
        return letters

    def close(self, *_: object) -> None:
        with self._lock:
            self._wake = None
            self._letters = []


class _Outcome:
    """Catches how the work ended, whatever it was, and posts it."""

    def __init__(self, job: _Job[Any], mailbox: _Mailbox) -> None:
        self._job = job
        self._mailbox = mailbox

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._job.error = error
        self._mailbox.post(self._job, _ENDED, "")
        return True


#: Fraction of the letter that says that the work has ended.
_ENDED = -1.0


def _run(job: _Job[Any], mailbox: _Mailbox) -> None:
    def progress(fraction: float, text: str) -> None:
        mailbox.post_progress(job, fraction, text)

    with _Outcome(job, mailbox):
        job.value = job.work(job.token, progress)


_GUARD = GarbageGuard()


class _Threads:
    """The work of one runner in threads; outlives the runner's Qt object.

    Holds each job until its thread has let go of it: a thread must never be the last
    to hold a callback, and with it a widget.
    """

    def __init__(self) -> None:
        self._running: list[tuple[Running, _Job[Any]]] = []

    def start(self, job: _Job[Any], mailbox: _Mailbox) -> None:
        _GUARD.enter()
        running = start_in_thread(partial(_run, job, mailbox), job.title)
        self._running.append((running, job))

    def join(self, job: _Job[Any]) -> None:
        """Wait for the thread with a job that has said its last word."""
        for pair in tuple(self._running):
            if pair[1] is job:
                pair[0].join()
                self._running.remove(pair)
                _GUARD.leave()

    def stop(self, *_: object) -> None:
        """Tell all to stop and wait until they did."""
        for _running, job in self._running:
            job.token.cancel()
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        for running, job in tuple(self._running):
            if running.join(max(0.0, deadline - time.monotonic())):
                _GUARD.leave()
            else:
                _log.warning("%r did not stop when told to", job.title)
                _LOST.append(job)
        self._running = []


#: Jobs whose threads cannot be stopped; rather kept for good than freed by them.
_LOST: list[_Job[Any]] = []
_ALL_THREADS: weakref.WeakSet[_Threads] = weakref.WeakSet()


@atexit.register
def _stop_all_threads() -> None:
    for threads in tuple(_ALL_THREADS):
        threads.stop()


class _ActivityBar(cancelable_progress):
    """napari's bar in the activity dock, whose *Cancel* acts at once."""

    def cancel(self) -> None:
        super().cancel()
        if self.cancel_callback is not None:
            self.cancel_callback()


class JobRunner(QObject):
    """Runs one piece of long work at a time beside the window.

    Parameters
    ----------
    parent
        The widget that the work belongs to. When it leaves its window, is closed
        or deleted, running work is stopped.
    mirrored
        Whether napari's activity dock shows the work; not for what takes a moment.
    """

    progressed = Signal(float, str)
    """Fraction 0..1 and a short text, at most twenty times a second."""
    busy_changed = Signal(bool)
    """Work began (True), or the last piece of it ended (False)."""
    _woken = Signal()

    def __init__(self, parent: QWidget | None = None, *, mirrored: bool = True) -> None:
        super().__init__(parent)
        self._mirrored = mirrored
        self._job: _Job[Any] | None = None
        self._bar: _ActivityBar | None = None
        self._woken.connect(self._on_woken, Qt.ConnectionType.QueuedConnection)
        self._mailbox = _Mailbox(self._woken.emit)
        self._threads = _Threads()
        _ALL_THREADS.add(self._threads)
        if parent is not None:
            parent.installEventFilter(self)
        # plain objects: they hear this even while Qt takes the runner apart
        self.destroyed.connect(self._mailbox.close)
        self.destroyed.connect(self._threads.stop)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(self.stop)

    @property
    def busy(self) -> bool:
        """Whether work is running (or has been told to stop and has not yet)."""
        return self._job is not None

    def start(
        self,
        work: Callable[[CancelToken, Progress], T],
        *,
        title: str,
        done: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
        cancelled: Callable[[], None] | None = None,
        quiet: bool = False,
    ) -> None:
        """Run `work` in a thread; work that is running is cancelled and forgotten.

        Parameters
        ----------
        work
            Gets a token to obey and a progress function; takes values and returns
            a value, and touches neither widgets nor layers.
        title
            What napari's activity dock calls it.
        done
            Called on the main thread with what `work` returned.
        failed
            Called on the main thread with the error. A `CellsetsError` is for the
            person to read; any other error has also been logged and shown through
            napari's notifications. Without `failed` both go to the notifications.
        cancelled
            Called on the main thread once work that was cancelled has ended; not
            for work that a newer request replaced.
        quiet
            Keep short work out of napari's activity dock.
        """
        was_busy = self.busy
        self._forget()
        job = self._job = _Job(work, title, done, failed, cancelled)
        if not was_busy:
            self.busy_changed.emit(True)
        if self._mirrored and not quiet:
            bar = _ActivityBar(
                total=_BAR_STEPS, desc=title, cancel_callback=self.cancel
            )
            if self._job is not job:
                # a new bar lets events in, and one of them asked for something else
                bar.close()
                return
            self._bar = bar
        self._watch_window()
        self._threads.start(job, self._mailbox)

    @Slot()
    def cancel(self) -> None:
        """Tell the running work to stop; `cancelled` is called when it did."""
        if self._job is not None:
            self._job.token.cancel()

    @Slot()
    def stop(self) -> None:
        """Stop everything now and forget it; returns when no thread runs."""
        was_busy = self.busy
        self._forget()
        self._threads.stop()
        if was_busy:
            self.busy_changed.emit(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stop when widget or window close or part; hold no event back."""
        kind = event.type()
        if kind == QEvent.Type.ParentChange and watched.parent() is None:
            self.stop()
        elif kind == QEvent.Type.Close and event.spontaneous():
            # the person may still be asked, and say no
            QTimer.singleShot(0, self._on_maybe_closed)
        elif kind == QEvent.Type.Close:
            self.stop()
        return False

    def _watch_window(self) -> None:
        """Hear of the window that the widget is in by now."""
        widget = self.parent()
        if widget is not None:
            # installing it twice moves it to the front and does no harm
            widget.window().installEventFilter(self)

    @Slot()
    def _on_maybe_closed(self) -> None:
        if not self.parent().window().isVisible():
            self.stop()

    @Slot()
    def _on_woken(self) -> None:
        for job, fraction, text in self._mailbox.take():
            if fraction == _ENDED:
                self._threads.join(job)
            if job is not self._job:
                continue
            if fraction == _ENDED:
                self._finish(job)
            else:
                self._show_progress(fraction, text)

    def _show_progress(self, fraction: float, text: str) -> None:
        if self._bar is not None:
            self._bar.update(round(fraction * _BAR_STEPS) - self._bar.n)
        self.progressed.emit(fraction, text)

    def _finish(self, job: _Job[Any]) -> None:
        was_cancelled = job.token.cancelled
        self._forget()
        self.busy_changed.emit(False)
        error = job.error
        if was_cancelled or isinstance(error, CancelledError):
            if job.cancelled is not None:
                job.cancelled()
        elif error is None:
            job.done(job.value)
        else:
            _tell_failure(job, error)

    def _forget(self) -> None:
        """Cancel the current job, if any, and take its bar away."""
        if self._job is not None:
            self._job.token.cancel()
            self._job = None
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _tell_failure(job: _Job[Any], error: BaseException) -> None:
    if isinstance(error, CellsetsError):
        if job.failed is None:
            show_warning(str(error))
    else:
        _log.error("%s failed", job.title, exc_info=error)
        notification_manager.receive_error(type(error), error, error.__traceback__)
    if job.failed is not None and isinstance(error, Exception):
        job.failed(error)
