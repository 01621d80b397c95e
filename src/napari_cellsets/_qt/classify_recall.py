"""Answers that were kept, and labels that people gave, looked up beside the window."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cellsets._qt.classify_work import (
    Desk,
    KeptRun,
    KnownObjects,
    Named,
    RecalledObjects,
    RecalledSet,
)
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.batch.known_classes import published_classes

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.inference.classifier import ClassifierInfo


class Recall(QObject):
    """Keeps answers of the Classify dock, and brings them back.

    Parameters
    ----------
    session
        What is open.
    parent
        The dock.
    """

    set_found = Signal(object)
    """Tables of cells of the set, each with its `Prediction`, oldest first."""
    objects_found = Signal(object, object)
    """The layer, and what is `Named` in it."""
    known = Signal(object)
    """What is `Labelled` of the objects that were asked about."""
    told = Signal(str, bool)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._finder = JobRunner(parent, mirrored=False)
        self._asker = JobRunner(parent, mirrored=False)
        self._keeper = JobRunner(parent, mirrored=False)

    def stop(self) -> None:
        """Look for nothing any more; what is being kept will be."""
        self._finder.stop()
        self._asker.stop()

    @property
    def keeping(self) -> bool:
        """Whether answers are on their way to the disk."""
        return self._keeper.busy

    def desk(self, info: ClassifierInfo, layer: Labels | None = None) -> Desk | None:
        """Return where answers go; None where nothing is open."""
        session = self._session
        dataset = session.dataset
        if dataset is None:
            return None
        place = None if layer is None else session.place_of(layer)
        truth = session.truth if layer is session.truth_layer else None
        published = {} if truth is None else published_classes(truth)
        return Desk(lambda: session.project, dataset, info, place, published)

    def find_set(self, info: ClassifierInfo) -> None:
        """Look for answers about the cells of the set."""
        desk = self.desk(info)
        if desk is not None:
            self._finder.start(
                RecalledSet(desk),
                title="Looking for classes",
                done=self.set_found.emit,
                failed=self._on_failed,
                quiet=True,
            )

    def find_objects(self, info: ClassifierInfo, layer: Labels) -> None:
        """Look for answers about the objects of the image on screen."""
        desk, picture = self.desk(info, layer), self._session.picture
        if desk is None or desk.place is None or picture is None or layer.ndim != 2:
            return

        def found(named: Named | None) -> None:
            if named is not None:
                self.objects_found.emit(layer, named)

        self._finder.start(
            RecalledObjects(layer.data, picture, desk),
            title="Looking for classes",
            done=found,
            failed=self._on_failed,
            quiet=True,
        )

    def ask(self, info: ClassifierInfo, layer: Labels, labels: tuple[int, ...]) -> None:
        """Ask what people say of objects now."""
        desk = self.desk(info, layer)
        if desk is not None:
            self._asker.start(
                KnownObjects(desk, labels),
                title="Looking for labels",
                done=self.known.emit,
                failed=self._on_failed,
                quiet=True,
            )

    def keeper(self, info: ClassifierInfo) -> Callable[[ClassTable], None] | None:
        """Return what puts some answers about the set on disk, beside earlier ones."""
        desk = self.desk(info)
        return None if desk is None else partial(_keep_beside, desk)

    def keep(self, info: ClassifierInfo, table: ClassTable) -> None:
        """Put the answers about a set on disk, in place of earlier ones."""
        desk = self.desk(info)
        if desk is not None and len(table):
            self._keeper.start(
                KeptRun(desk, table),
                title="Keeping classes",
                done=_nothing,
                failed=self._on_failed,
                quiet=True,
            )

    def _on_failed(self, error: Exception) -> None:
        self.told.emit(str(error), True)


def _keep_beside(desk: Desk, table: ClassTable) -> None:
    desk.answers().keep(table, anew=False)


def _nothing(_done: None) -> None:
    """What is kept is on screen already."""
