"""The samples of a set as a Qt list, with thumbnails that come when they can."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, QObject, QSize, Qt
from qtpy.QtCore import Signal as QtSignal
from qtpy.QtGui import QIcon, QImage, QPainter, QPixmap

from napari_cellsets._napari.browsing import Marks, describe, details
from napari_cellsets._qt.thumbnail_queue import ThumbnailQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.thumbnails import ThumbnailCache
    from napari_cellsets._qt.thumbnail_queue import Made
    from napari_cellsets.catalogue import Dataset

THUMBNAIL = QSize(72, 54)
_DECODED_PX = 144
#: Thumbnails kept in memory; about 20 kB each.
_KEPT = 2000


class Thumbnails(QObject):
    """Icons by sample index: in memory, on disk, or decoded beside the window.

    Parameters
    ----------
    cache
        On disk.
    parent
        The dock that the work belongs to.
    """

    ready = QtSignal(int)

    def __init__(self, cache: ThumbnailCache, parent: QWidget) -> None:
        super().__init__(parent)
        self._cache = cache
        self._kept: OrderedDict[int, QIcon] = OrderedDict()
        self._queue = ThumbnailQueue(parent)
        self._queue.made.connect(self._on_made)
        self._blank = framed(None)

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Forget all and serve another set."""
        make = None if dataset is None else self._cache.maker(dataset, _DECODED_PX)
        self._queue.serve(make)
        self._kept.clear()

    def icon(self, index: int) -> QIcon:
        """Return a thumbnail, or an empty frame until `ready` tells of it."""
        found = self._kept.get(index)
        if found is not None:
            self._kept.move_to_end(index)
            return found
        self._queue.ask(index)
        return self._blank

    def _on_made(self, made: Made) -> None:
        for index, thumbnail in made:
            self._kept[index] = framed(thumbnail)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            self.ready.emit(index)


class SampleListModel(QAbstractListModel):
    """The samples that pass the filter; one row each.

    Parameters
    ----------
    thumbnails
        Where the rows' pictures come from.
    parent
        As for every Qt object.
    """

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._thumbnails.ready.connect(self._on_thumbnail_ready)
        self._dataset: Dataset | None = None
        self._marks = Marks()
        self._order: list[int] = []
        self._row_of: dict[int, int] = {}

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Show another set, without marks and with all its samples."""
        self.beginResetModel()
        self._dataset = dataset
        self._marks = Marks()
        self._thumbnails.set_dataset(dataset)
        self._set_order(range(len(dataset.samples)) if dataset else ())
        self.endResetModel()

    def set_order(self, order: Sequence[int]) -> None:
        """List these samples alone."""
        if list(order) != self._order:
            self.beginResetModel()
            self._set_order(order)
            self.endResetModel()

    def set_marks(self, marks: Marks) -> None:
        """Tell what was counted and corrected."""
        self._marks = marks
        if self._order:
            self.dataChanged.emit(self.index(0), self.index(len(self._order) - 1))

    def row_of(self, index: int) -> int | None:
        """Return the row of a sample; None while the filter hides it."""
        return self._row_of.get(index)

    def sample_index(self, row: int) -> int:
        """Return the sample of a row."""
        return self._order[row]

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return how many samples are listed."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return name and state, thumbnail, or all that is known."""
        if self._dataset is None or not 0 <= index.row() < len(self._order):
            return None
        at = self._order[index.row()]
        sample = self._dataset.samples[at]
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnails.icon(at)
        if role == Qt.ItemDataRole.DisplayRole:
            kind = self._dataset.kind
            return f"{sample.name}\n{describe(sample, self._marks, kind)}"
        if role in (
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleDescriptionRole,
        ):
            return details(sample, self._marks, self._dataset.kind)
        return None

    def _set_order(self, order: Sequence[int]) -> None:
        self._order = list(order)
        self._row_of = {index: row for row, index in enumerate(self._order)}

    def _on_thumbnail_ready(self, index: int) -> None:
        row = self._row_of.get(index)
        if row is not None:
            at = self.index(row)
            self.dataChanged.emit(at, at, [Qt.ItemDataRole.DecorationRole])


def framed(thumbnail: NDArray[np.uint8] | None) -> QIcon:
    """Return an icon of one size for all, the picture in its middle."""
    framed = QPixmap(THUMBNAIL)
    framed.fill(Qt.GlobalColor.transparent)
    if thumbnail is None:
        return QIcon(framed)
    height, width = thumbnail.shape[:2]
    image = QImage(
        thumbnail.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888
    ).scaled(
        THUMBNAIL,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    painter = QPainter(framed)
    painter.drawImage(
        (THUMBNAIL.width() - image.width()) // 2,
        (THUMBNAIL.height() - image.height()) // 2,
        image,
    )
    painter.end()
    icon = QIcon(framed)
    # the same when selected: a tint would hide what the picture shows
    icon.addPixmap(framed, QIcon.Mode.Selected)
    return icon
