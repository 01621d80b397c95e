"""Held-out pictures as the network sees them now, beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QImage, QPainter, QPalette
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cellsets._napari.class_colours import class_colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent, QResizeEvent

    from napari_cellsets.training.request import Example

_COLUMNS: Final = ("Picture", "Truth", "Prediction")
_GAP = 4
#: How much of a picture shows through the colour of a cell.
_CLEAR = 0.45
_SMALLEST = 1.0
_RIGHT, _WRONG = "✓", "✗"


class ExamplesView(QWidget):
    """Rows of three: the picture, its truth, what the network finds; draws itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[Example, list[QImage]]] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Examples")

    @property
    def shown(self) -> list[str]:
        """Names of the pictures."""
        return [example.name for example, _ in self._rows]

    def show_examples(self, examples: Sequence[Example]) -> None:
        """Show other examples."""
        self._rows = [(one, [_image(p) for p in pictures_of(one)]) for one in examples]
        self.setVisible(bool(self._rows))
        self.setToolTip("\n".join(self.shown))
        self.setAccessibleDescription("; ".join(told(one) for one in examples))
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the pictures' shape."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """Return room for all rows."""
        return QSize(240, self._height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw headings, pictures and names of classes."""
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        line = self.fontMetrics().height()
        width = self._cell()
        heading = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for column, title in enumerate(_COLUMNS):
            place = QRectF(column * (width + _GAP), 0, width, line)
            painter.drawText(place, int(heading), title)
        top = line + _GAP
        for example, images in self._rows:
            height = _height_of(images[0], width)
            for column, image in enumerate(images):
                at = QPointF(column * (width + _GAP), top)
                painter.drawImage(QRectF(at.x(), at.y(), width, height), image)
            self._write_classes(painter, example, QRectF(0, top, width, height))
            top += height + _GAP

    def _write_classes(self, painter: QPainter, example: Example, box: QRectF) -> None:
        if not isinstance(example.truth, str):
            return
        wraps = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        mark = _RIGHT if example.truth == example.prediction else _WRONG
        for column, text in enumerate(
            (example.truth, f"{mark} {example.prediction}"), start=1
        ):
            place = box.translated(column * (box.width() + _GAP), 0)
            painter.drawText(place, wraps, text)

    def _cell(self) -> float:
        return float(max(_SMALLEST, (self.width() - 2 * _GAP) / 3))

    def _height(self) -> int:
        width, line = self._cell(), self.fontMetrics().height()
        rows = sum(_height_of(images[0], width) + _GAP for _, images in self._rows)
        return int(np.ceil(line + _GAP + rows)) if self._rows else 0

    def _fit(self) -> None:
        if self.height() != self._height():
            self.setFixedHeight(self._height())


def pictures_of(example: Example) -> list[NDArray[np.uint8]]:
    """Return what is drawn of an example: the picture, and cells in colours on it.

    Parameters
    ----------
    example
        Of fields (labels) or of single cells (names of classes).

    Returns
    -------
    list of uint8, shape (y, x, 3)
        Three for fields, the picture alone for single cells.
    """
    found = [np.ascontiguousarray(example.picture)]
    for labels in (example.truth, example.prediction):
        if not isinstance(labels, str):
            found.append(_coloured(example.picture, labels))
    return found


def told(example: Example) -> str:
    """Say what an example shows."""
    if isinstance(example.truth, str):
        return f"{example.name}: {example.truth}, found {example.prediction}"
    true, seen = (
        np.unique(labels[labels > 0]).size
        for labels in (example.truth, np.asarray(example.prediction))
    )
    return f"{example.name}: {true} cells, {seen} found"


def _coloured(
    picture: NDArray[np.uint8], labels: NDArray[np.int32]
) -> NDArray[np.uint8]:
    """Paint cells over a picture, neighbours mostly in other colours."""
    colours = np.array(
        [[int(text[at : at + 2], 16) for at in (1, 3, 5)] for text in class_colours(8)],
        np.float32,
    )
    painted = picture.astype(np.float32)
    inside = labels > 0
    shade = colours[labels[inside] % len(colours)]
    painted[inside] = _CLEAR * painted[inside] + (1 - _CLEAR) * shade
    return np.ascontiguousarray(painted.astype(np.uint8))


def _image(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    seen = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return seen.copy()  # the array may go


def _height_of(image: QImage, width: float) -> float:
    return float(width * image.height() / max(1, image.width()))
