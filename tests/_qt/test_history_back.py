"""Earlier labels are seen in the window, and restored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from history_docks import Room, paint

if TYPE_CHECKING:
    from napari_cellsets.store import Project

pytestmark = pytest.mark.gui


def test_labels_are_seen_as_they_were_and_cannot_be_edited(room: Room) -> None:
    room.go_back(3)
    shown = room.viewer.layers[-1]
    assert np.unique(shown.data).tolist() == [0, 1, 2]
    assert not shown.editable
    assert not room.layer.visible
    assert "1 change was made since (1 by ada)" in room.dock.history.bar.text.text()
    room.dock.desk.editor.select([1])
    room.dock.acts.buttons["delete"].click()
    assert "is hidden" in room.message
    assert np.unique(room.layer.data).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("key", ["T", "Escape"])
def test_one_key_leads_back_to_now(room: Room, key: str) -> None:
    layers = list(room.viewer.layers)
    room.go_back(3)
    assert list(room.viewer.layers) != layers
    (handler,) = (act for bound, act in room.layer.keymap.items() if str(bound) == key)
    handler(room.layer)
    assert list(room.viewer.layers) == layers
    assert room.layer.visible
    assert room.dock.history.bar.isHidden()
    assert "Escape" not in map(str, room.layer.keymap)


def test_looking_back_keeps_what_can_be_undone(room: Room) -> None:
    room.layer.paint((40, 40), 9)
    room.go_back(3)
    room.dock.history.bar.now.click()
    room.layer.undo()
    assert 9 not in room.layer.data


def test_labels_before_an_act_of_this_window_are_seen(room: Room) -> None:
    room.layer.paint((40, 40), 9)
    room.layer.paint((40, 50), 8)
    room.go_back(2)
    assert np.unique(room.viewer.layers[-1].data).tolist() == [0, 1, 2, 3, 9]


def test_another_image_ends_the_look_back(room: Room) -> None:
    layers = list(room.viewer.layers)
    room.go_back(3)
    room.session.step(1)
    assert list(room.viewer.layers) == layers
    room.session.step(-1)
    assert room.layer.visible
    assert room.dock.history.bar.isHidden()


def test_the_person_may_delete_the_earlier_layer(room: Room) -> None:
    room.go_back(3)
    room.viewer.layers.remove(room.viewer.layers[-1])
    assert room.layer.visible
    assert room.dock.history.bar.isHidden()


def test_closing_the_dock_leads_back_to_now(room: Room) -> None:
    room.go_back(3)
    room.viewer.window.remove_dock_widget(room.dock)
    assert room.layer.visible
    room.dock.deleteLater()


def test_without_a_chosen_line_the_key_says_so(room: Room) -> None:
    room.dock._act("then")
    assert "Choose a line of the history first" in room.message


def test_a_layer_of_ones_own_has_no_earlier_labels(room: Room) -> None:
    own = room.viewer.add_labels(np.zeros((30, 30), np.int32))
    own.paint((5, 5), 3)
    assert room.lines == ["paint object 3"]
    assert room.dock.history.then.isHidden()


def test_restoring_is_one_step_of_undo(
    room: Room, project: Project, where: tuple[str, str, str]
) -> None:
    room.go_back(3)
    room.dock.history.bar.restore.click()
    assert np.unique(room.layer.data).tolist() == [0, 1, 2]
    assert np.array_equal(project.load_labels(*where).labels, room.layer.data)
    assert "Ctrl+Z takes it back" in room.message
    assert project.label_history(*where)[-1].title.startswith("restore what was on")
    assert room.lines[1].startswith("restore what was on")
    room.layer.undo()
    assert np.unique(project.load_labels(*where).labels).tolist() == [0, 1, 2, 3]


def test_restoring_what_is_there_changes_nothing(room: Room) -> None:
    room.go_back(1)
    room.dock.history.bar.restore.click()
    assert "as they were then already" in room.message
    assert room.dock.history.model.acts == ()


def test_work_of_somebody_else_is_not_overwritten(
    room: Room, project: Project, where: tuple[str, str, str]
) -> None:
    room.go_back(3)
    paint(project, where, 4)
    room.dock.history.bar.restore.click()
    assert "ada changed this image meanwhile" in room.message
    assert 4 in room.layer.data
    assert 4 in project.load_labels(*where).labels


def test_very_large_changes_are_restored_by_the_store(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_cellsets._napari import history_then

    monkeypatch.setattr(history_then, "MOST_PX", 3)
    room.go_back(4)
    room.dock.history.bar.restore.click()
    assert np.unique(room.layer.data).tolist() == [0, 1]
    assert "The history brings back what was before" in room.message


def test_a_locked_layer_is_not_restored(room: Room) -> None:
    room.layer.editable = False
    room.answered()
    room.go_back(3)
    room.dock.history.bar.restore.click()
    assert "is locked" in room.message


def test_that_a_restoring_can_be_undone_is_said_of_no_other_image(room: Room) -> None:
    room.go_back(3)
    room.dock.history.bar.restore.click()
    assert "Ctrl+Z takes it back" in room.message
    room.session.step(1)
    assert room.message == ""
