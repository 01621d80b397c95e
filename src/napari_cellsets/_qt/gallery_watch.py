"""What other windows and other people say of the pictures appears in this gallery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.core.errors import CellsetsError, StoreError

if TYPE_CHECKING:
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.gallery import GalleryWidget
    from napari_cellsets.core.cancel import CancelToken, Progress

_EVERY_MS = 1_500


class GalleryWatch(QObject):
    """Asks the store now and then, beside the window, whether anything is new.

    Parameters
    ----------
    session
        Its store is asked.
    gallery
        Nothing is asked while it is hidden.
    """

    def __init__(self, session: Session, gallery: GalleryWidget) -> None:
        super().__init__(gallery)
        self._session, self._gallery = session, gallery
        self._runner = JobRunner(gallery, mirrored=False)
        self._seen = -1
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.ask)
        self._timer.start()

    @Slot()
    def ask(self) -> None:
        """Ask once, unless an answer is still awaited."""
        gallery = self._gallery
        if self._runner.busy or gallery.isHidden() or gallery.verdicts.review is None:
            return
        try:
            project = self._session.project
        except StoreError:
            return  # saving and loading tell what is wrong

        def work(_token: CancelToken, _progress: Progress) -> int:
            return project.last_change()

        self._runner.start(
            work,
            title="See what others said",
            done=self._on_answered,
            failed=self._on_failed,
            quiet=True,
        )

    def _on_answered(self, number: int) -> None:
        review = self._gallery.verdicts.review
        if number == self._seen or review is None:
            return
        self._seen = number
        try:
            if review.refresh():
                self._gallery.show_said()
        except CellsetsError as error:
            self._on_failed(error)

    def _on_failed(self, error: Exception) -> None:
        self._gallery.status.review.setText(str(error))
