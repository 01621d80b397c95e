from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from batch_models import SAYS, bright_model, squares

pytest.importorskip("napari")
pytest.importorskip("pytestqt")


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from count_docks import Desk

pytestmark = pytest.mark.gui


def test_memory_of_the_preferences_limits_the_engine(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = {"model.tile_memory_mb": 5}
    where = "napari_cellsets._napari.preferences.preference"
    monkeypatch.setattr(where, lambda key, default: chosen.get(key, default))
    assert desk.dock.flow._request().count.memory_budget == 5 * 2**20
    assert desk.dock.set_flow._plan().memory_budget == 5 * 2**20
    chosen.clear()
    assert desk.dock.flow._request().count.memory_budget is None


def test_one_channel_alone_is_counted(desk: Desk) -> None:
    desk.dock.channels.channel.setCurrentIndex(2)
    desk.dock.channels.channel.activated.emit(2)
    assert desk.dock.model.channel == 1
    desk.count()
    assert desk.number == "0"


def test_stack_is_counted_on_the_plane_on_screen(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    import tifffile

    stack = np.stack([squares(1), squares(2), squares(3)])
    root = tmp_path / "stacks" / "images"
    root.mkdir(parents=True)
    pixels = np.where(stack > 0, 250, 10).astype(np.uint8)
    tifffile.imwrite(
        root / "s.tif", pixels, photometric="minisblack", metadata={"axes": "ZYX"}
    )
    desk = make_desk(root=root.parent)
    desk.viewer.dims.set_current_step(0, 1)
    desk.count()
    assert desk.number == "2"
    assert [int(plane.max()) for plane in desk.cells.data] == [0, 2, 0]
    desk.dock.channels.planes.setCurrentIndex(1)
    desk.dock.channels.planes.activated.emit(1)
    desk.count()
    assert desk.number == "6"


def test_model_without_metadata_asks_and_then_counts(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    desk = make_desk(bright_model(tmp_path / "bare.onnx", says=None))
    assert desk.dock.model.model is None
    desk.dock.buttons.image.click()
    assert "No model is chosen" in desk.message
    use = desk.dock.picker._questions.findChildren(type(desk.dock.buttons.image))[0]
    use.click()
    assert desk.dock.model.model is not None
    desk.count()
    assert desk.number == "3"


def test_file_that_is_no_model_is_told_calmly(desk: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.onnx"
    bad.write_bytes(b"no model at all")
    desk.dock.picker.choose(bad)
    assert "bad.onnx" in desk.message
    desk.count()
    assert desk.number == "3"


def test_failing_model_is_told_and_the_dock_stays_usable(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    says = {**SAYS, "output_channel": 3}
    desk = make_desk(bright_model(tmp_path / "odd.onnx", says=says))
    desk.dock.buttons.image.click()
    desk.wait(lambda: not desk.dock.runner.busy)
    assert "channel 3 was asked for" in desk.message
    assert desk.dock.buttons.image.isEnabled()


def test_shipped_model_counts_real_neurons(
    make_desk: Callable[..., Desk], real_samples: Path
) -> None:
    from napari_cellsets.inference.metadata import DEFAULT_MODEL

    desk = make_desk(DEFAULT_MODEL, real_samples / "fluorescent_neuronal_cells_v1")
    desk.dock.buttons.image.click()
    desk.qtbot.waitUntil(lambda: desk.dock.flow.result is not None, timeout=120_000)
    compared = desk.dock.flow.result.evaluation
    assert compared.recall > 0.7
