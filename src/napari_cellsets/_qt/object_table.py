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
    QTimer,
    Signal,
    Slot,
)
from qtpy.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QTableView,
    QWidget,
)

from napari_cellsets._qt.object_columns import WORDS
from napari_cellsets._qt.object_model import ObjectTableModel
from napari_cellsets._qt.object_widths import Need, shared_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qtpy.QtGui import QResizeEvent

    from napari_cellsets.counting.measure import ObjectTable


_WIDEST_PX, _LEAST_WORD_PX = 88, 44
"""Longer words are cut short on screen; the tooltip has all of them."""
_SWATCH_PX = 20
"""What the colour of a class takes before its name."""
_ROOM_PX = 24
"""Beside the word of a heading: its margins, and the arrow that tells the order."""
_CELL_PX, _NARROWEST_PX = 10, 24
"""Beside the number in a cell; a column that the person drags is as wide at least."""


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
    left_out = Signal(object)
    """There is no room for these columns: their headings, a tuple; or for all."""

    def __init__(self, parent: QWidget | None = None, *, many: bool = False) -> None:
        super().__init__(parent)
        self._objects = ObjectTableModel(self)
        self.setModel(self._objects)
        self._labels: tuple[int, ...] = ()
        self._deaf = False
        self._choice: int | None = None
        self._needs: list[Need] = []
        self._dragged: dict[str, int] = {}
        self._sharing = False
        self._left_out: tuple[str, ...] = ()
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
        self.horizontalHeader().setMinimumSectionSize(_NARROWEST_PX)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.horizontalHeader().sectionResized.connect(self._on_dragged)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
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
        before = self._objects.shown_columns
        with self._keeping_place():
            self._objects.set_table(table)
        if self._objects.shown_columns != before:
            self.fit_columns()

    def show_classes(self, classes: Mapping[int, str]) -> None:
        """Show what each label is; see `ObjectTableModel.set_classes`."""
        self.show_words({"class": classes or None})

    def show_words(self, said: Mapping[str, Mapping[int, str] | None]) -> None:
        """Show what was said of each label; see `ObjectTableModel.set_words`."""
        others = [name for name in said if said[name] != self._objects.words_of(name)]
        with self._keeping_place():
            self._objects.set_words(said)
        if others:
            self.fit_columns()

    def show_columns(self, *, without: Iterable[str]) -> None:
        """Show all columns but these."""
        with self._keeping_place():
            self._objects.set_hidden(without)
        self.fit_columns()

    def fit_columns(self) -> None:
        """Share the width among columns, by what they show."""
        self._needs = [self._need(at) for at in range(self._objects.columnCount())]
        self._share()

    @property
    def missing_width(self) -> int:
        """How much wider all columns and their headings would like the table, px."""
        return sum(need.wanted for need in self._needs) - int(self.viewport().width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width."""
        super().resizeEvent(event)
        self._share()

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

    def _need(self, column: int) -> Need:
        font, model = self.fontMetrics(), self._objects
        name = model.shown_columns[column]
        word = font.horizontalAdvance(str(self._heading(column)))
        content, wanted = self.sizeHintForColumn(column), word + _ROOM_PX
        if name in WORDS:
            content = min(content, _WIDEST_PX)
            most = _LEAST_WORD_PX + (_SWATCH_PX if name == "class" else 0)
            least = min(max(content, word + _CELL_PX), most)
            return Need(least, max(content, wanted), True)
        widest = max(map(font.horizontalAdvance, model.extremes(column)))
        content = max(content, widest + _CELL_PX, _NARROWEST_PX)
        if name != "label":
            return Need(content, max(content, wanted))
        return Need(max(content, word + _CELL_PX), max(content, wanted), True)

    @Slot()
    def _share(self) -> None:
        """Set the widths of columns; those that there is no room for are hidden."""
        needs, room = list(self._needs), self.viewport().width()
        names = self._objects.shown_columns
        if len(needs) != len(names):
            return  # they are about to be fitted
        others = sum(need.least for need in needs)
        for at, name in enumerate(names):
            if name in self._dragged:
                most = room - others + needs[at].least
                width = max(_NARROWEST_PX, min(self._dragged[name], most))
                needs[at] = Need(width, width, True)
        widths = shared_width(needs, room)
        self._sharing = True
        for at, width in enumerate(widths):
            self.setColumnHidden(at, not width)
            if width:
                self.setColumnWidth(at, width)
        self._sharing = False
        left = tuple(str(self._heading(at)) for at, w in enumerate(widths) if not w)
        if left != self._left_out:
            self._left_out = left
            self.left_out.emit(left)

    def _heading(self, column: int) -> object:
        return self._objects.headerData(column, Qt.Orientation.Horizontal)

    def _on_dragged(self, column: int, _before: int, width: int) -> None:
        names = self._objects.shown_columns
        if not self._sharing and width and column < len(names):
            self._dragged[names[column]] = width
            QTimer.singleShot(0, self._share)

    def _point_arrow(self) -> None:
        """Point at the column that rows are sorted by, wherever it is now."""
        name, order = self._objects.sorted_by
        column = self._objects.column_of(name)
        header = self.horizontalHeader()
        header.blockSignals(True)
        header.setSortIndicator(-1 if column is None else column, order)
        header.blockSignals(False)

    @contextmanager
    def _keeping_place(self) -> Iterator[None]:
        """Keep what is selected, and where the table is scrolled to."""
        bar = self.verticalScrollBar()
        at = bar.value()
        self._deaf = True
        yield
        self._deaf = False
        self._point_arrow()
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
