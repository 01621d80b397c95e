"""An Edit dock in a real window, with hands that press, draw and click."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QApplication

from napari_cellsets._qt.edit import EditWidget

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer

FIELD = (100, 120)


def field() -> np.ndarray:
    """Four squares; the third holds a hole, the fourth is cut off."""
    labels = np.zeros(FIELD, np.int32)
    labels[10:30, 10:30] = 1
    labels[10:30, 32:52] = 2
    labels[50:70, 10:30] = 3
    labels[58:62, 18:22] = 0
    labels[90:100, 60:70] = 4
    return labels


class Desk:
    """A dock with hands: presses, draws and clicks as a person does."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.layer: Labels = viewer.add_labels(field(), name="cells by hand")
        self.dock = EditWidget(viewer)
        viewer.window.add_dock_widget(self.dock, name="Edit (Cell sets)")

    def press(self, name: str) -> None:
        parts = (self.dock.tools, self.dock.acts, self.dock.all)
        next(part.buttons[name] for part in parts if name in part.buttons).click()

    def drag(self, *points: tuple[float, float], shift: bool = False) -> None:
        """Press at the first point, move over the others, let go at the last."""
        events = [
            MouseEvent("mouse_press", points[0], shift),
            *(MouseEvent("mouse_move", point, shift) for point in points[1:]),
            MouseEvent("mouse_release", points[-1], shift),
        ]
        for callback in tuple(self.layer.mouse_drag_callbacks):
            current = MouseEvent("mouse_press", points[0], shift)
            running = callback(self.layer, current)
            if running is None:
                continue
            for event in events:
                current.__dict__.update(event.__dict__)
                try:
                    next(running)
                except StopIteration:
                    break

    def click(self, y: float, x: float, *, shift: bool = False) -> None:
        self.drag((y, x), shift=shift)

    def hit(self, key: str, *, shift: bool = False) -> None:
        """Press a key on the canvas."""
        names = {"Delete": Qt.Key.Key_Delete, "8": Qt.Key.Key_8}
        code = names.get(key) or getattr(Qt.Key, f"Key_{key}")
        held = Qt.KeyboardModifier.ShiftModifier if shift else _NONE
        canvas = self.viewer.__wrapped__.window._qt_viewer.canvas.native
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            text = key if len(key) == 1 else ""
            QApplication.sendEvent(canvas, QKeyEvent(kind, code, held, text))

    @property
    def callbacks(self) -> list[str]:
        """What hears the mouse on the layer, besides napari's overlays."""
        names = [one.__name__ for one in self.layer.mouse_drag_callbacks]
        return [name for name in names if name != "decorated_callback"]

    @property
    def labels(self) -> np.ndarray:
        return self.layer.data

    @property
    def message(self) -> str:
        return str(self.dock.message.text.text())

    def shown(self, name: str) -> int:
        """How many pieces of lines a layer of marks shows."""
        return len(self.viewer.layers[name].data) if name in self.viewer.layers else 0


class MouseEvent:
    """What napari hands to callbacks of the mouse."""

    def __init__(self, kind: str, yx: tuple[float, float], shift: bool) -> None:
        self.type = kind
        self.position = yx
        self.pos = np.array([yx[1], yx[0]]) * 4
        self.button = 1
        self.modifiers = ("Shift",) if shift else ()


_NONE = Qt.KeyboardModifier.NoModifier
