"""A grid or list of pictures that costs what is in view, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from qtpy.QtGui import (
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from qtpy.QtWidgets import QAbstractItemView, QWidget

from napari_cellsets._qt.gallery_card import CardPainter
from napari_cellsets._qt.gallery_layout import MARGIN, Layout

if TYPE_CHECKING:
    from napari_cellsets._qt.gallery_model import GalleryModel

_Action = QAbstractItemView.CursorAction
_STEPS = {_Action.MoveLeft: -1, _Action.MovePrevious: -1}
_STEPS |= {_Action.MoveRight: 1, _Action.MoveNext: 1}
#: Pictures narrower than this have no name below; none are narrower than the other.
_NAMED_FROM, _LEAST = 88, 40
_OPENING = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class GalleryView(QAbstractItemView):
    """The pictures; speaks in rows of its model.

    Parameters
    ----------
    model
        Its items.
    """

    walked = Signal(int)
    """The person moved to this row with the arrow keys."""
    opened = Signal(int)
    """The person wants to see this row: double click or Enter."""
    key_pressed = Signal(str)
    """A letter or digit was typed while the view has the focus."""
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self, model: GalleryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items = model
        self._painter = CardPainter(self)
        self._picture, self._listed = 96, False
        self._anchor = 0
        self._layout = Layout(0, 1, self._picture)
        self._wanting = QTimer(self, singleShot=True, interval=0)
        self._wanting.timeout.connect(self._on_wanting_timeout)
        self.setModel(model)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAcceptDrops(False)
        # what is drawn whole can be moved as it is when the view scrolls
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Gallery")
        self.doubleClicked.connect(self._on_double_clicked)

    # What is shown

    def show_as(self, picture: int, *, listed: bool) -> None:
        """Show pictures of this size in px, in a grid or as a list."""
        middle = self._layout.item_at(0, self.verticalOffset())
        self._picture, self._listed = picture, listed
        self.updateGeometries()
        if middle:
            self.scroll_to_row(middle)
        self.viewport().update()

    def show_row(self, row: int | None) -> None:
        """Mark a row as the current one and scroll to it; tells nobody."""
        if row is None or row >= self._items.rowCount():
            return
        if row != self.currentIndex().row():
            # not `setCurrentIndex`: with Shift held for a redo it selects all between
            alone = QItemSelectionModel.SelectionFlag.ClearAndSelect
            at = self._items.index(row)
            self.selectionModel().setCurrentIndex(at, alone)
            self._anchor = row
        self.scrollTo(self.currentIndex())

    def scroll_to_row(self, row: int) -> None:
        """Put a row at the top."""
        self.verticalScrollBar().setValue(self._layout.place(row)[1])

    @property
    def first_row(self) -> int:
        """The first row in view."""
        return self._visible().start

    @property
    def is_filled(self) -> bool:
        """Whether the pictures of all rows in view are there."""
        return all(self._items.picture(row) is not None for row in self._visible())

    def visible_rows(self) -> range:
        """Return the rows in view."""
        return self._visible()

    def chosen_rows(self) -> list[int]:
        """Return all selected rows, in order; the current one where none is."""
        ranges = self.selectionModel().selection()
        rows = sorted(
            row for span in ranges for row in range(span.top(), span.bottom() + 1)
        )
        current = self.currentIndex()
        return rows or ([current.row()] if current.isValid() else [])

    # What Qt asks of a view

    def reset(self) -> None:
        """Begin anew: the model lists other items."""
        super().reset()
        self._anchor = 0
        self.updateGeometries()

    def updateGeometries(self) -> None:
        """Lay out and tell the scroll bar."""
        self._layout = self._laid_out()
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setSingleStep(max(16, self._layout.height // 3))
        bar.setPageStep(height)
        bar.setRange(0, max(0, self._layout.total_height - height))
        super().updateGeometries()
        self._wanting.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the first item at the top."""
        first = self._visible().start
        super().resizeEvent(event)
        self.updateGeometries()
        self.scroll_to_row(first)

    def visualRect(self, index: QModelIndex) -> QRect:
        """Return where an item lies in the viewport."""
        return self._rect(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        """Return the item at a point of the viewport."""
        row = self._layout.item_at(point.x(), point.y() + self.verticalOffset())
        return QModelIndex() if row is None else self._items.index(row)

    def scrollTo(
        self,
        index: QModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Scroll no further than needed to see an item whole."""
        rect = self.visualRect(index)
        if not index.isValid():
            return
        bar, height = self.verticalScrollBar(), self.viewport().height()
        at_top = hint == QAbstractItemView.ScrollHint.PositionAtTop
        if at_top or rect.top() < 0 or rect.height() > height:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() >= height:
            bar.setValue(bar.value() + rect.bottom() + 1 - height)

    def horizontalOffset(self) -> int:
        """Return 0: all columns are in view."""
        return 0

    def verticalOffset(self) -> int:
        """Return how far it is scrolled, px."""
        return int(self.verticalScrollBar().value())

    def isIndexHidden(self, _index: QModelIndex) -> bool:
        """Return False: what is listed is shown."""
        return False

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, _keys: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Return the item that a key leads to."""
        count = self._items.rowCount()
        if not count:
            return QModelIndex()
        here = max(0, self.currentIndex().row())
        page = max(1, self.viewport().height() // self._layout.height)
        lines = {_Action.MoveUp: -1, _Action.MoveDown: 1}
        lines |= {_Action.MovePageUp: -page, _Action.MovePageDown: page}
        if action == _Action.MoveHome:
            there = 0
        elif action == _Action.MoveEnd:
            there = count - 1
        elif action in lines:
            there = self._layout.moved(here, lines[action])
        else:
            there = here + _STEPS.get(action, 0)
        return self._items.index(min(max(there, 0), count - 1))

    def setSelection(
        self, rect: QRect, command: QItemSelectionModel.SelectionFlag
    ) -> None:
        """Select what is below a frame, or all from the anchor to here."""
        if self.state() == QAbstractItemView.State.DragSelectingState:
            self.selectionModel().select(self._below(rect.normalized()), command)
            return
        row = self.currentIndex().row()
        if not command & QItemSelectionModel.SelectionFlag.Current:
            self._anchor = max(0, row)
        if row >= 0:
            first, last = sorted((min(self._anchor, self._items.rowCount() - 1), row))
            span = QItemSelection(self._items.index(first), self._items.index(last))
            self.selectionModel().select(span, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """Return what of a selection is in view."""
        visible = self._visible()
        region = QRegion()
        for span in selection:
            first, last = max(span.top(), visible.start), span.bottom() + 1
            for row in range(first, min(last, visible.stop)):
                region += QRegion(self._rect(row))
        return region

    def keyboardSearch(self, _text: str) -> None:
        """Search nothing: letters are for verdicts, and names are for the filter."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open with Enter, pass letters on, leave the rest to Qt."""
        free = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo_wanted.emit()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo_wanted.emit()
        elif event.key() in _OPENING and self.currentIndex().isValid():
            self.opened.emit(self.currentIndex().row())
        elif free and event.text().isalnum():
            self.key_pressed.emit(event.text().upper())
        else:
            before = self.currentIndex().row()
            super().keyPressEvent(event)
            if self.currentIndex().row() not in (before, -1):
                self.walked.emit(self.currentIndex().row())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the items that need it, and no others."""
        painter = QPainter(self.viewport())
        ground = self.palette().color(self.backgroundRole())
        painter.fillRect(event.rect(), ground)
        top = event.rect().top() + self.verticalOffset()
        bottom = event.rect().bottom() + 1 + self.verticalOffset()
        self._painter.begin(self._layout.picture, listed=self._listed)
        selection, here = self.selectionModel(), self.currentIndex().row()
        for row in self._layout.between(top, bottom):
            chosen = selection.isSelected(self._items.index(row))
            self._painter.draw(
                painter,
                self._rect(row),
                self._items.card(row),
                self._items.picture(row),
                chosen=chosen,
                current=row == here,
            )
        painter.end()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Move what is drawn; what comes into view is drawn and asked for."""
        self.viewport().scroll(dx, dy)
        self._wanting.start()

    def sizeHint(self) -> QSize:
        """Ask for two lines of pictures."""
        return QSize(400, 2 * self._layout.height)

    def minimumSizeHint(self) -> QSize:
        """Be content with one line of the smallest pictures."""
        frame = 2 * self.frameWidth()
        return QSize(160, Layout(1, 160, _LEAST).height + frame)

    # Inside

    def _laid_out(self) -> Layout:
        """Lay out; where not even one line fits, its pictures are smaller."""
        room, line = self.viewport().height(), self.fontMetrics().height() + 2
        count, width = self._items.rowCount(), max(1, self.viewport().width())
        if self._listed:
            return Layout(count, width, self._picture, line, listed=True)
        whole = room - 2 * MARGIN
        for text in (line, 0):
            picture = min(self._picture, whole - text)
            if picture >= _NAMED_FROM or not text:
                break
        return Layout(count, width, max(_LEAST, picture), text)

    def _visible(self) -> range:
        top = self.verticalOffset()
        return self._layout.between(top, top + self.viewport().height())

    def _rect(self, row: int) -> QRect:
        left, top, width, height = self._layout.place(row)
        return QRect(left, top - self.verticalOffset(), width, height)

    def _below(self, rect: QRect) -> QItemSelection:
        selection, down = QItemSelection(), self.verticalOffset()
        rows = self._layout.between(rect.top() + down, rect.bottom() + 1 + down)
        for row in rows:
            if self._rect(row).intersects(rect):
                at = self._items.index(row)
                selection.select(at, at)
        return selection

    def _on_double_clicked(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())

    def _on_wanting_timeout(self) -> None:
        """Ask for what is in view, then for the next screen and the one before."""
        seen = self._visible()
        size = len(seen)
        after = range(seen.stop, min(seen.stop + size, self._items.rowCount()))
        before = range(max(0, seen.start - size), seen.start)
        order = self._items.order
        rows = (*seen, *after, *before)
        self._items.pictures.want(order[list(rows)].tolist())
