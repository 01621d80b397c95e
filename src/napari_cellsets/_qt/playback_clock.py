"""The Clock page of the Playback dock: what runs along with the recording."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image
from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.companions import Companion, Companions
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.log_field import WordField
from napari_cellsets._qt.messages import ProgressRow
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.playback.recording import open_recording
from napari_cellsets.playback.words import read_time, time_words

if TYPE_CHECKING:
    import napari.viewer

    from napari_cellsets._napari.film import Film
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.recording import Recording

_ABOUT = (
    "Further recordings, or pictures of a frame camera, run along on the clock of"
    " this recording."
)
_LATEST_US = 10**10
_FASTEST_FPS = 1e6


class ClockPage(QWidget):
    """Adds recordings and pictures, and says when each of them begins.

    Parameters
    ----------
    film
        Whose clock it is.
    viewer
        Where the layers are.
    """

    refused = Signal(str)

    def __init__(
        self, film: Film, viewer: napari.viewer.Viewer, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.companions = Companions(viewer, film)
        self.runner = JobRunner(self)
        about = QLabel(_ABOUT)
        about.setWordWrap(True)
        about.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.add = QPushButton("Add a recording…")
        self.add.setToolTip("Another camera's events of the same time")
        self.pictures = QPushButton("Add the selected layer")
        self.pictures.setToolTip("Pictures of a frame camera: an image layer (t, y, x)")
        self.fps = QDoubleSpinBox()
        self.fps.setRange(0.001, _FASTEST_FPS)
        self.fps.setValue(30.0)
        self.fps.setSuffix(" fps")
        self.fps.setAccessibleName("Pictures a second")
        self.progress = ProgressRow(self.runner)
        self._rows = QGridLayout()
        self._rows.setColumnStretch(0, 1)
        pictures = QHBoxLayout()
        pictures.addWidget(self.pictures, 1)
        pictures.addWidget(self.fps)
        column = QVBoxLayout(self)
        column.addWidget(about)
        column.addWidget(self.add)
        column.addLayout(pictures)
        column.addWidget(self.progress)
        column.addLayout(self._rows)
        column.addStretch(1)
        self.add.clicked.connect(self._on_add_clicked)
        self.pictures.clicked.connect(self._on_pictures_clicked)
        follow(self, self.companions.changed, self._on_changed)

    def stop(self) -> None:
        """End what runs and let the layers go."""
        self.runner.stop()
        self.companions.stop()

    def open(self, path: Path) -> None:
        """Open a file of events beside the window and let it run along."""
        self.runner.start(
            partial(_opened, path),
            title=f"Open {path.name}",
            done=partial(self._on_opened, path.stem),
            failed=self._on_failed,
        )

    @property
    def fields(self) -> list[WordField]:
        """Where it says when each begins."""
        return list(self.findChildren(WordField))

    @Slot()
    def _on_add_clicked(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Add a recording")
        if path:
            self.open(Path(path))

    @Slot()
    def _on_pictures_clicked(self) -> None:
        layer = self._viewer.layers.selection.active
        if not isinstance(layer, Image):
            self.refused.emit("Select the layer of the pictures first.")
            return
        self._tried(partial(self.companions.add_pictures, layer, self.fps.value()))

    def _on_opened(self, name: str, recording: Recording) -> None:
        self._tried(partial(self.companions.add_recording, recording, name))

    def _tried(self, act: partial[Companion]) -> None:
        try:
            act()
        except CellsetsError as error:
            self._on_failed(error)

    def _on_failed(self, error: Exception) -> None:
        self.refused.emit(str(error))

    def _on_changed(self) -> None:
        while self._rows.count():
            gone = self._rows.takeAt(0).widget()
            gone.setParent(None)
            gone.deleteLater()
        for row, companion in enumerate(self.companions):
            name = QLabel(companion.layer.name)
            name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            begins = WordField(offset_words, read_offset, -_LATEST_US, _LATEST_US)
            begins.setAccessibleName(f"{companion.layer.name} begins at")
            begins.setToolTip("The moment of this recording at which it begins")
            begins.set_value(companion.offset_us)
            begins.edited.connect(partial(self._on_edited, companion))
            begins.refused.connect(self.refused)
            remove = QToolButton()
            remove.setText("×")
            remove.setAccessibleName(f"Take {companion.layer.name} off the clock")
            remove.setToolTip("Take it off the clock")
            remove.clicked.connect(partial(self._on_removed, companion))
            for column, part in enumerate((name, begins, remove)):
                self._rows.addWidget(part, row, column)

    def _on_edited(self, companion: Companion, us: float) -> None:
        self.companions.move(companion, round(us))

    def _on_removed(self, companion: Companion, *_: object) -> None:
        self.companions.remove(companion)


def offset_words(us: float) -> str:
    """Return a distance in time, which may be negative."""
    return f"{'-' if us < 0 else ''}{time_words(abs(us))}"


def read_offset(text: str) -> float:
    """Return the microseconds that a text means, with or without a sign.

    Raises
    ------
    CellsetsError
        If it is no time.
    """
    plain = text.strip()
    if plain.startswith("-"):
        return -read_time(plain[1:])
    return read_time(plain.removeprefix("+"))


def _opened(path: Path, token: CancelToken, progress: Progress) -> Recording:
    recording = open_recording(open_event_file(path), name=path.name, place=path)
    recording.build_index(token, progress)
    return recording
