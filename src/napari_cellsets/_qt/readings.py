"""Asks how events are to be read where a file can be read in several ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal, Slot
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from napari_cellsets.core.errors import AmbiguousEventsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellsets.core.errors import CellsetsError


class ReadingRow(QWidget):
    """The readings that fit, and a button to take one; hidden without a question."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.readings = QComboBox()
        self.readings.setAccessibleName("Ways to read the events")
        self.readings.setToolTip("Ways in which the file can be read")
        self.take = QPushButton("Read it so")
        self.take.setToolTip("Read the events of this file in the way chosen beside")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.readings, 1)
        row.addWidget(self.take)
        self.take.clicked.connect(self._on_take_clicked)
        self.hide()

    def ask_about(self, problems: Iterable[CellsetsError]) -> None:
        """Ask if one of the problems is that several readings fit."""
        open_questions = (p for p in problems if isinstance(p, AmbiguousEventsError))
        question = next(open_questions, None)
        self.setVisible(question is not None)
        self.readings.clear()
        if question is not None:
            self.readings.addItems(list(question.readings))

    @Slot()
    def _on_take_clicked(self) -> None:
        self.chosen.emit(self.readings.currentText())
