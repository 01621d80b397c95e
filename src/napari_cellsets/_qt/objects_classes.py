"""Classes to give: a choice in the table, and one for all that is selected."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
    Slot,
)
from qtpy.QtGui import QColor, QIcon, QKeySequence, QPixmap, QShortcut
from qtpy.QtWidgets import (
    QComboBox,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_CLASS = "No class"
_SWATCH_PX = 12
_KEYS = 9


class ClassDelegate(QStyledItemDelegate):
    """Lets a person choose the class of a row in its cell."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: QModelIndex
    ) -> QWidget:
        """Return a list of the classes."""
        box = QComboBox(parent)
        box.addItems(["", *self.names])
        box.activated.connect(partial(self._on_chosen, box))
        return box

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:
        """Show the class of the row, open the list."""
        if isinstance(editor, QComboBox):
            editor.setCurrentText(str(index.data()))
            editor.showPopup()

    def setModelData(
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex
    ) -> None:
        """Take the chosen class."""
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentText())

    def _on_chosen(self, box: QComboBox, _at: int = 0) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)


class ClassBox(QComboBox):
    """Gives a class to all selected objects, by hand or by a digit.

    Parameters
    ----------
    keys_of
        Widget in which the digits work.
    """

    chosen = Signal(str)
    """Name of a class, empty for none."""

    def __init__(self, keys_of: QWidget) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self.setAccessibleName("Class of the selected objects")
        self.setToolTip(
            "Class to give to all selected objects; 1 to 9 give the first nine, 0 takes"
            " it away"
        )
        self.setPlaceholderText("Set class")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)
        self.activated.connect(self._on_activated)
        for digit in range(_KEYS + 1):
            shortcut = QShortcut(QKeySequence(str(digit)), keys_of)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._on_key, digit))

    def synchronize(self, colours: Mapping[str, str]) -> None:
        """Offer classes, by name with their colours."""
        if tuple(colours) == self._names:
            return
        self._names = tuple(colours)
        blocker = QSignalBlocker(self)
        self.clear()
        self.addItem(f"0  {NO_CLASS}")
        for number, (name, colour) in enumerate(colours.items(), 1):
            swatch = QPixmap(_SWATCH_PX, _SWATCH_PX)
            swatch.fill(QColor(colour))
            key = f"{number}  " if number <= _KEYS else ""
            self.addItem(QIcon(swatch), f"{key}{name}")
        self.setCurrentIndex(-1)
        blocker.unblock()

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.setCurrentIndex(-1)
        self.chosen.emit(self._names[index - 1] if index else "")

    def _on_key(self, digit: int) -> None:
        if self.isEnabled() and digit <= len(self._names):
            self.chosen.emit(self._names[digit - 1] if digit else "")
