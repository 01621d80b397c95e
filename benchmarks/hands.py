"""Mouse and keys for a real window, and an eye that sees when it was drawn."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from qtpy.QtGui import QKeyEvent, QMouseEvent
from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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


def press_key(name: str, canvas: Any = None) -> None:
    """Press a key of Qt's name on the canvas, by default found first, and let it go."""
    canvas = canvas or canvas_of()
    none = Qt.KeyboardModifier.NoModifier
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        event = QKeyEvent(kind, getattr(Qt.Key, f"Key_{name}"), none)
        QApplication.sendEvent(canvas, event)


def settle(seconds: float) -> None:
    """Let the window do what it has to do."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


class Drawn(QObject):
    """Tells how long something takes until the canvas has been drawn."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = QEventLoop()
        self._expected = False
        canvas_of().installEventFilter(self)

    def expect(self, *_: object) -> None:
        """What is drawn next is what was asked for."""
        self._expected = True

    def time(self, act: Callable[[], object]) -> tuple[float, float]:
        """Return seconds until drawn, and processor seconds of this thread."""
        self._expected = False
        wall, busy = time.perf_counter(), time.thread_time()
        QTimer.singleShot(0, act)
        self._loop.exec()
        return time.perf_counter() - wall, time.thread_time() - busy

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if self._expected and event.type() == QEvent.Type.Paint:
            self._expected = False
            # when it has been painted, and all that was to be painted with it
            QTimer.singleShot(0, self._loop.quit)
        return False


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
