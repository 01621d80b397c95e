"""History of earlier days in the Edit dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from history_docks import PATIENCE_MS, Room, days_ago

from napari_cellsets._napari.edit_marks import DRAWN_NAME
from napari_cellsets._napari.history_acts import Act
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt import history_flow
from napari_cellsets._qt.edit_history import HistoryView
from napari_cellsets._qt.history_model import MORE
from napari_cellsets.store import Project, journal

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot


pytestmark = pytest.mark.gui


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
