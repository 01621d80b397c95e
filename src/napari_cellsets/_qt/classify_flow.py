"""From the person's wish to named cells: starts jobs, takes their answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._qt.classify_export import ClassExport
from napari_cellsets._qt.classify_work import Objects, OneCell
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.batch.classify_set import ClassifyRun
from napari_cellsets.catalogue.cells import LARGEST_CELL_PX
from napari_cellsets.classify.gather import Gathered
from napari_cellsets.classify.job import ClassifyRequest
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.inference.scoring import Scores

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Labels
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets.classify.crops import Crops
    from napari_cellsets.classify.model import ClassifyModel
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.inference.classifier import ClassifierInfo

_SETTLE_MS = 300


class ClassifyFlow(QObject):
    """Keeps the classes of what is on screen and of the set.

    Parameters
    ----------
    session, model, runner
        What is open, what was chosen, and where long work runs.
    parent
        The dock.

    Attributes
    ----------
    places
        For each cell of the model's table the index of its sample, or the number
        of its label in the image on screen.
    crops
        Pictures of the objects on screen; None for single cells.
    current
        Row in the table of the cell that the person looks at, None for none.
    """

    result_changed = Signal()
    """The model's table, `places` and `crops` are other ones."""
    current_changed = Signal()
    """`current` is another one."""
    told = Signal(str, bool)
    """A sentence for the dock, and whether it is about something that failed."""

    def __init__(
        self,
        session: Session,
        model: ClassifyModel,
        runner: JobRunner,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._runner = runner
        self._quiet = JobRunner(parent, mirrored=False)
        self._exporter = JobRunner(parent, mirrored=False)
        self._classes = object_classes(session)
        self._gathered: Gathered | None = None
        self._run: ClassifyRun | None = None
        self._labels: NDArray[np.int32] | None = None
        self.places: NDArray[np.int64] = np.empty(0, np.int64)
        self.crops: Crops | None = None
        self.current: int | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._on_cells_settled)
        session.dataset_changed.connect(self._on_dataset_changed)
        session.sample_changed.connect(self._on_sample_changed)
        session.cells_changed.connect(self._on_cells_changed)
        model.events.model.connect(self._on_model_changed)

    def stop(self) -> None:
        """Forget whatever is going on and hear no more of the session."""
        self._settle.stop()
        self._quiet.stop()
        self._classes.clear()
        self._session.dataset_changed.disconnect(self._on_dataset_changed)
        self._session.sample_changed.disconnect(self._on_sample_changed)
        self._session.cells_changed.disconnect(self._on_cells_changed)
        self._model.events.model.disconnect(self._on_model_changed)

    # What there is

    @property
    def single_cells(self) -> bool:
        """Whether each picture of the set is one cell."""
        dataset = self._session.dataset
        return dataset is not None and dataset.kind == "cells"

    @property
    def labels_layer(self) -> Labels | None:
        """Layer whose objects are classified: the cells, else the ground truth."""
        session = self._session
        if session.cells is not None and session.cells.any():
            return session.cells_layer
        return session.truth_layer if session.truth is not None else None

    # Wishes

    @Slot()
    def classify(self) -> None:
        """Classify the cell on screen, or the labelled objects of the image."""
        try:
            info, layer = self._info(), self.labels_layer
            if self.single_cells or (layer is None and self._small()):
                self._classify_cell(info)
            else:
                self._classify_objects(info, layer)
        except CellsetsError as error:
            self.told.emit(str(error), True)

    @Slot()
    def classify_set(self) -> None:
        """Classify every cell of the set that was not classified yet."""
        try:
            info, dataset = self._info(), self._session.dataset
            if dataset is None or not self.single_cells:
                raise CellsetsError(
                    "the pictures of this set are not single cells",
                    advice="Classify the objects of one image at a time.",
                )
        except CellsetsError as error:
            self.told.emit(str(error), True)
            return
        gathered = self._room(info)
        if not gathered.waiting.size:
            self._gathered = None
            gathered = self._room(info)
        self.told.emit("", False)
        run = self._run = ClassifyRun(dataset, gathered)
        self._runner.start(
            run,
            title="Classifying the set",
            done=partial(self._on_run_ended, ""),
            failed=partial(self._on_run_failed, run),
            cancelled=partial(self._on_run_ended, "Cancelled. ", run),
        )

    def choose(self, row: int) -> None:
        """Look at a cell of the table: show its picture, or mark it in the image."""
        if self.crops is None and self.single_cells:
            index = int(self.places[row])
            if index != self._session.heading:
                self._session.go_to(index)
                return
        self._look_at(row)

    def choose_label(self, label: int) -> None:
        """Look at an object of the image by the number of its label."""
        if self.crops is None:
            return
        (rows,) = np.nonzero(self.places == label)
        self._look_at(int(rows[0]) if rows.size else None)

    def export(self, path: Path) -> None:
        """Write the table of what was classified; beside the window."""
        dataset, table = self._session.dataset, self._model.table
        if dataset is None or table is None:
            return
        work = ClassExport(
            dataset,
            self._session.index,
            table,
            self._model.truth,
            self.places,
            self.crops,
            path,
        )
        self._exporter.start(
            work,
            title="Exporting",
            done=partial(self._tell, False),
            failed=partial(self._tell, True),
        )

    # Running

    def _info(self) -> ClassifierInfo:
        if self._session.picture is None or self._session.sample is None:
            raise CellsetsError(
                "There is no image to classify",
                advice="Open an image or a data set in the Samples dock first.",
            )
        if self._model.model is None:
            raise CellsetsError(
                "No classifier is chosen",
                advice="Choose one above, and answer what is asked about it.",
            )
        return self._model.model

    def _small(self) -> bool:
        picture = self._session.picture
        return picture is not None and max(picture.plane_shape) <= LARGEST_CELL_PX

    def _room(self, info: ClassifierInfo) -> Gathered:
        """Return where answers about the samples of the set go."""
        dataset = self._session.dataset
        if self._gathered is None and dataset is not None:
            names = [sample.name for sample in dataset.samples]
            self._gathered = Gathered(names, info)
        if self._gathered is None:
            raise CellsetsError("no data set is open", advice="Open one first.")
        return self._gathered

    def _classify_cell(self, info: ClassifierInfo) -> None:
        session = self._session
        if session.picture is None or session.sample is None:
            return
        request = ClassifyRequest(session.picture, None, info, session.sample.name)
        self._quiet.start(
            OneCell(request),
            title="Classifying",
            done=partial(self._on_cell, self._room(info), session.index),
            failed=partial(self._tell, True),
        )

    def _classify_objects(self, info: ClassifierInfo, layer: Labels | None) -> None:
        picture = self._session.picture
        if layer is None or picture is None or not np.any(layer.data):
            raise CellsetsError(
                "There are no cells to classify",
                advice="Count or draw them first: each labelled object is classified.",
            )
        labels = np.array(layer.data)
        request = ClassifyRequest(picture, labels, info)
        self.told.emit("", False)
        self._runner.start(
            Objects(labels, request, info),
            title="Classifying",
            done=partial(self._on_objects, labels, layer),
            failed=partial(self._tell, True),
            cancelled=partial(self.told.emit, "Cancelled.", False),
        )

    # Answers

    def _on_cell(self, gathered: Gathered, index: int, told: ClassTable) -> None:
        if gathered is not self._gathered:
            return
        gathered.put([index], Scores(told.probabilities, told.distance))
        if self._run is None:
            self._take_gathered()

    def _on_objects(
        self,
        labels: NDArray[np.int32],
        layer: Labels,
        found: tuple[ClassTable, Crops],
    ) -> None:
        table, crops = found
        self._labels = labels
        self.crops, self.places = crops, crops.labels
        self._classes.show(layer, table)
        self._model.take(table)
        self.current = None
        self.result_changed.emit()
        self.current_changed.emit()
        self._on_cells_settled()  # they may have been painted on meanwhile

    def _on_run_failed(self, run: ClassifyRun, error: Exception) -> None:
        self._on_run_ended("", run)
        self.told.emit(str(error), True)

    def _on_run_ended(self, opening: str, run: ClassifyRun) -> None:
        if run is not self._run:
            return
        self._run = None
        self._take_gathered()
        done, total = run.gathered.done.size, len(run.dataset.samples)
        said = f"{opening}{done} of {total} cells classified." if opening else ""
        if run.problems:
            number = len(run.problems)
            said += f" {number} could not be read: {run.problems[0]}"
        self.told.emit(said.strip(), bool(run.problems))

    def _tell(self, failed: bool, said: object) -> None:
        self.told.emit(str(said), failed)

    def _take_gathered(self) -> None:
        """Show all that is known of the set; what the person looks at stays."""
        dataset, gathered = self._session.dataset, self._gathered
        if dataset is None or gathered is None:
            return
        self.crops, self._labels = None, None
        self.places = gathered.done.astype(np.int64)
        truth = [dataset.class_of(dataset.samples[at]) for at in self.places]
        names = [None if known is None else known.name for known in truth]
        kept = self._model.field, self._model.between
        self._model.take(gathered.table(), names, dict(dataset.recipe.class_titles))
        if self._model.report is not None:
            self._model.field, self._model.between = kept
        self.result_changed.emit()
        self._look_at_shown()

    # What others change

    def _on_dataset_changed(self, *_: object) -> None:
        if self._run is not None:
            self._run = None
            self._runner.cancel()
        self._forget()
        self.told.emit("", False)

    def _on_model_changed(self, *_: object) -> None:
        if self._runner.busy:
            self._run = None
            self._runner.cancel()
        self._forget()

    def _on_sample_changed(self, *_: object) -> None:
        self._settle.stop()
        if self.single_cells:
            self._look_at_shown()
            return
        if self._runner.busy:
            self._runner.cancel()
        self._forget()
        self.told.emit("", False)

    def _on_cells_changed(self, *_: object) -> None:
        if self._labels is not None:
            self._settle.start()

    @Slot()
    def _on_cells_settled(self) -> None:
        """Forget the classes of objects that have another shape now."""
        layer, before, crops = self.labels_layer, self._labels, self.crops
        table = self._model.table
        if before is None or crops is None or table is None:
            return
        now = None if layer is None else np.asarray(layer.data)
        if now is None or now.shape != before.shape:
            self._forget()
            return
        other = now != before
        if not other.any():
            return
        touched = np.union1d(before[other], now[other])
        kept = np.flatnonzero(~np.isin(self.places, touched))
        if not kept.size or layer is None:
            self._forget()
            return
        self._labels = np.array(now)
        self.places = self.places[kept]
        self.crops = crops.chosen(kept)
        table = table.chosen(kept)
        self._model.take(table)
        self._classes.show(layer, table)
        self.current = None
        self.result_changed.emit()
        self.current_changed.emit()

    # Inside

    def _forget(self) -> None:
        """Nothing is classified any more."""
        self._quiet.stop()
        self._gathered, self._labels, self.crops = None, None, None
        self.places = np.empty(0, np.int64)
        self._classes.clear()
        self._model.take(None)
        self.current = None
        self.result_changed.emit()
        self.current_changed.emit()

    def _look_at_shown(self) -> None:
        """Look at the cell on screen; classify it where others of its set are."""
        (rows,) = np.nonzero(self.places == self._session.index)
        self._look_at(int(rows[0]) if rows.size else None)
        known, info = self._gathered, self._model.model
        if not rows.size and known is not None and known.done.size and info:
            self._classify_cell(info)

    def _look_at(self, row: int | None) -> None:
        self.current = row
        self.current_changed.emit()
