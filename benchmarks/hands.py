"""A mouse for a real window: events that Qt hands to napari's canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    Point = Sequence[float]

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
_CANVAS = "CanvasBackendDesktop"
"""vispy's name of the widget that is drawn on."""


def canvas_of() -> Any:
    """Return the canvas of the one window that is shown."""
    for widget in QApplication.allWidgets():
        if type(widget).__name__ == _CANVAS and widget.isVisible():
            return widget
    raise LookupError("no canvas is shown")


class Mouse:
    """Presses, moves and lets go over the pixels of a layer.

    Parameters
    ----------
    viewer
        Its canvas is the only one on screen.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._canvas = canvas_of()

    def press(self, layer: Layer, point: Point) -> None:
        """Press the left button over a pixel, (y, x)."""
        self._send(QEvent.Type.MouseMove, layer, point, _NONE, _NONE)
        self._send(QEvent.Type.MouseButtonPress, layer, point, _LEFT, _LEFT)

    def move(self, layer: Layer, point: Point) -> None:
        """Move with the button held."""
        self._send(QEvent.Type.MouseMove, layer, point, _NONE, _LEFT)

    def let_go(self, layer: Layer, point: Point) -> None:
        """Let the button go."""
        self._send(QEvent.Type.MouseButtonRelease, layer, point, _LEFT, _NONE)

    def drag(self, layer: Layer, points: Iterable[Point]) -> None:
        """Press at the first point, move over the others, let go at the last."""
        first, *others = points
        self.press(layer, first)
        for point in others:
            self.move(layer, point)
        self.let_go(layer, others[-1] if others else first)

    def _send(
        self,
        kind: QEvent.Type,
        layer: Layer,
        point: Point,
        button: Qt.MouseButton,
        held: Qt.MouseButton,
    ) -> None:
        at = self._on_canvas(layer, point)
        there = QPointF(self._canvas.mapToGlobal(at.toPoint()))
        event = QMouseEvent(
            kind, at, there, button, held, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self._canvas, event)

    def _on_canvas(self, layer: Layer, point: Point) -> QPointF:
        """Return where on the canvas a pixel of a layer is drawn."""
        camera = self._viewer.scene.camera
        whole = (*self._viewer.dims.point[-layer.ndim : -2], *point)
        world = np.asarray(layer.data_to_world(whole))[-2:]
        size = np.array([self._canvas.height(), self._canvas.width()])
        y, x = (world - np.asarray(camera.center)[-2:]) * camera.zoom + size / 2
        return QPointF(float(x), float(y))
