"""How a whole set compares with its ground truth, in two small plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QSizePolicy, QTabWidget, QVBoxLayout, QWidget

from napari_cellsets._qt.contrast import seen_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.batch.whole_set import SetRow

_PLOT_HEIGHT = 230
_DOT: Final = "#56b4e9"
_LINE: Final = "#e69f00"
#: Bland and Altman: 95 % of differences lie within bias ± this many deviations.
_LIMITS = 1.96


class CountPlot(pg.PlotWidget):
    """A scatter of images, one dot each; a click on a dot names its image."""

    sample_chosen = Signal(str)

    def __init__(self, x_title: str, y_title: str, name: str) -> None:
        super().__init__()
        self.setFixedHeight(_PLOT_HEIGHT)
        # pyqtgraph asks for 640 pixels and would widen the dock
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setToolTip("Click a dot to open its image")
        self.setMenuEnabled(False)
        self.hideButtons()
        self._titles = {"bottom": x_title, "left": y_title}
        self._lines: list[pg.InfiniteLine] = []
        self._labels: list[pg.InfLineLabel] = []
        self._dots = pg.ScatterPlotItem(
            size=8, pen=pg.mkPen(None), hoverable=True, hoverSize=12
        )
        self._ground = QColor("black")
        self._dots.setBrush(pg.mkBrush(_DOT))
        self._dots.sigClicked.connect(self._on_dots_clicked)
        self.addItem(self._dots)

    def show_points(self, x: Any, y: Any, names: Sequence[str]) -> None:
        """Show one dot an image."""
        self._dots.setData(x=x, y=y, data=list(names), tip=_tip)

    def show_lines(self, lines: Sequence[tuple[float, float, str, bool]]) -> None:
        """Show straight lines: (level, angle in degrees, text, whether dashed)."""
        for line in self._lines:
            self.removeItem(line)
        self._lines, self._labels = [], []
        for level, angle, text, dashed in lines:
            style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
            pen = pg.mkPen(seen_on(_LINE, self._ground), width=1.5, style=style)
            line = pg.InfiniteLine(pos=(0.0, level), angle=angle, pen=pen)
            self.addItem(line)
            self._lines.append(line)
            if text:
                anchors = [(0.5, 1), (0.5, 1)]
                label = pg.InfLineLabel(line, text, position=0.85, anchors=anchors)
                self._labels.append(label)

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        self._ground = background
        self.setBackground(background)
        self._dots.setBrush(pg.mkBrush(seen_on(_DOT, background)))
        for line in self._lines:
            pen = pg.mkPen(line.pen)
            pen.setColor(seen_on(_LINE, background))
            line.setPen(pen)
        for side, title in self._titles.items():
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(text))
            axis.setTextPen(pg.mkPen(text))
            self.setLabel(side, title, color=text.name())
        for label in self._labels:
            label.setColor(text)

    def _on_dots_clicked(
        self, _dots: object, points: Sequence[Any], _event: object
    ) -> None:
        if len(points):
            self.sample_chosen.emit(str(points[0].data()))


class SetPlots(QWidget):
    """Predicted against true counts, and their difference against their mean."""

    sample_chosen = Signal(str)
    """The person clicked the dot of this sample."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = self.palette().window().color()
        self._text = self.palette().windowText().color()
        self.scatter = CountPlot("Ground truth", "Counted", "Counted against true")
        self.difference = CountPlot(
            "Mean of counted and true", "Counted - true", "Bland–Altman plot"
        )
        tabs = QTabWidget(self)
        tabs.addTab(self.scatter, "Counted / true")
        tabs.addTab(self.difference, "Bland–Altman")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(tabs)
        for plot in (self.scatter, self.difference):
            plot.sample_chosen.connect(self.sample_chosen)

    def show_rows(self, rows: Sequence[SetRow]) -> None:
        """Show the images that have ground truth."""
        known = [row for row in rows if row.figures.truth is not None]
        names = [row.sample for row in known]
        counted = np.array([row.figures.count for row in known], float)
        true = np.array([row.figures.truth for row in known], float)
        most = max(float(np.max(true, initial=0)), float(np.max(counted, initial=0)))
        self.scatter.setRange(xRange=(0, max(most, 1)), yRange=(0, max(most, 1)))
        self.scatter.show_points(true, counted, names)
        self.scatter.show_lines([(0.0, 45.0, "", False)])
        self.difference.show_points((counted + true) / 2, counted - true, names)
        lines = _limits_of_agreement(counted - true)
        self.difference.show_lines(lines)
        levels = [0.0, *(line[0] for line in lines), *(counted - true)]
        self.difference.setRange(
            xRange=(0, max(most, 1)), yRange=(min(levels), max(*levels, 1))
        )
        self.set_colours(self._background, self._text)

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        self._background, self._text = background, text
        for plot in (self.scatter, self.difference):
            plot.set_colours(background, text)


def _limits_of_agreement(
    differences: np.ndarray,
) -> list[tuple[float, float, str, bool]]:
    if not differences.size:
        return []
    bias = float(differences.mean())
    lines = [(bias, 0.0, f"bias {bias:+.1f}", False)]
    if differences.size > 1:
        spread = _LIMITS * float(differences.std(ddof=1))
        for level in (bias + spread, bias - spread):
            lines.append((level, 0.0, f"{level:+.1f}", True))
    return lines


def _tip(x: float, y: float, data: object) -> str:
    return f"{data}"
