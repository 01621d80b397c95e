"""Classes of the counted cells: in the table of the Count dock, and their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from qtpy.QtCore import QObject

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._napari.object_source import class_names_of, classes_of
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.batch.known_classes import corrected_classes
from napari_cellsets.counting.classes import ClassCount, count_classes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.layers import Labels

    from napari_cellsets._napari.edits import Place
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.count_flow import CountFlow
    from napari_cellsets._qt.count_keeping import CountKeeper
    from napari_cellsets._qt.object_table import ObjectTableView
    from napari_cellsets._qt.result_view import ResultView
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.counting.job import CountResult
    from napari_cellsets.store import Project


@dataclass(frozen=True, slots=True)
class OneLayer:
    """Classes of the objects of a layer, and where corrections of them are.

    Parameters
    ----------
    known
        As published or predicted.
    names
        Name of each class id.
    place
        In the store; None where it keeps nothing of them.
    """

    known: Mapping[int, str]
    names: Mapping[int, str]
    place: Place | None

    def corrected(self, project: Project) -> dict[int, str]:
        """Return the class of each object as it is now."""
        facts = None if self.place is None else project.object_facts(*self.place)
        return corrected_classes(self.known, facts, self.names)


class Sorted(NamedTuple):
    """What the cells are, and how many of each class there are."""

    classes: Mapping[int, str]
    counts: tuple[ClassCount, ...]


@dataclass(frozen=True, slots=True)
class Sorting:
    """Work for a thread: look up classes, count them, compare with the truth's."""

    project: Callable[[], Project]
    result: CountResult
    cells: OneLayer
    truth: OneLayer | None

    def __call__(self, token: CancelToken, progress: Progress) -> Sorted:
        project = self.project()
        classes = self.cells.corrected(project)
        true = None if self.truth is None else self.truth.corrected(project)
        counts = count_classes(
            self.result.table.columns["label"],
            classes,
            true_classes=true,
            evaluation=self.result.evaluation,
        )
        return Sorted(classes, counts)


class ClassLink(QObject):
    """Shows what each counted cell is, and the numbers of each class."""

    def __init__(
        self,
        session: Session,
        flow: CountFlow,
        keeper: CountKeeper,
        table: ObjectTableView,
        view: ResultView,
    ) -> None:
        super().__init__(table)
        self._session, self._flow, self._keeper = session, flow, keeper
        self._table, self._view = table, view
        self._runner = JobRunner(table, mirrored=False)
        classes = object_classes(session)
        follow(self, classes.changed, self._look)
        follow(self, classes.said, flow.hear_words)
        flow.result_changed.connect(self._look)
        self._look()

    def _look(self) -> None:
        result, cells = self._flow.result, self._session.cells_layer
        if result is None or cells is None:
            self._runner.stop()
            self._show(Sorted({}, ()))
            return
        truth = self._session.truth_layer
        known = None
        if truth is not None and self._session.truth is not None:
            known = self._of(truth)
        self._runner.start(
            Sorting(lambda: self._session.project, result, self._of(cells), known),
            title="Counting classes",
            done=self._show,
            failed=self._on_failed,
        )

    def _of(self, layer: Labels) -> OneLayer:
        session = self._session
        return OneLayer(
            dict(classes_of(session, layer)),
            dict(class_names_of(session, layer)),
            session.place_of(layer),
        )

    def _on_failed(self, _error: Exception) -> None:
        # the session tells what is wrong with the store
        self._show(Sorted({}, ()))

    def _show(self, found: Sorted) -> None:
        self._table.show_classes(found.classes)
        self._view.show_classes(found.counts)
        if self._flow.result is not None:
            self._keeper.hear_classes(self._flow.result, found.counts)
