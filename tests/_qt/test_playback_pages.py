"""Pages of the Playback dock: rate, filters, cloud, information."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback import PlaybackWidget
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback.recording import Recording, open_recording

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

SIZE = Geometry(40, 30)
HOT_Y, HOT_X = 12, 20
SPAN_US = 1_000_000


def noisy_events() -> Events:
    """Noise of both polarities for a second, and one pixel that never stops."""
    rng = np.random.default_rng(3)
    count, hot = 6_000, 2_000
    t = np.concatenate([rng.integers(0, SPAN_US, count), np.arange(hot) * 500])
    x = np.concatenate([rng.integers(0, SIZE.width, count), np.full(hot, HOT_X)])
    y = np.concatenate([rng.integers(0, SIZE.height, count), np.full(hot, HOT_Y)])
    p = np.concatenate([rng.integers(0, 2, count), np.ones(hot, int)])
    order = np.argsort(t, kind="stable")
    t = t[order]
    return Events.of(t - t[0], x[order], y[order], p[order])


@pytest.fixture
def recording() -> Recording:
    made = open_recording(MemoryEvents(noisy_events(), SIZE), name="noise")
    made.build_index()
    return made


@pytest.fixture
def dock(viewer: Viewer, recording: Recording, qtbot: QtBot) -> PlaybackWidget:
    dock = PlaybackWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Playback")
    get_session(viewer).film.show(recording, "noise", None, None)
    qtbot.waitUntil(lambda: dock.rate.counted is not None)
    return dock


def test_rate_curve_counts_every_event(
    dock: PlaybackWidget, recording: Recording
) -> None:
    on, off = dock.rate.plot.curves
    seconds = (recording.duration_us + 1) / 1e6 / len(on)
    assert round(float(on.sum()) * seconds) == pytest.approx(
        recording.on_count, rel=0.02
    )
    assert round(float(off.sum()) * seconds) == pytest.approx(
        recording.off_count, rel=0.02
    )


def test_cursor_follows_the_clock(dock: PlaybackWidget) -> None:
    dock.film.playback.jump_to(400_000)
    assert dock.rate.plot.cursor_us == pytest.approx(400_000)


def test_pointing_at_the_curve_moves_the_film(dock: PlaybackWidget) -> None:
    dock.rate.plot.jumped.emit(250_000.0)
    assert dock.film.playback.position_us == 250_000


def test_range_is_marked_and_can_be_dragged(dock: PlaybackWidget) -> None:
    playback = dock.film.playback
    assert dock.rate.plot.range_us is None
    playback.a_us, playback.b_us = 100_000, 300_000
    assert dock.rate.plot.range_us == pytest.approx((100_000, 300_000))
    dock.rate.plot.range_dragged.emit(200_000.0, 500_000.0)
    assert (playback.a_us, playback.b_us) == (200_000, 500_000)


def test_zooming_counts_finer_spans(dock: PlaybackWidget, qtbot: QtBot) -> None:
    dock.rate.plot.setXRange(0.2, 0.21, padding=0)
    qtbot.waitUntil(lambda: 0 < dock.rate.seen_us[1] < 300_000)
    low, high = dock.rate.seen_us
    assert 190_000 <= low <= 200_000
    assert high <= 220_000


def test_background_filter_changes_the_picture_and_says_how_much(
    dock: PlaybackWidget, qtbot: QtBot
) -> None:
    film = dock.film
    film.playback.jump_to(500_000)
    dock.tabs.setCurrentWidget(dock.filters)
    before = np.abs(film.layer.data[film.frames.step_at(500_000)]).sum()
    dock.filters.background.click()
    after = np.abs(film.layer.data[film.frames.step_at(500_000)]).sum()
    assert after < before
    told = dock.filters.removed["background"]
    qtbot.waitUntil(lambda: not told.isHidden())
    removed = film.frames.removed(film.step)["background"]
    assert removed > 0
    assert f"{removed:,} events" in told.text()
    dock.filters.background.click()
    assert film.filters is None


def test_hot_pixel_is_found_listed_and_taken_out(
    dock: PlaybackWidget, qtbot: QtBot
) -> None:
    page = dock.filters
    assert not page.without_hot.isEnabled()
    page.find.click()
    qtbot.waitUntil(lambda: bool(page.hot_list.count()))
    assert page.choice.hot_pixels_yx == ((HOT_Y, HOT_X),)
    assert page.hot_list.item(0).text().startswith(f"row {HOT_Y}, column {HOT_X}:")
    assert page.without_hot.isChecked()
    frame = dock.film.frames.frame(dock.film.frames.step_at(500_000))
    assert frame[HOT_Y, HOT_X] == 0


def test_drawn_rectangle_keeps_what_is_inside(
    dock: PlaybackWidget, viewer: Viewer
) -> None:
    dock.filters.draw.click()
    layer = viewer.layers["Regions"]
    layer.add_rectangles([[[-0.5, -0.5], [-0.5, 9.5], [9.5, 9.5], [9.5, -0.5]]])
    frames = dock.film.frames
    frame = frames.frame(frames.step_at(SPAN_US // 2))
    assert not frame[:, 10:].any()
    assert not frame[10:].any()
    assert frame[:10, :10].any()


def test_only_one_polarity_is_left(dock: PlaybackWidget) -> None:
    box = dock.filters.polarity
    index = box.findData("off")
    box.setCurrentIndex(index)
    box.activated.emit(index)
    frame = dock.film.frames.frame(dock.film.frames.step_at(SPAN_US // 2))
    assert frame.min() < 0
    assert frame.max() == 0


def test_cloud_shows_a_fair_part_and_the_film_comes_back(
    dock: PlaybackWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    page = dock.cloud
    page.most.set_value(2_000)
    page.button.click()
    qtbot.waitUntil(lambda: page.cloud.layer is not None)
    layer = page.cloud.layer
    assert len(layer.data) == 2_000
    assert viewer.dims.ndisplay == 3
    assert not dock.film.layer.visible
    assert f"2,000 events of {8_000:,}" in page.told.text()
    page.button.click()
    assert viewer.dims.ndisplay == 2
    assert dock.film.layer.visible
    assert layer not in viewer.layers


def test_cloud_that_a_person_deletes_gives_the_film_back(
    dock: PlaybackWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    dock.cloud.button.click()
    qtbot.waitUntil(lambda: dock.cloud.cloud.layer is not None)
    viewer.layers.remove(dock.cloud.cloud.layer)
    assert viewer.dims.ndisplay == 2
    assert dock.film.layer.visible
    assert dock.cloud.button.text() == "Show the cloud"


def test_two_dimensions_by_napari_s_own_button_leave_the_cloud(
    dock: PlaybackWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    dock.cloud.button.click()
    qtbot.waitUntil(lambda: dock.cloud.cloud.layer is not None)
    viewer.dims.ndisplay = 2
    assert dock.cloud.cloud.layer is None
    assert dock.film.layer.visible


def test_information_tells_size_counts_and_faults(
    dock: PlaybackWidget, recording: Recording
) -> None:
    dock.tabs.setCurrentWidget(dock.information)
    dock.film.grown.emit()
    rows = dock.information.rows
    assert rows["Sensor"] == "40 × 30 pixels"
    assert rows["Events"] == f"{recording.event_count:,}"
    assert dock.information.faults.text() == "No faults were found."


def test_information_tells_what_was_assumed_apart_from_faults(
    dock: PlaybackWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    dock.tabs.setCurrentWidget(dock.information)
    monkeypatch.setattr(
        type(dock.film.recording),
        "assumed",
        property(lambda _: ("Seconds, it seems.",)),
    )
    dock.film.grown.emit()
    assert dock.information.faults.text() == (
        "Seconds, it seems.\nNo faults were found."
    )
