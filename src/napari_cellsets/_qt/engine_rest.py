"""Memory that engines keep from run to run is given back when nothing runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.inference import release_sessions

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets.core.cancel import CancelToken, Progress

_REST_MS = 60_000
"""Opening a model again takes 0.2 s; one that has seen an image of 1600 x 1200 keeps
1 to 2 GB."""


class EngineRest(QObject):
    """Lets models go once a runner has had no work for a minute.

    Parameters
    ----------
    runner
        Runs models, among other work.
    parent
        The dock that the work belongs to.
    """

    def __init__(self, runner: JobRunner, parent: QWidget) -> None:
        super().__init__(parent)
        self._releasing = JobRunner(parent, mirrored=False)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._on_rest_timeout)
        runner.busy_changed.connect(self._on_busy_changed)

    @Slot(bool)
    def _on_busy_changed(self, busy: bool) -> None:
        if busy:
            self._rest.stop()
        else:
            self._rest.start()

    @Slot()
    def _on_rest_timeout(self) -> None:
        # beside the window: taking gigabytes apart is felt
        self._releasing.start(_release, title="Closing models", done=_nothing)


def _release(_token: CancelToken, _progress: Progress) -> None:
    release_sessions()


def _nothing(_result: None) -> None:
    """Nobody waits for it."""
