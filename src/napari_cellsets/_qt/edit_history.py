"""What was done to the labels: when, what, by whom; seen again, and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, Signal, Slot
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.history_model import MORE, HistoryModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QShowEvent

    from napari_cellsets._napari.history_acts import Act

_EMPTY = "Nothing was changed yet. Every edit and every stroke of a brush stands here."
_ROW_PX, _LEAST_PX = 24, 90


class ThenBar(QWidget):
    """Says which time is seen, with the way back to now and the way to keep it."""

    restore_wanted = Signal()
    now_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.text.setAccessibleName("Which time is seen")
        self.now = QPushButton("Back to now")
        self.now.setToolTip("Shows the labels as they are now (T)")
        self.restore = QPushButton("Restore")
        self.restore.setToolTip(
            "Makes the labels as they were then: a new edit, which Ctrl+Z takes back"
        )
        self.now.clicked.connect(self.now_wanted)
        self.restore.clicked.connect(self.restore_wanted)
        row = QHBoxLayout()
        row.addWidget(self.now)
        row.addWidget(self.restore)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        column.addLayout(row)
        self.hide()

    def say(self, words: str) -> None:
        """Say what is seen; nothing for the labels of now."""
        self.text.setText(f"{words} Nothing can be edited here." if words else "")
        self.setVisible(bool(words))


class HistoryView(QWidget):
    """The list of acts, and the labels of an earlier one."""

    chosen = Signal(object)
    """The person wants to see where this act was."""
    then_wanted = Signal(object)
    """The person wants to see the labels as they were after this act."""
    more_wanted = Signal()
    came_into_view = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = HistoryModel(self)
        self.empty = QLabel(_EMPTY)
        self.empty.setWordWrap(True)
        self.table = _table(self.model)
        self.table.activated.connect(self._on_activated)
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self.then = QPushButton("Show as it was then")
        self.then.setToolTip("Shows the labels as they were after the chosen act (T)")
        self.then.clicked.connect(self._on_then_clicked)
        self.bar = ThenBar()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.bar)
        column.addWidget(self.table, 1)
        column.addWidget(self.then)
        self.synchronize(())

    @property
    def selected(self) -> Act | None:
        """The act that is chosen in the list."""
        return self.model.act_at(self.table.currentIndex())

    def synchronize(
        self,
        acts: Sequence[Act],
        earlier: Sequence[Act] = (),
        *,
        more: bool = False,
        kept: bool = False,
    ) -> None:
        """Show acts of this window and earlier ones, both given oldest first.

        Parameters
        ----------
        acts, earlier
            What was done.
        more
            Whether the store knows still earlier ones.
        kept
            Whether the store keeps the labels, so that earlier ones can be seen.
        """
        if not (acts or earlier or more) and self.table.isHidden():
            return  # nothing, as before: to lay that out again holds up the next image
        chosen, newest = self.selected, self.model.acts[:1]
        self.model.synchronize(acts, earlier, more=more)
        if chosen in self.model.rows:
            self.table.selectRow(self.model.rows.index(chosen))
        if self.model.acts[:1] != newest:
            self.table.scrollToTop()
        there = bool(self.model.rows)
        self.empty.setVisible(not there)
        self.table.setVisible(there)
        self.then.setVisible(there and kept)
        self._on_selected()

    def show_then(self, words: str, act: Act | None) -> None:
        """Say which time is seen; no words for now."""
        self.bar.say(words)
        self.model.point_out(act)
        if act in self.model.rows:
            # in the middle: the bar is about to take its room
            middle = QAbstractItemView.ScrollHint.PositionAtCenter
            row = self.model.rows.index(act)
            self.table.scrollTo(self.model.index(row, 0), middle)

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that somebody looks."""
        super().showEvent(event)
        self.came_into_view.emit()

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        act = self.model.act_at(index)
        if act is not None:
            self.chosen.emit(act)
        elif self.model.rows[index.row()] == MORE:
            self.more_wanted.emit()

    @Slot()
    def _on_selected(self, *_: object) -> None:
        self.then.setEnabled(self.selected is not None)

    @Slot()
    def _on_then_clicked(self) -> None:
        self.then_wanted.emit(self.selected)


def _table(model: HistoryModel) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName("History of edits")
    table.setToolTip("Double-click an act to see where it was")
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_PX)
    table.setShowGrid(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    # what is in sight alone decides how wide a column is: there may be thousands
    header.setResizeContentsPrecision(0)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    table.setMinimumHeight(_LEAST_PX)
    return table
