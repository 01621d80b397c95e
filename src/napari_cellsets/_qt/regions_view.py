"""The drawn regions: one row each, with a name to edit and a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_cellsets._qt.headed_table import HeadedTableModel

if TYPE_CHECKING:
    from collections.abc import Sequence

_HINT = (
    "Press the button, then drag a rectangle in the image; the toolbar of the layer"
    " has polygons and ellipses. A cell belongs to the region that holds its centre."
)


class RegionTableModel(HeadedTableModel):
    """Names and counts of regions; a name can be edited."""

    HEADINGS = ("Region", "Cells")

    renamed = Signal(int, str)
    """The person gave the region in this row another name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, str]] = []

    def set_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show other regions: (name, count as text)."""
        if list(rows) != self._rows:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(
        self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.ToolTipRole and index.column() == 0:
            return "Double-click to rename"
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        usual = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return usual | Qt.ItemFlag.ItemIsEditable if index.column() == 0 else usual

    def setData(
        self, index: QModelIndex, value: str, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        name = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not name:
            return False
        self.renamed.emit(index.row(), name)
        return True


class RegionsView(QWidget):
    """Draw, name and read off regions."""

    draw_wanted = Signal()
    """The person wants to draw a region."""
    renamed = Signal(int, str)
    """The person renamed a region: its place, its new name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._regions = RegionTableModel(self)
        self._regions.renamed.connect(self.renamed)
        self.draw_button = QPushButton("Draw a region")
        self.draw_button.setToolTip("Makes the layer Regions ready to draw in")
        self.draw_button.clicked.connect(self.draw_wanted)
        hint = QLabel(_HINT)
        hint.setWordWrap(True)
        self.table = QTableView()
        self.table.setModel(self._regions)
        self.table.setAccessibleName("Regions")
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setSectionResizeMode(
            0, QHeaderView.ResizeMode.Stretch
        )
        self.table.setMinimumHeight(110)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self.draw_button)
        layout.addWidget(hint)
        layout.addWidget(self.table, 1)

    @property
    def regions(self) -> RegionTableModel:
        """The model behind the table."""
        return self._regions

    def synchronize(self, names: Sequence[str], counts: dict[str, int]) -> None:
        """Show the regions in the order drawn; a count that is unknown is a dash."""
        self._regions.set_rows(
            [(name, f"{counts[name]}" if name in counts else "–") for name in names]
        )
