"""Classes to give: a choice in the table, and one for all that is selected."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QSignalBlocker,
    Signal,
    Slot,
)
from qtpy.QtGui import QIcon
from qtpy.QtWidgets import (
    QComboBox,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from napari_cellsets._napari.object_keys import CLASSES
from napari_cellsets._qt.dock_key import DockKey
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets._qt.swatches import swatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets._napari.object_keys import ObjectKeys

NO_CLASS = "No class"


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
    """Gives a class to all selected objects, by hand or by a key.

    Parameters
    ----------
    keys
        Which key gives which class.
    heard_in
        Widget in which they work.
    """

    chosen = Signal(str)
    """Name of a class, empty for none."""

    def __init__(self, keys: ObjectKeys, heard_in: QWidget) -> None:
        super().__init__()
        self._keys = keys
        self._colours: dict[str, str] = {}
        self.setAccessibleName("Class of the selected objects")
        self.setToolTip(
            "Class to give to all selected objects; keys stand before the names"
        )
        self.setPlaceholderText("Set class")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumContentsLength(8)
        self.activated.connect(self._on_activated)
        for number in range(CLASSES + 1):
            key = DockKey(keys, f"class {number}", heard_in)
            key.activated.connect(partial(self._on_key, number))
        follow(self, keys.changed, self._list)

    def synchronize(self, colours: Mapping[str, str]) -> None:
        """Offer classes, by name with their colours."""
        if list(colours.items()) != list(self._colours.items()):
            self._colours = dict(colours)
            self._list()

    def _list(self) -> None:
        blocker = QSignalBlocker(self)
        self.clear()
        self.addItem(self._with_key(0, NO_CLASS))
        for number, (name, colour) in enumerate(self._colours.items(), 1):
            self.addItem(QIcon(swatch(colour)), self._with_key(number, name))
        self.setCurrentIndex(-1)
        blocker.unblock()

    def _with_key(self, number: int, name: str) -> str:
        key = self._keys.keys.get(f"class {number}", "")
        return f"{key}  {name}" if key else name

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.setCurrentIndex(-1)
        self.chosen.emit(["", *self._colours][index])

    def _on_key(self, number: int) -> None:
        if self.isEnabled() and number <= len(self._colours):
            self.chosen.emit(["", *self._colours][number])
