"""Cells in a list: thumbnail, class, label; thousands without a widget each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from qtpy.QtCore import QAbstractListModel, QModelIndex, QObject, QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QListView, QWidget

from napari_cellsets._qt.sample_list import THUMBNAIL, framed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from qtpy.QtGui import QIcon

#: Icons of crops kept in memory.
_KEPT = 4000


class Icons(Protocol):
    """Where the pictures of cells come from; `ready` tells of late ones."""

    ready: Any

    def icon(self, index: int) -> QIcon:
        """Return the picture of a cell, or an empty frame for now."""


class CropIcons(QObject):
    """Pictures of cells that were cut out of the image on screen."""

    ready = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._crops: Sequence[NDArray[Any]] = ()
        self._icons: dict[int, QIcon] = {}

    def set_crops(self, crops: Sequence[NDArray[Any]]) -> None:
        """Serve other crops: uint8, (y, x, 3)."""
        self._crops = crops
        self._icons = {}

    def icon(self, index: int) -> QIcon:
        """Return the picture of a cell."""
        if not 0 <= index < len(self._crops):
            return framed(None)
        found = self._icons.get(index)
        if found is None:
            if len(self._icons) > _KEPT:
                self._icons.clear()
            found = self._icons[index] = framed(self._crops[index])
        return found


class CellListModel(QAbstractListModel):
    """Cells in any order, one row each.

    Parameters
    ----------
    icons
        Pictures by number of the picture.
    parent
        As for every Qt object.
    """

    def __init__(self, icons: Icons, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icons = icons
        icons.ready.connect(self._on_icon_ready)
        self._order: NDArray[np.intp] = np.empty(0, np.intp)
        self._pictures: NDArray[np.intp] = np.empty(0, np.intp)
        self._row_of_picture: dict[int, int] = {}
        self._describe: Callable[[int], tuple[str, str]] = _nothing

    def set_icons(self, icons: Icons) -> None:
        """Take the pictures from elsewhere."""
        if icons is not self._icons:
            self._icons.ready.disconnect(self._on_icon_ready)
            icons.ready.connect(self._on_icon_ready)
            self._icons = icons

    def show_cells(
        self,
        order: NDArray[np.intp],
        pictures: NDArray[np.intp],
        describe: Callable[[int], tuple[str, str]],
    ) -> None:
        """List other cells.

        Parameters
        ----------
        order
            Numbers of the cells, the first row first.
        pictures
            Number of the picture of each cell, by number of the cell.
        describe
            Returns the text of a cell's row, and of its tooltip.
        """
        self.beginResetModel()
        self._order = np.asarray(order, np.intp)
        self._pictures = np.asarray(pictures, np.intp)
        shown = self._pictures[self._order].tolist()
        self._row_of_picture = {at: row for row, at in enumerate(shown)}
        self._describe = describe
        self.endResetModel()

    def cell_at(self, row: int) -> int:
        """Return the number of the cell in a row."""
        return int(self._order[row])

    def row_of(self, cell: int) -> int | None:
        """Return the row of a cell, None where it is not listed."""
        if not 0 <= cell < self._pictures.size:
            return None
        return self._row_of_picture.get(int(self._pictures[cell]))

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._order.size

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not 0 <= index.row() < self._order.size:
            return None
        cell = int(self._order[index.row()])
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icons.icon(int(self._pictures[cell]))
        if role == Qt.ItemDataRole.DisplayRole:
            return self._describe(cell)[0]
        if role in (
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleDescriptionRole,
        ):
            return self._describe(cell)[1]
        return None

    def _on_icon_ready(self, picture: int) -> None:
        row = self._row_of_picture.get(picture)
        if row is not None:
            at = self.index(row)
            self.dataChanged.emit(at, at, [Qt.ItemDataRole.DecorationRole])


class CellListView(QListView):
    """The list on screen; speaks in cells, not in rows."""

    cell_chosen = Signal(int)
    """By mouse or by arrow keys; not when `show_cell` moved the mark."""

    def __init__(self, cells: CellListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = cells
        self._following = False
        self.setModel(cells)
        self.setIconSize(THUMBNAIL)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setAccessibleName("Cells")

    def show_cell(self, cell: int | None) -> None:
        """Select a cell and scroll to it; none where it is not listed."""
        row = None if cell is None else self.cells.row_of(cell)
        if row is None:
            self.clearSelection()
            return
        if self.currentIndex().row() == row and self.selectionModel().hasSelection():
            return
        at = self.cells.index(row)
        self._following = True
        self.setCurrentIndex(at)
        self._following = False
        self.scrollTo(at)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell of the cell that the person moved to."""
        super().currentChanged(current, previous)
        if current.isValid() and not self._following:
            self.cell_chosen.emit(self.cells.cell_at(current.row()))

    def sizeHint(self) -> QSize:
        """Ask for little: the list takes what the window has to give."""
        return QSize(260, 160)


def _nothing(_cell: int) -> tuple[str, str]:
    return "", ""
