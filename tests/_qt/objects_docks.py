"""An Objects dock in a real window, on labels with something wrong in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._qt.objects import ObjectsWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Labels
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

FIELD = (100, 120)


def field() -> np.ndarray:
    """Return five squares: the third with a hole, the fourth cut off, one tiny."""
    labels = np.zeros(FIELD, np.int32)
    labels[10:30, 10:30] = 1
    labels[10:30, 32:52] = 2
    labels[50:70, 10:30] = 3
    labels[58:62, 18:22] = 0
    labels[80:100, 60:80] = 4
    labels[60:62, 100:103] = 9
    return labels


class Click:
    """A press at a place of the image, let go at once; or dragged away."""

    def __init__(
        self, position: tuple[float, ...], *, shift: bool = False, drag: bool = False
    ) -> None:
        self.position, self.pos, self.button = position, np.zeros(2), 1
        self.type = "mouse_press"
        self.modifiers = ["Shift"] if shift else []
        self._drag = drag

    def send(self, viewer: Viewer) -> None:
        """Let everybody hear it who hears the mouse of the viewer."""
        for heard in tuple(viewer.mouse_drag_callbacks):
            self._follow(heard(viewer, self))

    def _follow(self, hearing: Iterator[None] | None) -> None:
        self.type, self.pos = "mouse_press", np.zeros(2)
        steps = ["mouse_move", "mouse_release"] if self._drag else ["mouse_release"]
        if hearing is None or next(hearing, 1) == 1:
            return
        for self.type in steps:
            self.pos = np.full(2, 30.0 if self._drag else 0.0)
            if next(hearing, 1) == 1:
                return


@dataclass
class ObjectsDesk:
    """A dock with what a test needs of it."""

    viewer: Viewer
    dock: ObjectsWidget
    qtbot: QtBot

    def wait(self, until: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(until, timeout=20_000)

    def measured(self, number: int) -> None:
        """Wait until the table holds so many objects."""
        self.wait(lambda: self.dock.table.objects.total == number)

    def column(self, name: str) -> list[str]:
        model = self.dock.table.objects
        at = model.column_of(name)
        assert at is not None
        return [model.data(model.index(row, at)) for row in range(model.rowCount())]

    def row(self, label: int) -> int:
        row = self.dock.table.objects.row_of(label)
        assert row is not None
        return row

    @property
    def labels(self) -> Labels:
        layer = self.dock.desk.target
        assert layer is not None
        return layer

    @property
    def selected(self) -> tuple[int, ...]:
        editor = self.dock.desk.editor
        assert editor is not None
        return editor.selected


@pytest.fixture
def make_objects(
    make_napari_viewer: Callable[..., Viewer], qtbot: QtBot
) -> Callable[..., ObjectsDesk]:
    """Open an Objects dock; on labels, where they are given."""

    def make(labels: np.ndarray | None = None) -> ObjectsDesk:
        viewer = make_napari_viewer(show=True)
        if labels is not None:
            viewer.add_labels(labels, name="cells by hand")
        dock = ObjectsWidget(viewer)
        viewer.window.add_dock_widget(dock, name="Objects (Cell sets)")
        qtbot.waitUntil(dock.isVisible)
        return ObjectsDesk(viewer, dock, qtbot)

    return make


@pytest.fixture
def objects(make_objects: Callable[..., ObjectsDesk]) -> ObjectsDesk:
    """An Objects dock on a field of five objects, all of them measured."""
    desk = make_objects(field())
    desk.measured(5)
    return desk
