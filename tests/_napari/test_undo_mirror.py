from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.components import ViewerModel
from napari.layers import Labels

from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.undo_mirror import UndoMirror


@pytest.fixture
def layer() -> Labels:
    return Labels(np.zeros((6, 8), np.int32))


@pytest.fixture
def lost(layer: Labels) -> list[int]:
    """One number each time that what could be undone is said to be forgotten."""
    times: list[int] = []
    # held by its connections to the layer alone, it would be gone at once
    layer.metadata["mirror"] = mirror = UndoMirror(layer)
    mirror.lost.connect(lambda: times.append(1))
    return times


def test_other_labels_are_told_of_once(layer: Labels, lost: list[int]) -> None:
    layer.data = np.ones((6, 8), np.int32)
    assert len(lost) == 1


def test_the_same_array_assigned_again_may_hold_anything(
    layer: Labels, lost: list[int]
) -> None:
    layer.data = layer.data
    assert len(lost) == 1


def test_other_labels_of_a_hidden_layer_are_told_of(
    layer: Labels, lost: list[int]
) -> None:
    layer.visible = False
    layer.data = np.ones((6, 8), np.int32)
    assert len(lost) == 1


def test_other_labels_in_a_layer_that_nobody_edits_leave_the_desk_alone() -> None:
    viewer = ViewerModel()
    first, second = (viewer.add_labels(np.zeros((6, 8), np.int32)) for _ in range(2))
    desk = edit_desk(viewer)
    desk.editor_of(first)
    desk.target = second
    heard: list[int] = []
    desk.target_changed.connect(lambda: heard.append(1))
    first.data = np.ones((6, 8), np.int32)
    assert not heard
    second.data = np.ones((6, 8), np.int32)
    assert len(heard) == 1
