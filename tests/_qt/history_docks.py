"""A window on an image with labels that somebody drew days ago."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.edit import EditWidget
from napari_cellsets.store import LabelDelta, Project, history, journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from napari.layers import Labels
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

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
