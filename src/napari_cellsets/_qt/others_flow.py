"""Asks the store now and then, beside the window, what others did."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_cellsets._napari.others import Others
from napari_cellsets._qt.jobs import JobRunner

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import Project
    from napari_cellsets.store.changes import Changes

_EVERY_MS = 1_500


class OthersFlow(QObject):
    """Tells what other windows did to the set on screen, and shows it.

    Parameters
    ----------
    session
        Whose set it is.
    parent
        A widget: nothing is asked while it is hidden.
    """

    told = Signal(str)
    """A sentence for the person."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._widget = parent
        self.others = Others(session)
        self.runner = JobRunner(parent, mirrored=False)
        self._trouble = ""
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.ask)
        self._timer.start()

    @Slot()
    def ask(self) -> None:
        """Ask once, unless an answer is still awaited."""
        if self.runner.busy or self._widget.isHidden():
            return
        question = self.others.question()
        if question is not None:
            _project, identity, _number = question
            self.runner.start(
                partial(_asked, *question),
                title="See what others did",
                done=partial(self._on_answered, identity),
                failed=self._on_failed,
                quiet=True,
            )

    def _on_failed(self, error: Exception) -> None:
        """Say once what is wrong with the store, until it answers again."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            self.told.emit(self._trouble)

    def _on_answered(self, identity: str, changes: Changes) -> None:
        self._trouble = ""
        words = self.others.take(identity, changes)
        if words:
            self.told.emit(words)


def _asked(
    project: Project, identity: str, number: int, _: CancelToken, __: Progress
) -> Changes:
    return project.changed_since(identity, number)
