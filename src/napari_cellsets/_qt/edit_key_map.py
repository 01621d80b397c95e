"""The keys of a dock, to read and to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.headed_table import HeadedTableModel
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from napari_cellsets._napari.key_map import KeyMap

_ROW_PX, _LEAST_PX = 24, 90
_NO_PARENT = QModelIndex()


class KeyModel(HeadedTableModel):
    """One row a command; the key can be edited."""

    HEADINGS = ("Command", "Key")

    refused = Signal(str)

    def __init__(self, keys: KeyMap, parent: QWidget) -> None:
        super().__init__(parent)
        self._keys = keys
        self.names = tuple(keys.commands)

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        """One row a command."""
        return 0 if parent.isValid() else len(self.names)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What the view asks."""
        name = self.names[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (self._keys.commands[name].word, self._keys.keys[name])[
                index.column()
            ]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._keys.commands[name].help
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Only keys are edited."""
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return usual | Qt.ItemFlag.ItemIsEditable if index.column() else usual

    def setData(
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Choose another key; `refused` says why not."""
        try:
            self._keys.choose(self.names[index.row()], str(value))
        except EditError as error:
            self.refused.emit(str(error))
            return False
        return True

    def refresh(self) -> None:
        """Show the keys as they are now."""
        last = self.index(len(self.names) - 1, 1)
        self.dataChanged.emit(self.index(0, 0), last)


class KeyMapView(QWidget):
    """All keys, and a way back to those of the beginning.

    Parameters
    ----------
    keys
        Of the dock.
    hint
        Where they work.
    """

    refused = Signal(str)

    def __init__(self, keys: KeyMap, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = keys
        self.model = KeyModel(keys, self)
        self.model.refused.connect(self.refused)
        said = QLabel(hint)
        said.setWordWrap(True)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName("Keys")
        self.table.setToolTip("Double-click a key to change it")
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.table.setShowGrid(False)
        self.table.horizontalHeader().setSectionResizeMode(
            QHeaderView.ResizeMode.Stretch
        )
        self.table.setMinimumHeight(_LEAST_PX)
        self.reset = QPushButton("Keys of the beginning")
        self.reset.setToolTip("Forget the keys that you chose")
        self.reset.clicked.connect(self._on_reset_clicked)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(said)
        column.addWidget(self.table, 1)
        column.addLayout(row)
        follow(self, keys.changed, self.model.refresh)

    @Slot()
    def _on_reset_clicked(self) -> None:
        self._keys.reset()
