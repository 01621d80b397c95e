"""A Count dock in a real window, with a tiny model and a set of squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QCoreApplication

from batch_models import bright_model, write_set
from napari_cellsets._qt.counting import CountWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.layers import Labels
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot


@dataclass
class Desk:
    """A dock with what a test needs of it."""

    viewer: Viewer
    dock: CountWidget
    qtbot: QtBot
    root: Path

    def wait(self, until: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(until, timeout=20_000)

    def count(self) -> None:
        """Press the button and wait for the count."""
        before = self.dock.flow.result
        self.dock.buttons.image.click()
        self.wait(lambda: self.dock.flow.result is not before)

    def settled(self, act: Callable[[], object]) -> None:
        """Do something and wait for another result."""
        before = self.dock.flow.result
        act()
        self.wait(lambda: self.dock.flow.result is not before)

    @property
    def number(self) -> str:
        return self.dock.result.number

    @property
    def message(self) -> str:
        return str(self.dock.message.text.text())

    @property
    def cells(self) -> Labels:
        layer = self.dock.session.cells_layer
        assert layer is not None
        return layer

    def erase(self, label: int) -> None:
        """Fill a cell with background, as the bucket does."""
        row = self.dock.table.objects.row_of(label)
        assert row is not None
        y, x = self.dock.table.objects.centre_of(label) or (0, 0)
        self.cells.fill((int(y), int(x)), 0)


@pytest.fixture
def make_desk(
    make_napari_viewer: Callable[..., Viewer],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Desk]:
    """Open a Count dock; without a model, or on another set, where asked."""

    def make(model: Path | None = None, root: Path | None = None) -> Desk:
        place = model or bright_model(tmp_path / "bright.onnx")
        monkeypatch.setattr(
            "napari_cellsets._qt.model_picker.shipped_models", lambda: [place]
        )
        viewer = make_napari_viewer()
        dock = CountWidget(viewer)
        viewer.window.add_dock_widget(dock, name="Count", area="right")
        desk = Desk(viewer, dock, qtbot, root or write_set(tmp_path / "set"))
        dock.session.open(desk.root)
        QCoreApplication.processEvents()
        return desk

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    """A Count dock on a set of four images with 3, 0, 5 and 1 squares."""
    return make_desk()


def red_stack(labels: np.ndarray) -> np.ndarray:
    """Return a grey stack in which the objects are bright."""
    return np.where(labels > 0, 250, 10).astype(np.uint8)
