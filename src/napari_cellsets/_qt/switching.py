"""Step through a set without waiting for pictures to be decoded."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.session import Session
    from napari_cellsets.core.cancel import CancelToken, Progress


class Switcher(QObject):
    """Decodes samples in a thread and shows them; the last one asked for wins.

    While one is being decoded, further requests replace each other, so that a
    key held down plays the set as a film instead of starving it.

    Parameters
    ----------
    session
        Its `navigator` becomes ours until the parent is deleted.
    parent
        The dock that the work belongs to.
    """

    failed = Signal(str)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = JobRunner(parent)
        self._wanted: int | None = None
        session.navigator = self.ask
        follow(self, session.dataset_changed, self._on_dataset_changed)
        self.destroyed.connect(partial(_let_go, session))

    def ask(self, index: int) -> None:
        """Show a sample as soon as it is decoded."""
        self._wanted = index
        if not self._runner.busy:
            self._start(index)

    def _start(self, index: int) -> None:
        load = self._session.loader(index)

        def work(_token: CancelToken, _progress: Progress) -> LoadedSample:
            return load()

        self._runner.start(
            work,
            title="Open sample",
            done=self._on_loaded,
            failed=self._on_failed,
            quiet=True,
        )

    def _on_loaded(self, loaded: LoadedSample) -> None:
        wanted, self._wanted = self._wanted, None
        # another set may have been opened meanwhile
        current = loaded.dataset is self._session.dataset
        if current:
            self._session.display(loaded)
        if wanted is not None and not (current and wanted == loaded.index):
            self.ask(wanted)

    def _on_dataset_changed(self, _dataset: object) -> None:
        self._wanted = None

    def _on_failed(self, error: Exception) -> None:
        self._wanted = None
        self._session.stay()
        self.failed.emit(str(error))


def _let_go(session: Session, *_: object) -> None:
    session.navigator = None
