"""Compiles the loops of events beside the window, once the first frame is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.core.late_loops import loops_are_ready, wait_for_loops

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.film import Film
    from napari_cellsets.core.cancel import CancelToken, Progress

#: The first frame comes first: making loops ready would take half of its time.
_HEAD_START_MS = 800


class LoopsFlow(QObject):
    """Makes ready what a film asked for; until then numpy makes its frames.

    Parameters
    ----------
    film
        Whose recording, filters and modes ask for loops.
    """

    def __init__(self, film: Film, parent: QWidget) -> None:
        super().__init__(parent)
        self.runner = JobRunner(parent, mirrored=False)
        self._timer = QTimer(self, singleShot=True, interval=_HEAD_START_MS)
        self._timer.timeout.connect(self._on_timeout)
        for signal in (film.recording_changed, film.settings_changed, film.grown):
            follow(self, signal, self._on_changed)
        if film.recording is not None:
            self._on_changed()

    def _on_changed(self, *_: object) -> None:
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _on_timeout(self) -> None:
        if not loops_are_ready() and not self.runner.busy:
            self.runner.start(
                _prepared, title="Compile loops", done=self._on_changed, quiet=True
            )


def _prepared(token: CancelToken, _: Progress) -> None:
    wait_for_loops(token)
