"""Whether the model's confidence may be believed, as a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import Signal, Slot
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from napari_cellsets._qt.contrast import seen_on
from napari_cellsets._qt.evaluation import CountPlot

if TYPE_CHECKING:
    from napari_cellsets.classify.calibration import Calibration

_BAR = "#56b4e9"
_LEAST_SPAN = 0.05
_MARGIN = 0.02


class CalibrationView(QWidget):
    """Confidence against the share of right answers, with intervals."""

    bin_chosen = Signal(float, float)
    """The person clicked the dot of the cells with this confidence, from and to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Calibration | None = None
        self._ground = QColor("black")
        self._said = QLabel()
        self._said.setWordWrap(True)
        self._said.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self.plot = CountPlot("Confidence (%)", "Right (%)", "Calibration plot")
        self.plot.setToolTip(
            "On the line the model is as often right as it says; below it, it is too"
            " sure of itself.\nClick a dot to list its cells"
        )
        self._bars = pg.ErrorBarItem(beam=0.0)
        self.plot.addItem(self._bars)
        self.plot.sample_chosen.connect(self._on_dot_chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._said)
        layout.addWidget(self.plot)
        layout.addStretch(1)

    @property
    def text(self) -> str:
        """The sentence above the plot."""
        return str(self._said.text())

    def show_calibration(self, calibration: Calibration) -> None:
        """Show one dot a bin of about equally many cells."""
        self._shown = calibration
        self.plot.setVisible(bool(len(calibration)))
        if calibration.ece is None:
            self._said.setText("No cell has a label to compare with.")
            return
        self._said.setText(
            "Confidence and truth differ by"
            f" {100 * calibration.ece:.1f} per cent on average (ECE)."
        )
        x, y = 100 * calibration.confidence, 100 * calibration.accuracy
        ends = 100 * np.array([calibration.interval(n) for n in range(len(x))])
        self._bars.setData(
            x=x,
            y=y,
            top=ends[:, 1] - y,
            bottom=y - ends[:, 0],
            pen=pg.mkPen(seen_on(_BAR, self._ground), width=1.2),
        )
        self.plot.show_points(x, y, [str(number) for number in range(len(x))])
        self.plot.show_lines([(0.0, 45.0, "", True)])
        low = 100 * max(0.0, min(float(x.min()) / 100, float(ends.min()) / 100) - 0.02)
        span = max(100 * _LEAST_SPAN, 100 - low)
        self.plot.setRange(
            xRange=(100 - span, 100), yRange=(100 - span, 100), padding=_MARGIN
        )

    def set_colours(self, background: QColor, text: QColor) -> None:
        """Follow the theme of the window."""
        self._ground = background
        self._bars.setData(pen=pg.mkPen(seen_on(_BAR, background), width=1.2))
        self.plot.set_colours(background, text)

    @Slot(str)
    def _on_dot_chosen(self, name: str) -> None:
        if self._shown is not None:
            edges = self._shown.edges
            at = int(name)
            last = at + 2 == edges.size
            end = float(edges[at + 1])
            self.bin_chosen.emit(
                float(edges[at]), end if last else float(np.nextafter(end, 0.0))
            )
