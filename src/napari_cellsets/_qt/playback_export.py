"""The Export page of the Playback dock: a range as film, stack or recording."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from qtpy.QtCore import QTimer, Signal, Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.cloud_layer import range_of
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.log_field import LogField, WordField
from napari_cellsets._qt.messages import ProgressRow
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.playback.clips import ClipSettings
from napari_cellsets.playback.clock import FASTEST, SLOWEST
from napari_cellsets.playback.colours import lut_of
from napari_cellsets.playback.exports import (
    FILMS,
    STACKS,
    ExportRequest,
    ending_of,
    export_titles,
)
from napari_cellsets.playback.stacks import StackSettings
from napari_cellsets.playback.words import (
    read_speed,
    read_time,
    speed_words,
    time_words,
)

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_cellsets._napari.film import Film

_REST_MS = 150
_STACK_KINDS: Final = {
    "counts": "Events of each step",
    "voxels": "Voxel grid",
    "surface": "Time surface",
}
_LONGEST_US = 10**9


class ExportPage(QWidget):
    """Writes the range A to B, or the whole recording, as it is shown.

    Parameters
    ----------
    film
        Whose recording, filters, mode and colours are taken.
    """

    refused = Signal(str)

    def __init__(self, film: Film, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._film = film
        self.runner = JobRunner(self)
        self._resting = QTimer(self, singleShot=True, interval=_REST_MS)
        self._resting.timeout.connect(self._tell_plan)
        self._make_film_parts()
        self._make_stack_parts()
        self._make_told_parts()
        self._lay_out()
        self._connect()
        self._on_kind_changed()

    def showEvent(self, event: QShowEvent) -> None:
        """Say what would be written now."""
        super().showEvent(event)
        self._resting.start()

    # Building

    def _make_film_parts(self) -> None:
        self.kind = QComboBox()
        self.kind.setAccessibleName("What to write")
        self.kind.setMinimumContentsLength(8)
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        for kind, title in export_titles().items():
            self.kind.addItem(title, kind)
        self.speed = LogField(
            "Speed of the film",
            "1:100 shows a hundredth of a second in a second",
            speed_words,
            read_speed,
            SLOWEST,
            FASTEST,
        )
        self.speed.set_value(0.01)
        self.fps = QSpinBox()
        self.fps.setRange(1, 120)
        self.fps.setValue(25)
        self.fps.setSuffix(" fps")
        self.fps.setAccessibleName("Frames a second of the film")
        self.zoom = QSpinBox()
        self.zoom.setRange(1, 16)
        self.zoom.setSuffix(" × size")
        self.zoom.setAccessibleName("Size of the film")
        self.stamp = QCheckBox("Time")
        self.bar = QCheckBox("Scale bar")
        for box in (self.stamp, self.bar):
            box.setChecked(True)

    def _make_stack_parts(self) -> None:
        self.stack = QComboBox()
        self.stack.setAccessibleName("What the stack shows")
        for value, title in _STACK_KINDS.items():
            self.stack.addItem(title, value)
        self.step = WordField(time_words, read_time, 1, _LONGEST_US)
        self.step.set_value(10_000)
        self.step.setAccessibleName("Time of a plane")

    def _make_told_parts(self) -> None:
        self.plan = QLabel()
        self.plan.setWordWrap(True)
        self.plan.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.button = QPushButton("Export…")
        self.button.setToolTip("Writes A to B, or all, with the filters that are on")
        self.progress = ProgressRow(self.runner)
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.addRow("Write", self.kind)
        self._form.addRow("Speed", self.speed)
        self._form.addRow("Frames", self.fps)
        self._form.addRow("Picture", self.zoom)
        self._form.addRow("Draw", self.stamp)
        self._form.addRow("", self.bar)
        self._form.addRow("Planes", self.stack)
        self._form.addRow("Each", self.step)
        column = QVBoxLayout(self)
        column.addLayout(self._form)
        for part in (self.plan, self.button, self.progress, self.told):
            column.addWidget(part)
        column.addStretch(1)

    def _connect(self) -> None:
        film, playback = self._film, self._film.playback
        self.kind.currentIndexChanged.connect(self._on_kind_changed)
        self.stack.currentIndexChanged.connect(self._resting.start)
        for number in (self.fps, self.zoom):
            number.valueChanged.connect(self._resting.start)
        for field in (self.speed, self.step):
            field.edited.connect(self._resting.start)
            field.refused.connect(self.refused)
        self.button.clicked.connect(self._on_export_clicked)
        events = playback.events
        for signal in (events.a_us, events.b_us, events.duration_us):
            follow(self, signal, self._rest)
        follow(self, film.settings_changed, self._rest)
        follow(self, film.recording_changed, self._on_recording_changed)

    # What to write

    def request(self) -> ExportRequest | None:
        """Return what the page says now; None without a recording."""
        film, recording = self._film, self._film.recording
        if recording is None:
            return None
        start, stop = range_of(film)
        size, layer = film.pixel_size_um, film.layer
        limits = None if layer is None else tuple(layer.contrast_limits)
        return ExportRequest(
            recording,
            start,
            stop,
            str(self.kind.currentData()),
            ClipSettings(
                frames=film.settings,
                slowdown=1 / self.speed.value,
                fps=self.fps.value(),
                limits=limits,
                adaptive=film.looks.adaptive,
                stamp=self.stamp.isChecked(),
                scale_bar=self.bar.isChecked(),
                pixel_um=size,
                zoom=self.zoom.value(),
            ),
            lut_of(film.settings.mode, film.looks.ground),
            StackSettings(
                kind=self.stack.currentData(),
                step_us=round(self.step.value),
                tau_us=film.settings.tau_us,
            ),
            film.filters,
            size,
        )

    def export(self, path: Path) -> None:
        """Write to a file, beside the window."""
        request = self.request()
        if request is None:
            return
        self.told.clear()
        self.runner.start(
            partial(request.write, path),
            title=f"Write {path.name}",
            done=partial(self._on_written, path),
            failed=self._on_failed,
        )

    @Slot()
    def _on_export_clicked(self) -> None:
        ending = ending_of(str(self.kind.currentData()))
        path, _ = QFileDialog.getSaveFileName(self, "Export", f"events{ending}")
        if path:
            place = Path(path)
            self.export(place if place.suffix else place.with_suffix(ending))

    # What changes

    @Slot()
    def _on_kind_changed(self, *_: object) -> None:
        kind = str(self.kind.currentData())
        for part in (self.speed, self.fps, self.zoom, self.stamp, self.bar):
            self._form.setRowVisible(part, kind in FILMS)
        for part in (self.stack, self.step):
            self._form.setRowVisible(cast("QWidget", part), kind in STACKS)
        self._resting.start()

    def _on_recording_changed(self, *_: object) -> None:
        self.runner.stop()
        self.told.clear()
        self._rest()

    def _rest(self, *_: object) -> None:
        self._resting.start()

    @Slot()
    def _tell_plan(self) -> None:
        """Say how large it will be, or why it cannot be written."""
        request = None if self.isHidden() else self.request()
        if request is None:
            return
        try:
            self.plan.setText(request.plan())
            self.button.setEnabled(True)
        except CellsetsError as error:
            self.plan.setText(f"⚠ {error}")
            self.button.setEnabled(False)

    def _on_written(self, path: Path, words: str) -> None:
        self.told.setText(f"{words} written to {path}")

    def _on_failed(self, error: Exception) -> None:
        self.told.setText(f"⚠ {error}")
