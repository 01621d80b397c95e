"""Objects as Qt sees them: one row a cell, thousands without a widget each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal

from napari_cellsets._qt.object_columns import (
    MEAN,
    WORDS,
    digits,
    heading,
    meaning,
    short_heading,
    shown_columns,
)
from napari_cellsets._qt.object_filter import chosen_by
from napari_cellsets._qt.swatches import swatch
from napari_cellsets.counting.confidence import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray
    from qtpy.QtGui import QPixmap
    from qtpy.QtWidgets import QWidget

    from napari_cellsets.counting.measure import ObjectTable

DOUBT = 0.5
"""Cells less sure than this are called doubtful."""


class ObjectTableModel(QAbstractTableModel):
    """Measurements as Qt sees them; the numbers stay in their arrays."""

    edited = Signal(int, str, str)
    """The person wrote this into a cell: label, column, text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: dict[str, NDArray[Any]] = {}
        self._words: dict[str, Mapping[int, str]] = {}
        self._editable: frozenset[str] = frozenset()
        self._colours: Mapping[str, QPixmap] = {}
        self._hidden: frozenset[str] = frozenset()
        self._about: Callable[[int], str] | None = None
        self._narrow = False
        self._names: list[str] = []
        self._filter = ""
        self._order = np.empty(0, np.intp)
        self._sorted_by: tuple[str, Qt.SortOrder] = (
            "label",
            Qt.SortOrder.AscendingOrder,
        )

    # What is shown

    def set_table(self, table: ObjectTable | None) -> None:
        """Show other measurements, sorted as before; None for none."""
        self.beginResetModel()
        self._columns = {} if table is None else dict(table.columns)
        self._put_words(*self._words)
        self.endResetModel()

    def set_classes(self, classes: Mapping[int, str]) -> None:
        """Show the class of each label in a column of its own; none for none."""
        self.set_words({"class": classes or None})

    def set_words(self, said: Mapping[str, Mapping[int, str] | None]) -> None:
        """Show what was said of each label; None takes the column away.

        Parameters
        ----------
        said
            By column, which is one of `WORDS`; columns not named stay.
        """
        self.beginResetModel()
        for name, words in said.items():
            if words is None:
                self._words.pop(name, None)
            else:
                self._words[name] = words
        self._put_words(*said)
        self.endResetModel()

    def words_of(self, name: str) -> Mapping[int, str] | None:
        """Return what is shown of each label in a column of words, None for none."""
        return self._words.get(name)

    def set_editable(self, names: Iterable[str]) -> None:
        """Let the person write into these columns; `edited` tells of it."""
        self._editable = frozenset(names)

    def set_colours(self, colours: Mapping[str, str]) -> None:
        """Show these colours beside classes, from the next question on."""
        self._colours = {name: swatch(colour) for name, colour in colours.items()}

    def set_about(self, about: Callable[[int], str]) -> None:
        """Tell of a label in the tooltip of its row what this returns.

        Words of it are found by the filter, too.
        """
        self._about = about

    def make_narrow(self, without: Iterable[str]) -> None:
        """Show short headings, and never these columns, from the next table on."""
        self._hidden = frozenset(without)
        self._narrow = True

    def set_hidden(self, without: Iterable[str]) -> None:
        """Show all columns but these."""
        self.beginResetModel()
        self._hidden = frozenset(without)
        self._put_words()
        self.endResetModel()

    @property
    def known_columns(self) -> list[str]:
        """Columns that could be shown, those that are hidden too."""
        return shown_columns(tuple(self._columns))

    @property
    def shown_columns(self) -> list[str]:
        """Columns on screen, in order."""
        return self._names

    @property
    def sorted_by(self) -> tuple[str, Qt.SortOrder]:
        """Column that rows are sorted by, and in which direction."""
        return self._sorted_by

    def extremes(self, column: int) -> tuple[str, str]:
        """Return the smallest and the largest number of a column, as they are shown."""
        name = self._names[column]
        values = self._columns[name]
        values = values[~np.isnan(values)]
        if not values.size:
            return "", ""
        return _shown(name, values.min()), _shown(name, values.max())

    def set_filter(self, text: str) -> None:
        """Show only rows that a line of text asks for; see `chosen_by`."""
        self.beginResetModel()
        self._filter = text
        self._order = self._sorted_order()
        self.endResetModel()

    def _put_words(self, *names: str) -> None:
        for name in names:
            self._columns.pop(name, None)
            words = self._words.get(name)
            if words is None or "label" not in self._columns:
                continue
            self._columns[name] = _column_of(self._columns["label"], words)
        hidden = self._hidden | self._repeated()
        self._names = [name for name in self.known_columns if name not in hidden]
        self._order = self._sorted_order()

    def _repeated(self) -> set[str]:
        """Return columns that repeat the one before: a grey picture kept as colour."""
        if not self._narrow:
            return set()
        means = [name for name in self._columns if name.startswith(MEAN)]
        first = self._columns[means[0]] if len(means) > 1 else None
        if first is None or any(
            not np.array_equal(self._columns[name], first) for name in means
        ):
            return set()
        return set(means[1:])

    @property
    def total(self) -> int:
        """Number of objects, those that the filter hides too."""
        return int(self._columns["label"].size) if "label" in self._columns else 0

    # Labels and rows

    def label_at(self, row: int) -> int:
        """Return the label in a row."""
        return int(self._columns["label"][self._order[row]])

    def labels_in(self, first: int, last: int) -> list[int]:
        """Return the labels in rows from the first to the last, both with them."""
        labels: list[int] = self._columns["label"][
            self._order[first : last + 1]
        ].tolist()
        return labels

    def row_of(self, label: int) -> int | None:
        """Return the row of a label, None when it has none."""
        rows = self.rows_of((label,))
        return rows[0] if rows else None

    def rows_of(self, labels: Iterable[int]) -> list[int]:
        """Return the rows of labels, from the top; some may have none."""
        wanted = np.fromiter(labels, np.int64)
        if "label" not in self._columns or not wanted.size:
            return []
        shown = self._columns["label"][self._order]
        found: list[int] = np.flatnonzero(np.isin(shown, wanted)).tolist()
        return found

    def centre_of(self, label: int) -> tuple[float, float] | None:
        """Return row and column of a label's centre in pixels."""
        row = self.row_of(label)
        if row is None:
            return None
        at = self._order[row]
        return (
            float(self._columns["centroid_y"][at]),
            float(self._columns["centroid_x"][at]),
        )

    def doubtful(self) -> list[int]:
        """Return the labels that are as likely wrong as right, most doubtful first."""
        if CONFIDENCE not in self._columns:
            return []
        sure = self._columns[CONFIDENCE]
        (rows,) = np.nonzero(sure < DOUBT)
        return [int(n) for n in self._columns["label"][rows[np.argsort(sure[rows])]]]

    def column_of(self, name: str) -> int | None:
        """Return the column on screen of a measurement, None where it is not shown."""
        return self._names.index(name) if name in self._names else None

    def place_of(self, label: int, ndim: int) -> tuple[float, ...]:
        """Return a label's centre in pixels, with its plane where there are three."""
        centre = self.centre_of(label) or (0.0, 0.0)
        return centre if ndim == 2 else (float(self.plane_of(label) or 0), *centre)

    def plane_of(self, label: int) -> int | None:
        """Return the plane of a label in a stack, None in a plain image."""
        row = self.row_of(label)
        if row is None or "plane" not in self._columns:
            return None
        return int(self._columns["plane"][self._order[row]])

    def diameter_of(self, label: int) -> float:
        """Return the equivalent diameter of a label in pixels, 0 for none."""
        row = self.row_of(label)
        if row is None:
            return 0.0
        return float(self._columns["equivalent_diameter_px"][self._order[row]])

    # Qt's questions

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._order.size

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._names)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self._names[index.column()] in self._editable:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(
        self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if not index.isValid():
            return None
        name = self._names[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag
            across = side.AlignLeft if name in WORDS else side.AlignRight
            return across | side.AlignVCenter
        value = self._columns[name][self._order[index.row()]]
        if role == Qt.ItemDataRole.DecorationRole and name == "class":
            return self._colours.get(str(value))
        if role == Qt.ItemDataRole.ToolTipRole and self._about is not None:
            said = str(value) if name in WORDS else ""
            about = self._about(self.label_at(index.row()))
            return "\n".join(filter(None, (said, about))) or None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return None
        if name in WORDS:
            return str(value)
        return _shown(name, value)

    def setData(
        self,
        index: QModelIndex,
        value: object,
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        name = self._names[index.column()]
        text = str(value).strip()
        if name not in self._editable or text == self.data(index):
            return False
        self.edited.emit(self.label_at(index.row()), name, text)
        return True

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or section >= len(self._names):
            return None
        name = self._names[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return short_heading(name)
        if role == Qt.ItemDataRole.ToolTipRole:
            said = f"{heading(name)}: {meaning(name)}"
            return f"{said}\nRight click: choose columns" if self._narrow else said
        return None

    def sort(
        self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder
    ) -> None:
        """Sort by a column; equal values keep the order of labels."""
        if not 0 <= column < len(self._names):
            return
        self.layoutAboutToBeChanged.emit()
        self._sorted_by = (self._names[column], order)
        self._order = self._sorted_order()
        self.layoutChanged.emit()

    def _sorted_order(self) -> NDArray[np.intp]:
        name, order = self._sorted_by
        if name not in self._columns:  # it comes later
            name, order = "label", Qt.SortOrder.AscendingOrder
        if name not in self._columns:
            return np.empty(0, np.intp)
        values = self._columns[name]
        if name in WORDS:
            values = np.unique(values, return_inverse=True)[1]
        if order == Qt.SortOrder.DescendingOrder:
            values = -values.astype(np.float64)
        rows = np.argsort(values, kind="stable")
        if not self._filter:
            return rows
        names = self.known_columns
        through = chosen_by(self._filter, self._columns, names, self._about)
        return rows[through[rows]]


def _shown(name: str, value: np.number[Any]) -> str:
    """Return a number as a column shows it."""
    if np.isnan(value):
        return "–"
    by = 100 if name == CONFIDENCE else 1
    return f"{by * value:.{digits(name)}f}"


def _column_of(labels: NDArray[np.int64], words: Mapping[int, str]) -> NDArray[np.str_]:
    """Return the word of each label, empty where there is none."""
    if len(words) * _FEW > labels.size:
        return np.array([words.get(n, "") for n in labels.tolist()], np.str_)
    longest = max(map(len, words.values()), default=1)
    column = np.zeros(labels.size, f"<U{max(longest, 1)}")
    for row in np.flatnonzero(np.isin(labels, list(words))).tolist():
        column[row] = words[int(labels[row])]
    return column


_FEW = 8
"""Of so many objects one has a word: then all others are not asked."""
