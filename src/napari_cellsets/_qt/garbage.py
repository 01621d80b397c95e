"""Keeps Python's garbage collector out of our threads.

A collection may begin in any thread that allocates, and destroys whatever it
finds: also the widgets of a dock that was closed a moment ago. Qt allows that on
the main thread only; elsewhere the program crashes (seen with PySide6). So while
work runs, collections are made here, on the main thread, by a timer.
"""

from __future__ import annotations

import gc

from qtpy.QtCore import QCoreApplication, QObject, QTimer, Slot

_INTERVAL_MS = 200


class _MainThreadCollector(QObject):
    """Collects as often as Python would have done, but on the main thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self._on_timeout)

    def start(self) -> None:
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        gc.enable()

    @Slot()
    def _on_timeout(self) -> None:
        counts, limits = gc.get_count(), gc.get_threshold()
        for generation in (2, 1, 0):
            if counts[generation] > limits[generation] > 0:
                gc.collect(generation)
                return


class GarbageGuard:
    """Counts the threads that run, and collects for them while there are any."""

    def __init__(self) -> None:
        self._threads = 0
        self._was_enabled = False
        self._collector: _MainThreadCollector | None = None

    def enter(self) -> None:
        """Say on the main thread that a thread is about to start."""
        self._threads += 1
        app = QCoreApplication.instance()
        if self._threads > 1 or app is None:
            return
        self._was_enabled = gc.isenabled()
        if self._was_enabled:
            self._collector = _MainThreadCollector(app)
            self._collector.start()

    def leave(self) -> None:
        """Say on the main thread that a thread has ended for good."""
        self._threads -= 1
        collector = self._collector
        if self._threads or collector is None:
            return
        self._collector = None
        if QCoreApplication.instance() is None:
            gc.enable()  # the application has taken the collector with it
            return
        collector.stop()
        collector.deleteLater()
