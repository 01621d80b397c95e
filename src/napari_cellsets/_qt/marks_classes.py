"""The classes that a mark can have: colour, key and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from qtpy.QtCore import QModelIndex, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.headed_table import HeadedTableModel
from napari_cellsets._qt.swatches import swatch

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW_PX, _ROWS_SEEN = 24, 8
_NO_PARENT = QModelIndex()


class ClassRow(NamedTuple):
    """One class: its name, its colour as ``#rrggbb``, its key, how many are marked."""

    name: str
    colour: str
    key: str
    many: int


class MarkClassesModel(HeadedTableModel):
    """One row a class."""

    HEADINGS = ("Class", "Key", "Here")

    key_wanted = Signal(str, str)
    """The person wants this class to have this key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[ClassRow, ...] = ()

    def synchronize(self, rows: Sequence[ClassRow]) -> None:
        """Show classes; the view keeps its place where only counts differ."""
        new = tuple(rows)
        same = [row.name for row in new] == [row.name for row in self.rows]
        if not same:
            self.beginResetModel()
        self.rows = new
        if not same:
            self.endResetModel()
        elif new:
            self.dataChanged.emit(self.index(0, 0), self.index(len(new) - 1, 2))

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        """One row a class."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What the view asks."""
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.EditRole:
            return row.key
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.name, row.key, f"{row.many:,}")[column]
        if role == Qt.ItemDataRole.ToolTipRole and column == 1:
            return f"Key of {row.name}: double-click to change it"
        if role == Qt.ItemDataRole.ToolTipRole:
            key = f" ({row.key})" if row.key else ""
            return f"{row.name}: new marks and selected ones get this class{key}"
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 2:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return swatch(row.colour)
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Only keys are edited."""
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        editable = usual | Qt.ItemFlag.ItemIsEditable
        return editable if index.column() == 1 else usual

    def setData(
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        """Ask for another key; whoever hears it shows what came of it."""
        self.key_wanted.emit(self.rows[index.row()].name, str(value))
        return False


class MarkClasses(QWidget):
    """The list of classes, the one in hand chosen."""

    chosen = Signal(str)
    """The person wants this class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = MarkClassesModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName("Class of marks")
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.table.setShowGrid(False)
        behave = QAbstractItemView.SelectionBehavior.SelectRows
        self.table.setSelectionBehavior(behave)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.clicked.connect(self._on_chosen)
        self.table.activated.connect(self._on_chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)

    def synchronize(self, rows: Sequence[ClassRow], in_hand: str) -> None:
        """Show classes, and which one is in hand."""
        self.model.synchronize(rows)
        names = [row.name for row in rows]
        if in_hand in names and self.table.currentIndex().row() != names.index(in_hand):
            self.table.selectRow(names.index(in_hand))
        header = self.table.horizontalHeader().height()
        seen = max(2, min(len(rows), _ROWS_SEEN))
        self.table.setFixedHeight(header + _ROW_PX * seen + 4)

    @Slot(QModelIndex)
    def _on_chosen(self, index: QModelIndex) -> None:
        self.chosen.emit(self.model.rows[index.row()].name)
