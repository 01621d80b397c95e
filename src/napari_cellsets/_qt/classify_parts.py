"""Small parts of the Classify dock: buttons, order, links to the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Qt, Signal, Slot
from qtpy.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from napari_cellsets._qt.classify_flow import ClassifyFlow
    from napari_cellsets.classify.model import ClassifyModel

#: Key of the model's order, what the person reads, and what it means.
_ORDERS = (
    ("disagreement", "disagreement", "Cells whose label is most likely wrong first"),
    ("doubt", "doubt", "Cells of which the model is least sure first"),
    ("name", "name", "In the order of the set"),
)


class ClassifyButtons(QWidget):
    """Classify what is on screen, or the whole set; write a table."""

    shown_wanted = Signal()
    set_wanted = Signal()
    export_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown = QPushButton("Classify")
        font = self.shown.font()
        font.setBold(True)
        self.shown.setFont(font)
        self.whole_set = QPushButton("Classify set")
        self.whole_set.setToolTip(
            "Classify every cell of the set that was not classified yet"
        )
        self.export = QPushButton("Export CSV…")
        self.export.setToolTip("Write a table of the classified cells")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.shown, 0, 0, 1, 2)
        grid.addWidget(self.whole_set, 1, 0)
        grid.addWidget(self.export, 1, 1)
        self.shown.clicked.connect(self.shown_wanted)
        self.whole_set.clicked.connect(self.set_wanted)
        self.export.clicked.connect(self.export_wanted)
        self.synchronize(single_cells=False, busy=False, anything=False)

    def synchronize(self, *, single_cells: bool, busy: bool, anything: bool) -> None:
        """Offer what can be done now.

        Parameters
        ----------
        single_cells
            Whether each picture of the set is one cell.
        busy
            Whether long work is going on.
        anything
            Whether anything was classified.
        """
        self.shown.setToolTip(
            "Name the cell on screen"
            if single_cells
            else "Name each labelled cell of the image on screen"
        )
        self.shown.setEnabled(not busy or single_cells)
        self.whole_set.setEnabled(not busy and single_cells)
        self.export.setEnabled(not busy and anything)


class OrderRow(QWidget):
    """In which order cells are listed, and which of them."""

    order_chosen = Signal(str)
    all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.setAccessibleName("Order of the cells")
        for key, title, meaning in _ORDERS:
            self.box.addItem(title, key)
            last = self.box.count() - 1
            self.box.setItemData(last, meaning, Qt.ItemDataRole.ToolTipRole)
        self.box.setToolTip(
            "By disagreement: labels that are likely wrong come first.\n"
            "By doubt: cells of which the model is least sure come first."
        )
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.text.setAccessibleName("Which cells are listed")
        self.all = QPushButton("Show all")
        self.all.setToolTip("List all cells again")
        top = QHBoxLayout()
        top.addWidget(QLabel("Sort by"))
        top.addWidget(self.box, 1)
        below = QHBoxLayout()
        below.addWidget(self.text, 1)
        below.addWidget(self.all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(top)
        layout.addLayout(below)
        self.box.activated.connect(self._on_activated)
        self.all.clicked.connect(self.all_wanted)

    def synchronize(
        self, order: str, text: str, *, narrowed: bool, labelled: bool
    ) -> None:
        """Show the order, which cells are listed, and the way back to all.

        Without labels nothing disagrees, and cells are listed by doubt instead.
        """
        contrary = self.box.findData("disagreement")
        self.box.model().item(contrary).setEnabled(labelled)
        if order == "disagreement" and not labelled:
            order = "doubt"
        self.box.setCurrentIndex(self.box.findData(order))
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.all.setVisible(narrowed)

    @Slot(int)
    def _on_activated(self, index: int) -> None:
        self.order_chosen.emit(self.box.itemData(index))


def hint(text: str) -> QLabel:
    """Return a line that says how something is used."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
    return label


class ObjectsOnScreen(QObject):
    """The classified objects of the image, as `SelectionLink` wants a table.

    Parameters
    ----------
    flow
        Knows them.
    parent
        The dock.
    """

    label_chosen = Signal(int)

    def __init__(self, flow: ClassifyFlow, model: ClassifyModel, parent: QWidget):
        super().__init__(parent)
        self._flow = flow
        self._model = model

    @property
    def objects(self) -> ObjectsOnScreen:
        """The same."""
        return self

    def select_label(self, label: int) -> None:
        """Look at an object that was selected in the image; tells nobody."""
        self._flow.choose_label(label)

    def row_of(self, label: int) -> int | None:
        """Return the row of a label, None when it was not classified."""
        if self._flow.crops is None:
            return None
        (rows,) = np.nonzero(self._flow.places == label)
        return int(rows[0]) if rows.size else None

    def centre_of(self, label: int) -> tuple[float, float] | None:
        """Return row and column of a label's centre in pixels."""
        row, crops = self.row_of(label), self._flow.crops
        if row is None or crops is None:
            return None
        y, x = crops.centres_yx[row]
        return float(y), float(x)

    def diameter_of(self, label: int) -> float:
        """Return the equivalent diameter of a label in pixels, 0 for none."""
        row, crops, info = self.row_of(label), self._flow.crops, self._model.model
        if row is None or crops is None or info is None:
            return 0.0
        return len(crops.pixels[row]) * info.cell_share

    def plane_of(self, _label: int) -> None:
        """Stacks are not classified."""
        return
