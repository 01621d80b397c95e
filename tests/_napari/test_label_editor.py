"""Edits of a layer are undo steps of napari; index, history and journal follow all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel

from napari_cellsets._napari import edits, label_editor
from napari_cellsets._napari.edit_acts import EditOptions, perform
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.label_editor import LabelEditor
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import joining, shaping, splitting
from napari_cellsets.store import Project
from small_sets import SHAPE, labels_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_cellsets._napari.session import Session
    from napari_cellsets.editing.edit import Edit
    from napari_cellsets.editing.objects import ObjectIndex


def squares() -> np.ndarray:
    """Three squares, two of them touching."""
    labels = np.zeros((40, 50), np.int32)
    labels[5:15, 5:15], labels[5:15, 15:25], labels[20:30, 20:30] = 1, 2, 3
    return labels


def boxes_of(labels: np.ndarray) -> dict[int, tuple[slice, ...]]:
    """Return the boxes of all objects, the slow obvious way."""
    found = {}
    for label in np.unique(labels[labels > 0]).tolist():
        places = np.nonzero(labels == label)
        found[label] = tuple(
            slice(int(axis.min()), int(axis.max()) + 1) for axis in places
        )
    return found


def known(objects: ObjectIndex) -> dict[int, tuple[slice, ...]]:
    return {label: objects.box(label) for label in objects}


@pytest.fixture
def layer(viewer: ViewerModel) -> Labels:
    return viewer.add_labels(squares())


@pytest.fixture
def editor(viewer: ViewerModel, layer: Labels) -> LabelEditor:
    return LabelEditor(viewer, layer)


MAKERS: dict[str, Callable[[ObjectIndex, list[int], int], Edit]] = {
    "merge": lambda objects, labels, _: joining.merge(objects, labels),
    "delete": lambda objects, labels, _: joining.delete(objects, labels[:1]),
    "grow": lambda objects, labels, _: shaping.grow(objects, labels[:1], 1),
    "smooth": lambda objects, labels, _: shaping.smooth(objects, labels[:2], 1),
    "renumber": lambda objects, _labels, _: joining.renumber(objects),
    "cut": lambda objects, _labels, at: splitting.split_along(
        objects, np.array([[at, 0.0], [at, 49.0]])
    ),
}
ACTS = st.lists(
    st.tuples(
        st.sampled_from([*MAKERS, "paint", "fill", "stroke", "undo", "redo", "redraw"]),
        st.integers(0, SHAPE[0] - 1),
        st.integers(0, 49),
        st.integers(0, 9),
    ),
    max_size=14,
)


class Replay:
    """What a plain array with a list of states would be."""

    def __init__(self, labels: np.ndarray) -> None:
        self.labels = labels.copy()
        self.done: list[np.ndarray] = []
        self.undone: list[np.ndarray] = []

    def become(self, labels: np.ndarray) -> None:
        if not np.array_equal(labels, self.labels):
            self.done.append(self.labels)
            self.undone.clear()
            self.labels = labels.copy()

    def undo(self) -> None:
        if self.done:
            self.undone.append(self.labels)
            self.labels = self.done.pop()

    def redo(self) -> None:
        if self.undone:
            self.done.append(self.labels)
            self.labels = self.undone.pop()


def stroke(layer: Labels, y: int, x: int, label: int) -> None:
    """Several dabs, one act, as a dragged brush is."""
    with layer.block_history():
        for step in range(3):
            layer.paint((y, min(x + 2 * step, layer.data.shape[1] - 1)), label)


def act_on(editor: LabelEditor, replay: Replay, act: tuple[str, int, int, int]) -> None:
    """Do one act with the layer, and the same with a plain array."""
    name, y, x, label = act
    layer = editor.layer
    if name in MAKERS:
        made: list[Edit] = []

        def make(objects: ObjectIndex) -> Edit:
            labels = sorted(objects)[:3]
            if not labels:
                raise EditError("nothing is left")
            made.append(MAKERS[name](objects, labels, y))
            return made[-1]

        try:
            editor.do(make)
        except EditError:
            return
        after = replay.labels.copy()
        after[made[-1].coordinates] = made[-1].after
        replay.become(after)
    elif name in ("undo", "redo"):
        getattr(layer, name)()
        getattr(replay, name)()
    elif name == "redraw":
        layer.refresh()
    else:
        if name == "stroke":
            stroke(layer, y, x, label)
        else:
            getattr(layer, name)((y, x), label)
        replay.become(layer.data)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
@example(  # what is done again covers all that the act before wrote
    acts=[("merge", 0, 0, 0), ("delete", 0, 0, 0), ("undo", 0, 0, 0), ("redo", 0, 0, 0)]
)
def test_any_order_of_acts_is_a_replay_and_the_index_stays_exact(
    monkeypatch: pytest.MonkeyPatch, acts: list[tuple[str, int, int, int]]
) -> None:
    # large layers are never looked through as a whole
    monkeypatch.setattr(label_editor, "_SMALL_PX", 0)
    viewer = ViewerModel()
    editor = LabelEditor(viewer, viewer.add_labels(squares()))
    replay = Replay(editor.layer.data)
    for act in acts:
        act_on(editor, replay, act)
        assert np.array_equal(editor.layer.data, replay.labels)
        assert known(editor.objects) == boxes_of(replay.labels)
        assert sum(act.done for act in editor.acts) == len(replay.done)
        assert sum(not act.done for act in editor.acts) == len(replay.undone)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS, large=st.booleans())
def test_journal_equals_the_layer_after_any_acts(
    opened: Session,
    monkeypatch: pytest.MonkeyPatch,
    acts: list[tuple[str, int, int, int]],
    large: bool,
) -> None:
    for room, name in ((edits, "_WHOLE_PX"), (label_editor, "_SMALL_PX")):
        monkeypatch.setattr(room, name, 0 if large else 10**6)
    opened.show(0)
    opened.set_cells(labels_of(0), {})
    viewer = ViewerModel()
    editor = LabelEditor(viewer, opened.cells_layer)
    replay = Replay(editor.layer.data)
    for act in acts:
        act_on(editor, replay, act)
        kept = opened.project.load_labels(
            opened.dataset.identity, opened.sample.name, "cells"
        )
        assert np.array_equal(kept.labels, replay.labels)
        assert known(editor.objects) == boxes_of(replay.labels)


def test_the_journal_says_what_was_done_and_with_what(
    opened: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[dict[str, str]] = []
    record = Project.record

    def listen(self: Project, *where: Any, **more: Any) -> int:
        said.append(where[-1])
        return record(self, *where, **more)

    monkeypatch.setattr(Project, "record", listen)
    opened.set_cells(labels_of(0), {})
    editor = LabelEditor(ViewerModel(), opened.cells_layer)
    label = next(iter(editor.objects))
    editor.do(lambda objects: joining.delete(objects, [label]))
    opened.cells_layer.paint((20, 20), 7)
    assert said[0]["act"] == "delete object"
    assert said[0]["tool"] == label_editor.TOOL
    assert said[1]["act"] == "paint object 7"
    assert said[1]["tool"].startswith("napari ")


# History


def test_history_tells_title_place_and_person(editor: LabelEditor) -> None:
    editor.do(lambda objects: joining.merge(objects, [1, 2]))
    (act,) = editor.acts
    assert act.title == "merge 2 objects"
    assert act.box == (slice(5, 15), slice(15, 25))
    assert act.who
    assert act.done


def test_what_was_undone_leaves_the_history_with_the_next_act(
    editor: LabelEditor, layer: Labels
) -> None:
    editor.do(lambda objects: joining.delete(objects, [1]))
    layer.undo()
    assert [act.done for act in editor.acts] == [False]
    layer.paint((35, 35), 5)
    assert [act.title for act in editor.acts] == ["paint object 5"]


def test_erasing_is_called_so(editor: LabelEditor, layer: Labels) -> None:
    layer.paint((25, 25), 0)
    assert editor.acts[-1].title == "erase"


def test_other_labels_begin_a_new_history(editor: LabelEditor, layer: Labels) -> None:
    editor.do(lambda objects: joining.delete(objects, [1]))
    editor.select([2])
    layer.data = np.full((12, 12), 8, np.int32)
    assert editor.acts == []
    assert editor.selected == ()
    assert list(editor.objects) == [8]


def test_what_others_wrote_is_found_at_the_next_redraw(
    editor: LabelEditor, layer: Labels
) -> None:
    assert 1 in editor.objects
    layer.data[5:15, 5:15] = 0
    layer.refresh()
    assert 1 not in editor.objects


# Selection


def test_objects_that_are_gone_are_selected_no_more(
    editor: LabelEditor, layer: Labels
) -> None:
    editor.select([1, 2])
    editor.do(lambda objects: joining.delete(objects, [2]))
    assert editor.selected == (1,)
    assert layer.selected_label == 1


def test_acting_on_nothing_is_refused(editor: LabelEditor) -> None:
    with pytest.raises(EditError, match="no object is selected"):
        editor.here()


# Where nothing can be edited


def test_locked_layers_refuse(editor: LabelEditor, layer: Labels) -> None:
    layer.editable = False
    with pytest.raises(EditError, match="is locked"):
        editor.do(lambda objects: joining.delete(objects, [1]))
    assert np.array_equal(layer.data, squares())


def test_edits_that_undo_could_not_keep_are_refused(
    editor: LabelEditor, layer: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_editor, "MOST_PX", 99)
    with pytest.raises(EditError, match="would change 100 pixels at once"):
        editor.do(lambda objects: joining.delete(objects, [1]))
    assert np.array_equal(layer.data, squares())


def test_hidden_layers_refuse(editor: LabelEditor, layer: Labels) -> None:
    layer.visible = False
    with pytest.raises(EditError, match="is hidden"):
        editor.check()


def test_lazy_labels_refuse(viewer: ViewerModel) -> None:
    import dask.array as da

    lazy = viewer.add_labels(da.zeros((20, 20), dtype=int))
    with pytest.raises(EditError, match="piece by piece"):
        LabelEditor(viewer, lazy).check()


def test_three_dimensions_and_views_from_the_side_refuse(viewer: ViewerModel) -> None:
    editor = LabelEditor(viewer, viewer.add_labels(np.ones((4, 20, 20), int)))
    viewer.dims.order = (1, 0, 2)
    with pytest.raises(EditError, match="from the side"):
        editor.check()
    viewer.dims.order = (0, 1, 2)
    viewer.dims.ndisplay = 3
    with pytest.raises(EditError, match="the view is 3-D"):
        editor.check()


# Stacks


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
    assert known(stack.objects) == boxes_of(stack.layer.data)


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
        assert known(stack.objects) == boxes_of(stack.layer.data[plane])
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


# The desk


def test_picture_under_the_labels_is_the_plane_on_screen(viewer: ViewerModel) -> None:
    colour = np.zeros((3, 40, 50, 3), np.uint8)
    colour[2] = 7
    viewer.add_image(colour, rgb=True)
    viewer.add_labels(np.zeros((3, 40, 50), int))
    viewer.dims.set_current_step(0, 2)
    seen = edit_desk(viewer).picture()
    assert seen.shape == (40, 50, 3)
    assert seen.max() == 7


def test_without_a_picture_there_is_nothing_to_snap_to(
    viewer: ViewerModel, layer: Labels
) -> None:
    desk = edit_desk(viewer)
    told: list[tuple[str, bool]] = []
    desk.told.connect(lambda text, failed: told.append((text, failed)))
    desk.editor.select([1])
    desk.perform("snap")
    assert told[-1][1]
    assert "no image of the size" in told[-1][0]


def test_an_act_in_another_plane_is_shown_with_its_plane(viewer: ViewerModel) -> None:
    viewer.add_labels(np.zeros((5, 30, 30), np.int32))
    desk = edit_desk(viewer)
    viewer.dims.set_current_step(0, 3)
    desk.editor.layer.paint((3, 10, 10), 4)
    viewer.dims.set_current_step(0, 0)
    desk.perform("last")
    assert viewer.dims.current_step[0] == 3


def test_a_layer_that_is_taken_away_is_edited_no_more(
    viewer: ViewerModel, layer: Labels
) -> None:
    desk = edit_desk(viewer)
    desk.editor.select([1])
    viewer.layers.remove(layer)
    assert desk.target is None
    desk.perform("cut")
    assert desk.tools.tool == ""
    assert desk.why_not() == "No layer of labels is chosen."
