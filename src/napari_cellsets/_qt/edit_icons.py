"""Signs of the tools of the Edit dock, drawn in the colour of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QIcon, QPainter, QPen, QPixmap, QPolygonF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QColor

    Corners = Sequence[tuple[float, float]]
    Circles = Sequence[tuple[float, float, float]]
    Sign = tuple[Circles, Sequence[Corners], Sequence[Corners]]

_SIDE = 64
_PEN = 0.07
#: In a square of one unit: circles (x, y, radius), then lines, then filled polygons.
_CELL = ((0.5, 0.52, 0.34),)
_TWO = ((0.33, 0.5, 0.22), (0.68, 0.5, 0.22))
_ARROW = ((0.32, 0.16), (0.32, 0.8), (0.48, 0.65), (0.6, 0.9), (0.7, 0.84), (0.58, 0.6))
_SIGNS: Final[dict[str, Sign]] = {
    "select": ((), (), ((*_ARROW, (0.8, 0.6)),)),
    "join": (_TWO, (((0.25, 0.5), (0.75, 0.5)),), ()),
    "cut": (_CELL, (((0.84, 0.1), (0.16, 0.92)),), ()),
    "seeds": (
        _CELL,
        (),
        (
            ((0.32, 0.5), (0.4, 0.42), (0.48, 0.5), (0.4, 0.58)),
            ((0.54, 0.62), (0.62, 0.54), (0.7, 0.62), (0.62, 0.7)),
        ),
    ),
    "add": (_CELL, (((0.5, 0.36), (0.5, 0.68)), ((0.34, 0.52), (0.66, 0.52))), ()),
    "copy": (((0.38, 0.4, 0.26), (0.62, 0.64, 0.26)), (), ()),
}


def tool_icon(name: str, colour: QColor) -> QIcon:
    """Return the sign of a tool.

    Parameters
    ----------
    name
        ``select``, ``join``, ``cut``, ``seeds``, ``add`` or ``copy``.
    colour
        Of the theme's text.
    """
    circles, lines, polygons = _SIGNS[name]
    pixmap = QPixmap(_SIDE, _SIDE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SIDE, _SIDE)
    painter.setPen(QPen(colour, _PEN))
    for x, y, radius in circles:
        painter.drawEllipse(QRectF(x - radius, y - radius, 2 * radius, 2 * radius))
    for line in lines:
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line]))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for corners in polygons:
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
    painter.end()
    return QIcon(pixmap)
