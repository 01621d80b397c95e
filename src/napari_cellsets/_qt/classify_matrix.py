"""The confusion matrix: a table whose fields open their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QRect, QSize, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPalette, QPen
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QTableView,
    QWidget,
)

from napari_cellsets._qt.contrast import TEXT, contrast, laid_over, readable_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qtpy.QtWidgets import QStyleOptionViewItem

RIGHT: Final = "#56b4e9"
WRONG: Final = "#e69f00"
#: A field with few cells is tinted this much at least, one with all cells this much.
_LEAST_TINT, _MOST_TINT = 26, 190
#: One wrong cell must be seen, too.
_LEAST_WRONG = 85
_HEADER_DEPTH_MAX = 104
_LEAST_FIELD = 22
#: In a low dock so many rows have their place at least.
_ROWS_SHOWN = 9
_MOST_FIELD = 44
_NAME_WIDTH_MAX = 108


def tint_of(right: bool, share: float) -> QColor:
    """Return the colour of a field with a share of its row's cells."""
    tint = QColor(RIGHT if right else WRONG)
    least = _LEAST_TINT if right else _LEAST_WRONG
    tint.setAlpha(round(least + share * (_MOST_TINT - least)))
    return tint


def text_on(ground: QColor, text: QColor) -> QColor:
    """Return the theme's colour of text, black or white where that is read better."""
    return text if contrast(text, ground) >= TEXT else readable_on(ground)


class ConfusionModel(QAbstractTableModel):
    """Counts as Qt sees them: a row a label, a column an answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: NDArray[np.intp] = np.zeros((0, 0), np.intp)
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()

    def set_counts(
        self, counts: NDArray[Any], rows: Sequence[str], columns: Sequence[str]
    ) -> None:
        """Show other counts.

        Parameters
        ----------
        counts
            int, one row a label, one column an answer.
        rows, columns
            Names for people; the answer of a column is right for the row of the
            same number, but for the last one: not known.
        """
        self.beginResetModel()
        self._counts = np.asarray(counts, np.intp)
        self._rows, self._columns = tuple(rows), tuple(columns)
        self.endResetModel()

    @property
    def counts(self) -> NDArray[np.intp]:
        """The counts as shown."""
        return self._counts

    def is_right(self, row: int, column: int) -> bool:
        """Whether the answer of a column is the label of a row."""
        return row == column and column + 1 < len(self._columns)

    def share(self, row: int, column: int) -> float:
        """Return the share of the row's cells that lie in a field."""
        total = int(self._counts[row].sum())
        return int(self._counts[row, column]) / total if total else 0.0

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(
        self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if not index.isValid():
            return None
        row, column = index.row(), index.column()
        count = int(self._counts[row, column])
        if role == Qt.ItemDataRole.DisplayRole:
            return str(count) if count else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role in (
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            cells = "1 cell" if count == 1 else f"{count} cells"
            return (
                f"{cells} labelled {self._rows[row]}, classified as"
                f" {self._columns[column]} ({100 * self.share(row, column):.1f} %"
                " of the row)"
            )
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        across = orientation == Qt.Orientation.Horizontal
        names = self._columns if across else self._rows
        if section >= len(names):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return names[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            word = "classified as" if across else "labelled"
            return f"All cells {word} {names[section]}"
        return None


class _UprightHeader(QHeaderView):
    """Names of columns written upwards, so that the columns may be narrow."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setAccessibleName("Classified as")

    def sizeHint(self) -> QSize:
        """Return the length of the longest name, within limits."""
        longest = max(
            (self.fontMetrics().horizontalAdvance(name) for name in self._names()),
            default=0,
        )
        return QSize(super().sizeHint().width(), min(longest + 12, _HEADER_DEPTH_MAX))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Write one name upwards."""
        name = self.model().headerData(section, Qt.Orientation.Horizontal)
        shown = self.fontMetrics().elidedText(
            str(name or ""), Qt.TextElideMode.ElideRight, rect.height() - 8
        )
        painter.save()
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.translate(rect.left(), rect.bottom())
        painter.rotate(-90)
        room = QRect(4, 0, rect.height() - 8, rect.width())
        middle = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, middle, shown)
        painter.restore()

    def _names(self) -> list[str]:
        model, across = self.model(), Qt.Orientation.Horizontal
        if model is None:
            return []
        return [str(model.headerData(n, across)) for n in range(model.columnCount())]


class _NameHeader(QHeaderView):
    """Names of rows, plain as those of the columns."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setSectionsClickable(True)
        self.setAccessibleName("Labelled")
        self.setMaximumWidth(_NAME_WIDTH_MAX)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Write one name."""
        name = self.model().headerData(section, Qt.Orientation.Vertical)
        room = rect.adjusted(4, 0, -6, 0)
        shown = self.fontMetrics().elidedText(
            str(name or ""), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.save()
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        middle = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, middle, shown)
        painter.restore()


class _FieldPainter(QStyledItemDelegate):
    """A field: tinted by its share of the row, blue where right, orange where not."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Draw tint and number; a frame where the keyboard or the mouse is."""
        model = index.model()
        share = model.share(index.row(), index.column())
        rect = option.rect
        painter.save()
        text = option.palette.color(QPalette.ColorRole.WindowText)
        if share > 0:
            tint = tint_of(model.is_right(index.row(), index.column()), share)
            painter.fillRect(rect.adjusted(1, 1, 0, 0), tint)
            ground = option.palette.color(QPalette.ColorRole.Window)
            text = text_on(laid_over(tint, ground), text)
        painter.setPen(text)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(index.data()))
        if option.state & (
            QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_HasFocus
        ):
            painter.setPen(QPen(text, 2))
            painter.drawRect(rect.adjusted(2, 2, -2, -2))
        painter.restore()


class ConfusionView(QTableView):
    """The matrix on screen; takes the width of the dock and no more."""

    field_chosen = Signal(int, int)
    """Row and column; -1 stands for all of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = ConfusionModel(self)
        self.setModel(self.matrix)
        self.setItemDelegate(_FieldPainter(self))
        self.setHorizontalHeader(_UprightHeader(self))
        self.setVerticalHeader(_NameHeader(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Confusion matrix")
        self.findChild(QAbstractButton).hide()  # the corner has nothing to say
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setMinimumSectionSize(_LEAST_FIELD)
            header.setHighlightSections(False)
        names = self.verticalHeader()
        self.clicked.connect(self._on_field_chosen)
        self.activated.connect(self._on_field_chosen)
        names.sectionClicked.connect(self._on_row_clicked)
        self.horizontalHeader().sectionClicked.connect(self._on_column_clicked)

    def show_counts(
        self, counts: NDArray[Any], rows: Sequence[str], columns: Sequence[str]
    ) -> None:
        """Show other counts; see `ConfusionModel.set_counts`."""
        self.matrix.set_counts(counts, rows, columns)
        self._share_out()
        self.updateGeometry()

    def resizeEvent(self, event: Any) -> None:
        """Give all fields the same size, as large as they fit."""
        super().resizeEvent(event)
        self._share_out()

    def _share_out(self) -> None:
        columns = self.matrix.columnCount()
        if not columns:
            return
        # without the frame, and without the scroll bar that many rows need
        room = self.width() - self._names_width() - 2 * self.frameWidth() - 2
        if self._height(self.matrix.rowCount()) > self.height():
            room -= self.verticalScrollBar().sizeHint().width()
        side = min(max(room // columns, _LEAST_FIELD), _MOST_FIELD)
        self.horizontalHeader().setDefaultSectionSize(side)
        line = min(max(side, self.fontMetrics().height() + 10), 30)
        if line != self.verticalHeader().defaultSectionSize():
            self.verticalHeader().setDefaultSectionSize(line)
            self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Show the names above and some classes, also in a low dock, which scrolls."""
        rows = min(self.matrix.rowCount(), _ROWS_SHOWN)
        return QSize(super().minimumSizeHint().width(), self._height(rows))

    def _height(self, rows: int) -> int:
        above = int(self.horizontalHeader().sizeHint().height())
        lines = rows * int(self.verticalHeader().defaultSectionSize())
        return above + lines + 2 * int(self.frameWidth())

    def _names_width(self) -> int:
        return min(int(self.verticalHeader().sizeHint().width()), _NAME_WIDTH_MAX)

    def _on_field_chosen(self, index: QModelIndex) -> None:
        if self.matrix.counts[index.row(), index.column()]:
            self.field_chosen.emit(index.row(), index.column())

    def _on_row_clicked(self, row: int) -> None:
        self.field_chosen.emit(row, -1)

    def _on_column_clicked(self, column: int) -> None:
        self.field_chosen.emit(-1, column)
