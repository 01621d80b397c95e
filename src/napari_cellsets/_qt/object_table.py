"""The table of objects on screen; speaks in labels, not in rows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    Signal,
)
from qtpy.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QTableView,
    QWidget,
)

from napari_cellsets._qt.object_model import ObjectTableModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from napari_cellsets.counting.measure import ObjectTable


_WIDEST_PX = 88
"""Longer words are cut short on screen; the tooltip has all of them."""
_ROOM_PX = 24
"""Beside the word of a heading: its margins, and the arrow that tells the order."""


class ObjectTableView(QTableView):
    """The table on screen.

    Parameters
    ----------
    many
        Whether several rows can be selected.
    """

    label_chosen = Signal(int)
    """The person selected the row of this label, and no other."""
    labels_chosen = Signal(object)
    """The person selected the rows of these labels: a tuple, from the top."""

    def __init__(self, parent: QWidget | None = None, *, many: bool = False) -> None:
        super().__init__(parent)
        self._objects = ObjectTableModel(self)
        self.setModel(self._objects)
        self._labels: tuple[int, ...] = ()
        self._deaf = False
        self._choice: int | None = None
        mode = QAbstractItemView.SelectionMode
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(mode.ExtendedSelection if many else mode.SingleSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        # keys are for acts; F2 and a double click write
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed)
        self.setAlternatingRowColors(False)
        # widths are those that the rows on screen need
        self.horizontalHeader().setResizeContentsPrecision(0)
        # else every heading asks all cells of its column whether they are selected
        self.horizontalHeader().setSelectionModel(
            QItemSelectionModel(self._objects, self)
        )
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.setAccessibleName("Objects")
        self.setToolTip("Select a row to find the cell; click a cell to find its row")
        self.setMinimumHeight(170)
        self.selectionModel().selectionChanged.connect(self._on_rows_selected)
        self._objects.layoutChanged.connect(self._on_objects_sorted)

    @property
    def objects(self) -> ObjectTableModel:
        """The model behind the view."""
        return self._objects

    @property
    def selected(self) -> tuple[int, ...]:
        """Labels that are selected, whether the filter shows them or not."""
        return self._labels

    def show_table(self, table: ObjectTable | None) -> None:
        """Show other measurements; what is selected stays so if still there."""
        first = self._objects.columnCount() == 0
        with self._keeping_place():
            self._objects.set_table(table)
        if first and self._objects.columnCount():
            self.fit_columns()

    def show_classes(self, classes: Mapping[int, str]) -> None:
        """Show what each label is; see `ObjectTableModel.set_classes`."""
        self.show_words({"class": classes or None})

    def show_words(self, said: Mapping[str, Mapping[int, str] | None]) -> None:
        """Show what was said of each label; see `ObjectTableModel.set_words`."""
        others = [name for name in said if said[name] != self._objects.words_of(name)]
        with self._keeping_place():
            self._objects.set_words(said)
        for column in map(self._objects.column_of, others):
            if column is not None:
                self.fit_columns(column)

    def show_columns(self, *, without: Iterable[str]) -> None:
        """Show all columns but these."""
        with self._keeping_place():
            self._objects.set_hidden(without)
        self.fit_columns()

    def fit_columns(self, *columns: int) -> None:
        """Make columns, by default all, as wide as what they show and no wider."""
        font, model = self.fontMetrics(), self._objects
        for column in columns or range(model.columnCount()):
            word = model.headerData(column, Qt.Orientation.Horizontal)
            wanted = font.horizontalAdvance(str(word)) + _ROOM_PX
            content = min(self.sizeHintForColumn(column), _WIDEST_PX)
            self.setColumnWidth(column, max(content, wanted))

    def show_choice(self, column: int | None, choice: QAbstractItemDelegate) -> None:
        """Let a delegate write into one column only; None for nowhere."""
        if self._choice is not None:
            self.setItemDelegateForColumn(self._choice, None)
        self._choice = column
        if column is not None:
            self.setItemDelegateForColumn(column, choice)

    def filter(self, text: str) -> None:
        """Show only what a line of text asks for."""
        with self._keeping_place():
            self._objects.set_filter(text)

    def select_label(self, label: int) -> None:
        """Select the row of a label and scroll to it; tells nobody."""
        self.select_labels((label,))

    def select_labels(self, labels: Iterable[int]) -> None:
        """Select the rows of labels and scroll to the first; tells nobody."""
        self._labels = tuple(labels)
        rows = self._objects.rows_of(self._labels)
        if rows == self._selected_rows():
            return
        self._select_rows(rows)
        if rows:
            self.scrollTo(self._objects.index(rows[0], 0))

    # Inside

    @contextmanager
    def _keeping_place(self) -> Iterator[None]:
        """Keep what is selected, and where the table is scrolled to."""
        bar = self.verticalScrollBar()
        at = bar.value()
        self._deaf = True
        yield
        self._deaf = False
        self._select_rows(self._objects.rows_of(self._labels))
        bar.setValue(at)

    def _select_rows(self, rows: list[int]) -> None:
        last = self._objects.columnCount() - 1
        chosen = QItemSelection()
        starts = np.flatnonzero(np.diff(rows, prepend=-2) > 1)
        for run in np.split(np.asarray(rows, np.intp), starts[1:]):
            if run.size:
                first, end = int(run[0]), int(run[-1])
                chosen.select(
                    self._objects.index(first, 0), self._objects.index(end, last)
                )
        flag = QItemSelectionModel.SelectionFlag
        self._deaf = True
        at = self._objects.index(rows[0], 0) if rows else QModelIndex()
        self.selectionModel().setCurrentIndex(at, flag.NoUpdate)
        self.selectionModel().select(chosen, flag.ClearAndSelect)
        self._deaf = False

    def _selected_rows(self) -> list[int]:
        rows: set[int] = set()
        for part in self.selectionModel().selection():
            rows.update(range(part.top(), part.bottom() + 1))
        return sorted(rows)

    def _on_objects_sorted(self) -> None:
        rows = self._objects.rows_of(self._labels)
        self._select_rows(rows)
        if rows:
            self.scrollTo(self._objects.index(rows[0], 0))

    def _on_rows_selected(self, *_: object) -> None:
        if self._deaf:
            return
        labels: list[int] = []
        for part in self.selectionModel().selection():
            labels += self._objects.labels_in(part.top(), part.bottom())
        # one row is several ranges where cells were selected one by one
        chosen = tuple(dict.fromkeys(labels))
        if chosen == self._labels:
            return
        self._labels = chosen
        if len(chosen) == 1:
            self.label_chosen.emit(chosen[0])
        self.labels_chosen.emit(chosen)
