"""How well each class is recognised, with the uncertainty of each figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.classify.intervals import Interval
    from napari_cellsets.classify.report import ClassScore

_COLUMNS = (
    ("Class", "Name of the class"),
    ("Cells", "Cells with this label"),
    (
        "Precision",
        "Per cent of cells called so that are labelled so (95 % interval)",
    ),
    ("Recall", "Per cent of cells labelled so that are called so (95 % interval)"),
)


class ScoresModel(QAbstractTableModel):
    """One row a class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scores: list[ClassScore] = []
        self._sorted_by = (0, Qt.SortOrder.AscendingOrder)
        self._order: list[int] = []

    def set_scores(self, scores: Sequence[ClassScore]) -> None:
        """Show other scores, sorted as before."""
        self.beginResetModel()
        self._scores = list(scores)
        self._order = self._sorted_order()
        self.endResetModel()

    def class_at(self, row: int) -> int:
        """Return the number of the class in a row."""
        return self._order[row]

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._scores)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(_COLUMNS)

    def data(
        self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if index.column() else _LEFT
            return side | Qt.AlignmentFlag.AlignVCenter
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        at = self._order[index.row()]
        score = self._scores[at]
        if index.column() == 0:
            return score.title
        if index.column() == 1:
            return str(score.support)
        if index.column() == 2:
            return _said(score.precision, score.precision_interval)
        return _said(score.recall, score.recall_interval)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or section >= len(_COLUMNS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _COLUMNS[section][0]
        return _COLUMNS[section][1] if role == Qt.ItemDataRole.ToolTipRole else None

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        """Sort by a column; classes without a figure come last."""
        self.layoutAboutToBeChanged.emit()
        self._sorted_by = (column, order)
        self._order = self._sorted_order()
        self.layoutChanged.emit()

    def _sorted_order(self) -> list[int]:
        column, order = self._sorted_by
        falling = order == Qt.SortOrder.DescendingOrder
        if column == 0:
            numbers = range(len(self._scores))
            return list(reversed(numbers)) if falling else list(numbers)
        values = np.array([_value(score, column) for score in self._scores], float)
        order = np.argsort(-values if falling else values, kind="stable")
        return [int(at) for at in order]


_LEFT = Qt.AlignmentFlag.AlignLeft


class ScoresView(QTableView):
    """The table on screen; a row names its class."""

    class_chosen = Signal(int)
    """The person asked for the cells with this label, by number of the class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scores = ScoresModel(self)
        self.setModel(self.scores)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setAccessibleName("Precision and recall of each class")
        self.setWordWrap(False)
        self.horizontalHeader().setSectionResizeMode(
            QHeaderView.ResizeMode.ResizeToContents
        )
        self.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(44)
        self.setToolTip("Double-click a class to list its cells")
        self.activated.connect(self._on_activated)

    def show_scores(self, scores: Sequence[ClassScore]) -> None:
        """Show other scores."""
        self.scores.set_scores(scores)

    def _on_activated(self, index: QModelIndex) -> None:
        self.class_chosen.emit(self.scores.class_at(index.row()))


def _value(score: ClassScore, column: int) -> float:
    value = (score.support, score.precision, score.recall)[column - 1]
    return np.nan if value is None else float(value)


def _said(value: float | None, interval: Interval) -> str:
    """Return a share with its interval, in per cent."""
    if value is None:
        return "–"
    ends = f"{100 * interval.low:.0f}–{100 * interval.high:.0f}"
    return f"{100 * value:.1f} ({ends})"
