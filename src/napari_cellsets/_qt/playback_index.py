"""Indexes the recording on screen beside the window, while it can be played already."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal, Slot

from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.film import Film
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets.playback.recording import Recording

#: Between two times that the layer grows, so that the slider is calm.
_GROW_S = 1.0
STOPPED = "Indexing was stopped; the recording plays as far as it went."
GO_ON = "Go on indexing"


class IndexFlow(QObject):
    """Starts an index for each recording that has none, and lets its layer grow.

    Parameters
    ----------
    film
        Whose recording is indexed.
    runner
        Runs the work; the newest recording wins.
    """

    told = Signal(str, bool)
    """A sentence for the person, and whether it tells of a failure."""
    offered = Signal(str, str)
    """A sentence, and what a button may offer: see `go_on`."""

    def __init__(self, film: Film, runner: JobRunner, parent: QWidget) -> None:
        super().__init__(parent)
        self._film, self._runner = film, runner
        self._grown = 0.0
        runner.progressed.connect(self._on_progressed)
        follow(self, film.recording_changed, self._on_recording_changed)
        self._on_recording_changed(film.recording)

    @Slot()
    def go_on(self) -> None:
        """Index the rest of the recording on screen."""
        recording = self._film.recording
        if recording is None or recording.complete:
            return
        self.told.emit("", False)
        self._runner.start(
            partial(recording.build_index, compiled=False),
            title=f"Index {recording.name}",
            done=self._on_done,
            failed=self._on_failed,
            cancelled=self._on_cancelled,
        )

    def _on_recording_changed(self, recording: Recording | None) -> None:
        if self._runner.busy:
            self._runner.stop()
        self.told.emit("", False)
        if recording is not None:
            self.go_on()

    @Slot()
    def _on_progressed(self, *_: object) -> None:
        if time.monotonic() - self._grown > _GROW_S:
            self._film.grow()
            self._grown = time.monotonic()

    def _on_done(self, _: object) -> None:
        self._film.grow()

    def _on_cancelled(self) -> None:
        self._film.grow()
        self.offered.emit(STOPPED, GO_ON)

    def _on_failed(self, error: Exception) -> None:
        self._film.grow()
        self.told.emit(str(error), True)
