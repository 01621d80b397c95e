"""From the person's wish to a trained model: starts the run, takes its answer."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_cellsets._napari.preferences import preference
from napari_cellsets._qt.training_work import TrainingRun
from napari_cellsets.batch.picture_classes import relabelled
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.training.api import check_installed
from napari_cellsets.training.model import Material

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets.training.model import TrainModel
    from napari_cellsets.training.request import TrainingResult

_LOOK_MS = 250
_SETTLE_MS = 300


class TrainFlow(QObject):
    """Knows the set on screen, runs the training, keeps what was seen of it.

    Parameters
    ----------
    session, model, runner
        What is open, what was chosen, and where to run.
    parent
        The dock.
    """

    told = Signal(str, bool)
    """A sentence for the dock, and whether it is about something that failed."""
    trained = Signal(object)
    """A `TrainingResult`: a model lies ready."""
    ticked = Signal()
    """A quarter of a second of a run has passed."""

    def __init__(
        self, session: Session, model: TrainModel, runner: JobRunner, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._runner = runner
        self._run: TrainingRun | None = None
        self._heard_at, self._learnt = 0.0, 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(_LOOK_MS)
        self._clock.timeout.connect(self._on_tick)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.look)
        runner.busy_changed.connect(self._on_busy_changed)
        runner.progressed.connect(self._on_progressed)
        session.dataset_changed.connect(self._on_dataset_changed)
        session.cells_changed.connect(self._on_cells_changed)
        session.classes_changed.connect(self._on_cells_changed)

    @property
    def since_heard(self) -> float:
        """Seconds since the last point of the curves."""
        return time.monotonic() - self._heard_at if self._run is not None else 0.0

    @Slot()
    def look(self) -> None:
        """See what the set on screen offers to learn from."""
        dataset = self._session.dataset
        if dataset is None:
            self._model.take(Material())
            return
        try:
            project = self._session.project
            corrected = project.edited_samples(dataset.identity, "cells")
            if dataset.kind == "cells":
                corrected = set(relabelled(dataset, project))
        except CellsetsError as error:
            self.told.emit(str(error), True)
            corrected = set()
        self._model.take(Material.of(dataset, corrected))

    @Slot()
    def start(self) -> None:
        """Train as chosen; corrections are on disk before."""
        self._session.save()
        self.look()
        try:
            check_installed()
            run = TrainingRun(self._model.request(self._place()))
        except CellsetsError as error:
            self.told.emit(str(error), True)
            return
        self._run, self._learnt = run, 0.0
        self._model.begin()
        self.told.emit("", False)
        self._runner.start(
            run,
            title=f"Training on {self._model.material.title}",
            done=partial(self._on_done, run),
            failed=partial(self._on_failed, run),
            cancelled=partial(self._on_cancelled, run),
        )

    @Slot()
    def halt(self) -> None:
        """End the run with the best so far."""
        if self._run is not None:
            self._model.phase = "stopping"
            self._run.halt.cancel()

    def stop(self) -> None:
        """Leave the run at once and hear no more of the session."""
        self._settle.stop()
        self._clock.stop()
        self._run = None
        self._runner.stop()
        self._model.phase = "idle"
        self._session.dataset_changed.disconnect(self._on_dataset_changed)
        self._session.cells_changed.disconnect(self._on_cells_changed)
        self._session.classes_changed.disconnect(self._on_cells_changed)

    def _place(self) -> str | None:
        """Place of the project store as the person named it."""
        place = self._session.project.place
        # a URL is told without its password
        return preference("store.place", "") or None if "://" in place else place

    # Answers

    def _on_done(self, run: TrainingRun, result: TrainingResult) -> None:
        self._hear(run)
        self._run = None
        self._model.end(result)
        if result.stopped:
            self.told.emit("Stopped with the best so far. Start goes on.", False)
        self.trained.emit(result)

    def _on_failed(self, run: TrainingRun, error: Exception) -> None:
        self._hear(run)
        self._run = None
        self._model.end(None)
        self.told.emit(str(error), True)

    def _on_cancelled(self, run: TrainingRun) -> None:
        self._hear(run)
        self._run = None
        self._model.end(None)
        said = "Cancelled."
        if self._learnt > 0:
            said = "Cancelled. Start goes on where it was."
        self.told.emit(said, False)

    def _hear(self, run: TrainingRun) -> None:
        news = run.news()
        if news:
            self._heard_at = time.monotonic()
            self._model.seen = self._model.seen.with_more(news)

    # What others change

    @Slot()
    def _on_tick(self) -> None:
        if self._run is not None:
            self._hear(self._run)
            self.ticked.emit()

    @Slot(float, str)
    def _on_progressed(self, fraction: float, _text: str) -> None:
        self._learnt = fraction

    @Slot(bool)
    def _on_busy_changed(self, busy: bool) -> None:
        if busy:
            self._heard_at = time.monotonic()
            self._clock.start()
            return
        self._clock.stop()
        if self._run is not None and self._model.phase != "idle":
            QTimer.singleShot(0, self._on_left)

    @Slot()
    def _on_left(self) -> None:
        """The runner was stopped from outside: nobody else will tell."""
        if self._run is not None and not self._runner.busy:
            self._on_cancelled(self._run)

    def _on_dataset_changed(self, *_: object) -> None:
        if self._run is None:
            self.told.emit("", False)
        self.look()

    def _on_cells_changed(self) -> None:
        self._settle.start()
