"""The items of a gallery in their order, as Qt and as the view ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractListModel, QModelIndex, Qt

from napari_cellsets._napari.gallery_items import Card

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from qtpy.QtGui import QPixmap

    from napari_cellsets._qt.gallery_pictures import GalleryPictures


class GalleryModel(QAbstractListModel):
    """Items by number, one row each.

    Parameters
    ----------
    pictures
        Of the items.
    """

    def __init__(self, pictures: GalleryPictures) -> None:
        super().__init__(pictures)
        self.pictures = pictures
        self._describe: Callable[[int], Card] = untitled
        self._order: NDArray[np.intp] = np.empty(0, np.intp)
        self._rows: NDArray[np.intp] = np.empty(0, np.intp)
        pictures.ready.connect(self._on_pictures_ready)

    @property
    def order(self) -> NDArray[np.intp]:
        """Numbers of the items, the first row first."""
        return self._order

    def show_items(
        self, order: NDArray[np.intp], describe: Callable[[int], Card] | None = None
    ) -> None:
        """List other items.

        Parameters
        ----------
        order
            Their numbers.
        describe
            Returns what is written of a number; by default the number.
        """
        self.beginResetModel()
        self._order = np.asarray(order, np.intp)
        self._rows = np.full(int(self._order.max(initial=-1)) + 1, -1, np.intp)
        self._rows[self._order] = np.arange(self._order.size)
        self._describe = describe or untitled
        self.endResetModel()

    def describe_by(self, describe: Callable[[int], Card]) -> None:
        """Write something else of the same items."""
        self._describe = describe
        self.refresh()

    def refresh(self) -> None:
        """Tell that what is written of the items changed."""
        if self._order.size:
            self.dataChanged.emit(self.index(0), self.index(self._order.size - 1))

    def item_at(self, row: int) -> int:
        """Return the number of the item in a row."""
        return int(self._order[row])

    def row_of(self, item: int) -> int | None:
        """Return the row of an item, None where it is not listed."""
        if not 0 <= item < self._rows.size or self._rows[item] < 0:
            return None
        return int(self._rows[item])

    def card(self, row: int) -> Card:
        """Return what is written of the item in a row."""
        return self._describe(self.item_at(row))

    def picture(self, row: int) -> QPixmap | None:
        """Return the picture in a row, None while it is not there."""
        return self.pictures.get(self.item_at(row))

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return how many items are listed."""
        return 0 if parent is not None and parent.isValid() else self._order.size

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return title and line, or all that is known."""
        if not 0 <= index.row() < self._order.size:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            card = self.card(index.row())
            return "\n".join(filter(None, (card.title, card.line, card.verdict)))
        if role in (
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleDescriptionRole,
        ):
            return self.card(index.row()).details
        return None

    def _on_pictures_ready(self, numbers: list[int]) -> None:
        for row in map(self.row_of, numbers):
            if row is not None:
                at = self.index(row)
                self.dataChanged.emit(at, at, [Qt.ItemDataRole.DecorationRole])


def untitled(item: int) -> Card:
    """Write the number of an item, where no more is known."""
    return Card(str(item))
