from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from event_files import LENGTH_US, write_recordings
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.samples import SamplesWidget

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui


@pytest.fixture
def session(viewer: Viewer) -> Session:
    return get_session(viewer)


@pytest.fixture
def dock(viewer: Viewer) -> SamplesWidget:
    widget = SamplesWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Samples (Cell sets)")
    return widget


def write_ambiguous(folder: Path) -> Path:
    """Four events of four numbers, in which x may be y."""
    folder.mkdir()
    events = [[3, 10, 20, 0], [5, 30, 11, 1], [9, 12, 40, 1], [14, 33, 7, 0]]
    np.save(folder / "four.npy", np.array(events))
    return folder / "four.npy"


@pytest.mark.usefixtures("manifest_known")
def test_set_of_recordings_opens_the_player_once(
    dock: SamplesWidget, session: Session, viewer: Viewer, tmp_path: Path, qtbot: QtBot
) -> None:
    dock.open_path(write_recordings(tmp_path / "runs"))
    docks = viewer.window.dock_widgets
    qtbot.waitUntil(lambda: "Playback (Cell sets)" in docks, timeout=10_000)
    player = docks["Playback (Cell sets)"]
    viewer.window.remove_dock_widget(player)
    player.deleteLater()
    session.show(1)
    qtbot.wait(300)
    assert "Playback (Cell sets)" not in viewer.window.dock_widgets
    dock.steps.play.click()
    assert "Playback (Cell sets)" in viewer.window.dock_widgets


def test_recordings_offer_to_play_not_to_count(
    dock: SamplesWidget, session: Session, set_path: Path, tmp_path: Path
) -> None:
    session.open(write_recordings(tmp_path / "runs"))
    steps = dock.steps
    assert not steps.play.isHidden()
    assert steps.count.isHidden()
    assert dock.correct_truth.isHidden()
    session.open(set_path)
    assert steps.play.isHidden()
    assert not steps.count.isHidden()
    assert not dock.correct_truth.isHidden()


def test_next_recording_plays_in_the_same_layer(
    dock: SamplesWidget, session: Session, viewer: Viewer, tmp_path: Path, qtbot: QtBot
) -> None:
    session.open(write_recordings(tmp_path / "runs"))
    layer = session.image_layer
    dock.steps.on.click()
    qtbot.waitUntil(lambda: session.index == 1, timeout=10_000)
    assert session.image_layer is layer
    assert session.film.playback.duration_us == 2 * LENGTH_US


def test_person_is_asked_how_to_read_and_the_answer_holds(
    dock: SamplesWidget, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    dock.open_path(write_ambiguous(tmp_path / "few"))
    qtbot.waitUntil(lambda: not dock.reading.isHidden(), timeout=10_000)
    assert session.film.recording is None
    readings = dock.reading.readings
    words = [readings.itemText(row) for row in range(readings.count())]
    assert "tyxp" in words
    readings.setCurrentText("tyxp")
    dock.reading.take.click()
    qtbot.waitUntil(lambda: session.film.recording is not None, timeout=10_000)
    assert dock.reading.isHidden()
    events = session.film.recording.read(0, 100)
    assert events.y.tolist() == [10, 30, 12, 33]
    session.reload()
    assert session.film.recording is not None


@pytest.mark.usefixtures("manifest_known")
def test_dropped_recording_that_has_to_be_asked_about_opens_the_question(
    viewer: Viewer, session: Session, tmp_path: Path
) -> None:
    path = write_ambiguous(tmp_path / "few")
    viewer.open(str(path), plugin="napari-cellsets")
    samples = viewer.window.dock_widgets["Samples (Cell sets)"]
    assert not samples.reading.isHidden()
    assert session.picture is None
