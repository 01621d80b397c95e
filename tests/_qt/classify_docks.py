"""A Classify dock in a real window, with a tiny model that names colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QCoreApplication, Qt

from napari_cellsets._qt.classify import ClassifyWidget
from tiny_classifiers import gem, gem_classifier, write_cell, write_gems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot


@dataclass
class Bench:
    """A Classify dock in a window, with what a test needs of it."""

    viewer: Viewer
    dock: ClassifyWidget
    qtbot: QtBot
    root: Path

    def wait(self, until: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(until, timeout=60_000)

    def classify(self) -> None:
        """Press the button and wait for the answer."""
        table = self.dock.model.table
        self.dock.buttons.shown.click()
        self.wait(lambda: self.dock.model.table is not table)

    def classify_set(self) -> None:
        self.dock.buttons.whole_set.click()
        self.wait(lambda: not self.dock.runner.busy)

    @property
    def message(self) -> str:
        return str(self.dock.message.text.text())

    @property
    def listed(self) -> list[str]:
        """Names of the cells in the list."""
        cells, table = self.dock.cells.cells, self.dock.model.table
        assert table is not None
        return [table.names[cells.cell_at(row)] for row in range(cells.rowCount())]

    def press(self, row: int, column: int) -> None:
        """Click a field of the confusion matrix with the mouse."""
        matrix = self.dock.matrix
        self.dock.tabs.setCurrentWidget(self.dock.confusion)
        QCoreApplication.processEvents()
        place = matrix.visualRect(matrix.model().index(row, column)).center()
        self.qtbot.mouseClick(matrix.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.fixture
def make_bench(
    make_napari_viewer_proxy: Callable[..., Viewer],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Bench]:
    """Open a Classify dock on a set; without a model where asked."""

    def make(root: Path, model: Path | None = None, *, none: bool = False) -> Bench:
        shipped = [] if none else [model or gem_classifier(tmp_path / "gems.onnx")]
        monkeypatch.setattr(
            "napari_cellsets._qt.classify_picker.shipped_classifiers", lambda: shipped
        )
        viewer = make_napari_viewer_proxy()
        dock = ClassifyWidget(viewer)
        viewer.window.add_dock_widget(dock, name="Classify", area="right")
        bench = Bench(viewer, dock, qtbot, root)
        dock.session.open(root)
        QCoreApplication.processEvents()
        return bench

    return make


@pytest.fixture
def gems(tmp_path: Path) -> Path:
    """Nine cells in folders of classes; one lies in the wrong one, one is dark."""
    root = write_gems(tmp_path / "gems", {"ruby": 3, "emerald": 3})
    write_cell(root / "ruby" / "ruby_77.png", gem("emerald"))
    write_cell(root / "emerald" / "emerald_9.png", gem("emerald", light=20))
    write_cell(root / "sapphire" / "sapphire_0.png", gem("sapphire"))
    return root


@pytest.fixture
def bench(make_bench: Callable[..., Bench], gems: Path) -> Bench:
    """A dock on the nine cells."""
    return make_bench(gems)


@pytest.fixture
def field(make_bench: Callable[..., Bench], tmp_path: Path) -> Bench:
    """A dock on one image with a ruby, an emerald and something dark."""
    pixels = np.full((90, 120, 3), 5, np.uint8)
    labels = np.zeros((90, 120), np.int32)
    for label, (top, left, colour) in enumerate(
        [(10, 10, (250, 0, 0)), (10, 60, (0, 250, 0)), (50, 30, (40, 20, 20))], 1
    ):
        pixels[top - 10 : top + 30, left - 10 : left + 30] = colour
        labels[top : top + 20, left : left + 20] = label
    root = tmp_path / "field"
    for name in ("a", "b"):
        write_cell(root / "images" / f"{name}.png", pixels)
    bench = make_bench(root)
    bench.dock.session.show(0)
    bench.dock.session.set_cells(labels, {"source": "test"})
    return bench
