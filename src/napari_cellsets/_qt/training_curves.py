"""How a run goes: loss, and score on held-out pictures, as live curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_cellsets._qt.contrast import seen_on
from napari_cellsets.training.words import curve_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QColor

    from napari_cellsets.training.request import TrainingPoint

_HEIGHT = 98
_AXIS_WIDTH = 46
_ROOM, _LEAST_SPAN = 0.04, 0.1
_LOSS: Final = "#e69f00"
_SCORE: Final = "#56b4e9"


class CurvePlot(pg.PlotWidget):
    """One curve over minutes.

    Parameters
    ----------
    colour
        Of the curve, ``#rrggbb``.
    marked
        Whether each point has a dot, and the best of them a line.
    """

    def __init__(self, colour: str, name: str, *, marked: bool) -> None:
        super().__init__()
        self.setFixedHeight(_HEIGHT)
        # pyqtgraph asks for 640 pixels and would widen the dock
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setMenuEnabled(False)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.getAxis("left").setWidth(_AXIS_WIDTH)
        self._title = name
        self._colour = colour
        self._text: QColor | None = None
        dots = {"symbol": "o", "symbolSize": 5, "symbolBrush": colour}
        self._curve = self.plot(
            pen=pg.mkPen(colour, width=1.8),
            **({**dots, "symbolPen": None} if marked else {}),
        )
        dashed = pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine)
        self._best = pg.InfiniteLine(angle=0, pen=dashed)
        self._best.hide()
        self.addItem(self._best)

    @property
    def points(self) -> tuple[list[float], list[float]]:
        """Minutes and values on screen."""
        x, y = self._curve.getData()
        return ([] if x is None else list(x)), ([] if y is None else list(y))

    @property
    def title(self) -> str:
        """What stands above the curve."""
        return self._title

    def show_points(
        self, x: Sequence[float], y: Sequence[float], best: float | None = None
    ) -> None:
        """Show a curve, and a line at the best value so far."""
        self._curve.setData(list(x), list(y))
        self._best.setVisible(best is not None)
        if best is not None:
            self._best.setValue(best)

    def show_title(self, title: str) -> None:
        """Write what the curve shows above it."""
        self._title = title
        colour = {} if self._text is None else {"color": self._text.name()}
        self.setTitle(title, size="9pt", **colour)

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        self._text = text
        self.setBackground(background)
        colour = seen_on(self._colour, background)
        self._curve.setPen(pg.mkPen(colour, width=1.8))
        self._curve.setSymbolBrush(pg.mkBrush(colour))
        self._best.setPen(pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine))
        for side in ("bottom", "left"):
            self.getAxis(side).setPen(pg.mkPen(text))
            self.getAxis(side).setTextPen(pg.mkPen(text))
        self.show_title(self._title)


class CurvesView(QWidget):
    """Score above loss, over the same minutes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.score = CurvePlot(_SCORE, "Score on held-out pictures", marked=True)
        # a share: nothing lies outside
        self.score.setLimits(yMin=-_ROOM, yMax=1 + _ROOM, minYRange=_LEAST_SPAN)
        self.score.setToolTip("The best is kept; the line marks it")
        self.loss = CurvePlot(_LOSS, "Loss, by minutes", marked=False)
        self.loss.setToolTip("How far the network is from what it learns")
        self.loss.setXLink(self.score)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.score)
        layout.addWidget(self.loss)

    def show_points(self, points: Sequence[TrainingPoint]) -> None:
        """Show all points of a run."""
        learnt = [point for point in points if point.loss is not None]
        scored = [point for point in points if point.score is not None]
        best = points[-1].best if points else None
        self.loss.show_points(
            [point.seconds / 60 for point in learnt],
            [point.loss for point in learnt if point.loss is not None],
        )
        self.score.setVisible(bool(scored))
        if scored:
            self.score.show_points(
                [point.seconds / 60 for point in scored],
                [point.score for point in scored if point.score is not None],
                best,
            )
            self.score.show_title(curve_title(scored[-1]))

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        for plot in (self.score, self.loss):
            plot.set_colours(background, text)
