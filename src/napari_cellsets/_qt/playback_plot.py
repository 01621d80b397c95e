"""Events a second over time, with the moment on screen and the range to play."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QSize, Qt, Signal, Slot
from qtpy.QtWidgets import QSizePolicy

from napari_cellsets._qt.contrast import seen_on

if TYPE_CHECKING:
    from qtpy.QtGui import QColor, QWheelEvent

    from napari_cellsets.playback.rates import RateCurve

_SECOND_US = 1e6
_NOTHING: Final = ([0.0, 1e-6], [0.0])
#: As in the frames: the same two colours for lighter and darker.
ON_COLOUR: Final = "#ff9e3d"
OFF_COLOUR: Final = "#3da9ff"
_RANGE_COLOUR: Final = (128, 128, 128, 60)
_AXIS_WIDTH = 44
_LEAST_SPAN_S = 20e-6
_HEIGHT, _LEAST_HEIGHT = 110, 80


class _RateAxis(pg.AxisItem):
    """Numbers of events, with a letter for thousands and millions."""

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        return [_short(value * scale) for value in values]


class RatePlot(pg.PlotWidget):
    """ON above, OFF below as curves; click or drag to move in time, wheel to zoom.

    Times that go in and come out are microseconds of the recording.
    """

    jumped = Signal(float)
    """A person points at this moment, or drags the cursor over it."""
    range_dragged = Signal(float, float)
    """A person moved the ends of the range."""
    view_changed = Signal()
    """Another stretch of time is seen, or more pixels."""

    def __init__(self) -> None:
        super().__init__(axisItems={"left": _RateAxis("left")})
        # pyqtgraph asks for 640 by 480 and would push the image away
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(_LEAST_HEIGHT)
        self.setAccessibleName("Events a second over time")
        self.setToolTip(
            "Events a second: lighter (ON) and darker (OFF). Click or drag to go"
            " there, turn the wheel to zoom, click twice to see everything"
        )
        self.setMenuEnabled(False)
        self.setMouseEnabled(x=True, y=False)
        self.hideButtons()
        self.getAxis("left").setWidth(_AXIS_WIDTH)
        self.setLabel("bottom", "time", units="s")
        self.getPlotItem().getViewBox().setLimits(minXRange=_LEAST_SPAN_S, yMin=0)
        self._duration_s = 0.0
        self._on = self._curve(ON_COLOUR)
        self._off = self._curve(OFF_COLOUR)
        self._region = pg.LinearRegionItem(
            values=(0, 0), brush=_RANGE_COLOUR, swapMode="sort"
        )
        self._region.setZValue(-10)
        self._region.hide()
        self.addItem(self._region)
        self._cursor = pg.InfiniteLine(angle=90, movable=True)
        self._cursor.setZValue(10)
        self.addItem(self._cursor)
        self._cursor.sigDragged.connect(self._on_cursor_dragged)
        self._region.sigRegionChanged.connect(self._on_region_changed)
        self.sigXRangeChanged.connect(self._on_view_changed)
        self.scene().sigMouseClicked.connect(self._on_clicked)

    def sizeHint(self) -> QSize:
        """Leave the window to the image."""
        return QSize(400, _HEIGHT)

    def _curve(self, colour: str) -> Any:
        # steps need one edge more than there are values, also of none
        curve = pg.PlotCurveItem(
            *_NOTHING, pen=pg.mkPen(colour, width=1.4), stepMode="center"
        )
        self.addItem(curve)
        return curve

    # What is shown

    @property
    def view_us(self) -> tuple[float, float]:
        """The stretch of time that is seen."""
        low, high = self.getPlotItem().getViewBox().viewRange()[0]
        return low * _SECOND_US, high * _SECOND_US

    @property
    def columns(self) -> int:
        """Pixels from left to right: as many spans can be told apart."""
        return max(1, int(self.getPlotItem().getViewBox().width()))

    @property
    def cursor_us(self) -> float:
        """Where the cursor stands."""
        return float(self._cursor.value()) * _SECOND_US

    @property
    def range_us(self) -> tuple[float, float] | None:
        """The range that is marked."""
        if not self._region.isVisible():
            return None
        low, high = self._region.getRegion()
        return low * _SECOND_US, high * _SECOND_US

    @property
    def curves(self) -> tuple[np.ndarray, np.ndarray]:
        """ON and OFF events a second, as drawn."""
        return np.asarray(self._on.yData), np.asarray(self._off.yData)

    def show_curve(self, curve: RateCurve | None) -> None:
        """Draw another curve; None for none."""
        if curve is None:
            for item in (self._on, self._off):
                item.setData(*_NOTHING)
            return
        edges = curve.edges_us / _SECOND_US
        spans = np.diff(edges)
        self._on.setData(edges, curve.on / spans)
        self._off.setData(edges, curve.off / spans)
        highest = max((curve.on / spans).max(), (curve.off / spans).max(), 1.0)
        self.setYRange(0, highest, padding=0.05)

    def show_duration(self, duration_us: int) -> None:
        """Let the view reach to the end of a recording; show all if all was shown."""
        low, high = (edge / _SECOND_US for edge in self.view_us)
        had_all = low <= 0 and high >= self._duration_s
        self._duration_s = max(duration_us / _SECOND_US, _LEAST_SPAN_S)
        self.getPlotItem().getViewBox().setLimits(xMin=0, xMax=self._duration_s)
        if had_all:
            self.show_all()

    def show_all(self) -> None:
        """See the whole recording."""
        self.setXRange(0, self._duration_s, padding=0)

    def show_cursor(self, time_us: float) -> None:
        """Put the cursor on a moment."""
        self._cursor.setValue(time_us / _SECOND_US)

    def show_range(self, low_us: float | None, high_us: float | None) -> None:
        """Mark the range that is played; nothing where it is the whole recording."""
        self._region.setVisible(low_us is not None and high_us is not None)
        if low_us is None or high_us is None:
            return
        blocked = self._region.blockSignals(True)
        self._region.setRegion((low_us / _SECOND_US, high_us / _SECOND_US))
        self._region.blockSignals(blocked)

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        self.setBackground(background)
        for curve, colour in ((self._on, ON_COLOUR), (self._off, OFF_COLOUR)):
            curve.setPen(pg.mkPen(seen_on(colour, background), width=1.4))
        self._cursor.setPen(pg.mkPen(text, width=1))
        self._cursor.setHoverPen(pg.mkPen(text, width=3))
        for side in ("bottom", "left"):
            axis = self.getAxis(side)
            axis.setPen(pg.mkPen(text))
            axis.setTextPen(pg.mkPen(text))

    # What a person does

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom in time; nothing else below must take the wheel."""
        super().wheelEvent(event)
        event.accept()

    @Slot(object)
    def _on_clicked(self, event: Any) -> None:
        view = self.getPlotItem().getViewBox()
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if not view.sceneBoundingRect().contains(event.scenePos()):
            return
        if event.double():
            self.show_all()
            return
        at = view.mapSceneToView(event.scenePos()).x()
        self.jumped.emit(min(max(at, 0.0), self._duration_s) * _SECOND_US)

    @Slot(object)
    def _on_cursor_dragged(self, *_: object) -> None:
        at = min(max(float(self._cursor.value()), 0.0), self._duration_s)
        self.jumped.emit(at * _SECOND_US)

    @Slot(object)
    def _on_region_changed(self, *_: object) -> None:
        low, high = self._region.getRegion()
        self.range_dragged.emit(low * _SECOND_US, high * _SECOND_US)

    @Slot(object)
    def _on_view_changed(self, *_: object) -> None:
        self.view_changed.emit()


def _short(number: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            return f"{number / size:g} {letter}"
    return f"{number:g}"
