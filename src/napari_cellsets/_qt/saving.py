"""Timers for a session: save soon after a change, try again after a failure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets._napari.session import Session

_SOON_MS = 150
_RETRY_MS = 5000


class SaveTimers(QObject):
    """Gives a session the clock that it lacks without Qt.

    Parameters
    ----------
    session
        Its `deferrer` becomes ours until this object is deleted.
    parent
        The dock that owns the timers.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._act: Callable[[], object] | None = None
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self._on_soon_timeout)
        self._retry = QTimer(self, interval=_RETRY_MS)
        self._retry.timeout.connect(self._on_retry_timeout)
        follow(self, session.status_changed, self._on_status_changed)
        session.deferrer = self._defer
        self.destroyed.connect(partial(_let_go, session, self._defer))

    def _defer(self, act: Callable[[], object]) -> None:
        self._act = act
        self._soon.start()

    @Slot()
    def _on_soon_timeout(self) -> None:
        act, self._act = self._act, None
        if act is not None:
            act()

    @Slot()
    def _on_retry_timeout(self) -> None:
        self._session.save()

    def _on_status_changed(self, _text: str) -> None:
        if self._session.unsaved:
            if not self._retry.isActive():
                self._defer(self._session.save)
            self._retry.start()
        else:
            self._retry.stop()


def _let_go(
    session: Session, deferrer: Callable[[Callable[[], object]], None], *_: object
) -> None:
    if session.deferrer == deferrer:
        session.deferrer = None
    session.save()
