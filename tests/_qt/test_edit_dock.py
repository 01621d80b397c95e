"""The Edit dock: what it shows, and edits by button, stroke and key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from edit_docks import FIELD, Desk, MouseEvent, field
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox

from napari_cellsets._napari.edit_marks import DRAWN_NAME, SELECTED_NAME
from napari_cellsets._qt.edit import EditWidget

if TYPE_CHECKING:
    from napari.viewer import Viewer

pytestmark = pytest.mark.gui


@pytest.fixture
def desk(viewer: Viewer) -> Desk:
    return Desk(viewer)


# What is there


def test_empty_dock_says_what_to_do(viewer: Viewer) -> None:
    dock = EditWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Edit (Cell sets)")
    assert not dock.welcome.isHidden()
    assert dock.work.isHidden()
    viewer.add_labels(field())
    assert dock.welcome.isHidden()


def test_everything_that_can_be_pressed_has_a_name_and_a_reason(desk: Desk) -> None:
    nameless = [
        widget
        for part in (
            desk.dock.layer,
            desk.dock.tools,
            desk.dock.acts,
            desk.dock.options,
        )
        for kind in (QAbstractButton, QComboBox)
        for widget in part.findChildren(kind)
        if not (widget.accessibleName() or widget.text()) or not widget.toolTip()
    ]
    assert nameless == []
    spins = desk.dock.work.findChildren(QAbstractSpinBox)
    assert [one for one in spins if not one.accessibleName()] == []


def test_dock_is_no_wider_than_its_place(desk: Desk) -> None:
    assert desk.dock.work.minimumSizeHint().width() <= 340


# Select


def test_clicks_select_and_shift_adds(desk: Desk) -> None:
    desk.press("select")
    desk.click(20, 20)
    desk.click(20, 40, shift=True)
    assert desk.dock.desk.editor.selected == (1, 2)
    assert desk.shown(SELECTED_NAME) == 8
    assert desk.dock.acts.selected.text() == "2 objects are selected"
    assert np.array_equal(desk.labels, field())
    desk.click(80, 80)
    assert desk.dock.desk.editor.selected == ()
    assert desk.shown(SELECTED_NAME) == 0


def test_a_click_that_is_a_drag_selects_nothing(desk: Desk) -> None:
    desk.press("select")
    desk.drag((20, 20), (20, 45))
    assert desk.dock.desk.editor.selected == ()


def test_acts_wait_for_a_selection(desk: Desk) -> None:
    assert not desk.dock.acts.buttons["merge"].isEnabled()
    desk.dock.desk.editor.select([1])
    assert not desk.dock.acts.buttons["merge"].isEnabled()
    assert desk.dock.acts.buttons["delete"].isEnabled()


# Edits by button, stroke and key


@pytest.mark.parametrize(
    ("name", "selected", "there"),
    [
        ("merge", [1, 2], [0, 1, 3, 4]),
        ("delete", [1, 3], [0, 2, 4]),
        ("border", [], [0, 1, 2, 3]),
        ("small", [], [0, 1, 2, 3]),
        ("large", [], [0, 4]),
    ],
)
def test_buttons_edit_and_one_undo_takes_it_back(
    desk: Desk, name: str, selected: list[int], there: list[int]
) -> None:
    desk.dock.desk.options.least_px = 150
    desk.dock.desk.options.most_px = 150
    desk.dock.desk.editor.select(selected)
    desk.press(name)
    assert np.unique(desk.labels).tolist() == there
    desk.layer.undo()
    assert np.array_equal(desk.labels, field())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("small", "no object is smaller than 30 px²"),
        ("large", "no object is larger than 10,000 px²"),
    ],
)
def test_where_nothing_is_to_be_deleted_the_dock_says_of_what_size(
    desk: Desk, name: str, said: str
) -> None:
    desk.press(name)
    assert said in desk.message


def test_where_nothing_touches_the_border_the_dock_says_so(desk: Desk) -> None:
    desk.press("border")
    desk.press("border")
    assert "no object touches the border" in desk.message


@pytest.mark.parametrize(
    ("name", "grows"),
    [("fill", 1), ("grow", 1), ("shrink", -1)],
)
def test_outlines_of_the_selected_object_change(
    desk: Desk, name: str, grows: int
) -> None:
    desk.dock.desk.editor.select([3])
    desk.press(name)
    assert np.sign((desk.labels == 3).sum() - (field() == 3).sum()) == grows
    others = np.isin(field(), (1, 2, 4))
    assert np.array_equal(desk.labels[others], field()[others])


def test_smoothing_rounds_corners(desk: Desk) -> None:
    desk.dock.desk.editor.select([1])
    desk.press("smooth")
    assert not desk.labels[10, 10]
    assert desk.labels[10, 20] == 1


def test_a_line_across_splits_and_both_parts_are_selected(desk: Desk) -> None:
    desk.press("cut")
    desk.drag((5, 20), (20, 20), (35, 20))
    assert np.unique(desk.labels[10:30, 10:30]).tolist() == [1, 5]
    assert set(desk.dock.desk.editor.selected) == {1, 5}
    assert desk.message == "Done: split."


def test_a_stroke_merges(desk: Desk) -> None:
    desk.press("join")
    desk.drag((20, 20), (20, 31), (20, 45))
    assert np.unique(desk.labels[10:30, 32:52]).tolist() == [1]


def test_a_stroke_is_seen_while_it_is_drawn(desk: Desk) -> None:
    desk.press("cut")
    callback = desk.layer.mouse_drag_callbacks[-1]
    event = MouseEvent("mouse_press", (5, 5), False)
    running = callback(desk.layer, event)
    next(running)
    event.__dict__.update(MouseEvent("mouse_move", (50, 50), False).__dict__)
    next(running)
    assert desk.shown(DRAWN_NAME) == 1
    event.__dict__.update(MouseEvent("mouse_release", (50, 50), False).__dict__)
    with pytest.raises(StopIteration):
        next(running)
    assert desk.shown(DRAWN_NAME) == 0


def test_seeds_split_at_enter(desk: Desk) -> None:
    desk.press("seeds")
    desk.click(20, 13)
    desk.click(20, 27)
    assert desk.shown(DRAWN_NAME) == 4
    assert np.array_equal(desk.labels, field())
    assert not desk.dock.message.act.isHidden()
    desk.hit("Enter")
    assert np.unique(desk.labels[10:30, 10:30]).tolist() == [1, 5]
    assert desk.dock.message.act.isHidden()


def test_an_object_is_shown_before_it_is_added(desk: Desk) -> None:
    picture = np.full(FIELD, 20, np.uint8)
    picture[75:85, 20:40] = 200
    desk.viewer.add_image(picture)
    desk.viewer.layers.move(1, 0)
    desk.viewer.layers.selection.active = desk.layer
    desk.press("add")
    desk.click(80, 30)
    assert desk.shown(DRAWN_NAME) == 4
    assert np.array_equal(desk.labels, field())
    desk.dock.message.act.click()
    assert (desk.labels == 5).sum() == 200
    assert desk.shown(DRAWN_NAME) == 0


def test_a_click_inside_takes_what_is_shown(desk: Desk) -> None:
    desk.viewer.add_image(np.full(FIELD, 9, np.uint8))
    desk.viewer.layers.selection.active = desk.layer
    desk.press("add")
    desk.click(80, 110)
    assert "drag sideways" in desk.message
    desk.click(80, 111)
    assert 5 in desk.labels


def test_dragging_widens_the_tolerance_and_escape_forgets(desk: Desk) -> None:
    picture = np.tile(np.arange(FIELD[1], dtype=np.uint8), (FIELD[0], 1))
    desk.viewer.add_image(picture)
    desk.viewer.layers.selection.active = desk.layer
    desk.press("add")
    tools = desk.dock.desk.tools
    before = desk.dock.desk.options.tolerance
    desk.drag((80, 80), (80, 84), (80, 100))
    wider = desk.dock.desk.options.tolerance
    assert wider > before
    assert tools.pending
    desk.drag((80, 80), (80, 76), (80, 70))
    assert desk.dock.desk.options.tolerance < wider
    assert tools.pending
    tools._on_escape(desk.layer)
    assert not tools.pending
    assert tools.tool == "add"
    tools._on_escape(desk.layer)
    assert tools.tool == ""


def test_an_object_of_another_layer_is_copied(desk: Desk) -> None:
    other = np.zeros(FIELD, np.int32)
    other[72:84, 80:100] = 9
    desk.viewer.add_labels(other, name="truth")
    desk.viewer.layers.selection.active = desk.layer
    assert desk.dock.desk.source.name == "truth"
    desk.press("copy")
    desk.click(75, 85)
    assert (desk.labels == 5).sum() == 240


def test_keys_do_what_buttons_do(desk: Desk) -> None:
    desk.dock.desk.editor.select([1, 2])
    desk.hit("U")
    assert 2 not in desk.labels
    desk.hit("Delete")
    assert 1 not in desk.labels
    desk.hit("K")
    assert desk.dock.tools.buttons["cut"].isChecked()


def test_key_of_the_tool_in_hand_keeps_it_and_what_it_shows(desk: Desk) -> None:
    desk.hit("K", shift=True)
    desk.click(20, 20)
    desk.hit("K", shift=True)
    assert desk.dock.tools.buttons["seeds"].isChecked()
    assert len(desk.dock.desk.tools._seeds) == 1


def test_keys_of_other_layers_are_left_alone(desk: Desk) -> None:
    image = desk.viewer.add_image(np.zeros(FIELD))
    desk.dock.desk.editor.select([1])
    desk.viewer.layers.selection.active = image
    desk.hit("Delete")
    assert 1 in desk.labels


def test_one_key_shows_the_keys(desk: Desk) -> None:
    desk.hit("N")
    assert desk.dock.tabs.currentWidget() is desk.dock.key_map


def test_another_key_is_kept_for_the_next_time(desk: Desk, viewer: Viewer) -> None:
    model = desk.dock.key_map.model
    row = model.names.index("merge")
    assert model.setData(model.index(row, 1), "Shift+U")
    desk.dock.desk.editor.select([1, 2])
    desk.hit("U")
    assert 2 in desk.labels
    desk.hit("U", shift=True)
    assert 2 not in desk.labels
    assert "(Shift+U)" in desk.dock.acts.buttons["merge"].toolTip()
    again = EditWidget(viewer)
    viewer.window.add_dock_widget(again, name="Edit again")
    assert again.keys.keys["merge"] == "Shift+U"
    again.key_map.reset.click()
    assert again.keys.keys["merge"] == "U"


@pytest.mark.parametrize(
    ("key", "why"),
    [("K", "the key of “Cut”"), ("3", "napari uses 3 itself"), ("Foo", "no key 'Foo'")],
)
def test_keys_that_are_taken_are_refused(desk: Desk, key: str, why: str) -> None:
    model = desk.dock.key_map.model
    assert not model.setData(model.index(model.names.index("merge"), 1), key)
    assert why in desk.message
    assert desk.dock.keys.keys["merge"] == "U"
