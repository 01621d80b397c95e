"""Classes of the pictures shown, written as a table or as folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Slot
from qtpy.QtWidgets import QFileDialog, QMenu

from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.batch.kept_predictions import predicted_pictures
from napari_cellsets.batch.picture_classes import (
    picture_classes,
    write_class_folders,
    write_class_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.gallery import GalleryWidget
    from napari_cellsets.core.cancel import CancelToken, Progress


class GalleryExports(QObject):
    """Writes beside the window what the gallery shows, in the order shown.

    Parameters
    ----------
    session
        Whose set and store.
    gallery
        Its button has the menu; its status line tells what came of it.
    """

    def __init__(self, session: Session, gallery: GalleryWidget) -> None:
        super().__init__(gallery)
        self._session, self._gallery = session, gallery
        self._runner = JobRunner(gallery)
        menu = QMenu(gallery.bar.export)
        table = menu.addAction("Table of classes (CSV)…")
        table.setToolTip("Class as published and as corrected, by whom and when")
        table.triggered.connect(self._on_table_triggered)
        folders = menu.addAction("Pictures in a folder by class…")
        folders.setToolTip("Copies, in a folder for each class as corrected")
        folders.triggered.connect(self._on_folders_triggered)
        gallery.bar.export.setMenu(menu)

    def write_table(self, path: Path) -> None:
        """Write class as published and as corrected of the pictures shown."""
        dataset, chosen = self._session.dataset, self._gallery.model.order.tolist()
        if dataset is None:
            return
        project = self._session.project

        def work(_token: CancelToken, _progress: Progress) -> str:
            classes = picture_classes(dataset, project, chosen)
            write_class_table(classes, path, predicted_pictures(dataset, project))
            return f"{len(chosen):,} classes written to {path.name}."

        self._start(work, f"Write {path.name}")

    def write_folders(self, root: Path) -> None:
        """Copy the pictures shown into a folder for each class as corrected."""
        dataset, chosen = self._session.dataset, self._gallery.model.order.tolist()
        if dataset is None:
            return
        project = self._session.project

        def work(token: CancelToken, progress: Progress) -> str:
            classes = picture_classes(dataset, project, chosen)
            number = write_class_folders(dataset, classes, root, token, progress)
            return f"{number:,} pictures copied to {root.name}."

        self._start(work, f"Copy pictures to {root.name}")

    def _start(self, work: Callable[[CancelToken, Progress], str], title: str) -> None:
        say = self._gallery.status.say
        self._runner.start(
            work,
            title=title,
            done=say,
            failed=lambda error: say(str(error)),
            cancelled=lambda: say("Cancelled; what was copied is there."),
        )

    @Slot()
    def _on_table_triggered(self) -> None:
        path, _filter = QFileDialog.getSaveFileName(
            self._gallery, "Table of classes", "classes.csv", "CSV (*.csv)"
        )
        if path:
            self.write_table(Path(path))

    @Slot()
    def _on_folders_triggered(self) -> None:
        root = QFileDialog.getExistingDirectory(
            self._gallery, "An empty folder for the pictures"
        )
        if root:
            self.write_folders(Path(root))
