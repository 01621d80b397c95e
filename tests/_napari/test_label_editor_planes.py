"""Edits of a stack keep to the plane on screen, unless wanted otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from made_labels import boxes_of, known_boxes
from napari_cellsets._napari.edit_acts import EditOptions, perform
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.label_editor import LabelEditor
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import joining, splitting

if TYPE_CHECKING:
    from napari.components import ViewerModel


@pytest.fixture
def stack(viewer: ViewerModel) -> LabelEditor:
    """Object 1 in planes 0, 1 and 4; object 2 over it in plane 1 only."""
    labels = np.zeros((5, 30, 30), np.int32)
    labels[[0, 1, 4], 5:15, 5:15] = 1
    labels[1, 18:25, 18:25] = 2
    layer = viewer.add_labels(labels)
    viewer.dims.set_current_step(0, 1)
    return LabelEditor(viewer, layer)


def test_acts_keep_to_the_plane_on_screen(stack: LabelEditor) -> None:
    before = stack.layer.data.copy()
    assert list(stack.objects) == [1, 2]
    stack.do(lambda objects: joining.merge(objects, [2, 1]))
    assert np.unique(stack.layer.data[1]).tolist() == [0, 2]
    others = [0, 2, 3, 4]
    assert np.array_equal(stack.layer.data[others], before[others])
    stack.layer.undo()
    assert np.array_equal(stack.layer.data, before)
    assert list(stack.objects) == [1, 2]


def test_all_planes_are_reached_where_wanted(stack: LabelEditor) -> None:
    stack.whole_stack = True
    stack.do(lambda objects: joining.delete(objects, [1]))
    assert 1 not in stack.layer.data
    stack.layer.undo()
    assert known_boxes(stack.objects) == boxes_of(stack.layer.data)


def test_new_labels_are_free_in_all_planes(stack: LabelEditor) -> None:
    stack.layer.data[3, 0, 0] = 40
    stack.do(
        lambda objects: splitting.split_along(objects, np.array([[10, 0], [10, 29.0]]))
    )
    assert 41 in stack.layer.data[1]


def test_index_follows_from_plane_to_plane(stack: LabelEditor) -> None:
    viewer = stack._viewer()
    for plane in (0, 1, 4, 2):
        viewer.dims.set_current_step(0, plane)
        stack.layer.paint((plane, 2, 2), 9)
        assert known_boxes(stack.objects) == boxes_of(stack.layer.data[plane])
    stack.layer.undo()
    viewer.dims.set_current_step(0, 2)
    assert list(stack.objects) == []


def test_planes_between_are_drawn_from_any_plane(
    viewer: ViewerModel, stack: LabelEditor
) -> None:
    stack.select([1])
    perform("between", stack, EditOptions(), lambda: np.zeros((30, 30)))
    assert (stack.layer.data[2:4, 8:12, 8:12] == 1).all()
    assert (stack.layer.data[1, 18:25, 18:25] == 2).all()
    stack.select([1, 2])
    with pytest.raises(EditError, match="2 objects are selected"):
        perform("between", stack, EditOptions(), lambda: np.zeros((30, 30)))


def test_overlapping_masks_in_other_planes_are_never_hurt(viewer: ViewerModel) -> None:
    masks = np.zeros((2, 30, 30), np.int32)
    masks[0, 5:20, 5:20], masks[1, 12:26, 12:26] = 1, 2
    layer = viewer.add_labels(masks.copy(), axis_labels=("overlap", "y", "x"))
    editor = LabelEditor(viewer, layer)
    viewer.dims.set_current_step(0, 0)
    editor.select([1])
    for name in ("grow", "smooth", "shrink", "delete"):
        perform(name, editor, EditOptions(by_px=3), lambda: masks[0])
        assert np.array_equal(layer.data[1], masks[1])


def test_picture_under_the_labels_is_the_plane_on_screen(viewer: ViewerModel) -> None:
    colour = np.zeros((3, 40, 50, 3), np.uint8)
    colour[2] = 7
    viewer.add_image(colour, rgb=True)
    viewer.add_labels(np.zeros((3, 40, 50), int))
    viewer.dims.set_current_step(0, 2)
    seen = edit_desk(viewer).picture()
    assert seen.shape == (40, 50, 3)
    assert seen.max() == 7


def test_an_act_in_another_plane_is_shown_with_its_plane(viewer: ViewerModel) -> None:
    viewer.add_labels(np.zeros((5, 30, 30), np.int32))
    desk = edit_desk(viewer)
    viewer.dims.set_current_step(0, 3)
    desk.editor.layer.paint((3, 10, 10), 4)
    viewer.dims.set_current_step(0, 0)
    desk.perform("last")
    assert viewer.dims.current_step[0] == 3
