"""Inputs made from the fields of a pydantic model: type and limits are its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from qtpy.QtCore import Qt, Signal, Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QSpinBox,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

_SLIDER_STEPS = 1000
_LARGEST = 1_000_000
_NUMBER_WIDTH = 112
_PIXEL_UNITS = ("", " px", " px²")


@dataclass(frozen=True, slots=True)
class Asked:
    """How a field is put to a person.

    Parameters
    ----------
    title, help
        Name beside the input, and what its tooltip explains.
    power
        1 for a length in px, 2 for an area in px², 0 for a bare number.
    """

    title: str
    help: str
    power: int = 0


class FieldInput(QWidget):
    """One field on screen, made of the widgets that a kind of field needs."""

    edited = Signal(object)
    """The person changed the value; comes from the person alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)

    def _explain(self, asked: Asked) -> None:
        """Say on every widget what it is for."""
        for child in self.findChildren(QWidget):
            child.setToolTip(asked.help)
            child.setAccessibleName(asked.title)


class ShareInput(FieldInput):
    """A number between 0 and 1: a slider and the number beside it."""

    def __init__(self, asked: Asked, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, _SLIDER_STEPS)
        self.slider.setPageStep(_SLIDER_STEPS // 20)
        self.number = QDoubleSpinBox()
        self.number.setRange(0.0, 1.0)
        self.number.setDecimals(3)
        self.number.setSingleStep(0.01)
        self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(_NUMBER_WIDTH)
        self._row.addWidget(self.slider, 1)
        self._row.addWidget(self.number)
        self.slider.valueChanged.connect(self._on_slider_changed)
        self.number.valueChanged.connect(self._on_number_changed)
        self._explain(asked)

    def set_value(self, value: Any) -> None:
        """Show a value; tells nobody."""
        for widget, shown in (
            (self.slider, round(float(value) * _SLIDER_STEPS)),
            (self.number, float(value)),
        ):
            if widget.value() != shown:
                blocked = widget.blockSignals(True)
                widget.setValue(shown)
                widget.blockSignals(blocked)

    @Slot(int)
    def _on_slider_changed(self, step: int) -> None:
        self.set_value(step / _SLIDER_STEPS)
        self.edited.emit(step / _SLIDER_STEPS)

    @Slot(float)
    def _on_number_changed(self, value: float) -> None:
        self.set_value(value)
        self.edited.emit(value)


class NumberInput(FieldInput):
    """A whole or decimal number, and what it means in micrometres."""

    def __init__(
        self, field: FieldInfo, asked: Asked, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._power = asked.power
        whole = field.annotation is int
        self.number = QSpinBox() if whole else QDoubleSpinBox()
        low, high = _limits(field)
        self.number.setRange(low, high)
        self.number.setKeyboardTracking(False)
        if not whole:
            self.number.setDecimals(1)
        self.physical = QLabel()
        self._row.addWidget(self.number)
        self._row.addWidget(self.physical)
        self._row.addStretch(1)
        self.number.setSuffix(_PIXEL_UNITS[self._power])
        self.number.valueChanged.connect(self._on_number_changed)
        self._pixel_size_um: float | None = None
        self._explain(asked)

    def set_value(self, value: Any) -> None:
        """Show a value; tells nobody."""
        if self.number.value() != value:
            blocked = self.number.blockSignals(True)
            self.number.setValue(value)
            self.number.blockSignals(blocked)
        self._say_physical()

    def set_pixel_size(self, pixel_size_um: float | None) -> None:
        """Say the number in micrometres too; None where the scale is unknown."""
        self._pixel_size_um = pixel_size_um
        self._say_physical()

    def _say_physical(self) -> None:
        size, power = self._pixel_size_um, self._power
        if size is None or not power:
            self.physical.clear()
            return
        unit = "µm²" if power == 2 else "µm"
        self.physical.setText(f"= {self.number.value() * size**power:.3g} {unit}")

    @Slot(int)
    @Slot(float)
    def _on_number_changed(self, value: float) -> None:
        self._say_physical()
        self.edited.emit(value)


class SwitchInput(FieldInput):
    """Yes or no; the title stands in the box itself."""

    def __init__(self, asked: Asked, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QCheckBox(asked.title)
        self._row.addWidget(self.box)
        self._row.addStretch(1)
        self.box.toggled.connect(self._on_box_changed)
        self._explain(asked)

    def set_value(self, value: Any) -> None:
        """Show a value; tells nobody."""
        blocked = self.box.blockSignals(True)
        self.box.setChecked(bool(value))
        self.box.blockSignals(blocked)

    @Slot(bool)
    def _on_box_changed(self, value: bool) -> None:
        self.edited.emit(value)


class ChoiceInput(FieldInput):
    """One of a few words."""

    def __init__(
        self, field: FieldInfo, asked: Asked, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.addItems([str(word) for word in get_args(field.annotation)])
        self._row.addWidget(self.box, 1)
        self.box.textActivated.connect(self._on_box_changed)
        self._explain(asked)

    def set_value(self, value: Any) -> None:
        """Show a value; tells nobody."""
        self.box.setCurrentText(str(value))

    @Slot(str)
    def _on_box_changed(self, word: str) -> None:
        self.edited.emit(word)


Input = ShareInput | NumberInput | SwitchInput | ChoiceInput


class SettingsForm(QWidget):
    """The fields of a pydantic model, one below the other.

    Parameters
    ----------
    kind
        The model; its fields are bool, int, float or Literal.
    asked
        The fields to ask, in order, and how to put them.
    """

    edited = Signal(str, object)
    """The person changed this field to this value."""

    def __init__(
        self,
        kind: type[BaseModel],
        asked: Mapping[str, Asked],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.inputs: dict[str, Input] = {}
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, words in asked.items():
            made = input_for(kind.model_fields[name], words, self)
            made.setObjectName(name)
            made.edited.connect(self._on_input_edited)
            self.inputs[name] = made
            if isinstance(made, SwitchInput):
                rows.addRow(made)
            else:
                label = QLabel(words.title)
                label.setToolTip(words.help)
                rows.addRow(label, made)

    def synchronize(
        self, values: BaseModel, pixel_size_um: float | None = None
    ) -> None:
        """Show the values of a model; tells nobody."""
        for name, made in self.inputs.items():
            if isinstance(made, NumberInput):
                made.set_pixel_size(pixel_size_um)
            made.set_value(getattr(values, name))

    @Slot(object)
    def _on_input_edited(self, value: object) -> None:
        self.edited.emit(self.sender().objectName(), value)


def input_for(field: FieldInfo, asked: Asked, parent: QWidget | None = None) -> Input:
    """Return the input that suits a field.

    Raises
    ------
    TypeError
        If there is no input for such a field.
    """
    kind = field.annotation
    if kind is bool:
        return SwitchInput(asked, parent)
    if kind is float and _limits(field) == (0, 1):
        return ShareInput(asked, parent)
    if kind in (int, float):
        return NumberInput(field, asked, parent)
    if get_origin(kind) is Literal:
        return ChoiceInput(field, asked, parent)
    raise TypeError(f"no input for a field of type {kind!r}")


def _limits(field: FieldInfo) -> tuple[float, float]:
    low: float = 0
    high: float = _LARGEST
    for limit in field.metadata:
        low = getattr(limit, "ge", getattr(limit, "gt", low))
        high = getattr(limit, "le", getattr(limit, "lt", high))
    return low, high
