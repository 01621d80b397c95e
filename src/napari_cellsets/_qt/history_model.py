"""Lines of the history: what was done now, and day by day before."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtGui import QFont

from napari_cellsets._napari.history_acts import Act
from napari_cellsets._qt.headed_table import HeadedTableModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

_TIME, _WHAT = range(2)
MORE = "Show earlier changes …"
_NO_PARENT = QModelIndex()


class HistoryModel(HeadedTableModel):
    """Acts, the newest first; where the store tells of more, under their days.

    Attributes
    ----------
    acts
        Those of this window.
    rows
        An act, or the words of a heading; the last may be `MORE`.
    """

    HEADINGS = ("Time", "What", "Who")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.acts: tuple[Act, ...] = ()
        self.rows: list[Act | str] = []
        self._seen: Act | None = None

    def synchronize(
        self, acts: Sequence[Act], earlier: Sequence[Act] = (), *, more: bool = False
    ) -> None:
        """Show acts of this window and earlier ones, both given oldest first."""
        self.beginResetModel()
        self.acts = tuple(reversed(acts))
        if earlier:
            self.rows = _by_day([*self.acts, *reversed(earlier)])
        else:
            self.rows = list(self.acts)
        if more:
            self.rows.append(MORE)
        self.endResetModel()

    def point_out(self, act: Act | None) -> None:
        """Say which act's labels are seen; None for those of now."""
        self._seen = act
        corners = (
            self.index(0, 0),
            self.index(len(self.rows) - 1, len(self.HEADINGS) - 1),
        )
        self.dataChanged.emit(*corners)

    def act_at(self, index: QModelIndex) -> Act | None:
        """Return the act of a row; None for a heading, or no row."""
        row = self.rows[index.row()] if index.isValid() else None
        return row if isinstance(row, Act) else None

    def rowCount(self, parent: QModelIndex = _NO_PARENT) -> int:
        """One row an act, one a day."""
        return 0 if parent.isValid() else len(self.rows)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Headings cannot be chosen."""
        if self.act_at(index) is None and self.rows[index.row()] != MORE:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What the view asks."""
        row = self.rows[index.row()]
        if isinstance(row, str):
            return _data_of_heading(row, index.column(), role)
        if role == Qt.ItemDataRole.DisplayRole:
            when = datetime.fromtimestamp(row.when).astimezone().strftime("%H:%M:%S")
            title = row.title if row.done else f"{row.title} (undone)"
            return (when, title, row.who)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            by = f", by {row.who}" if row.who else ""
            return f"{row.title}{by}\nDouble-click shows where it was"
        if role == Qt.ItemDataRole.FontRole and row is self._seen:
            return _bold()
        return None


def _data_of_heading(words: str, column: int, role: int) -> Any:
    if role == Qt.ItemDataRole.DisplayRole:
        return words if column == _WHAT else ""
    if role == Qt.ItemDataRole.FontRole:
        return _bold()
    return None


def _by_day(acts: Sequence[Act]) -> list[Act | str]:
    """Put the day before its acts, which come newest first."""
    today = datetime.now().astimezone().date()
    rows: list[Act | str] = []
    first = end = 0.0
    for act in acts:
        # thousands of acts, few days: the calendar is asked once a day
        if not first <= act.when < end:
            day = datetime.fromtimestamp(act.when).date()
            first, end = _midnight(day), _midnight(day + timedelta(days=1))
            rows.append(_name_of(day, today))
        rows.append(act)
    return rows


def _midnight(day: date) -> float:
    return datetime.combine(day, datetime.min.time()).timestamp()


def _name_of(day: date, today: date) -> str:
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%a %d %b %Y}"


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
