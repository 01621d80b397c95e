"""What classifiers said of the set and the image on screen, beside labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._qt.classify_recall import Recall
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.batch.kept_predictions import (
    Labelled,
    labelled_pictures,
    who_predicted,
)
from napari_cellsets.classify.gather import Gathered
from napari_cellsets.core.errors import CellsetsError, StoreError
from napari_cellsets.inference.scoring import Scores

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.classify_work import Named
    from napari_cellsets.batch.classify_set import ClassifyRun
    from napari_cellsets.classify.crops import Crops
    from napari_cellsets.classify.model import ClassifyModel
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.store import Prediction

_SETTLE_MS = 300


class ClassifyAnswers(QObject):
    """Holds the answers, new and kept ones, in step with labels and layers.

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
        self._classes = object_classes(session)
        self._gathered: Gathered | None = None
        self._run: ClassifyRun | None = None
        self._asked = False
        self._labels: NDArray[np.int32] | None = None
        self._truth: dict[int, str | None] = {}
        self._given: dict[int, str] = {}
        self.places: NDArray[np.int64] = np.empty(0, np.int64)
        self.crops: Crops | None = None
        self.current: int | None = None
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._on_cells_settled)
        self._recall = Recall(session, parent)
        self._recall.set_found.connect(self._on_set_recalled)
        self._recall.objects_found.connect(self._on_objects)
        self._recall.known.connect(self._on_known)
        self._recall.told.connect(self.told)

    # What there is

    @property
    def single_cells(self) -> bool:
        """Whether each picture of the set is one cell."""
        dataset = self._session.dataset
        return dataset is not None and dataset.kind == "cells"

    @property
    def keeping(self) -> bool:
        """Whether answers about the set are on their way to the disk."""
        return self._recall.keeping

    @property
    def labels_layer(self) -> Labels | None:
        """Layer whose objects are classified: the cells, else the ground truth."""
        session = self._session
        if session.cells is not None and session.cells.any():
            return session.cells_layer
        return session.truth_layer if session.truth is not None else None

    # Answers

    def _on_objects(self, layer: Labels, found: Named) -> None:
        if layer is not self.labels_layer:
            return
        self._labels, self.crops = found.labels, found.crops
        self.places = found.crops.labels
        self._know(found.known)
        self._take_objects(layer, found.table)
        if found.said is not None:
            self.told.emit(who_predicted(found.said), False)
        self._on_cells_settled()  # they may have been painted on meanwhile

    def _on_known(self, known: Labelled) -> None:
        layer, table = self.labels_layer, self._model.table
        if len(known.truth) == self.places.size and layer is not None and table:
            self._know(known)
            self._take_objects(layer, table)

    def _know(self, known: Labelled) -> None:
        """Compare with these from now on."""
        labels = self.places.tolist()
        self._truth = dict(zip(labels, known.truth, strict=True))
        self._given = {labels[row]: str(known.truth[row]) for row in known.corrected}

    def _take_objects(self, layer: Labels, table: ClassTable) -> None:
        """Show objects with their classes."""
        labels, dataset = self.places.tolist(), self._session.dataset
        rows = [row for row, label in enumerate(labels) if label in self._given]
        names = [self._truth.get(label) for label in labels]
        aliases = {} if dataset is None else dict(dataset.recipe.class_titles)
        self._model.take(table, names, aliases, rows)
        self._classes.show(layer, table, self._given)
        self.current = None
        self.result_changed.emit()
        self.current_changed.emit()

    def _on_set_recalled(self, found: list[tuple[ClassTable, Prediction]]) -> None:
        """Show what was said of cells of the set on another day."""
        info, dataset = self._model.model, self._session.dataset
        if info is None or dataset is None or not found or self._runner.busy:
            return
        index_of = {sample.name: n for n, sample in enumerate(dataset.samples)}
        gathered = self._room(info)
        newer = set(gathered.done.tolist())
        for table, _said in found:
            named = [(row, index_of.get(name)) for row, name in enumerate(table.names)]
            known = [(row, at) for row, at in named if at is not None]
            rows = np.array([row for row, at in known if at not in newer], np.intp)
            here = table.chosen(rows)
            scores = Scores(here.probabilities, here.distance)
            gathered.put([at for _, at in known if at not in newer], scores)
        self._take_gathered()
        said = who_predicted(found[-1][1])
        if gathered.waiting.size and gathered.done.size > 1:
            said += " Classify set goes on with the others."
        self.told.emit(said, False)

    def _take_gathered(self) -> None:
        """Show all that is known of the set; what the person looks at stays."""
        dataset, gathered = self._session.dataset, self._gathered
        if dataset is None or gathered is None:
            return
        self.crops, self._labels = None, None
        self.places = gathered.done.astype(np.int64)
        try:
            project = self._session.project
            known = labelled_pictures(dataset, project, self.places.tolist())
        except StoreError as error:
            self.told.emit(str(error), True)
            return
        kept = self._model.field, self._model.between
        aliases = dict(dataset.recipe.class_titles)
        self._model.take(gathered.table(), known.truth, aliases, known.corrected)
        if self._model.report is not None:
            self._model.field, self._model.between = kept
        self.result_changed.emit()
        self._look_at_shown()

    # What others change

    def _on_pictures_said(self) -> None:
        if self._gathered is not None and self._run is None:
            self._take_gathered()

    def _on_objects_said(self) -> None:
        info, layer = self._model.model, self.labels_layer
        if self.crops is not None and info is not None and layer is not None:
            self._recall.ask(info, layer, tuple(self.places.tolist()))

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
        self._take_objects(layer, table.chosen(kept))

    # Inside

    def _room(self, info: ClassifierInfo) -> Gathered:
        """Return where answers about the samples of the set go."""
        dataset = self._session.dataset
        if self._gathered is None and dataset is not None:
            names = [sample.name for sample in dataset.samples]
            self._gathered = Gathered(names, info)
        if self._gathered is None:
            raise CellsetsError("no data set is open", advice="Open one first.")
        return self._gathered

    def _look_for_kept(self) -> None:
        """Look for answers of the chosen classifier from another day."""
        info, layer = self._model.model, self.labels_layer
        if info is None or self._session.picture is None:
            return
        if self.single_cells:
            self._recall.find_set(info)
        elif layer is not None:
            self._recall.find_objects(info, layer)

    def _forget(self) -> None:
        """Nothing is classified any more."""
        self._quiet.stop()
        self._recall.stop()
        self._asked = False
        self._gathered, self._labels, self.crops = None, None, None
        self.places = np.empty(0, np.int64)
        self._classes.clear()
        self._model.take(None)
        self.current = None
        self.result_changed.emit()
        self.current_changed.emit()

    def _look_at_shown(self) -> None:
        """Look at the cell on screen."""
        (rows,) = np.nonzero(self.places == self._session.index)
        self._look_at(int(rows[0]) if rows.size else None)

    def _look_at(self, row: int | None) -> None:
        self.current = row
        self.current_changed.emit()
