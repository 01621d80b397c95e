"""From the person's wish to named cells: starts jobs, takes their answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Slot

from napari_cellsets._qt.classify_answers import ClassifyAnswers
from napari_cellsets._qt.classify_export import ClassExport
from napari_cellsets._qt.classify_work import Objects, OneCell
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.batch.classify_set import ClassifyRun
from napari_cellsets.catalogue.cells import LARGEST_CELL_PX
from napari_cellsets.classify.job import ClassifyRequest
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.inference.scoring import Scores

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Labels
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets.classify.gather import Gathered
    from napari_cellsets.classify.model import ClassifyModel
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.inference.classifier import ClassifierInfo

_SETTLE_MS = 300


class ClassifyFlow(ClassifyAnswers):
    """Classifies what is on screen, or the set.

    Parameters and attributes are those of `ClassifyAnswers`.
    """

    def __init__(
        self,
        session: Session,
        model: ClassifyModel,
        runner: JobRunner,
        parent: QWidget,
    ) -> None:
        super().__init__(session, model, runner, parent)
        self._exporter = JobRunner(parent, mirrored=False)
        self._passing = False
        self._heard = (
            (session.dataset_changed, self._on_dataset_changed),
            (session.sample_changed, self._on_sample_changed),
            (session.cells_changed, self._on_cells_changed),
            (session.classes_changed, self._on_pictures_said),
            (self._classes.said, self._on_objects_said),
            (model.events.model, self._on_model_changed),
        )
        for signal, heard in self._heard:
            signal.connect(heard)
        self.told.connect(self._on_told)

    def stop(self) -> None:
        """Forget whatever is going on and hear no more of the session."""
        self._settle.stop()
        self._quiet.stop()
        self._recall.stop()
        self._classes.clear()
        for signal, heard in self._heard:
            signal.disconnect(heard)

    # What there is

    # Wishes

    @Slot()
    def classify(self) -> None:
        """Classify the cell on screen, or the labelled objects of the image."""
        self._asked = True
        try:
            info, layer = self._info(), self.labels_layer
            if self.single_cells or (layer is None and self._small()):
                self._classify_cell(info)
            else:
                self._classify_objects(info, layer)
        except CellsetsError as error:
            self._tell_for_now(error)

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
            self._tell_for_now(error)
            return
        self._asked = True
        gathered = self._room(info)
        if not gathered.waiting.size:
            self._gathered = None
            gathered = self._room(info)
        self.told.emit("", False)
        run = self._run = ClassifyRun(dataset, gathered, self._recall.keeper(info))
        self._runner.start(
            run,
            title="Classifying the set",
            done=self._on_run_done,
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

    def _classify_cell(self, info: ClassifierInfo) -> None:
        session, desk = self._session, self._recall.desk(info)
        if session.picture is None or session.sample is None or desk is None:
            return
        request = ClassifyRequest(session.picture, None, info, session.sample.name)
        self._quiet.start(
            OneCell(request, desk),
            title="Classifying",
            done=partial(self._on_cell, self._room(info), session.index),
            failed=self._tell_for_now,
        )

    def _classify_objects(self, info: ClassifierInfo, layer: Labels | None) -> None:
        picture, desk = self._session.picture, self._recall.desk(info, layer)
        empty = layer is None or not np.any(layer.data)
        if empty or layer is None or picture is None or desk is None:
            raise CellsetsError(
                "There are no cells to classify",
                advice="Count or draw them first: each labelled object is classified.",
            )
        labels = np.array(layer.data)
        request = ClassifyRequest(picture, labels, info)
        self.told.emit("", False)
        self._runner.start(
            Objects(labels, request, desk),
            title="Classifying",
            done=partial(self._on_objects, layer),
            failed=partial(self._tell, True),
            cancelled=partial(self.told.emit, "Cancelled.", False),
        )

    # Answers

    def _on_cell(self, gathered: Gathered, index: int, told: ClassTable) -> None:
        if gathered is not self._gathered:
            return
        self._say_no_more()
        gathered.put([index], Scores(told.probabilities, told.distance))
        if self._run is None:
            self._take_gathered()

    def _on_run_done(self, run: ClassifyRun) -> None:
        if run is self._run:
            # all were asked: one table instead of the parts kept meanwhile
            self._recall.keep(run.gathered.info, run.gathered.table())
        self._on_run_ended("", run)

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
        said += f" {run.unkept}" if run.unkept else ""
        self.told.emit(said.strip(), bool(run.problems or run.unkept))

    def _tell(self, failed: bool, said: object) -> None:
        self.told.emit(str(said), failed)

    def _tell_for_now(self, error: Exception) -> None:
        """Tell what is wrong with this cell, or missing, until that has changed."""
        self.told.emit(str(error), True)
        self._passing = True

    def _on_told(self, _text: str, _failed: bool) -> None:
        self._passing = False

    def _say_no_more(self) -> None:
        if self._passing:
            self.told.emit("", False)

    # What others change

    def _on_dataset_changed(self, *_: object) -> None:
        if self._run is not None:
            self._run = None
            self._runner.cancel()
        self._forget()
        self.told.emit("", False)
        self._look_for_kept()

    def _on_cells_changed(self, *args: object) -> None:
        self._say_no_more()
        super()._on_cells_changed(*args)

    def _on_model_changed(self, *_: object) -> None:
        if self._runner.busy:
            self._run = None
            self._runner.cancel()
        self._forget()
        self.told.emit("", False)
        self._look_for_kept()

    def _on_sample_changed(self, *_: object) -> None:
        self._settle.stop()
        if self.single_cells:
            self._say_no_more()
            self._look_at_shown()
            return
        if self._runner.busy:
            self._runner.cancel()
        self._forget()
        self.told.emit("", False)
        self._look_for_kept()

    # Inside

    def _look_at_shown(self) -> None:
        """Look at the cell on screen; classify it where others of its set were."""
        super()._look_at_shown()
        known, info = self._gathered, self._model.model
        if self._asked and self.current is None and info is not None:
            if known is not None and known.done.size:
                self._classify_cell(info)
