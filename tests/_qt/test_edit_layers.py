"""The Edit dock among brushes, other layers, samples, and after it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from edit_docks import Desk, field

from napari_cellsets._napari.edit_marks import DRAWN_NAME, SELECTED_NAME
from napari_cellsets._napari.edit_tools import HINTS
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.edit import EditWidget

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui


@pytest.fixture
def desk(viewer: Viewer) -> Desk:
    return Desk(viewer)


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
    viewer: Viewer, session: Session
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


def test_what_was_done_is_said_until_it_is_undone(desk: Desk) -> None:
    desk.dock.desk.editor.select([1])
    desk.press("delete")
    assert desk.message == "Done: delete object."
    desk.layer.undo()
    assert desk.message == ""


def test_what_was_done_is_said_until_something_else_is_done(desk: Desk) -> None:
    desk.dock.desk.editor.select([1])
    desk.press("delete")
    desk.layer.paint((80, 80), 7)
    assert desk.message == ""


def test_what_is_said_of_one_layer_is_not_said_of_the_next(desk: Desk) -> None:
    desk.press("cut")
    assert desk.message
    desk.viewer.add_labels(field(), name="other cells")
    assert desk.message == ""


def test_seeds_that_are_dropped_are_not_offered(desk: Desk) -> None:
    desk.press("seeds")
    desk.click(15, 12)
    desk.click(15, 25)
    assert desk.message == "2 seeds; Enter splits."
    desk.dock.desk.tools.drop()
    assert desk.message == HINTS["seeds"]
    assert desk.dock.message.act.isHidden()
    desk.dock.desk.tools.use(None)
    assert desk.message == ""


def test_whether_a_layer_is_hidden_is_told_as_it_is_now(
    desk: Desk, qtbot: QtBot
) -> None:
    said = desk.dock.layer.why
    desk.layer.visible = False
    qtbot.waitUntil(lambda: "is hidden" in said.text())
    desk.layer.visible = True
    qtbot.waitUntil(lambda: not said.text())


def test_labels_of_the_next_image_are_not_told_to_be_locked(
    viewer: Viewer, set_path: Path, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    session.open(set_path)
    session.start_cells()
    viewer.layers.selection.active = session.cells_layer
    dock = EditWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Edit (Cell sets)")
    session.step(1)
    qtbot.wait(50)
    assert not dock.desk.why_not()
    assert not dock.layer.why.text()


def test_what_is_to_be_copied_is_shown_while_it_is(desk: Desk) -> None:
    truth = desk.viewer.add_labels(field(), name="truth", visible=False)
    desk.viewer.layers.selection.active = desk.layer
    desk.dock.desk.source = truth
    desk.press("copy")
    assert truth.visible
    desk.press("copy")
    assert not truth.visible
