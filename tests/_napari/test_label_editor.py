"""Edits of a layer are undo steps of napari; history and selection follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from made_labels import squares
from napari_cellsets._napari import label_editor
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.label_editor import LabelEditor
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import joining

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels


@pytest.fixture
def layer(viewer: ViewerModel) -> Labels:
    return viewer.add_labels(squares())


@pytest.fixture
def editor(viewer: ViewerModel, layer: Labels) -> LabelEditor:
    return LabelEditor(viewer, layer)


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


# The desk


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
