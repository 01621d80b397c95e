"""A Train dock in a real window, with a network that is quick to learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from qtpy.QtCore import QCoreApplication

from napari_cellsets._qt.training import TrainWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

STEPS = 3


@dataclass
class Gym:
    """A Train dock in a window, with what a test needs of it."""

    viewer: Viewer
    dock: TrainWidget
    qtbot: QtBot
    root: Path

    def wait(self, until: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(until, timeout=100_000)

    def start(self, model: Path | None = None, steps: int = STEPS) -> None:
        """Press *Start*."""
        if model is not None:
            self.dock.model.start = model
        self.dock.model.steps = steps
        self.dock.buttons.start.click()

    def wait_for_the_end(self) -> None:
        self.wait(lambda: self.dock.model.phase == "idle")

    def wait_for_a_step(self) -> None:
        """Wait until something was learnt."""
        text = self.dock.progress.text
        self.wait(lambda: text.text().startswith("Step"))

    @property
    def message(self) -> str:
        return str(self.dock.message.text.text())


def write_discs(root: Path, number: int = 4) -> Path:
    """Write grey pictures of three bright discs, and their labels."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    y, x = np.mgrid[:64, :80]
    for place in range(number):
        rng = np.random.default_rng(place)
        labels = np.zeros((64, 80), np.uint16)
        for label, column in enumerate((12, 38, 64), start=1):
            middle = rng.integers(14, 50)
            labels[(y - middle) ** 2 + (x - column) ** 2 < 49] = label
        light = np.where(labels > 0, 150, 15) + rng.normal(0, 6, labels.shape)
        pixels = np.clip(light, 0, 255).astype(np.uint8)
        cv2.imwrite(str(root / "images" / f"discs{place}.png"), pixels)
        cv2.imwrite(str(root / "masks" / f"discs{place}.png"), labels)
    return root


@pytest.fixture(scope="session")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported c-ResUnet of two channels."""
    torch = pytest.importorskip("torch", reason="training is an optional extra")
    pytest.importorskip("onnx", reason="training is an optional extra")
    from napari_cellsets.training.cresunet import CResUnet
    from napari_cellsets.training.export import export_onnx

    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("narrow") / "narrow.onnx"
    told = {
        "format": 1,
        "name": "narrow",
        "layout": "nchw",
        "channels": 3,
        "channel_order": "rgb",
        "normalisation": {"kind": "divide", "value": 255},
        "output_kind": "probability",
        "multiple_of": 8,
        "halo": 96,
    }
    export_onnx(CResUnet(2).eval(), path, told)
    return path


@pytest.fixture
def small_batches(narrow: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Learn from two tiny crops at a time."""
    from napari_cellsets.training import segmenter

    monkeypatch.setattr(segmenter, "BATCH", 2)
    monkeypatch.setattr(segmenter, "CROP", 32)


@pytest.fixture
def make_gym(
    make_napari_viewer_proxy: Callable[..., Viewer],
    qtbot: QtBot,
    tmp_path: Path,
) -> Callable[..., Gym]:
    """Open a Train dock, on a set where one is given."""

    def make(root: Path | None = None) -> Gym:
        viewer = make_napari_viewer_proxy()
        dock = TrainWidget(viewer)
        viewer.window.add_dock_widget(dock, name="Train", area="right")
        if root is not None:
            dock.session.open(root)
        QCoreApplication.processEvents()
        return Gym(viewer, dock, qtbot, root or tmp_path)

    return make


@pytest.fixture
def gym(make_gym: Callable[..., Gym], tmp_path: Path) -> Gym:
    """A dock on four pictures of discs."""
    return make_gym(write_discs(tmp_path / "discs"))
