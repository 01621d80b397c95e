"""Ways to name a data set: a button with two dialogs, and dropping one or several."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal, Slot
from qtpy.QtWidgets import QFileDialog, QMenu, QPushButton, QWidget

from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.names import PICTURE_SUFFIXES, is_picture_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtCore import QMimeData

    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress

#: So many of those that were not opened are called by name.
_NAMED = 3
#: What is opened within this time was meant together.
_AT_ONCE_S = 4.0


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


def dropped_paths(mime: QMimeData | None) -> list[Path]:
    """Return the local files and folders of a drop."""
    urls = mime.urls() if mime is not None else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def open_together(
    paths: Sequence[Path], row: str | None = None
) -> tuple[Dataset, int, str]:
    """Open what was dropped together, as far as one set can hold it.

    Parameters
    ----------
    paths
        Of several pictures in one folder the folder is opened, else the first.
    row
        As for `open_dataset`.

    Returns
    -------
    dataset, index, note
        The set, which sample to show, and a sentence where something else was opened
        than a person may expect.

    Raises
    ------
    CellsetsError
        As of `open_dataset`.
    """
    from napari_cellsets.catalogue import open_dataset

    folder = _folder_of_pictures(paths)
    if folder is not None:
        try:
            dataset = open_dataset(folder, row)
        except CellsetsError:
            pass  # the first picture is opened alone, and the note says so
        else:
            found = [dataset.find(path) for path in paths]
            if found[0] is not None and None not in found:
                note = f"The whole folder “{folder.name}” of these pictures is open."
                return dataset, found[0], note
    dataset = open_dataset(paths[0], row)
    left = [path for path in paths[1:] if not _holds(dataset, path)]
    return dataset, dataset.start, _only_one(paths[0], left)


def _folder_of_pictures(paths: Sequence[Path]) -> Path | None:
    """Return the one folder of several pictures."""
    several = len(paths) > 1 and all(is_picture_name(path.name) for path in paths)
    folders = {path.parent for path in paths}
    return folders.pop() if several and len(folders) == 1 else None


def _holds(dataset: Dataset, path: Path) -> bool:
    """Whether what lies there is a part of a set: of a folder of masks, too."""
    part = path.is_dir() and path.is_relative_to(dataset.tree.root)
    return part or dataset.find(path) is not None


def _only_one(shown: Path, left: Sequence[Path]) -> str:
    """Say which of several was opened; nothing where all were."""
    if not left:
        return ""
    names = [f"“{path.name}”" for path in left[:_NAMED]]
    names += [f"{len(left) - _NAMED} more"] if len(left) > _NAMED else []
    others = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    verb = "is" if len(left) == 1 else "are"
    said = f"One at a time: “{shown.name}” is open, {others} {verb} not."
    if _folder_of_pictures([shown, *left]) is not None:
        said += " Open their folder to have all of them."
    return said


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


class OpenedAtOnce(QObject):
    """Says which set is left where napari's window opened several at once.

    Parameters
    ----------
    session
        Is told of each of them.
    parent
        The dock.
    """

    told = Signal(str)

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        # identity and place: a set that was closed can go
        self._opened: list[tuple[str, Path]] = []
        self._when = 0.0
        # when the dock has said what it has to say of the set itself
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._on_soon_timeout)
        follow(self, session.dataset_changed, self._on_dataset_changed)

    def _on_dataset_changed(self, dataset: Dataset | None) -> None:
        if dataset is None:
            return
        if time.monotonic() - self._when > _AT_ONCE_S:
            self._opened = []
        self._opened.append((dataset.identity, dataset.path))
        self._when = time.monotonic()
        self._soon.start()

    @Slot()
    def _on_soon_timeout(self) -> None:
        *others, last = self._opened
        identity, shown = last
        left = dict.fromkeys(path for other, path in others if other != identity)
        if left:
            self.told.emit(_only_one(shown, list(left)))


class OpenButton(QPushButton):
    """*Open data set…* with a menu: folders and files need dialogs of their own."""

    chosen = Signal(object)
    describe_chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.at_once = OpenedAtOnce(session, self)
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
