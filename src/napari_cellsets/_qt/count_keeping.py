"""Puts counts of single images into the store, so that the list shows them again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.batch.places import image_names
from napari_cellsets.batch.rows import CountRow
from napari_cellsets.batch.whole_set import kept_count
from napari_cellsets.core.errors import StoreError
from napari_cellsets.inference.metadata import model_hash

if TYPE_CHECKING:
    from napari_cellsets._napari.session import Session
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting.classes import ClassCount
    from napari_cellsets.counting.job import CountResult
    from napari_cellsets.counting.model import CountModel

#: A slider that moves makes many counts a second; the last one is kept.
_REST_MS = 300


@dataclass(frozen=True, slots=True)
class _Count:
    """A count that waits to be written."""

    dataset: Dataset
    sample: Sample
    model: str
    model_hash: str
    settings: str
    result: CountResult
    corrected: bool
    classes: tuple[ClassCount, ...] = ()

    def row(self) -> dict[str, object]:
        figures = CountRow.of(
            image_names(self.dataset.samples)[self.sample.name],
            self.result.count,
            self.result.evaluation,
            split=self.sample.split,
            interval=self.result.interval,
            model=self.model,
        )
        return kept_count(figures, corrected=self.corrected, classes=self.classes)


class CountKeeper(QObject):
    """Keeps the count of what is on screen, once the person has changed it.

    Parameters
    ----------
    session, model
        What is shown, and what counts.
    parent
        The dock; what waits is written when Qt deletes it.
    """

    def __init__(self, session: Session, model: CountModel, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._model = model
        self._changed = False
        self._waiting: list[_Count] = []
        self._newest: _Count | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self.write)
        follow(self, session.cells_changed, self._on_cells_changed)
        follow(self, object_classes(session).said, self._on_cells_changed)
        follow(self, session.sample_changed, self._on_sample_changed)
        self.destroyed.connect(partial(_write, session, self._waiting))

    def hear(self, result: CountResult | None, *, corrected: bool) -> None:
        """Take note of a count of the whole image on screen."""
        dataset, sample = self._session.dataset, self._session.sample
        if result is None or not self._changed or dataset is None or sample is None:
            return
        info = self._model.model
        self._newest = _Count(
            dataset,
            sample,
            "" if info is None else info.name or info.path.stem,
            "" if info is None else model_hash(info.path),
            self._model.settings.model_dump_json(),
            result,
            corrected,
        )
        self._wait()

    def hear_classes(self, result: CountResult, counts: tuple[ClassCount, ...]) -> None:
        """Take note of the classes in a result that was heard of."""
        newest = self._newest
        if newest is not None and newest.result is result and newest.classes != counts:
            self._newest = replace(newest, classes=counts)
            self._wait()

    def _wait(self) -> None:
        if self._newest is not None:
            self._waiting[:] = [self._newest]
            self._rest.start()

    @Slot()
    def write(self) -> None:
        """Write what waits, now."""
        self._rest.stop()
        _write(self._session, self._waiting)

    def _on_cells_changed(self) -> None:
        self._changed = True

    def _on_sample_changed(self, *_: object) -> None:
        self.write()
        self._changed, self._newest = False, None


def _write(session: Session, waiting: list[_Count], *_: object) -> None:
    """Write counts; a store that is away has been told with the cells."""
    counts, waiting[:] = tuple(waiting), []
    for count in counts:
        try:
            session.project.save_count(
                count.dataset.identity,
                count.sample.name,
                count.model_hash,
                count.settings,
                count.row(),
            )
        except StoreError:
            return
