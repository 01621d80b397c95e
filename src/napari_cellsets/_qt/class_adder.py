"""A button that becomes a line in which to write the name of a new class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal, Slot
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QKeyEvent

_TIP = (
    "Add a class that the data set does not have; it is kept in the project and goes"
    " out with exports"
)


class NameLine(QLineEdit):
    """Takes a name with Enter; Escape gives up."""

    given_up = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up with Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class ClassAdder(QWidget):
    """Asks for the name of a new class in place; says why one is refused.

    Parameters
    ----------
    add
        Called with the name; what it raises is shown, and the line stays.
    beside
        Shares the row.
    """

    def __init__(
        self,
        add: Callable[[str], object],
        beside: QWidget | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._add = add
        self.button = QPushButton("New class…")
        self.button.setToolTip(_TIP)
        self.button.clicked.connect(self.open)
        self.line = NameLine()
        self.line.setPlaceholderText("Name of the new class; Enter adds it")
        self.line.setAccessibleName("Name of the new class")
        self.line.setToolTip("Enter adds the class, Escape gives up")
        self.line.returnPressed.connect(self._on_return_pressed)
        self.line.given_up.connect(self.close_line)
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setAccessibleName("Why the class was not added")
        self.why.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        row = QHBoxLayout()
        if beside is not None:
            row.addWidget(beside, 1)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.why)
        self.close_line()

    @Slot()
    def open(self) -> None:
        """Ask for a name."""
        self._show(asking=True)
        self.line.setFocus()

    @Slot()
    def close_line(self) -> None:
        """Ask no more."""
        self.line.clear()
        self._show(asking=False)

    def _show(self, *, asking: bool) -> None:
        self.why.hide()
        self.line.setVisible(asking)
        self.button.setHidden(asking)

    @Slot()
    def _on_return_pressed(self) -> None:
        try:
            self._add(self.line.text())
        except CellsetsError as error:
            self.why.setText(f"⚠ {error}")
            self.why.show()
        else:
            self.close_line()
