"""The Export page: films, stacks and recordings of the range A to B."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

pytest.importorskip("napari")

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback import PlaybackWidget
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.playback.recording import open_recording

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

SIZE = Geometry(64, 32)
COUNT = 1_000


@pytest.fixture
def dock(viewer: Viewer) -> PlaybackWidget:
    rng = np.random.default_rng(0)
    t = np.arange(COUNT) * 100
    events = Events.of(
        t,
        rng.integers(0, SIZE.width, COUNT),
        rng.integers(0, SIZE.height, COUNT),
        np.arange(COUNT) % 2,
    )
    recording = open_recording(MemoryEvents(events, SIZE), name="made")
    recording.build_index()
    dock = PlaybackWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Playback")
    get_session(viewer).film.show(recording, "made", None, None)
    dock.tabs.setCurrentWidget(dock.export)
    return dock


def choose(dock: PlaybackWidget, kind: str) -> None:
    dock.export.kind.setCurrentIndex(dock.export.kind.findData(kind))


def written(dock: PlaybackWidget, path: Path, qtbot: QtBot) -> None:
    dock.export.export(path)
    qtbot.waitUntil(lambda: bool(dock.export.told.text()), timeout=20_000)
    assert "written to" in dock.export.told.text()


def test_recording_of_the_range_reads_back_with_its_events(
    dock: PlaybackWidget, tmp_path: Path, qtbot: QtBot
) -> None:
    dock.film.playback.a_us, dock.film.playback.b_us = 10_000, 29_999
    choose(dock, "evt3")
    written(dock, tmp_path / "cut.raw", qtbot)
    back = open_recording(open_event_file(tmp_path / "cut.raw"), name="back")
    back.build_index()
    assert back.event_count == 200


def test_filters_that_are_on_are_passed(
    dock: PlaybackWidget, tmp_path: Path, qtbot: QtBot
) -> None:
    box = dock.filters.polarity
    box.activated.emit(box.findData("on"))
    choose(dock, "npz")
    written(dock, tmp_path / "on.npz", qtbot)
    back = open_recording(open_event_file(tmp_path / "on.npz"), name="back")
    back.build_index()
    assert (back.on_count, back.off_count) == (COUNT // 2, 0)


def test_film_has_the_frames_that_were_promised(
    dock: PlaybackWidget, tmp_path: Path, qtbot: QtBot
) -> None:
    choose(dock, "gif")
    dock.export.speed.set_value(0.1)
    dock.export.fps.setValue(20)
    dock.export.zoom.setValue(2)
    qtbot.waitUntil(lambda: "20 frames of 128 × 64" in dock.export.plan.text())
    written(dock, tmp_path / "film.gif", qtbot)
    with PillowImage.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 20
        assert film.size == (128, 64)


def test_stack_holds_every_event(
    dock: PlaybackWidget, tmp_path: Path, qtbot: QtBot
) -> None:
    choose(dock, "tif")
    written(dock, tmp_path / "stack.tif", qtbot)
    stack = tifffile.imread(tmp_path / "stack.tif")
    assert stack.shape == (10, 2, SIZE.height, SIZE.width)
    assert stack.sum() == COUNT


def test_absurd_film_is_refused_before_it_is_begun(
    dock: PlaybackWidget, qtbot: QtBot
) -> None:
    choose(dock, "gif")
    dock.export.speed.set_value(0.0001)
    dock.export.speed.edited.emit(0.0001)
    qtbot.waitUntil(lambda: not dock.export.button.isEnabled())
    assert "frames" in dock.export.plan.text()
    dock.export.speed.set_value(0.1)
    dock.export.speed.edited.emit(0.1)
    qtbot.waitUntil(dock.export.button.isEnabled)


def test_what_cannot_be_written_says_why(
    dock: PlaybackWidget, tmp_path: Path, qtbot: QtBot
) -> None:
    choose(dock, "evt3")
    (tmp_path / "a file").touch()
    dock.export.export(tmp_path / "a file" / "cut.raw")
    qtbot.waitUntil(lambda: dock.export.told.text().startswith("⚠"))


def test_only_what_a_kind_needs_is_asked(dock: PlaybackWidget) -> None:
    choose(dock, "evt3")
    assert dock.export.speed.isHidden()
    assert dock.export.step.isHidden()
    choose(dock, "tif")
    assert dock.export.speed.isHidden()
    assert not dock.export.step.isHidden()
