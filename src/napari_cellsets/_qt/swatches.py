"""The colour of a class beside its name."""

from __future__ import annotations

from qtpy.QtGui import QColor, QPainter, QPixmap

_SWATCH_PX = 12
_FRAME = "#808080"


def swatch(colour: str) -> QPixmap:
    """Return a small square; framed, as a shade for bright pictures is dark.

    Parameters
    ----------
    colour
        As ``#rrggbb``.
    """
    square = QPixmap(_SWATCH_PX, _SWATCH_PX)
    square.fill(QColor(_FRAME))
    with QPainter(square) as painter:
        painter.fillRect(square.rect().adjusted(1, 1, -1, -1), QColor(colour))
    return square
