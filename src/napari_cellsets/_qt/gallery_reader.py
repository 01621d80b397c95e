"""Reads what a gallery shows beside the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_cellsets._napari.gallery_review import read_crops, read_samples
from napari_cellsets._qt.jobs import JobRunner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.gallery_review import Read
    from napari_cellsets._napari.session import Session
    from napari_cellsets._napari.thumbnails import ThumbnailCache
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress


class GalleryReader(QObject):
    """Reads facts of samples, or finds objects; the newest request wins.

    Parameters
    ----------
    session
        Its store holds the verdicts.
    parent
        The dock that the work belongs to.
    """

    arrived = Signal(object)
    """What `read_samples` or `read_crops` returned."""
    failed = Signal(str)
    cancelled = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._runner = JobRunner(parent)

    def stop(self) -> None:
        """Forget what is being read."""
        self._runner.stop()

    def read_samples(self, dataset: Dataset) -> None:
        """Read what is known of all samples."""
        session = self._session

        def work(_token: CancelToken, _progress: Progress) -> Read:
            return read_samples(dataset, lambda: session.project)

        self._runner.start(work, title="Facts", done=self.arrived.emit, quiet=True)

    def read_objects(
        self, dataset: Dataset, samples: Sequence[int], cache: ThumbnailCache
    ) -> None:
        """Find the objects of samples; the activity dock shows it where it is long."""
        session = self._session

        def work(token: CancelToken, progress: Progress) -> Read:
            return read_crops(
                dataset, samples, lambda: session.project, token, progress, cache
            )

        self._runner.start(
            work,
            title="Find objects",
            done=self.arrived.emit,
            failed=self._on_failed,
            cancelled=self.cancelled.emit,
            quiet=len(samples) == 1,
        )

    def _on_failed(self, error: Exception) -> None:
        self.failed.emit(str(error))
