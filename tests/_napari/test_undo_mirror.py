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


@pytest.mark.parametrize("pixels", [True, False], ids=["a stroke", "a word"])
def test_a_new_act_after_an_undo_is_not_taken_for_the_one_undone(
    layer: Labels, pixels: bool
) -> None:
    mirror = UndoMirror(layer)
    moved: list[tuple[object, bool]] = []
    mirror.moved.connect(lambda step: moved.append((step.about, step.done)))

    def act(about: str) -> None:
        if pixels:
            mirror.about = about
            layer.data_setitem((np.array([1]), np.array([2])), len(moved) + 1)
            mirror.about = None
        else:
            mirror.add(about)

    # connected last, it hears of an act first
    layer.events.paint.connect(lambda event: mirror.follow())
    act("first")
    layer.undo()
    mirror.follow()
    act("second")
    layer.undo()
    layer.redo()
    mirror.follow()
    assert moved[:3] == [("first", True), ("first", False), ("second", True)]
    assert moved[-1] == ("second", True)
    assert ("first", True) not in moved[1:]


def test_a_stroke_after_an_undo_is_not_taken_for_the_one_undone(layer: Labels) -> None:
    mirror = UndoMirror(layer)
    moved: list[tuple[int | None, bool]] = []
    mirror.moved.connect(lambda step: moved.append((step.new_label, step.done)))
    layer.events.paint.connect(lambda event: mirror.follow())
    layer.paint((1, 1), 3)
    layer.undo()
    layer.paint((4, 5), 4)
    layer.undo()
    layer.redo()
    assert moved == [(3, True), (3, False), (4, True), (4, False), (4, True)]
