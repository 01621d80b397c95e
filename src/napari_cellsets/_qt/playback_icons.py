"""Signs on the buttons of a player, drawn in the colour of the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QIcon, QPainter, QPainterPath, QPixmap, QPolygonF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QColor

    Corners = Sequence[tuple[float, float]]

_SIDE = 64
#: Polygons in a square of one unit; forwards, mirrored for backwards.
_TRIANGLE: Final = ((0.25, 0.15), (0.85, 0.5), (0.25, 0.85))
_SHAPES: Final[dict[str, tuple[Corners, ...]]] = {
    "play": (_TRIANGLE,),
    "pause": (
        ((0.24, 0.16), (0.42, 0.16), (0.42, 0.84), (0.24, 0.84)),
        ((0.58, 0.16), (0.76, 0.16), (0.76, 0.84), (0.58, 0.84)),
    ),
    "step": (
        ((0.2, 0.22), (0.62, 0.5), (0.2, 0.78)),
        ((0.66, 0.22), (0.78, 0.22), (0.78, 0.78), (0.66, 0.78)),
    ),
    "end": (
        ((0.1, 0.22), (0.44, 0.5), (0.1, 0.78)),
        ((0.44, 0.22), (0.78, 0.5), (0.44, 0.78)),
        ((0.78, 0.22), (0.88, 0.22), (0.88, 0.78), (0.78, 0.78)),
    ),
}
_LOOP_PEN = 0.1


def icon(sign: str, colour: QColor, *, backwards: bool = False) -> QIcon:
    """Return a sign as an icon.

    Parameters
    ----------
    sign
        ``play``, ``pause``, ``step``, ``end`` or ``loop``.
    colour
        Of the theme's text.
    backwards
        Whether it points to the left.
    """
    pixmap = QPixmap(_SIDE, _SIDE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(_SIDE, _SIDE)
    if backwards:
        painter.translate(1, 0)
        painter.scale(-1, 1)
    if sign == "loop":
        _draw_loop(painter, colour)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for corners in _SHAPES[sign]:
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in corners]))
    painter.end()
    return QIcon(pixmap)


def _draw_loop(painter: QPainter, colour: QColor) -> None:
    """Draw a circle that is open at the upper right, with a head of an arrow."""
    circle = QRectF(0.2, 0.2, 0.6, 0.6)
    path = QPainterPath()
    path.arcMoveTo(circle, 40)
    path.arcTo(circle, 40, -300)
    pen = painter.pen()
    pen.setColor(colour)
    pen.setWidthF(_LOOP_PEN)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    head = ((0.48, 0.02), (0.48, 0.38), (0.74, 0.2))
    painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in head]))
