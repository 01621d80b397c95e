"""The table of counted objects: one row a cell, thousands without a widget each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QTableView, QWidget

from napari_cellsets.counting.confidence import CONFIDENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_cellsets.counting.measure import ObjectTable

#: Column in the table of measurements -> (heading, digits, what the heading means).
#: A column in micrometres takes the place of the same one in pixels.
_COLUMNS: dict[str, tuple[str, int, str]] = {
    "label": ("Cell", 0, "Number of the cell in the labels layer"),
    "confidence": (
        "Sure (%)",
        0,
        "How likely the cell is right, by what was measured on validation pictures."
        " Sort by it to see the doubtful cells first",
    ),
    "class": ("Class", 0, "What the Classify dock says the cell is"),
    "area_px": ("Area (px)", 0, "Area in pixels"),
    "area_um2": ("Area (µm²)", 1, "Area in square micrometres"),
    "equivalent_diameter_px": (
        "Diameter (px)",
        1,
        "Diameter of the circle of the same area, in pixels",
    ),
    "equivalent_diameter_um": (
        "Diameter (µm)",
        2,
        "Diameter of the circle of the same area, in micrometres",
    ),
    "eccentricity": (
        "Eccentricity",
        2,
        "0 for a circle, towards 1 for a long, narrow cell",
    ),
    "plane": ("Plane", 0, "Plane of the stack"),
    "centroid_y": ("y", 1, "Row of the centre, in pixels"),
    "centroid_x": ("x", 1, "Column of the centre, in pixels"),
}
_REPLACED_BY = {
    "area_px": "area_um2",
    "equivalent_diameter_px": "equivalent_diameter_um",
}
_MEAN = "mean_"
DOUBT = 0.5
"""Cells less sure than this are called doubtful."""


def shown_columns(names: tuple[str, ...]) -> list[str]:
    """Return the columns to show, in order, of those that were measured."""
    known = [name for name in _COLUMNS if name in names]
    known = [name for name in known if _REPLACED_BY.get(name) not in names]
    return known + [name for name in names if name.startswith(_MEAN)]


class ObjectTableModel(QAbstractTableModel):
    """Measurements as Qt sees them; the numbers stay in their arrays."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: dict[str, NDArray[Any]] = {}
        self._classes: Mapping[int, str] = {}
        self._names: list[str] = []
        self._order = np.empty(0, np.intp)
        self._sorted_by: tuple[str, Qt.SortOrder] = (
            "label",
            Qt.SortOrder.AscendingOrder,
        )

    def set_table(self, table: ObjectTable | None) -> None:
        """Show other measurements, sorted as before; None for none."""
        self.beginResetModel()
        self._columns = {} if table is None else dict(table.columns)
        self._put_classes()
        self.endResetModel()

    def set_classes(self, classes: Mapping[int, str]) -> None:
        """Show the class of each label in a column of its own; none for none."""
        self.beginResetModel()
        self._classes = classes
        self._put_classes()
        self.endResetModel()

    def _put_classes(self) -> None:
        self._columns.pop("class", None)
        if self._classes and "label" in self._columns:
            named = [self._classes.get(int(n), "") for n in self._columns["label"]]
            self._columns["class"] = np.array(named, np.str_)
        self._names = shown_columns(tuple(self._columns))
        self._order = self._sorted_order()

    def label_at(self, row: int) -> int:
        """Return the label in a row."""
        return int(self._columns["label"][self._order[row]])

    def row_of(self, label: int) -> int | None:
        """Return the row of a label, None when it has none."""
        if "label" not in self._columns:
            return None
        (rows,) = np.nonzero(self._columns["label"][self._order] == label)
        return int(rows[0]) if rows.size else None

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

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._order.size

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._names)

    def data(
        self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        name = self._names[index.column()]
        value = self._columns[name][self._order[index.row()]]
        if name == "class":
            return str(value)
        if name == CONFIDENCE:
            return "–" if np.isnan(value) else f"{100 * value:.0f}"
        return f"{value:.{_COLUMNS.get(name, ('', 1, ''))[1]}f}"

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
            return _heading(name)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _meaning(name)
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
        if name not in self._columns:
            name = "label"
        if name not in self._columns:
            return np.empty(0, np.intp)
        values = self._columns[name]
        if name == "class":
            values = np.unique(values, return_inverse=True)[1]
        if order == Qt.SortOrder.DescendingOrder:
            values = -values.astype(np.float64)
        return np.argsort(values, kind="stable")


class ObjectTableView(QTableView):
    """The table on screen; speaks in labels, not in rows."""

    label_chosen = Signal(int)
    """The person selected the row of this label."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._objects = ObjectTableModel(self)
        self.setModel(self._objects)
        self._label = 0
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setAlternatingRowColors(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 6)
        self.setAccessibleName("Objects")
        self.setToolTip("Select a row to find the cell; click a cell to find its row")
        self.setMinimumHeight(170)
        self.selectionModel().currentRowChanged.connect(self._on_row_changed)
        self._objects.layoutChanged.connect(self._on_objects_sorted)

    @property
    def objects(self) -> ObjectTableModel:
        """The model behind the view."""
        return self._objects

    def show_table(self, table: ObjectTable | None) -> None:
        """Show other measurements; the selected cell stays selected if still there."""
        kept = self._label
        first = self._objects.columnCount() == 0
        self._objects.set_table(table)
        if first and self._objects.columnCount():
            self.resizeColumnsToContents()
        self.select_label(kept)

    def show_classes(self, classes: Mapping[int, str]) -> None:
        """Show what each label is; see `ObjectTableModel.set_classes`."""
        kept = self._label
        self._objects.set_classes(classes)
        if classes and self._objects.columnCount():
            self.resizeColumnToContents(1)
        self.select_label(kept)

    def select_label(self, label: int) -> None:
        """Select the row of a label and scroll to it; tells nobody."""
        self._label = label
        row = self._objects.row_of(label)
        if row is None:
            self.clearSelection()
            return
        if self.currentIndex().row() == row and self.selectionModel().hasSelection():
            return
        index = self._objects.index(row, 0)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def _on_objects_sorted(self) -> None:
        self.select_label(self._label)

    def _on_row_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid():
            return
        label = self._objects.label_at(current.row())
        if label != self._label:
            self._label = label
            self.label_chosen.emit(label)


def _heading(name: str) -> str:
    if name in _COLUMNS:
        return _COLUMNS[name][0]
    return f"Mean {name.removeprefix(_MEAN)}"


def _meaning(name: str) -> str:
    if name in _COLUMNS:
        return _COLUMNS[name][2]
    return f"Mean intensity of channel {name.removeprefix(_MEAN)} over the cell"
