"""Pictures of a gallery in memory; the rest is made as it comes into view."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer
from qtpy.QtCore import Signal as QtSignal
from qtpy.QtGui import QImage, QPixmap

from napari_cellsets._qt.thumbnail_queue import ThumbnailQueue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtWidgets import QWidget

    from napari_cellsets._qt.thumbnail_queue import Made, Make, Picture

#: Bytes of pictures kept in memory: some ten screens.
_KEPT_BYTES = 96 * 2**20
#: Pictures that come within so long are drawn together, ms: each time the whole
#: window is put on screen anew.
_TOGETHER_MS = 60


class GalleryPictures(QObject):
    """Pictures by number.

    Parameters
    ----------
    parent
        The dock that the work belongs to.
    """

    ready = QtSignal(list)
    """Numbers of the pictures that came."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._queue = ThumbnailQueue(parent)
        self._queue.made.connect(self._on_made)
        self._kept: OrderedDict[int, QPixmap] = OrderedDict()
        self._coarse: OrderedDict[int, QPixmap] = OrderedDict()
        self._bytes = 0
        self._came: list[int] = []
        self._telling = QTimer(self, singleShot=True, interval=_TOGETHER_MS)
        self._telling.timeout.connect(self._on_telling_timeout)

    def serve(self, make: Make | None, *, same: bool = False) -> None:
        """Make other pictures from now on.

        Parameters
        ----------
        make
            As for `ThumbnailQueue.serve`.
        same
            They show the same at another scale: the present ones stand in for them.
        """
        self._queue.serve(make)
        self._coarse = self._kept if same else OrderedDict()
        self._kept = OrderedDict()
        self._bytes = 0
        self._came = []

    def get(self, number: int) -> QPixmap | None:
        """Return a picture, a coarser one for now, or None; asks for nothing."""
        found = self._kept.get(number)
        if found is None:
            return self._coarse.get(number)
        self._kept.move_to_end(number)
        return found

    def want(self, numbers: Iterable[int]) -> None:
        """Make those of these that are not there, the first one first."""
        self._queue.want(n for n in numbers if n not in self._kept)

    def _on_made(self, made: Made) -> None:
        for number, picture in made:
            pixmap = as_pixmap(picture)
            self._kept[number] = pixmap
            self._bytes += _size(pixmap)
            self._coarse.pop(number, None)
        while self._bytes > _KEPT_BYTES:
            self._bytes -= _size(self._kept.popitem(last=False)[1])
        self._came += [number for number, _ in made]
        if not self._telling.isActive():
            self._telling.start()

    def _on_telling_timeout(self) -> None:
        came, self._came = self._came, []
        self.ready.emit(came)


def as_pixmap(picture: Picture | None) -> QPixmap:
    """Return a picture as Qt draws it; a null one for None."""
    if picture is None:
        return QPixmap()
    height, width = picture.shape[:2]
    image = QImage(
        picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888
    )
    return QPixmap.fromImage(image)


def _size(pixmap: QPixmap) -> int:
    return int(pixmap.width() * pixmap.height() * 4)
