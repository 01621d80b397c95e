"""What one cell is: its class in words, and the nearest classes as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QPainter, QPalette
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget
from superqt import QElidingLabel

from napari_cellsets._qt.contrast import laid_over, seen_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QPaintEvent

ROWS: Final = 3
_ROW_SPACING = 4
_NAME_SHARE = 0.42
_NUMBER_WIDTH = 52
#: Labels of the window's style keep this distance from their edge.
_INDENT = 5
_TROUGH_ALPHA = 34


class ShareBars(QWidget):
    """Up to three classes with their shares; draws itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, float, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Most likely classes")

    @property
    def rows(self) -> list[tuple[str, float, str]]:
        """Name, share and colour of each bar."""
        return self._rows

    def show_rows(self, rows: Sequence[tuple[str, float, str]]) -> None:
        """Show (name, share 0..1, colour), the largest first."""
        self._rows = list(rows)[:ROWS]
        said = ", ".join(f"{name} {100 * share:.1f} %" for name, share, _ in rows)
        self.setAccessibleDescription(said)
        self.setToolTip(said)
        self.update()

    def sizeHint(self) -> QSize:
        """Return room for three rows, whether there are so many or not."""
        return QSize(200, ROWS * self._row_height())

    def minimumSizeHint(self) -> QSize:
        """Return the same height; names are shortened where it is narrow."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw name, bar and number of each row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, row in enumerate(self._rows):
            self._paint_row(painter, number * self._row_height(), *row)

    def _paint_row(
        self, painter: QPainter, top: int, name: str, share: float, colour: str
    ) -> None:
        height = self._row_height() - _ROW_SPACING
        text = self.palette().color(QPalette.ColorRole.WindowText)
        left = round(self.width() * _NAME_SHARE)
        room = max(10, self.width() - left - _NUMBER_WIDTH)
        painter.setPen(text)
        metrics = self.fontMetrics()
        shown = metrics.elidedText(
            name, Qt.TextElideMode.ElideRight, left - 8 - _INDENT
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(
            QRectF(_INDENT, top, left - 8, height),
            middle | Qt.AlignmentFlag.AlignLeft,
            shown,
        )
        painter.drawText(
            QRectF(left + room, top, _NUMBER_WIDTH, height),
            middle | Qt.AlignmentFlag.AlignRight,
            percent(share),
        )
        painter.setPen(Qt.PenStyle.NoPen)
        trough = QColor(text)
        trough.setAlpha(_TROUGH_ALPHA)
        bar = QRectF(left, top + height * 0.2, room, height * 0.6)
        painter.setBrush(trough)
        painter.drawRoundedRect(bar, 2, 2)
        bar.setWidth(room * min(max(share, 0.0), 1.0))
        ground = self.palette().color(QPalette.ColorRole.Window)
        painter.setBrush(seen_on(colour, laid_over(trough, ground)))
        painter.drawRoundedRect(bar, 2, 2)

    def _row_height(self) -> int:
        return int(self.fontMetrics().height()) + _ROW_SPACING + 2


class TopView(QWidget):
    """The class of the cell on screen, what it is labelled as, and three bars."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headline = Headline()
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self._note.setAccessibleName("Label of this cell")
        self.bars = ShareBars()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for part in (self._headline, self._note, self.bars):
            layout.addWidget(part)
        self.synchronize("", "", [])

    @property
    def headline(self) -> str:
        """The large word as shown."""
        return str(self._headline.text())

    @property
    def note(self) -> str:
        """The line below it."""
        return str(self._note.text())

    def synchronize(
        self, headline: str, note: str, rows: Sequence[tuple[str, float, str]]
    ) -> None:
        """Show what a cell is; three empty values before anything was classified.

        Parameters
        ----------
        headline
            Its class in words.
        note
            A sentence about it.
        rows
            As for `ShareBars.show_rows`.
        """
        self._headline.setText(headline or "–")
        self._headline.setToolTip(headline)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        self.bars.show_rows(rows)
        self.bars.setVisible(bool(rows))


class Headline(QElidingLabel):
    """A line larger than the rest; the style sheet of the window fixes sizes."""

    _SHARE = 1.35

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Class")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the height of the large letters."""
        return QSize(super().sizeHint().width(), round(self._pixels() * 1.5))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the text large and bold, shortened where it is narrow."""
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(self._pixels())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        shown = painter.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width() - _INDENT
        )
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect().adjusted(_INDENT, 0, 0, 0), middle, shown)

    def _pixels(self) -> int:
        return round(int(self.fontMetrics().height()) * self._SHARE * 0.8)


def percent(share: float) -> str:
    """Return a share as a person reads it; certainty is never claimed."""
    if share >= 0.9995:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"
