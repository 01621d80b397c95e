"""History of earlier days in the Edit dock; earlier labels seen and restored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_cellsets._napari.edit_marks import DRAWN_NAME
from napari_cellsets._napari.history_acts import Act
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt import history_flow
from napari_cellsets._qt.edit import EditWidget
from napari_cellsets._qt.edit_history import HistoryView
from napari_cellsets._qt.history_model import MORE
from napari_cellsets.store import LabelDelta, Project, history, journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from napari.layers import Labels
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui

#: The store is asked beside the window; a busy machine takes its time.
PATIENCE_MS = 30_000

SQUARE = (slice(2, 8), slice(2, 8))


class Room:
    """A window on a stored image, with hands."""

    def __init__(self, viewer: Viewer, qtbot: QtBot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.session: Session = get_session(viewer)
        self.session.reload()
        self.layer: Labels = self.session.cells_layer
        viewer.layers.selection.active = self.layer
        self.dock = EditWidget(viewer)
        viewer.window.add_dock_widget(self.dock, name="Edit (Cell sets)")
        self.answered()

    @property
    def lines(self) -> list[str]:
        model = self.dock.history.model
        return [model.index(row, 1).data() for row in range(model.rowCount())]

    @property
    def message(self) -> str:
        return str(self.dock.message.text.text())

    def answered(self) -> None:
        self.dock.past.ask()
        self.qtbot.waitUntil(
            lambda: not self.dock.past.runner.busy, timeout=PATIENCE_MS
        )

    def choose(self, line: int) -> None:
        self.dock.history.table.selectRow(line)

    def go_back(self, line: int) -> None:
        self.choose(line)
        self.dock.history.then.click()
        self.qtbot.waitUntil(
            lambda: not self.dock.past.runner.busy, timeout=PATIENCE_MS
        )


@pytest.fixture
def project(viewer: Viewer, set_path: Path) -> Iterator[Project]:
    """The store of the window, opened by somebody else."""
    session = get_session(viewer)
    session.open(set_path)
    with Project.open(session.project.place, author="ada") as opened:
        yield opened


@pytest.fixture
def where(project: Project, viewer: Viewer) -> tuple[str, str, str]:
    session = get_session(viewer)
    return session.dataset.identity, session.sample.name, "cells"


def paint(project: Project, where: tuple[str, str, str], label: int) -> None:
    stored = project.load_labels(*where)
    after = stored.labels.copy()
    after[10 * label : 10 * label + 5, 10:14] = label
    delta = LabelDelta.between(stored.labels, after)
    project.record(*where, delta, {"act": f"paint object {label}"})


@pytest.fixture
def room(
    project: Project,
    where: tuple[str, str, str],
    viewer: Viewer,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Room:
    """Cells that ada drew three and two days ago, open in a window."""
    session = get_session(viewer)
    labels = np.zeros(session.picture.plane_shape, np.int32)
    labels[SQUARE] = 1
    with monkeypatch.context() as patch:
        real = journal.now
        patch.setattr(journal, "now", lambda: real() - 3 * history.DAY_S)
        project.save_labels(*where, labels, {"model": "nuclei"})
        paint(project, where, 2)
        patch.setattr(journal, "now", lambda: real() - 2 * history.DAY_S)
        paint(project, where, 3)
    return Room(viewer, qtbot)


def days_ago(days: int, pattern: str) -> str:
    from datetime import datetime, timedelta

    then: datetime = datetime.now().astimezone() - timedelta(days=days)
    return then.strftime(pattern)


# The list


def test_earlier_days_stand_in_the_list(room: Room) -> None:
    assert room.lines == [
        days_ago(2, "%a %d %b %Y"),
        "paint object 3",
        days_ago(3, "%a %d %b %Y"),
        "paint object 2",
        "cells counted by nuclei",
    ]
    assert room.dock.history.model.index(1, 2).data() == "ada"


def test_acts_of_now_stand_above_them(room: Room) -> None:
    room.layer.paint((40, 40), 9)
    assert room.lines[:3] == [
        "Today",
        "paint object 9",
        days_ago(2, "%a %d %b %Y"),
    ]
    assert len(room.dock.history.model.acts) == 1


def test_what_was_there_before_the_first_act_can_be_chosen(
    project: Project, viewer: Viewer, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    session.start_cells()
    session.save()
    room = Room(viewer, qtbot)
    room.layer.paint((20, 20), 4)
    room.answered()
    assert room.lines == ["Today", "paint object 4", "labels: drawn by hand"]


def test_a_new_act_is_in_sight_and_the_choice_stays(qtbot: QtBot) -> None:
    view = HistoryView()
    qtbot.addWidget(view)
    view.resize(320, 160)
    view.show()
    acts = [Act(f"paint object {n}", "ada", 1e9 + n, None) for n in range(50)]
    view.synchronize(acts)
    view.table.selectRow(40)
    assert view.table.rowAt(0) > 0
    view.synchronize([*acts, Act("erase", "ada", 1e9 + 60, None)])
    assert view.table.rowAt(0) == 0
    assert view.selected is acts[9]


def test_nothing_done_to_the_next_image_either_is_not_laid_out_again(
    qtbot: QtBot,
) -> None:
    view = HistoryView()
    qtbot.addWidget(view)
    view.synchronize([Act("erase", "ada", 1e9, None)])
    view.synchronize(())
    assert view.model.rows == []
    with qtbot.assertNotEmitted(view.model.modelReset):
        view.synchronize(())


def test_acts_before_the_list_was_read_stand_there_once(room: Room) -> None:
    room.session.reload()
    room.dock.desk.editor.select([2])
    room.dock.acts.buttons["delete"].click()
    room.answered()
    assert [line for line in room.lines if "object" in line] == [
        "delete object",
        "paint object 3",
        "paint object 2",
    ]


@pytest.mark.parametrize("asked", ["before", "after"])
@pytest.mark.parametrize("late", [-5, 0, 5])
def test_an_act_stands_there_once_however_late_it_was_noted(
    room: Room, monkeypatch: pytest.MonkeyPatch, late: float, asked: str
) -> None:
    real = journal.now
    monkeypatch.setattr(journal, "now", lambda: real() + late)
    room.session.reload()
    if asked == "before":
        room.dock.past.ask()
    room.layer.paint((40, 40), 9)
    room.answered()
    assert [line for line in room.lines if "object" in line] == [
        "paint object 9",
        "paint object 3",
        "paint object 2",
    ]


def say(project: Project, where: tuple[str, str, str], labels: list[int]) -> None:
    project.set_object_facts(*where, labels, {"flag": "blurred"})


def test_what_was_said_of_objects_stands_there_too(
    room: Room, project: Project, where: tuple[str, str, str]
) -> None:
    say(project, where, [2, 3])
    room.session.reload()
    room.answered()
    assert room.lines[:2] == ["Today", "flag “blurred” of 2 objects"]
    assert room.dock.history.model.index(1, 2).data() == "ada"


def test_objects_of_which_something_was_said_are_gone_to(
    room: Room, project: Project, where: tuple[str, str, str]
) -> None:
    say(project, where, [2, 3])
    room.session.reload()
    room.answered()
    room.viewer.scene.camera.center = (0, 500, 500)
    room.dock.history.table.activated.emit(room.dock.history.model.index(1, 0))
    assert room.dock.desk.editor.selected == (2, 3)
    assert np.allclose(room.viewer.scene.camera.center[-2:], (27, 11.5))


def test_objects_that_are_gone_are_told(
    room: Room, project: Project, where: tuple[str, str, str]
) -> None:
    say(project, where, [3])
    room.session.reload()
    room.answered()
    room.dock.desk.editor.select([3])
    room.dock.acts.buttons["delete"].click()
    line = room.lines.index("flag “blurred” of object 3")
    room.dock.history.table.activated.emit(room.dock.history.model.index(line, 0))
    assert "not there any more" in room.message


def test_what_was_said_in_this_window_stands_there_once(
    room: Room, where: tuple[str, str, str]
) -> None:
    title = "flag “blurred” of object 2"
    say(room.session.project, where, [2])
    assert room.dock.desk.editor.note(title, None, lambda done: None)
    room.dock.desk.target_changed.emit()
    room.answered()
    assert room.lines.count(title) == 1


def test_another_image_has_its_own_history(room: Room) -> None:
    room.session.step(1)
    room.answered()
    assert room.lines == []
    assert not room.dock.history.empty.isHidden()
    room.session.step(-1)
    room.answered()
    assert len(room.lines) == 5


def test_long_histories_are_read_page_by_page(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_flow, "PAGE", 2)
    room.session.reload()
    room.answered()
    assert room.lines[1::2] == ["paint object 3", "paint object 2"]
    assert room.lines[-1] == MORE
    table = room.dock.history.table
    table.activated.emit(room.dock.history.model.index(len(room.lines) - 1, 1))
    room.qtbot.waitUntil(lambda: not room.dock.past.runner.busy, timeout=PATIENCE_MS)
    assert room.lines[-1] == "cells counted by nuclei"


def test_an_act_of_an_earlier_day_is_shown_where_it_was(room: Room) -> None:
    room.viewer.scene.camera.center = (0, 500, 500)
    room.dock.history.table.activated.emit(room.dock.history.model.index(3, 0))
    assert np.allclose(room.viewer.scene.camera.center[-2:], (22, 11.5))
    assert len(room.viewer.layers[DRAWN_NAME].data) == 4


def test_a_whole_image_has_no_place_and_that_is_said(room: Room) -> None:
    room.dock.history.table.activated.emit(room.dock.history.model.index(4, 0))
    assert "is about the whole image" in room.message


def test_headings_cannot_be_chosen(room: Room) -> None:
    room.choose(0)
    assert room.dock.history.selected is None
    assert not room.dock.history.then.isEnabled()


# Then and now


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


# Restore


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
