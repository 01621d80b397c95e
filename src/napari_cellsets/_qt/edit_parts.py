"""Parts of the Edit dock: which layer, tools, acts, how far."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari.layers import Labels
from qtpy.QtCore import QSize, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._napari.edit_acts import COMMANDS, EditOptions
from napari_cellsets._qt.edit_icons import tool_icon
from napari_cellsets._qt.forms import Asked, SettingsForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qtpy.QtGui import QColor

_ICON = QSize(26, 26)
_COLUMNS = 4
_ASKED = {
    "by_px": Asked(
        "By",
        "How far outlines grow, shrink, are rounded, or may snap",
        1,
    ),
}
_ALIKE = {
    "tolerance": Asked(
        "Tolerance",
        "How far the colour of an object to add may differ from where you clicked",
    ),
}
_SPIN_WIDTH = 140


class Pages(QTabWidget):
    """Tabs that make do with little height: their lists scroll, the dock does not."""

    def hasHeightForWidth(self) -> bool:
        """No: a page of words and lists would ask for the height that it likes."""
        return False

    def sizeHint(self) -> QSize:
        """The least; more is given where there is more."""
        return self.minimumSizeHint()


class LayerRow(QWidget):
    """Which layer is edited, and what to do where it cannot be."""

    chosen = Signal(object)
    unlock_wanted = Signal()
    copy_wanted = Signal()
    stack_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = LayerBox("Layer to edit")
        self.box.setToolTip("Labels that are edited; follows the selected layer")
        self.box.chosen.connect(self.chosen)
        self.stack = QCheckBox("All planes")
        self.stack.setToolTip(
            "Acts on selected objects reach all planes of the stack; else only the one"
            " on screen"
        )
        self.stack.toggled.connect(self.stack_toggled)
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setAccessibleName("Why the layer cannot be edited")
        self.unlock = QPushButton("Unlock")
        self.unlock.setToolTip("Correct what the data set has marked; its files stay")
        self.unlock.clicked.connect(self.unlock_wanted)
        self.copy = QPushButton("Edit a copy")
        self.copy.setToolTip("Add a layer with the same labels and edit that")
        self.copy.clicked.connect(self.copy_wanted)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(QLabel("Layer"))
        first.addWidget(self.box, 1)
        first.addWidget(self.stack)
        second.addWidget(self.unlock)
        second.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(first)
        column.addWidget(self.why)
        column.addLayout(second)

    def say(self, why: str, *, unlock: bool, copy: bool) -> None:
        """Say why the layer cannot be edited and offer what helps."""
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.unlock.setVisible(bool(why) and unlock)
        self.copy.setVisible(bool(why) and copy)


class LayerBox(QComboBox):
    """A choice of layers of labels."""

    chosen = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers: list[Labels] = []
        self.setAccessibleName(name)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.activated.connect(self._on_activated)

    def synchronize(self, layers: Iterable[object], chosen: Labels | None) -> None:
        """Offer the layers of labels among some."""
        self.layers = [layer for layer in layers if isinstance(layer, Labels)]
        self.clear()
        self.addItems([str(layer.name) for layer in self.layers])
        at = self.layers.index(chosen) if chosen in self.layers else -1
        self.setCurrentIndex(at)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.chosen.emit(self.layers[index])


class ToolRow(QWidget):
    """One button a tool, the one in hand pressed."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for name, command in COMMANDS.items():
            if command.group != "tool":
                continue
            button = self.buttons[name] = QToolButton()
            button.setText(command.word)
            button.setIconSize(_ICON)
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setSizePolicy(
                QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred
            )
            button.clicked.connect(partial(self._on_clicked, name))
            row.addWidget(button)

    def show_tool(self, tool: str) -> None:
        """Press the button of the tool in hand."""
        for name, button in self.buttons.items():
            button.setChecked(name == tool)

    def set_colours(self, sign: QColor, pressed: QColor) -> None:
        """Draw the signs in one colour, the tool in hand on another."""
        for name, button in self.buttons.items():
            button.setIcon(tool_icon(name, sign))
        # napari's themes do not show which button is pressed
        self.setStyleSheet(
            f"QToolButton:checked {{ background-color: {pressed.name()}; }}"
        )

    def _on_clicked(self, name: str, _checked: bool = False) -> None:
        self.wanted.emit(name)


class ActGrid(QWidget):
    """One button an act on what is selected."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        self.selected = QLabel()
        self.selected.setAccessibleName("Selected objects")
        self.label = QSpinBox()
        self.label.setRange(1, 65_535)
        self.label.setAccessibleName("Label to set")
        self.label.setToolTip("For Set label: in a mask of classes, the class")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        grid.addWidget(self.selected, 0, 0, 1, _COLUMNS)
        names = [n for n, command in COMMANDS.items() if command.group == "selected"]
        places = [divmod(at, _COLUMNS) for at in range(len(names) - 1)]
        for name, (row, column) in zip(
            names, [*places, (2, _COLUMNS - 1)], strict=True
        ):
            button = self.buttons[name] = QPushButton(COMMANDS[name].word)
            button.setMinimumWidth(1)
            button.clicked.connect(partial(self._on_clicked, name))
            grid.addWidget(button, 1 + row, column)
        grid.addWidget(self.label, 3, 1, 1, 2)
        self.show_selected(0, stack=False)

    def show_selected(self, count: int, *, stack: bool) -> None:
        """Say how many are selected; acts want one, merging two."""
        words = {0: "Nothing is selected", 1: "1 object is selected"}
        self.selected.setText(words.get(count, f"{count:,} objects are selected"))
        for name, button in self.buttons.items():
            button.setEnabled(count > 1 if name == "merge" else count > 0)
        self.buttons["between"].setVisible(stack)

    def _on_clicked(self, name: str, _checked: bool = False) -> None:
        self.wanted.emit(name)


class OptionsPart(QWidget):
    """How far, how alike, from where."""

    edited = Signal(str, object)
    source_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = SettingsForm(EditOptions, _ASKED)
        self.form.edited.connect(self.edited)
        self.source = LayerBox("Layer to copy from")
        self.source.setToolTip("Copy takes objects from this layer")
        self.source.chosen.connect(self.source_chosen)
        self.over = QCheckBox("over others")
        self.over.setToolTip(
            "A copied object takes the pixels of those in its way; else only background"
        )
        self.over.toggled.connect(self._on_over_toggled)
        self.alike = SettingsForm(EditOptions, _ALIKE)
        self.alike.edited.connect(self.edited)
        self.from_where = QWidget()
        row = QHBoxLayout(self.from_where)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Copy from"))
        row.addWidget(self.source, 1)
        row.addWidget(self.over)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self.form, self.alike, self.from_where):
            column.addWidget(part)
        self.show_tool("")

    def show_tool(self, tool: str) -> None:
        """Ask only what matters for the tool in hand."""
        self.alike.setVisible(tool == "add")
        self.from_where.setVisible(tool == "copy")

    def synchronize(self, options: EditOptions) -> None:
        """Show the options."""
        self.form.synchronize(options)
        self.alike.synchronize(options)

    @Slot(bool)
    def _on_over_toggled(self, wanted: bool) -> None:
        self.edited.emit("over", wanted)


class AllPart(QWidget):
    """Acts on all objects."""

    wanted = Signal(str)
    edited = Signal(str, object)

    def __init__(self, options: EditOptions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QPushButton] = {}
        self.sizes: dict[str, QSpinBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 6, 0, 0)
        names = [n for n, command in COMMANDS.items() if command.group == "all"]
        fields: Mapping[str, str] = {"small": "least_px", "large": "most_px"}
        for row, name in enumerate(names):
            button = self.buttons[name] = QPushButton(COMMANDS[name].word)
            button.clicked.connect(partial(self._on_clicked, name))
            grid.addWidget(button, row, 0)
            if name in fields:
                field = fields[name]
                size = self.sizes[name] = QSpinBox()
                size.setRange(1, 100_000_000 if name == "large" else 1_000_000)
                size.setSuffix(" px²")
                size.setFixedWidth(_SPIN_WIDTH)
                size.setValue(getattr(options, field))
                size.setAccessibleName(f"Size for {COMMANDS[name].word}")
                size.setToolTip("Area in pixels")
                size.valueChanged.connect(partial(self.edited.emit, field))
                grid.addWidget(size, row, 1)
        grid.setColumnStretch(0, 1)
        grid.setRowStretch(len(names), 1)

    def _on_clicked(self, name: str, _checked: bool = False) -> None:
        self.wanted.emit(name)
