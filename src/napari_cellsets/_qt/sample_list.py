"""The samples of a set as a Qt list, with thumbnails that come when they can."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, QObject, QSize, Qt, QTimer
from qtpy.QtCore import Signal as QtSignal
from qtpy.QtGui import QIcon, QImage, QPainter, QPixmap

from napari_cellsets._napari.browsing import Marks, describe, details
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.thumbnails import ThumbnailCache
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress

    Decoded = list[tuple[int, NDArray[np.uint8] | None]]

THUMBNAIL = QSize(72, 54)
_DECODED_PX = 144
_BATCH = 6
#: Thumbnails kept in memory; about 20 kB each.
_KEPT = 2000
#: Requests that wait; older ones have been scrolled away.
_WAITING = 60


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
        self._dataset: Dataset | None = None
        self._kept: OrderedDict[int, QIcon] = OrderedDict()
        self._waiting: OrderedDict[int, None] = OrderedDict()
        self._runner = JobRunner(parent)
        self._blank = framed(None)
        # rows ask while they are painted; start when the list has been painted
        self._start = QTimer(self, singleShot=True, interval=0)
        self._start.timeout.connect(self._on_start_timeout)

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Forget all and serve another set."""
        self._runner.stop()
        self._dataset = dataset
        self._kept.clear()
        self._waiting.clear()

    def icon(self, index: int) -> QIcon:
        """Return a thumbnail, or an empty frame until `ready` tells of it."""
        found = self._kept.get(index)
        if found is not None:
            self._kept.move_to_end(index)
            return found
        self._waiting[index] = None
        self._waiting.move_to_end(index)
        if len(self._waiting) > _WAITING:
            self._waiting.popitem(last=False)
        if not self._runner.busy:
            self._start.start()
        return self._blank

    def _on_start_timeout(self) -> None:
        dataset, cache = self._dataset, self._cache
        if dataset is None or not self._waiting or self._runner.busy:
            return
        batch = [self._waiting.popitem()[0] for _ in range(_BATCH) if self._waiting]

        def work(token: CancelToken, _progress: Progress) -> Decoded:
            return _decode(dataset, batch, cache, token)

        self._runner.start(work, title="Thumbnails", done=self._on_done, quiet=True)

    def _on_done(self, decoded: Decoded) -> None:
        for index, thumbnail in decoded:
            self._kept[index] = framed(thumbnail)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            self.ready.emit(index)
        if self._waiting:
            self._start.start()


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


def _decode(
    dataset: Dataset, batch: list[int], cache: ThumbnailCache, token: CancelToken
) -> Decoded:
    decoded: Decoded = []
    for index in batch:
        token.raise_if_cancelled()
        try:
            thumbnail = cache.get(dataset, dataset.samples[index], _DECODED_PX)
        except CellsetsError:
            # said where the sample is opened; the row shows an empty frame
            decoded.append((index, None))
        else:
            decoded.append((index, thumbnail))
    return decoded


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
