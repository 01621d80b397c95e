"""A number over many decades: a slider by powers of ten, and a field with units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal, Slot
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QSlider, QWidget

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable

_STEPS_PER_DECADE = 60
_FIELD_WIDTH = 104


class WordField(QLineEdit):
    """A number that is written in words; what is no number is taken back.

    Parameters
    ----------
    words, read
        From number to text and back; `read` raises `CellsetsError`.
    lowest, highest
        What is beyond becomes the nearest of these.
    """

    edited = Signal(float)
    """The person entered this."""
    refused = Signal(str)
    """The person entered what cannot be understood; why, empty once it can."""

    def __init__(
        self,
        words: Callable[[float], str],
        read: Callable[[str], float],
        lowest: float,
        highest: float,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._words, self._read = words, read
        self._lowest, self._highest = lowest, highest
        self._value = lowest
        self.setFixedWidth(_FIELD_WIDTH)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.editingFinished.connect(self._on_editing_finished)
        self.set_value(lowest)

    @property
    def value(self) -> float:
        """The number shown."""
        return self._value

    def set_highest(self, highest: float) -> None:
        """Take no more than this from now on."""
        self._highest = highest

    def set_value(self, value: float) -> None:
        """Show a number; tells nobody. What is being typed is left alone."""
        self._value = value
        if not self.isModified():
            self.setText(self._words(value))

    @Slot()
    def _on_editing_finished(self) -> None:
        if not self.isModified():
            return
        self.setModified(False)
        try:
            value = min(max(self._read(self.text()), self._lowest), self._highest)
        except CellsetsError as error:
            self.setText(self._words(self._value))
            self.refused.emit(str(error))
            return
        self.set_value(value)
        self.refused.emit("")
        self.edited.emit(value)


class LogField(QWidget):
    """Slider and field for one number.

    Parameters
    ----------
    name, about
        Accessible name and tooltip of both.
    words, read, lowest, highest
        As for `WordField`; both ends above 0.
    """

    edited = Signal(float)
    refused = Signal(str)

    def __init__(
        self,
        name: str,
        about: str,
        words: Callable[[float], str],
        read: Callable[[str], float],
        lowest: float,
        highest: float,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._lowest, self._highest = lowest, highest
        self.slider = QSlider(Qt.Orientation.Horizontal)
        decades = math.log10(highest / lowest)
        self._steps = round(decades * _STEPS_PER_DECADE)
        self.slider.setRange(0, self._steps)
        self.slider.setPageStep(_STEPS_PER_DECADE // 2)
        self.slider.setMinimumWidth(50)
        self.field = WordField(words, read, lowest, highest)
        for widget in (self.slider, self.field):
            widget.setAccessibleName(name)
            widget.setToolTip(about)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.slider, 1)
        row.addWidget(self.field)
        self.slider.valueChanged.connect(self._on_slider_changed)
        self.field.edited.connect(self._on_field_edited)
        self.field.refused.connect(self.refused)
        self.set_value(lowest)

    @property
    def value(self) -> float:
        """The number shown."""
        return self.field.value

    def set_value(self, value: float) -> None:
        """Show a number; tells nobody."""
        self.field.set_value(value)
        step = round(math.log10(value / self._lowest) * _STEPS_PER_DECADE)
        if self.slider.value() != step:
            blocked = self.slider.blockSignals(True)
            self.slider.setValue(step)
            self.slider.blockSignals(blocked)

    @Slot(int)
    def _on_slider_changed(self, step: int) -> None:
        value = self._lowest * 10 ** (step / _STEPS_PER_DECADE)
        value = min(max(_handy(value), self._lowest), self._highest)
        self.field.setModified(False)
        self.field.set_value(value)
        self.edited.emit(value)

    @Slot(float)
    def _on_field_edited(self, value: float) -> None:
        self.set_value(value)
        self.edited.emit(value)


def _handy(value: float) -> float:
    """Return a value of two digits; below 1 one part of a number of two digits."""
    return float(f"{value:.2g}") if value >= 1 else 1 / float(f"{1 / value:.2g}")
