"""What the Count dock lacks or offers is shown as long as it is so, and no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("onnx")

if TYPE_CHECKING:
    from pathlib import Path

    from count_docks import Desk

pytestmark = pytest.mark.gui


def test_that_no_region_is_drawn_is_said_until_one_is(desk: Desk) -> None:
    desk.dock.buttons.regions.click()
    assert "No region is drawn yet" in desk.message
    desk.dock.regions.draw_button.click()
    assert "No region is drawn yet" in desk.message
    desk.viewer.layers.selection.active.add_rectangles([[1, 1], [9, 9]])
    assert desk.message == ""


def test_an_offer_to_open_an_image_ends_when_another_layer_is_chosen(
    desk: Desk,
) -> None:
    desk.viewer.add_image(np.zeros((20, 20)), name="made")
    desk.dock.buttons.image.click()
    assert "belongs to no data set yet" in desk.message
    desk.viewer.layers.selection.active = desk.dock.session.image_layer
    assert desk.message == ""


def test_an_offer_to_open_an_image_ends_with_its_layer(desk: Desk) -> None:
    layer = desk.viewer.add_image(np.zeros((20, 20)), name="made")
    desk.dock.buttons.image.click()
    desk.viewer.layers.remove(layer)
    assert desk.message == ""


def test_why_a_model_cannot_be_used_is_said_until_another_is_chosen(
    desk: Desk, tmp_path: Path
) -> None:
    good = desk.dock.model.model.path
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    desk.dock.picker.choose(broken)
    assert "broken.onnx" in desk.message
    desk.viewer.add_points([[1, 1]])
    assert "broken.onnx" in desk.message
    desk.dock.picker.choose(good)
    assert desk.message == ""


def test_what_others_tell_is_left_alone(desk: Desk) -> None:
    desk.dock.buttons.regions.click()
    desk.dock.message.tell("The disk is full.", True)
    desk.dock.offers.look_again()
    assert "The disk is full." in desk.message
