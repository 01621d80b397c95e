"""Further recordings and pictures run along on one clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.layers import Image

from napari_cellsets._napari.companions import shared_offset_us
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback import PlaybackWidget
from napari_cellsets._qt.playback_clock import offset_words, read_offset
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.evt3_write import write_evt3
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback.recording import Recording, open_recording

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

SIZE = Geometry(20, 10)


def ticking(first_us: int, column: int) -> Events:
    """Return one ON event each millisecond for 100 ms, all on one pixel."""
    t = first_us + np.arange(100) * 1_000
    return Events.of(t, np.full(100, column), np.full(100, 5), np.ones(100, int))


def recorded(events: Events) -> Recording:
    recording = open_recording(MemoryEvents(events, SIZE), name="made")
    recording.build_index()
    return recording


@pytest.fixture
def dock(viewer: Viewer) -> PlaybackWidget:
    dock = PlaybackWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Playback")
    film = get_session(viewer).film
    film.show(recorded(ticking(1_000_000, 3)), "first", None, None)
    film.change(window_us=2_000, dot_px=1)
    return dock


def seen(layer: Image, viewer: Viewer) -> np.ndarray:
    """Return what napari would draw of a layer at the present moment."""
    at = layer.world_to_data(viewer.dims.point)[0]
    step = round(float(at))
    if not 0 <= step < len(layer.data):
        return np.zeros(layer.data.shape[1:])
    return np.asarray(layer.data[step])


def test_cameras_on_one_clock_show_the_same_moment(
    dock: PlaybackWidget, viewer: Viewer
) -> None:
    second = recorded(ticking(1_040_000, 7))
    companion = dock.clock.companions.add_recording(second, "second")
    assert companion.offset_us == 40_000
    dock.film.playback.jump_to(20_000)
    assert not seen(companion.layer, viewer).any()
    dock.film.playback.jump_to(60_000)
    assert seen(companion.layer, viewer)[5, 7] > 0


def test_recordings_of_other_times_begin_together(dock: PlaybackWidget) -> None:
    second = recorded(ticking(900_000_000, 7))
    assert dock.clock.companions.add_recording(second, "second").offset_us == 0


def test_a_person_moves_the_beginning(dock: PlaybackWidget, viewer: Viewer) -> None:
    second = recorded(ticking(900_000_000, 7))
    companion = dock.clock.companions.add_recording(second, "second")
    (field,) = dock.clock.fields
    field.edited.emit(50_000.0)
    dock.film.playback.jump_to(40_000)
    assert not seen(companion.layer, viewer).any()
    dock.film.playback.jump_to(70_000)
    assert seen(companion.layer, viewer)[5, 7] > 0


def test_both_pictures_lie_side_by_side(dock: PlaybackWidget) -> None:
    companions = dock.clock.companions
    one = companions.add_recording(recorded(ticking(0, 1)), "one").layer
    two = companions.add_recording(recorded(ticking(0, 2)), "two").layer
    assert one.translate[-1] > SIZE.width
    assert two.translate[-1] > one.translate[-1] + SIZE.width


def test_slow_motion_keeps_companions_in_step(
    dock: PlaybackWidget, viewer: Viewer
) -> None:
    companion = dock.clock.companions.add_recording(
        recorded(ticking(1_000_000, 7)), "second"
    )
    dock.film.playback.speed = 0.001
    assert companion.layer.scale[0] == dock.film.layer.scale[0]
    dock.film.playback.jump_to(30_000)
    assert seen(companion.layer, viewer)[5, 7] > 0


def test_pictures_are_seen_from_their_moment_to_the_next(
    dock: PlaybackWidget, viewer: Viewer
) -> None:
    pictures = Image(np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((10, 4, 4)))
    viewer.add_layer(pictures)
    viewer.layers.selection.active = pictures
    dock.clock.fps.setValue(100.0)
    dock.clock.pictures.click()
    for at_us, number in ((19_000, 1), (21_000, 2), (29_000, 2), (31_000, 3)):
        dock.film.playback.jump_to(at_us)
        assert seen(pictures, viewer)[0, 0] == number


def test_what_is_no_stack_of_pictures_is_refused(
    dock: PlaybackWidget, viewer: Viewer
) -> None:
    flat = Image(np.zeros((4, 4)))
    with pytest.raises(CellsetsError, match="no stack of pictures"):
        dock.clock.companions.add_pictures(flat, 30.0)
    stack = Image(np.zeros((3, 4, 4)))
    with pytest.raises(CellsetsError, match="0 pictures a second"):
        dock.clock.companions.add_pictures(stack, 0.0)
    viewer.layers.selection.active = None
    dock.clock.pictures.click()
    assert "Select the layer" in dock.message.text.text()


def test_without_a_recording_there_is_no_clock_to_share(viewer: Viewer) -> None:
    dock = PlaybackWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Playback")
    with pytest.raises(CellsetsError, match="no recording whose clock"):
        dock.clock.companions.add_recording(recorded(ticking(0, 1)), "alone")


def test_a_file_is_opened_beside_the_window(
    dock: PlaybackWidget, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "left.raw"
    write_evt3(path, [ticking(0, 4)], SIZE)
    dock.clock.open(path)
    qtbot.waitUntil(lambda: len(dock.clock.companions) == 1)
    assert dock.clock.companions[0].layer.name == "left"


def test_taken_off_the_clock_a_recording_leaves(
    dock: PlaybackWidget, viewer: Viewer
) -> None:
    companions = dock.clock.companions
    layer = companions.add_recording(recorded(ticking(0, 1)), "one").layer
    companions.remove(companions[0])
    assert layer not in viewer.layers
    again = companions.add_recording(recorded(ticking(0, 1)), "one").layer
    viewer.layers.remove(again)
    assert len(companions) == 0


def test_offsets_are_written_and_read_with_their_sign() -> None:
    for us in (-2_500.0, 0.0, 40_000.0):
        assert read_offset(offset_words(us)) == us
    assert read_offset("+3 ms") == 3_000
    with pytest.raises(CellsetsError, match="is no time"):
        read_offset("-soon")


def test_the_distance_of_clocks_counts_only_where_recordings_overlap() -> None:
    first = recorded(ticking(1_000, 1))
    assert shared_offset_us(first, recorded(ticking(500, 1))) == -500
    assert shared_offset_us(first, recorded(ticking(10**9, 1))) == 0
