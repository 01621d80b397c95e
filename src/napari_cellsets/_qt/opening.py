"""Ways to name a data set: a button with two dialogs, and dropping."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from napari_cellsets.formats.names import PICTURE_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtCore import QMimeData

    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets.core.cancel import CancelToken, Progress


def ask_folder(session: Session, parent: QWidget | None) -> Path | None:
    """Let the person choose a folder; None when they think better of it."""
    chosen = QFileDialog.getExistingDirectory(
        parent, "Open data set: its folder", _start(session)
    )
    return Path(chosen) if chosen else None


def ask_file(session: Session, parent: QWidget | None) -> Path | None:
    """Let the person choose an archive or an image; None for neither."""
    endings = " ".join(f"*.{suffix}" for suffix in ("zip", *PICTURE_SUFFIXES))
    chosen, _filter = QFileDialog.getOpenFileName(
        parent,
        "Open data set: its zip archive, or one of its images",
        _start(session),
        f"Archives and images ({endings});;All files (*)",
    )
    return Path(chosen) if chosen else None


def dropped_path(mime: QMimeData | None) -> Path | None:
    """Return the first local file or folder of a drop."""
    urls = mime.urls() if mime is not None else []
    local = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return local[0] if local else None


def _start(session: Session) -> str:
    """Folder in which the dialogs begin: beside the open set."""
    return str(session.dataset.path.parent if session.dataset else Path.home())


def open_beside(
    session: Session,
    runner: JobRunner,
    path: Path,
    done: Callable[[LoadedSample], None],
    failed: Callable[[Exception], None],
) -> None:
    """Open a data set beside the window; `done` gets the sample that `path` names."""

    def work(_token: CancelToken, _progress: Progress) -> LoadedSample:
        from napari_cellsets.catalogue import open_dataset

        dataset = open_dataset(path)
        return session.loader(dataset.start, dataset)()

    runner.start(work, title=f"Open {path.name}", done=done, failed=failed)


class OpenButton(QPushButton):
    """*Open data set…* with a menu: folders and files need dialogs of their own."""

    chosen = Signal(object)
    describe_chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setText("Open data set…")
        self.setToolTip("Opens at once; napari does not ask for a reader here.")
        self.setAccessibleName("Open data set")
        menu = QMenu(self)
        menu.addAction("Folder…").triggered.connect(self._on_folder_triggered)
        menu.addAction("Zip archive or image…").triggered.connect(
            self._on_file_triggered
        )
        menu.addAction("Describe a folder…").triggered.connect(
            self._on_describe_triggered
        )
        self.setMenu(menu)

    @Slot()
    def _on_folder_triggered(self) -> None:
        path = ask_folder(self._session, self)
        if path is not None:
            self.chosen.emit(path)

    @Slot()
    def _on_file_triggered(self) -> None:
        path = ask_file(self._session, self)
        if path is not None:
            self.chosen.emit(path)

    @Slot()
    def _on_describe_triggered(self) -> None:
        path = ask_folder(self._session, self)
        if path is not None:
            self.describe_chosen.emit(path)
