"""What was done to the labels: when, what, by whom; shown again where it was."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets._napari.history_acts import Act

_HEADINGS = ("Time", "What", "Who")
_EMPTY = "Nothing was changed yet. Every edit and every stroke of a brush stands here."
_ROW_PX, _LEAST_PX = 24, 90
_NO_PARENT = QModelIndex()


class HistoryModel(QAbstractTableModel):
    """Acts, the newest first; undone ones are struck through."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.acts: tuple[Act, ...] = ()

    def synchronize(self, acts: Sequence[Act]) -> None:
        """Show acts, given oldest first."""
        self.beginResetModel()
        self.acts = tuple(reversed(acts))
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        """One row an act."""
        return 0 if parent.isValid() else len(self.acts)

    def columnCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        """Time, what, who."""
        return 0 if parent.isValid() else len(_HEADINGS)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What the view asks."""
        act = self.acts[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            when = datetime.fromtimestamp(act.when).astimezone().strftime("%H:%M:%S")
            title = act.title if act.done else f"{act.title} (undone)"
            return (when, title, act.who)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{act.title}, by {act.who}\nDouble-click shows where it was"
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Headings of the columns."""
        wanted = orientation == Qt.Orientation.Horizontal
        if wanted and role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        return None


class HistoryView(QWidget):
    """The list of acts."""

    chosen = Signal(object)
    """The person wants to see where this act was."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = HistoryModel(self)
        self.empty = QLabel(_EMPTY)
        self.empty.setWordWrap(True)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName("History of edits")
        self.table.setToolTip("Double-click an act to see where it was")
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.setMinimumHeight(_LEAST_PX)
        self.table.activated.connect(self._on_activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.table, 1)
        self.synchronize(())

    def synchronize(self, acts: Sequence[Act]) -> None:
        """Show acts, given oldest first."""
        self.model.synchronize(acts)
        self.empty.setVisible(not acts)
        self.table.setVisible(bool(acts))

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.chosen.emit(self.model.acts[index.row()])
