"""Offers work that was done on the same pictures under another name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.remembered import remember, remembered
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.batch.renamed import RenamedWork, renamed_work
from napari_cellsets.review import EarlierWork, earlier_work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets._napari.session import Session
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import Project

Work: TypeAlias = EarlierWork | RenamedWork

_REFUSED = "moved_work_refused"
_MOST_REFUSED = 200


class MovedOffer(QWidget):
    """A sentence and two buttons, while the store has work that may belong here.

    Parameters
    ----------
    session
        Whose data set is looked for.
    parent
        The dock.
    """

    told = Signal(str)
    """A sentence for the person: what was done, or why not."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._work: Work | None = None
        self.runner = JobRunner(parent, mirrored=False)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.text.setAccessibleName("Work found in the project store")
        self.take = QPushButton("Take it over")
        self.take.setToolTip("The work belongs to this folder then; nothing is copied")
        self.refuse = QPushButton("No")
        self.refuse.setToolTip("Leave it where it is, and do not ask again")
        self.take.clicked.connect(self._on_take_clicked)
        self.refuse.clicked.connect(self._on_refuse_clicked)
        row = QHBoxLayout()
        row.addWidget(self.take)
        row.addWidget(self.refuse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        column.addLayout(row)
        follow(self, session.dataset_changed, self._on_dataset_changed)
        self._on_dataset_changed(session.dataset)

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        self._offer(None)
        if dataset is not None:
            self.runner.start(
                partial(_found, self._session, dataset),
                title="Look for earlier work",
                done=partial(self._on_found, dataset.identity),
                failed=_ignore,
                quiet=True,
            )

    def _on_found(self, identity: str, found: Sequence[Work]) -> None:
        if identity == self._identity:
            refused = remembered(_REFUSED) or []
            wanted = (
                work for work in found if [work.identity, identity] not in refused
            )
            self._offer(next(wanted, None))

    def _offer(self, work: Work | None) -> None:
        self._work = work
        self.setVisible(work is not None)
        self.take.setVisible(work is not None and work.samples > 0)
        self.text.setText("" if work is None else f"{work.said}.")

    @property
    def _identity(self) -> str:
        dataset = self._session.dataset
        return "" if dataset is None else dataset.identity

    @Slot()
    def _on_take_clicked(self) -> None:
        work = self._work
        self._offer(None)
        if work is not None:
            self.runner.start(
                partial(_moved, self._session.project, work, self._identity),
                title="Take work over",
                done=partial(self._on_moved, work, self._identity),
                failed=self._on_failed,
                quiet=True,
            )

    @Slot()
    def _on_refuse_clicked(self) -> None:
        work = self._work
        self._offer(None)
        if work is not None:
            refused = remembered(_REFUSED) or []
            pair = [work.identity, self._identity]
            remember(_REFUSED, [*refused, pair][-_MOST_REFUSED:])

    def _on_moved(self, work: Work, identity: str, _: None) -> None:
        if identity == self._identity:
            self._session.reload()
            # pictures may have other names, too
            self._on_dataset_changed(self._session.dataset)
        plural = "s" if work.samples != 1 else ""
        self.told.emit(f"The work on {work.samples:,} sample{plural} belongs here now.")

    def _on_failed(self, error: Exception) -> None:
        self.told.emit(str(error))


def _found(
    session: Session, dataset: Dataset, token: CancelToken, _: Progress
) -> Sequence[Work]:
    # opening a store takes a moment, too
    found = earlier_work(session.project, dataset.identity)
    renamed = None if found else renamed_work(session.project, dataset, token)
    return found if renamed is None else [renamed]


def _moved(
    project: Project, work: Work, identity: str, _: CancelToken, __: Progress
) -> None:
    if isinstance(work, EarlierWork):
        project.move_work(work.identity, identity)
        return
    for old, new in work.names.items():
        project.rename_sample(identity, old, new)


def _ignore(_error: Exception) -> None:
    """Saving and loading tell what is wrong with the store."""
