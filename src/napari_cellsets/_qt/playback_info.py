"""The Information page of the Playback dock: what a recording is and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFormLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.playback.words import time_words

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_cellsets._napari.film import Film
    from napari_cellsets.playback.info import RecordingInfo

_SO_FAR = "Figures are of the part that is indexed so far."
_NO_FAULTS = "No faults were found."


class InfoPage(QWidget):
    """Figures of the recording on screen, made when they are looked at.

    Parameters
    ----------
    film
        Whose recording it is.
    """

    def __init__(self, film: Film, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._film = film
        self.form = QFormLayout()
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.faults = _text("Faults")
        column = QVBoxLayout(self)
        column.addLayout(self.form)
        column.addWidget(self.faults)
        column.addStretch(1)
        follow(self, film.recording_changed, self._on_changed)
        follow(self, film.grown, self._on_changed)

    def showEvent(self, event: QShowEvent) -> None:
        """Make the figures now that somebody looks."""
        super().showEvent(event)
        self._on_changed()

    @property
    def rows(self) -> dict[str, str]:
        """What stands on the page."""
        found = {}
        for row in range(self.form.rowCount()):
            name = self.form.itemAt(row, QFormLayout.ItemRole.LabelRole).widget()
            told = self.form.itemAt(row, QFormLayout.ItemRole.FieldRole).widget()
            found[name.text()] = told.text()
        return found

    def _on_changed(self, *_: object) -> None:
        recording = self._film.recording
        if self.isHidden() or recording is None:
            return
        info = recording.info()
        while self.form.rowCount():
            self.form.removeRow(0)
        for name, words in info_words(info):
            label = QLabel(name)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            told = _text(name)
            told.setText(words)
            self.form.addRow(label, told)
        faults = [f"⚠ {fault}" for fault in info.faults] or [_NO_FAULTS]
        faults = [*info.assumed, *faults]
        self.faults.setText("\n".join(faults + ([] if info.complete else [_SO_FAR])))


def info_words(info: RecordingInfo) -> list[tuple[str, str]]:
    """Return what there is to tell, in rows of a name and a text."""
    share = 100 * info.on / max(info.events, 1)
    over = time_words(info.peak_over_us)
    rows = [
        ("Format", info.format),
        ("Sensor", f"{info.width} × {info.height} pixels"),
        ("Duration", time_words(info.duration_us)),
        ("Events", f"{info.events:,}"),
        ("ON, OFF", f"{info.on:,} ({share:.1f} %), {info.off:,}"),
        ("Mean rate", f"{info.mean_rate:,.0f} events a second"),
        ("Peak rate", f"{info.peak_rate:,.0f} events a second over {over}"),
        ("First event", f"{info.t_first_us:,} µs on the file's clock"),
    ]
    if info.triggers:
        rows.append(("Triggers", f"{info.triggers:,}"))
    if info.clock:
        rows.append(("Clock", info.clock))
    if info.camera:
        rows.append(("Camera", info.camera))
    rows += [(f"Bias {name}", f"{value:g}") for name, value in info.biases.items()]
    rows += list(info.facts.items())
    return rows


def _text(name: str) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
    label.setAccessibleName(name)
    return label
