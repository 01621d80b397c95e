"""How frames of events look: mode, contrast, size of the dots, ground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import Slot
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSpinBox, QWidget

from napari_cellsets._napari.recording_looks import COUNTED
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.playback.frames import FrameMode

if TYPE_CHECKING:
    from napari_cellsets._napari.film import Film

MODES: Final = {
    FrameMode.SIGNED: ("Polarity", "Lighter events less darker ones, on each pixel"),
    FrameMode.TWO_COLOUR: ("Two colours", "Lighter or darker, whichever came last"),
    FrameMode.LAST: ("Last polarity on grey", "White was lighter, black was darker"),
    FrameMode.COUNT: ("Count", "How many events, lighter and darker alike"),
    FrameMode.SURFACE: ("Time surface", "The last polarity, fading as time goes by"),
    FrameMode.TIME: ("Age in colours", "How long ago the last event was"),
}
_NUMBER_WIDTH = 84
_CHOICE_WIDTH = 72
_FIXED, _ADAPTIVE = "Fixed", "Adaptive"
_GROUNDS: Final = {"dark": "Dark", "light": "Light"}


class LooksPart(QWidget):
    """Mode, contrast, dots and ground.

    Parameters
    ----------
    film
        Whose settings and looks are shown and changed.
    """

    def __init__(self, film: Film, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._film = film
        self.mode = _choice("Mode", "What the colour of a pixel tells")
        for mode, (title, about) in MODES.items():
            self.mode.addItem(title, mode.value)
            self.mode.setItemData(self.mode.count() - 1, about, 3)
        self.contrast = _choice("Contrast", "Fixed, or following what is on screen")
        self.contrast.addItems([_FIXED, _ADAPTIVE])
        self.full_at = _number("Full colour at", 1, 1000)
        self.full_at.setToolTip(
            "So many events on one pixel have the strongest colour; napari's own"
            " contrast slider works too"
        )
        self.dots = _number("Size of the dots", 1, 5)
        self.dots.setSuffix(" px")
        self.dots.setToolTip(
            "Sparse events are seen better as larger dots; until you choose, they"
            " stay as large on screen when you zoom"
        )
        self.ground = _choice("Ground", "Behind the events: black or white")
        for ground, title in _GROUNDS.items():
            self.ground.addItem(title, ground)
        self._lay_out()
        self.mode.activated.connect(self._on_mode_activated)
        self.contrast.activated.connect(self._on_contrast_activated)
        self.full_at.valueChanged.connect(self._on_full_at_changed)
        self.dots.valueChanged.connect(self._on_dots_changed)
        self.ground.activated.connect(self._on_ground_activated)
        follow(self, film.settings_changed, self._on_settings_changed)
        self._on_settings_changed()

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(QLabel("Mode"), 0, 0)
        grid.addWidget(self.mode, 0, 1, 1, 3)
        rows = (
            ("Contrast", self.contrast, "full at", self.full_at),
            ("Ground", self.ground, "dots", self.dots),
        )
        for row, (title, box, other, number) in enumerate(rows, start=1):
            grid.addWidget(QLabel(title), row, 0)
            grid.addWidget(box, row, 1)
            grid.addWidget(QLabel(other), row, 2)
            grid.addWidget(number, row, 3)
        grid.setColumnStretch(1, 1)

    def _on_settings_changed(self) -> None:
        settings, looks = self._film.settings, self._film.looks
        counts = settings.mode in COUNTED
        for box, value in (
            (self.mode, settings.mode.value),
            (self.ground, looks.ground),
        ):
            box.setCurrentIndex(box.findData(value))
        self.mode.setToolTip(MODES[settings.mode][1])
        self.contrast.setCurrentText(_ADAPTIVE if looks.adaptive else _FIXED)
        self.contrast.setEnabled(counts)
        self.full_at.setEnabled(counts and not looks.adaptive)
        for number, count in (
            (self.full_at, looks.full_at),
            (self.dots, settings.dot_px),
        ):
            blocked = number.blockSignals(True)
            number.setValue(count)
            number.blockSignals(blocked)

    @Slot(int)
    def _on_mode_activated(self, index: int) -> None:
        self._film.change(mode=FrameMode(self.mode.itemData(index)))

    @Slot(int)
    def _on_contrast_activated(self, index: int) -> None:
        self._film.change_looks(adaptive=bool(index))

    @Slot(int)
    def _on_full_at_changed(self, count: int) -> None:
        self._film.change_looks(full_at=count)

    @Slot(int)
    def _on_dots_changed(self, size: int) -> None:
        self._film.change(dot_px=size)

    @Slot(int)
    def _on_ground_activated(self, index: int) -> None:
        self._film.change_looks(ground=self.ground.itemData(index))


def _choice(name: str, about: str) -> Any:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(about)
    box.setMinimumContentsLength(3)
    box.setMinimumWidth(_CHOICE_WIDTH)
    box.setSizeAdjustPolicy(
        QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    )
    return box


def _number(name: str, lowest: int, highest: int) -> Any:
    number = QSpinBox()
    number.setRange(lowest, highest)
    number.setKeyboardTracking(False)
    number.setFixedWidth(_NUMBER_WIDTH)
    number.setAccessibleName(name)
    return number
