"""Asks the store now and then, beside the window, what others did."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_cellsets._napari.others import Others
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.core.errors import StoreError

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import Project, Window
    from napari_cellsets.store.changes import Changes

    Answer = tuple[Changes, tuple[Window, ...] | None]

_EVERY_MS = 1_500
_GREET_EVERY_S = 15


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
        self._greeted = ("", 0.0)
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
                partial(_asked, *question, greet=self._may_greet(identity)),
                title="See what others did",
                done=partial(self._on_answered, identity),
                failed=self._on_failed,
                quiet=True,
            )

    def _may_greet(self, identity: str) -> bool:
        """Whether it is time to tell other windows that this one has the set open."""
        before, last = self._greeted
        if before == identity and time.monotonic() < last + _GREET_EVERY_S:
            return False
        self._greeted = identity, time.monotonic()
        return True

    def _on_failed(self, error: Exception) -> None:
        """Say once what is wrong with the store, until it answers again."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            self.told.emit(self._trouble)

    def _on_answered(self, identity: str, answer: Answer) -> None:
        self._trouble = ""
        changes, windows = answer
        words = [self.others.take(identity, changes)]
        if windows is not None:
            words.insert(0, self.others.meet(identity, windows))
        if any(words):
            self.told.emit(" ".join(filter(None, words)))


def _asked(
    project: Project,
    identity: str,
    number: int,
    _: CancelToken,
    __: Progress,
    *,
    greet: bool,
) -> Answer:
    changes = project.changed_since(identity, number)
    windows = None
    if greet:
        with suppress(StoreError):  # saving tells what is wrong
            windows = project.at_work(identity)
            project.settle()
    return changes, windows
