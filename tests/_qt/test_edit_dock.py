"""The Edit dock in a real window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication, QComboBox

from napari_cellsets._napari.edit_marks import DRAWN_NAME, SELECTED_NAME
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.edit import EditWidget

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.layers import Labels
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui

FIELD = (100, 120)


def field() -> np.ndarray:
    """Four squares; the third holds a hole, the fourth is cut off."""
    labels = np.zeros(FIELD, np.int32)
    labels[10:30, 10:30] = 1
    labels[10:30, 32:52] = 2
    labels[50:70, 10:30] = 3
    labels[58:62, 18:22] = 0
    labels[90:100, 60:70] = 4
    return labels


class Desk:
    """A dock with hands: presses, draws and clicks as a person does."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.layer: Labels = viewer.add_labels(field(), name="cells by hand")
        self.dock = EditWidget(viewer)
        viewer.window.add_dock_widget(self.dock, name="Edit (Cell sets)")

    def press(self, name: str) -> None:
        parts = (self.dock.tools, self.dock.acts, self.dock.all)
        next(part.buttons[name] for part in parts if name in part.buttons).click()

    def drag(self, *points: tuple[float, float], shift: bool = False) -> None:
        """Press at the first point, move over the others, let go at the last."""
        events = [
            MouseEvent("mouse_press", points[0], shift),
            *(MouseEvent("mouse_move", point, shift) for point in points[1:]),
            MouseEvent("mouse_release", points[-1], shift),
        ]
        for callback in tuple(self.layer.mouse_drag_callbacks):
            current = MouseEvent("mouse_press", points[0], shift)
            running = callback(self.layer, current)
            if running is None:
                continue
            for event in events:
                current.__dict__.update(event.__dict__)
                try:
                    next(running)
                except StopIteration:
                    break

    def click(self, y: float, x: float, *, shift: bool = False) -> None:
        self.drag((y, x), shift=shift)

    def hit(self, key: str, *, shift: bool = False) -> None:
        """Press a key on the canvas."""
        names = {"Delete": Qt.Key.Key_Delete, "8": Qt.Key.Key_8}
        code = names.get(key) or getattr(Qt.Key, f"Key_{key}")
        held = Qt.KeyboardModifier.ShiftModifier if shift else _NONE
        canvas = self.viewer.__wrapped__.window._qt_viewer.canvas.native
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            text = key if len(key) == 1 else ""
            QApplication.sendEvent(canvas, QKeyEvent(kind, code, held, text))

    @property
    def callbacks(self) -> list[str]:
        """What hears the mouse on the layer, besides napari's overlays."""
        names = [one.__name__ for one in self.layer.mouse_drag_callbacks]
        return [name for name in names if name != "decorated_callback"]

    @property
    def labels(self) -> np.ndarray:
        return self.layer.data

    @property
    def message(self) -> str:
        return str(self.dock.message.text.text())

    def shown(self, name: str) -> int:
        """How many pieces of lines a layer of marks shows."""
        return len(self.viewer.layers[name].data) if name in self.viewer.layers else 0


class MouseEvent:
    """What napari hands to callbacks of the mouse."""

    def __init__(self, kind: str, yx: tuple[float, float], shift: bool) -> None:
        self.type = kind
        self.position = yx
        self.pos = np.array([yx[1], yx[0]]) * 4
        self.button = 1
        self.modifiers = ("Shift",) if shift else ()


_NONE = Qt.KeyboardModifier.NoModifier


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
    desk.dock.desk.tools.accept()
    assert np.unique(desk.labels[10:30, 10:30]).tolist() == [1, 5]


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
    desk.click(80, 31)
    assert (desk.labels == 5).sum() == 200
    assert desk.shown(DRAWN_NAME) == 0


def test_dragging_widens_the_tolerance_and_escape_forgets(desk: Desk) -> None:
    picture = np.tile(np.arange(FIELD[1], dtype=np.uint8), (FIELD[0], 1))
    desk.viewer.add_image(picture)
    desk.viewer.layers.selection.active = desk.layer
    desk.press("add")
    tools = desk.dock.desk.tools
    before = desk.dock.desk.options.tolerance
    desk.drag((80, 80), (80, 84), (80, 100))
    assert desk.dock.desk.options.tolerance > before
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


# Tools and other hands


def test_a_brush_puts_the_tool_away(desk: Desk) -> None:
    desk.press("cut")
    assert not desk.layer.mouse_pan
    desk.layer.mode = "paint"
    assert not desk.dock.tools.buttons["cut"].isChecked()
    assert desk.callbacks == ["draw"]
    desk.layer.mode = "pan_zoom"
    assert desk.layer.mouse_pan


def test_space_moves_the_image_with_a_tool_in_hand(desk: Desk) -> None:
    desk.press("cut")
    held = desk.dock.desk.tools._on_space(desk.layer)
    next(held)
    assert desk.layer.mouse_pan
    desk.drag((5, 20), (35, 20))
    assert np.array_equal(desk.labels, field())
    with pytest.raises(StopIteration):
        next(held)
    assert not desk.layer.mouse_pan
    desk.drag((5, 20), (35, 20))
    assert 5 in desk.labels


def test_pressing_again_puts_the_tool_away(desk: Desk) -> None:
    desk.press("join")
    desk.press("join")
    assert desk.dock.desk.tools.tool == ""
    assert desk.layer.mouse_pan
    assert desk.callbacks == []


def test_history_tells_all_acts_and_shows_them_again(desk: Desk, qtbot: QtBot) -> None:
    desk.dock.desk.editor.select([4])
    desk.press("delete")
    desk.layer.paint((20, 80), 7)
    desk.layer.undo()
    acts = desk.dock.history.model.acts
    assert [(act.title, act.done) for act in acts] == [
        ("paint object 7", False),
        ("delete object", True),
    ]
    model = desk.dock.history.model
    assert model.index(0, 1).data() == "paint object 7 (undone)"
    desk.viewer.scene.camera.center = (0, 500, 500)
    desk.dock.history.table.activated.emit(model.index(1, 0))
    assert np.allclose(desk.viewer.scene.camera.center[-2:], (94.5, 64.5))
    assert desk.shown(DRAWN_NAME) == 4
    qtbot.waitUntil(lambda: desk.shown(DRAWN_NAME) == 0)


def test_what_cannot_be_done_is_said_in_the_dock(desk: Desk) -> None:
    desk.press("cut")
    desk.drag((80, 80), (85, 85))
    assert "cuts no object in two" in desk.message
    assert np.array_equal(desk.labels, field())


def test_closing_the_dock_leaves_no_traces(desk: Desk) -> None:
    desk.press("cut")
    desk.dock.desk.editor.select([1])
    desk.viewer.window.remove_dock_widget(desk.dock)
    assert desk.callbacks == []
    assert desk.layer.keymap == {}
    assert desk.shown(SELECTED_NAME) == 0
    desk.dock.deleteLater()


# Layers of a session


@pytest.fixture
def session(viewer: Viewer, set_path: Path) -> Session:
    session = get_session(viewer)
    session.open(set_path)
    return session


def test_locked_truth_refuses_until_it_is_unlocked(
    viewer: Viewer, session: Session
) -> None:
    dock = EditWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Edit (Cell sets)")
    viewer.layers.selection.active = session.truth_layer
    assert "is locked" in dock.layer.why.text()
    label = int(session.truth_layer.data.max())
    dock.desk.editor.select([label])
    dock.acts.buttons["delete"].click()
    assert "is locked" in dock.message.text.text()
    dock.layer.unlock.click()
    assert dock.layer.why.isHidden()
    dock.desk.editor.select([label])
    dock.acts.buttons["delete"].click()
    assert label not in session.truth_layer.data
    session.correcting_truth = False
    assert "is locked" in dock.layer.why.text()


def test_a_copy_of_a_locked_layer_can_be_edited(viewer: Viewer) -> None:
    layer = viewer.add_labels(field(), name="masks")
    layer.editable = False
    dock = EditWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Edit (Cell sets)")
    dock.layer.copy.click()
    assert viewer.layers.selection.active.name == "masks (to edit)"
    dock.desk.editor.select([1])
    dock.acts.buttons["delete"].click()
    assert 1 in layer.data
    assert 1 not in viewer.layers.selection.active.data


def test_edits_are_on_disk_and_the_dock_says_so(
    viewer: Viewer, session: Session
) -> None:
    dock = EditWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Edit (Cell sets)")
    height, width = session.truth_layer.data.shape
    session.set_cells(field()[:height, :width], {})
    viewer.layers.selection.active = session.cells_layer
    dock.desk.editor.select([1, 2])
    dock.acts.buttons["merge"].click()
    kept = session.project.load_labels(
        session.dataset.identity, session.sample.name, "cells"
    )
    assert np.array_equal(kept.labels, session.cells_layer.data)
    assert dock.saved.text() == "All corrections are saved"


def test_the_next_sample_begins_with_an_empty_history(
    viewer: Viewer, session: Session, make_napari_viewer_proxy: Callable[..., Viewer]
) -> None:
    dock = EditWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Edit (Cell sets)")
    height, width = session.truth_layer.data.shape
    session.set_cells(field()[:height, :width], {})
    viewer.layers.selection.active = session.cells_layer
    dock.desk.editor.select([1])
    dock.acts.buttons["delete"].click()
    session.step(1)
    assert dock.history.model.acts == ()
    assert dock.desk.editor.selected == ()
