"""Overlapping objects edited one by one in a layer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotated_sets import write_annotated_set
from napari_cellsets._napari.edit_acts import EditOptions, perform
from napari_cellsets._napari.edit_desk import EditDesk, edit_desk
from napari_cellsets._napari.label_editor import LabelEditor
from napari_cellsets._napari.stack_editor import planes_of
from napari_cellsets.core.errors import EditError
from napari_cellsets.store import further_layer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_cellsets._napari.session import Session

OPTIONS = EditOptions(by_px=2)
ACTS = ("fill", "largest", "smooth", "grow", "shrink", "snap", "delete", "apart")


@pytest.fixture(params=[0, 2], ids=["over a focal stack", "over a picture"])
def desk(
    request: pytest.FixtureRequest,
    session: Session,
    viewer: ViewerModel,
    tmp_path: Path,
) -> EditDesk:
    """The masks of the annotated set: each of three overlaps the next."""
    session.open(write_annotated_set(tmp_path / "annotated"))
    session.show(request.param)
    desk = edit_desk(viewer)
    viewer.layers.selection.active = viewer.layers["masks"]
    assert desk.unlock()
    viewer.dims.set_current_step(0, 0)
    return desk


@pytest.fixture
def editor(desk: EditDesk) -> LabelEditor:
    editor = desk.editor
    assert editor is not None
    return editor


@pytest.fixture
def own(viewer: ViewerModel) -> LabelEditor:
    """A stack of a person's own: object 1 in plane 0, 2 over it in plane 1."""
    labels = np.zeros((2, 40, 50), np.int32)
    labels[0, 5:20, 5:25], labels[1, 10:30, 15:40] = 1, 2
    layer = viewer.add_labels(labels, axis_labels=("overlap", "y", "x"))
    return LabelEditor(viewer, layer)


def masks_of(layer: Labels) -> dict[int, np.ndarray]:
    labels = planes_of(layer)
    numbers = np.unique(labels[labels > 0]).tolist()
    return {label: (labels == label).any(axis=0) for label in numbers}


def picture() -> np.ndarray:
    return np.add.outer(np.arange(40.0), np.arange(50.0))


def place(editor: LabelEditor, y: int, x: int) -> np.ndarray:
    """Return where a pixel lies in the world."""
    inner = editor.layer.data_to_world((0,) * (editor.layer.ndim - 2) + (y, x))
    return np.asarray(inner)


def stored(session: Session) -> np.ndarray:
    assert session.dataset is not None
    assert session.sample is not None
    name = further_layer("masks")
    kept = session.project.load_labels(
        session.dataset.identity, session.sample.name, name
    )
    assert kept is not None
    return kept.labels


def press(desk: EditDesk, points: list[tuple[int, int]]) -> None:
    """Press, move along points, let go."""
    editor = desk.editor
    assert editor is not None
    event = SimpleNamespace(
        button=1,
        pos=np.zeros(2),
        position=place(editor, *points[0]),
        type="mouse_press",
        modifiers=(),
    )
    drag: Iterator[None] = desk.tools._on_drag(editor.layer, event)
    next(drag)
    for number, point in enumerate(points[1:], start=1):
        event.type, event.position = "mouse_move", place(editor, *point)
        event.pos = np.full(2, 10.0 * number)
        next(drag)
    event.type = "mouse_release"
    with pytest.raises(StopIteration):
        next(drag)


@pytest.mark.parametrize("name", ACTS)
def test_no_act_changes_another_object_and_undo_takes_it_back(
    editor: LabelEditor, session: Session, name: str
) -> None:
    before = masks_of(editor.layer)
    editor.select([2])
    try:
        perform(name, editor, OPTIONS, picture)
    except EditError:
        assert name in ("fill", "largest", "smooth", "apart")
        return
    after = masks_of(editor.layer)
    for label in (1, 3):
        np.testing.assert_array_equal(after[label], before[label])
    planes = planes_of(editor.layer)
    np.testing.assert_array_equal(stored(session), planes)
    editor.layer.undo()
    back = masks_of(editor.layer)
    assert all(np.array_equal(back[label], before[label]) for label in before)
    np.testing.assert_array_equal(stored(session), planes_of(editor.layer))


def test_an_object_grows_over_its_neighbours(editor: LabelEditor) -> None:
    before = masks_of(editor.layer)
    editor.select([1])
    perform("grow", editor, EditOptions(by_px=8), picture)
    after = masks_of(editor.layer)
    assert (after[1] & after[3]).any()
    assert not (before[1] & before[3]).any()
    np.testing.assert_array_equal(after[3], before[3])


def test_a_new_plane_is_made_where_none_is_free_and_undo_still_works(
    own: LabelEditor,
) -> None:
    planes_of(own.layer)[1, 0:12, 30:50] = 3
    planes_of(own.layer)[0, 22:40, 0:50] = 4
    before = masks_of(own.layer)
    own.select([2])
    perform("grow", own, EditOptions(by_px=3), picture)
    assert own.layer.data.shape[0] == 3
    own.layer.undo()
    back = masks_of(own.layer)
    assert all(np.array_equal(back[label], before[label]) for label in before)


def test_clicks_at_one_place_select_one_after_the_other(
    editor: LabelEditor, viewer: ViewerModel
) -> None:
    seen = []
    for _ in range(3):
        editor.select([editor.label_at(place(editor, 10, 9))])
        seen.append(editor.selected[0])
    assert sorted(set(seen)) == [1, 2]
    assert seen[0] == seen[2] != seen[1]


def test_the_plane_of_the_selected_object_comes_on_screen(
    editor: LabelEditor, viewer: ViewerModel
) -> None:
    planes = planes_of(editor.layer)
    for label in (1, 2, 3):
        editor.select([label])
        assert (planes[editor.plane[0]] == label).any()


def test_objects_of_different_planes_are_merged(editor: LabelEditor) -> None:
    before = masks_of(editor.layer)
    editor.select([1, 2])
    perform("merge", editor, OPTIONS, picture)
    after = masks_of(editor.layer)
    assert sorted(after) == [1, 3]
    np.testing.assert_array_equal(after[1], before[1] | before[2])
    np.testing.assert_array_equal(after[3], before[3])


def test_a_cut_reaches_the_selected_object_only(desk: EditDesk) -> None:
    editor = desk.editor
    assert editor is not None
    before = masks_of(editor.layer)
    editor.select([2])
    desk.perform("cut")
    press(desk, [(10, 0), (10, 49)])
    after = masks_of(editor.layer)
    assert sorted(after) == [1, 2, 3, 4]
    np.testing.assert_array_equal(after[2] | after[4], before[2])
    assert all(np.array_equal(after[label], before[label]) for label in (1, 3))


def test_a_cut_beside_all_objects_says_so(desk: EditDesk) -> None:
    told: list[str] = []
    desk.told.connect(lambda text, failed: told.append(text))
    desk.perform("cut")
    press(desk, [(35, 0), (35, 49)])
    assert "crosses no object of this plane" in told[-1]


def test_a_stroke_joins_objects_of_its_plane(own: LabelEditor) -> None:
    desk = edit_desk(own._viewer())
    own.layer.data[0, 5:20, 30:35] = 3
    desk.perform("join")
    before = masks_of(own.layer)
    press(desk, [(10, 10), (10, 32)])
    after = masks_of(own.layer)
    np.testing.assert_array_equal(after[1], before[1] | before[3])
    np.testing.assert_array_equal(after[2], before[2])


def test_seeds_split_the_selected_object(desk: EditDesk) -> None:
    editor = desk.editor
    assert editor is not None
    before = masks_of(editor.layer)
    editor.select([2])
    desk.perform("seeds")
    press(desk, [(10, 10)])
    press(desk, [(10, 17)])
    desk.tools.accept()
    after = masks_of(editor.layer)
    assert sorted(after) == [1, 2, 3, 4]
    np.testing.assert_array_equal(after[2] | after[4], before[2])


def test_an_object_is_copied_over_those_that_are_there(
    desk: EditDesk, viewer: ViewerModel
) -> None:
    editor = desk.editor
    assert editor is not None
    other = np.zeros((40, 50), np.int32)
    other[3:18, 3:30] = 9
    desk.source = viewer.add_labels(other, scale=tuple(editor.layer.scale[-2:]))
    viewer.layers.selection.active = editor.layer
    before = masks_of(editor.layer)
    desk.perform("copy")
    press(desk, [(4, 4)])
    after = masks_of(editor.layer)
    np.testing.assert_array_equal(after[4], other == 9)
    assert all(np.array_equal(after[label], before[label]) for label in before)


def test_an_added_object_may_lie_over_others(desk: EditDesk) -> None:
    editor = desk.editor
    assert editor is not None
    before = masks_of(editor.layer)
    desk.perform("add")
    press(desk, [(10, 10)])
    desk.tools.accept()
    after = masks_of(editor.layer)
    assert len(after) == 4
    assert after[4][10, 10]
    assert all(np.array_equal(after[label], before[label]) for label in before)


def test_a_new_object_has_an_empty_plane_and_the_brush(desk: EditDesk) -> None:
    editor = desk.editor
    assert editor is not None
    before = masks_of(editor.layer)
    desk.perform("new")
    layer = editor.layer
    assert str(layer.mode) == "paint"
    assert layer.selected_label == 4
    assert not planes_of(layer)[editor.plane[0]].any()
    layer.paint((*editor.plane, 10, 10), 4)
    after = masks_of(layer)
    assert after[4][10, 10]
    assert all(np.array_equal(after[label], before[label]) for label in before)
    assert editor.acts[-1].title == "paint object 4"


def test_an_object_alone_in_its_plane_is_painted_over_its_neighbour(
    own: LabelEditor,
) -> None:
    planes_of(own.layer)[0, 5:20, 25:40] = 3
    own.layer.preserve_labels = True
    own.select([1])
    perform("apart", own, OPTIONS, picture)
    assert own.layer.selected_label == 1
    own.layer.paint((own.plane[0], 10, 25), 1)
    after = masks_of(own.layer)
    assert after[1][10, 25]
    assert after[3].sum() == 15 * 15


def test_a_label_that_is_taken_is_not_given(own: LabelEditor) -> None:
    own.select([1])
    with pytest.raises(EditError, match="there is an object 2 already"):
        perform("label", own, EditOptions(label=2), picture)
    perform("label", own, EditOptions(label=7), picture)
    assert sorted(masks_of(own.layer)) == [2, 7]


def test_acts_on_one_object_refuse_two(own: LabelEditor) -> None:
    own.select([1, 2])
    with pytest.raises(EditError, match="2 objects are selected"):
        perform("apart", own, OPTIONS, picture)


def test_nothing_lies_between_planes_of_overlap(own: LabelEditor) -> None:
    own.select([1])
    with pytest.raises(EditError, match="have nothing between them"):
        perform("between", own, OPTIONS, picture)


def test_flat_labels_have_no_planes_of_overlap(viewer: ViewerModel) -> None:
    labels = np.zeros((40, 50), np.int32)
    labels[5:9, 5:9] = 1
    editor = LabelEditor(viewer, viewer.add_labels(labels))
    editor.select([1])
    with pytest.raises(EditError, match="lie in no planes of overlap"):
        perform("apart", editor, OPTIONS, picture)
    told: list[str] = []
    desk = edit_desk(viewer)
    desk.told.connect(lambda text, failed: told.append(text))
    viewer.layers.selection.active = editor.layer
    desk.perform("new")
    assert "cannot overlap" in told[-1]


def test_seeds_beside_objects_find_none(own: LabelEditor) -> None:
    from napari_cellsets._napari.stack_acts import meant

    with pytest.raises(EditError, match="there is no object"):
        meant(own, 39, 0)
