"""Edits of a stack keep to the plane on screen, unless wanted otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from made_labels import boxes_of, known_boxes
from napari_cellsets._napari import plane_acts
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
    stack.select([])
    with pytest.raises(EditError, match="no object is selected"):
        perform("between", stack, EditOptions(), lambda: np.zeros((30, 30)))


def test_objects_selected_in_two_planes_become_one_with_planes_between(
    viewer: ViewerModel, stack: LabelEditor
) -> None:
    stack.layer.data[4] = 0
    stack.layer.data[4, 16:24, 16:24] = 3
    stack.layer.refresh()
    stack.select([2, 3])
    perform("between", stack, EditOptions(), lambda: np.zeros((30, 30)))
    assert (stack.layer.data[1:5, 19:22, 19:22] == 2).all()
    assert stack.selected == (2,)
    stack.layer.undo()
    assert (stack.layer.data[4, 16:24, 16:24] == 3).all()


def test_tools_in_all_planes_part_and_join_whole_objects(
    viewer: ViewerModel, stack: LabelEditor
) -> None:
    before = stack.layer.data.copy()
    stack.whole_stack = True
    line = np.array([[0, 10], [29, 10.0]])
    stack.do(plane_acts.cut(stack, line))
    for plane in (0, 1, 4):
        assert len(np.unique(stack.layer.data[plane, 5:15, 5:15])) == 2
    stack.layer.undo()
    stack.do(plane_acts.split(stack, [(10, 6), (10, 13)]))
    assert len(np.unique(stack.layer.data[4, 5:15, 5:15])) == 2
    stack.layer.undo()
    stack.do(plane_acts.join(stack, np.array([[10, 10], [20, 20.0]])))
    assert np.array_equal(stack.layer.data > 0, before > 0)
    assert np.unique(stack.layer.data).tolist() == [0, 1]
    with pytest.raises(EditError, match="cuts no object in two"):
        stack.do(plane_acts.cut(stack, np.array([[27, 0], [27, 29.0]])))


@pytest.mark.parametrize("whole", [False, True])
def test_outlines_snap_in_the_planes_that_acts_reach(
    viewer: ViewerModel, stack: LabelEditor, whole: bool
) -> None:
    picture = np.zeros((5, 30, 30))
    picture[:, 4:17, 4:17] = 100
    viewer.add_image(picture)
    stack.whole_stack = whole
    stack.select([1])
    desk = edit_desk(viewer)
    desk.target = stack.layer
    perform("snap", stack, EditOptions(by_px=3), desk.picture)
    sizes = [int((plane == 1).sum()) for plane in stack.layer.data]
    assert sizes[1] > 100
    assert (sizes[4] > 100) is whole


def test_an_object_comes_from_a_layer_of_other_planes(
    viewer: ViewerModel, stack: LabelEditor
) -> None:
    flat = viewer.add_labels(np.zeros((30, 30), np.int32))
    flat.data[20:28, 2:8] = 5
    from_flat, whole = plane_acts.copy(stack, LabelEditor(viewer, flat), 5, over=False)
    stack.whole_stack = True
    stack.do(from_flat, whole=whole)
    new = int(stack.layer.data[1, 22, 4])
    assert new == 3
    assert not (np.delete(stack.layer.data, 1, axis=0) == new).any()
    editor = LabelEditor(viewer, flat)
    make, whole = plane_acts.copy(editor, stack, 2, over=False)
    editor.do(make, whole=whole)
    assert (flat.data[18:25, 18:25] == 6).all()


def test_an_object_is_copied_in_all_planes_that_acts_reach(
    viewer: ViewerModel, stack: LabelEditor
) -> None:
    other = LabelEditor(viewer, viewer.add_labels(np.zeros((5, 30, 30), np.int32)))
    for whole, planes in ((False, {1}), (True, {0, 1, 4})):
        other.whole_stack = whole
        make, reach = plane_acts.copy(other, stack, 1, over=False)
        other.do(make, whole=reach)
        assert set(np.flatnonzero(other.layer.data.any(axis=(1, 2)))) == planes
        other.layer.undo()


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
