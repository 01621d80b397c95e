from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playback_docks import enter, press
from qtpy.QtTest import QTest

from event_files import LENGTH_US, REST_US, bar

if TYPE_CHECKING:
    from napari_cellsets._napari.film import Film
    from napari_cellsets._qt.playback import PlaybackWidget
    from napari_cellsets.playback.clock import Playback

pytestmark = pytest.mark.gui


def test_single_steps_go_both_ways(player: PlaybackWidget, playback: Playback) -> None:
    playback.jump_to(100_000)
    press(player, "on")
    assert playback.position_us == 100_000 + playback.stride_us
    press(player, "back")
    assert playback.position_us == 100_000


def test_steps_leap_over_empty_stretches(
    player: PlaybackWidget, film: Film, playback: Playback
) -> None:
    events = bar(1)
    first = events.t[events.t >= REST_US[1]][0]
    playback.jump_to(REST_US[0] + film.settings.window_us)
    press(player, "on")
    assert 0 <= playback.position_us - first < playback.stride_us
    press(player, "back")
    assert playback.position_us < REST_US[0] + film.settings.window_us
    assert not playback.skip_empty


def test_a_time_that_is_typed_is_shown(
    player: PlaybackWidget, playback: Playback
) -> None:
    enter(player.transport.time.field, "250 ms")
    assert playback.position_us == 250_000
    assert player.transport.time.field.text() == "0.250000 s"


def test_what_is_no_time_is_taken_back_with_a_word(
    player: PlaybackWidget, playback: Playback
) -> None:
    enter(player.transport.time.field, "250 ms")
    enter(player.transport.time.field, "soon")
    assert playback.position_us == 250_000
    assert player.transport.time.field.text() == "0.250000 s"
    assert "is no time" in player.message.text.text()
    enter(player.transport.time.field, "300 ms")
    assert player.message.text.text() == ""


def test_what_is_being_typed_is_left_alone_while_it_plays(
    player: PlaybackWidget, playback: Playback
) -> None:
    field = player.transport.time.field
    field.selectAll()
    QTest.keyClicks(field, "0.7")
    playback.jump_to(123_000)
    assert field.text() == "0.7"


def test_range_is_set_here_typed_and_cleared(
    player: PlaybackWidget, playback: Playback
) -> None:
    row = player.transport.range
    playback.jump_to(200_000)
    row.buttons["a"].click()
    enter(row.fields["b"], "300 ms")
    assert (playback.low_us, playback.high_us) == (200_000, 300_000)
    row.clear.click()
    assert (playback.low_us, playback.high_us) == (0, LENGTH_US)


@pytest.mark.parametrize(("name", "edge"), [("start", 200_000), ("end", 300_000)])
def test_ends_of_the_range_are_a_press_away(
    player: PlaybackWidget, playback: Playback, name: str, edge: int
) -> None:
    playback.a_us, playback.b_us = 200_000, 300_000
    press(player, name)
    assert playback.position_us == edge


def test_speed_reaches_from_slow_motion_to_ten_times(
    player: PlaybackWidget, playback: Playback
) -> None:
    speed = player.transport.speed.speed
    speed.slider.setValue(speed.slider.minimum())
    assert playback.speed == pytest.approx(1e-4)
    assert speed.field.text() == "1:10,000"
    speed.slider.setValue(speed.slider.maximum())
    assert playback.speed == pytest.approx(10)
    enter(speed.field, "1:250")
    assert playback.speed == pytest.approx(1 / 250)
