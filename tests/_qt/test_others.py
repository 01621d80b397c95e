"""Two windows on one store: what the other one did is seen and told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.samples import SamplesWidget
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import LabelDelta, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

CELLS = {"source": "drawn by hand"}


@pytest.fixture
def dock(viewer: Viewer, set_path: Path, qtbot: QtBot) -> SamplesWidget:
    """The first picture of a set, with one cell, in a window."""
    dock = SamplesWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Samples (Cell sets)")
    session = get_session(viewer)
    session.open(set_path)
    labels = np.zeros(session.picture.plane_shape, np.int32)
    labels[2:6, 2:6] = 1
    session.set_cells(labels, CELLS)
    session.save()
    answered(dock, qtbot)
    return dock


@pytest.fixture
def other(dock: SamplesWidget, viewer: Viewer) -> Iterator[Project]:
    """The same store, opened by somebody else."""
    with Project.open(get_session(viewer).project.place) as project:
        yield project


def answered(dock: SamplesWidget, qtbot: QtBot) -> None:
    dock.others.ask()
    qtbot.waitUntil(lambda: not dock.others.runner.busy)


def paint(project: Project, viewer: Viewer, sample: str, label: int) -> None:
    """Draw a square in another window."""
    session = get_session(viewer)
    identity = session.dataset.identity
    stored = project.load_labels(identity, sample, "cells")
    if stored is None:
        labels = np.zeros(session.picture.plane_shape, np.int32)
        labels[10:14, 10:14] = label
        project.save_labels(identity, sample, "cells", labels, CELLS)
        return
    after = stored.labels.copy()
    after[10:14, 10:14] = label
    delta = LabelDelta.between(stored.labels, after)
    project.record(identity, sample, "cells", delta, CELLS)


def test_work_of_another_window_appears_in_this_one(
    dock: SamplesWidget, viewer: Viewer, other: Project, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    paint(other, viewer, session.sample.name, 5)
    answered(dock, qtbot)
    assert session.cells[12, 12] == 5
    assert session.cells[3, 3] == 1
    assert "changed this image" in dock.message.text.text()


def test_work_on_another_sample_is_told_by_name(
    dock: SamplesWidget, viewer: Viewer, other: Project, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    name = session.dataset.samples[1].name
    paint(other, viewer, name, 5)
    answered(dock, qtbot)
    assert f"changed {name}." in dock.message.text.text()
    assert session.index == 0


def test_own_work_is_not_told_as_somebody_else_s(
    dock: SamplesWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    session.cells_layer.data_setitem((np.array([20]), np.array([20])), 7)
    session.save()
    said: list[str] = []
    dock.others.told.connect(said.append)
    answered(dock, qtbot)
    answered(dock, qtbot)
    assert said == []


def test_what_was_done_before_the_set_was_opened_is_not_news(
    dock: SamplesWidget, viewer: Viewer, other: Project, qtbot: QtBot, set_path: Path
) -> None:
    session = get_session(viewer)
    paint(other, viewer, session.dataset.samples[2].name, 3)
    said: list[str] = []
    dock.others.told.connect(said.append)
    session.open(set_path)
    dock.others.others._identity = ""
    answered(dock, qtbot)
    assert said == []


def test_a_store_that_cannot_be_read_asks_nothing(
    dock: SamplesWidget, viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = get_session(viewer)

    def broken() -> int:
        raise StoreError("the server does not answer")

    monkeypatch.setattr(session.project, "last_change", broken)
    dock.others.others._identity = ""
    assert dock.others.others.question() is None


def test_a_store_that_stops_answering_is_told_once_until_it_answers(
    dock: SamplesWidget,
    viewer: Viewer,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = get_session(viewer).project
    said: list[str] = []
    dock.others.told.connect(said.append)

    def broken(*_: object) -> None:
        raise StoreError("the server does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(project, "changed_since", broken)
        answered(dock, qtbot)
        answered(dock, qtbot)
        assert said == ["the server does not answer."]
    answered(dock, qtbot)
    monkeypatch.setattr(project, "changed_since", broken)
    answered(dock, qtbot)
    assert len(said) == 2


def greeted(dock: SamplesWidget, qtbot: QtBot) -> str:
    """Ask as if the last greeting were long ago; return what is told."""
    said: list[str] = []
    dock.others.told.connect(said.append)
    dock.others._greeted = ("", 0.0)
    answered(dock, qtbot)
    dock.others.told.disconnect(said.append)
    return " ".join(said)


def test_another_window_on_the_set_is_told_once_and_again_when_it_comes_back(
    dock: SamplesWidget, viewer: Viewer, other: Project, qtbot: QtBot
) -> None:
    identity = get_session(viewer).dataset.identity
    assert greeted(dock, qtbot) == ""
    assert len(other.at_work(identity)) == 1
    told = "Another window has this set open: what is saved shows in both."
    assert greeted(dock, qtbot) == told
    assert dock.message.text.text() == told
    assert greeted(dock, qtbot) == ""
    other.close()
    assert greeted(dock, qtbot) == ""
    other.at_work(identity)
    assert greeted(dock, qtbot) == told


def test_other_people_on_the_set_are_told_by_name(
    dock: SamplesWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    session = get_session(viewer)
    with (
        Project.open(session.project.place, author="ada") as ada,
        Project.open(session.project.place, author="bob") as bob,
    ):
        ada.at_work(session.dataset.identity)
        assert greeted(dock, qtbot).startswith("ada has this set open, too:")
        dock.others.others._met = set()
        bob.at_work(session.dataset.identity)
        assert greeted(dock, qtbot).startswith("ada and bob have this set open, too:")


def test_windows_are_greeted_now_and_then(
    dock: SamplesWidget, viewer: Viewer, other: Project, qtbot: QtBot
) -> None:
    greeted(dock, qtbot)
    other.at_work(get_session(viewer).dataset.identity)
    said: list[str] = []
    dock.others.told.connect(said.append)
    answered(dock, qtbot)
    assert said == []
