"""Draws one item of a gallery: picture, name, class, verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QPoint, QRect, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPalette, QPen

from napari_cellsets._qt.gallery_layout import MARGIN

if TYPE_CHECKING:
    from qtpy.QtGui import QPixmap
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.gallery_items import Card

#: By verdict: sign and colour, told apart without colour too.
VERDICT_SIGNS: Final = {
    "accepted": ("✓", "#009e73"),
    "relabelled": ("⇄", "#56b4e9"),
    "flagged": ("!", "#e69f00"),
    "rejected": ("×", "#d55e00"),
    "commented": ("…", "#9e9e9e"),
}
_STRIP, _BADGE, _GAP = 3, 16, 6


class CardPainter:
    """Draws with palette and font of a view.

    Parameters
    ----------
    view
        Whose items are drawn.
    """

    def __init__(self, view: QWidget) -> None:
        self._view = view
        self._picture, self._listed = 96, False
        self._text = self._dim = self._mark = QColor()

    def begin(self, picture: int, *, listed: bool) -> None:
        """Take size and colours for what is drawn next."""
        palette = self._view.palette()
        self._picture, self._listed = picture, listed
        self._text = palette.color(QPalette.ColorRole.Text)
        self._dim = QColor(self._text)
        self._dim.setAlpha(40)
        self._mark = palette.color(QPalette.ColorRole.Highlight)

    def draw(
        self,
        painter: QPainter,
        rect: QRect,
        card: Card,
        picture: QPixmap | None,
        *,
        chosen: bool,
        current: bool,
    ) -> None:
        """Draw one item into `rect`."""
        if chosen:
            painter.fillRect(rect.adjusted(1, 1, -1, -1), self._mark)
        frame = self._frame(rect)
        shown = self._draw_picture(painter, frame, picture)
        if card.colour:
            strip = QRect(shown.left(), shown.bottom() + 1, shown.width(), _STRIP)
            painter.fillRect(strip, QColor(card.colour))
        if card.verdict in VERDICT_SIGNS:
            self._draw_verdict(painter, shown.topRight(), card.verdict)
        self._draw_text(painter, rect, frame, card)
        if current:
            painter.setPen(QPen(self._text, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(1, 1, -2, -2))

    def _frame(self, rect: QRect) -> QRect:
        side = QSize(self._picture, self._picture)
        if self._listed:
            return QRect(rect.topLeft() + QPoint(MARGIN, MARGIN), side)
        left = rect.left() + (rect.width() - self._picture) // 2
        return QRect(QPoint(left, rect.top() + MARGIN), side)

    def _draw_picture(
        self, painter: QPainter, frame: QRect, picture: QPixmap | None
    ) -> QRect:
        """Draw the picture in the middle of its frame; return where it is."""
        if picture is None or picture.isNull():
            painter.fillRect(frame.adjusted(2, 2, -2, -2), self._dim)
            if picture is not None:
                painter.setPen(self._text)
                painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, "cannot\nbe read")
            return frame
        room = frame.adjusted(0, 0, 0, -_STRIP)
        size = picture.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        shown = QRect(QPoint(0, 0), size)
        shown.moveCenter(room.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(shown, picture)
        return shown

    def _draw_verdict(self, painter: QPainter, corner: QPoint, verdict: str) -> None:
        sign, colour = VERDICT_SIGNS[verdict]
        badge = QRect(corner.x() - _BADGE - 1, corner.y() + 2, _BADGE, _BADGE)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor("white"), 1))
        painter.setBrush(QColor(colour))
        painter.drawEllipse(badge)
        painter.setPen(QColor("black"))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, sign)

    def _draw_text(
        self, painter: QPainter, rect: QRect, frame: QRect, card: Card
    ) -> None:
        metrics = self._view.fontMetrics()
        painter.setPen(self._text)
        line = metrics.height()
        if not self._listed:
            below = QRect(rect.left() + 2, frame.bottom() + 1, rect.width() - 4, line)
            if below.bottom() <= rect.bottom():
                name = card.title.rpartition("/")[2]
                shown = metrics.elidedText(
                    name, Qt.TextElideMode.ElideMiddle, below.width()
                )
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, shown)
            return
        left = frame.right() + _GAP
        room = QRect(left, rect.top(), rect.right() - left - _GAP, rect.height())
        said = "  ".join(filter(None, (card.verdict, card.line)))
        lines = [text for text in (card.title, said) if text]
        if rect.height() < 2 * line + 2:
            lines = ["    ".join(lines)]
        shown = "\n".join(
            metrics.elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            for text in lines
        )
        where = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, where, shown)
