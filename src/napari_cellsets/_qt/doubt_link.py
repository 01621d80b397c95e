"""Doubtful cells: a quiet ring around each in the image, and a way through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from napari.layers import Points
from qtpy.QtCore import QObject, Qt, Signal, Slot
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_cellsets._napari.mark_colours import mark_colours
from napari_cellsets._napari.slots import add_aside
from napari_cellsets._qt.object_widths import LeftOutNote
from napari_cellsets.counting.confidence import CONFIDENCE

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.object_table import ObjectTableView
    from napari_cellsets.counting.measure import ObjectTable

DOUBT_NAME: Final = "Doubtful cells"
_RING: Final = 1.5
_LEAST_RING_PX: Final = 12.0


class CellsPage(QWidget):
    """The table of cells, and above it what is doubtful in it."""

    marks_toggled = Signal(bool)
    """The person wants the doubtful cells marked in the image, or not."""

    def __init__(self, table: ObjectTableView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self.marks = QCheckBox()
        self.marks.setToolTip(
            "Rings around cells that are as likely wrong as right;"
            " they go when you have seen enough"
        )
        self.marks.toggled.connect(self.marks_toggled)
        self.first = QPushButton("Doubtful first")
        self.first.setToolTip("Sort the table so that the most doubtful cell is on top")
        self.first.clicked.connect(self._on_first_clicked)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.marks, 1)
        row.addWidget(self.first)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._row)
        layout.addWidget(table, 1)
        layout.addWidget(LeftOutNote(table))
        self.show_table(None)

    def show_table(self, table: ObjectTable | None) -> None:
        """Show other measurements."""
        self._table.show_table(table)
        self._row.setVisible(table is not None and CONFIDENCE in table.columns)
        number = len(self._table.objects.doubtful())
        self.marks.setText(f"Mark doubtful cells ({number})")
        self.marks.setEnabled(number > 0)

    @Slot()
    def _on_first_clicked(self) -> None:
        column = self._table.objects.column_of(CONFIDENCE)
        if column is None:
            return
        self._table.sortByColumn(column, Qt.SortOrder.AscendingOrder)
        self._table.scrollToTop()


class DoubtLink(QObject):
    """Keeps the rings equal to the table, while they are wanted."""

    def __init__(
        self, viewer: ViewerModel, session: Session, table: ObjectTableView
    ) -> None:
        super().__init__(table)
        self._viewer = viewer
        self._session = session
        self._table = table

    def synchronize(self, wanted: bool) -> None:
        """Show the rings, or hide them where there are none or nobody wants them."""
        layer = self.layer
        objects, cells = self._table.objects, self._session.cells_layer
        doubtful = objects.doubtful() if wanted and cells is not None else []
        if cells is None or not doubtful:
            if layer is not None:
                layer.visible = False
            return
        if layer is not None and layer.ndim != cells.ndim:
            self._viewer.layers.remove(layer)
            layer = None
        if layer is None:
            layer = self._add(cells.ndim)
        layer.scale, layer.units = tuple(cells.scale), tuple(cells.units)
        layer.data = np.array([objects.place_of(n, cells.ndim) for n in doubtful])
        wide = [_RING * objects.diameter_of(n) for n in doubtful]
        layer.size = np.maximum(_LEAST_RING_PX, wide)
        layer.border_color = mark_colours(self._viewer)["drawn"]
        layer.selected_data = set()
        layer.visible = True

    @property
    def layer(self) -> Points | None:
        """The rings, None where they were never wanted."""
        for layer in self._viewer.layers:
            if layer.name == DOUBT_NAME and isinstance(layer, Points):
                return layer
        return None

    def _add(self, ndim: int) -> Points:
        cells = self._session.cells_layer
        layer = Points(
            np.empty((0, ndim)),
            name=DOUBT_NAME,
            face_color="transparent",
            border_color=mark_colours(self._viewer)["drawn"],
            border_width=0.05,
            opacity=0.8,
            axis_labels=tuple(cells.axis_labels) if cells is not None else None,
        )
        add_aside(self._viewer, layer)
        layer.editable = False
        return layer
