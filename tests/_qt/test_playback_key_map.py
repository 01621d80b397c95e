from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playback_docks import hit, press
from qtpy.QtCore import Qt

from event_files import LENGTH_US
from napari_cellsets._napari.playback_keys import COMMANDS, PlaybackKeys
from napari_cellsets._napari.session import get_session

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer

    from napari_cellsets._qt.playback import PlaybackWidget
    from napari_cellsets.playback.clock import Playback

pytestmark = pytest.mark.gui
KEYS = {command.key for command in COMMANDS.values()}


def change(player: PlaybackWidget, name: str, key: str) -> bool:
    """Write a key where a double click lets a person write it."""
    model = player.key_map.model
    at = model.index(model.names.index(name), 1)
    assert model.flags(at) & Qt.ItemFlag.ItemIsEditable
    return model.setData(at, key)


def test_keys_play_step_and_mark(
    player: PlaybackWidget, playback: Playback, viewer: Viewer
) -> None:
    hit(viewer, "K")
    assert playback.playing
    hit(viewer, "K")
    assert not playback.playing
    hit(viewer, "J")
    assert (playback.playing, playback.direction) == (True, -1)
    hit(viewer, "W")
    assert not playback.playing
    playback.jump_to(200_000)
    hit(viewer, "W")
    assert playback.position_us == 200_000 + playback.stride_us
    hit(viewer, "Q")
    hit(viewer, "8")
    assert playback.a_us == 200_000
    hit(viewer, "End")
    hit(viewer, "9")
    assert playback.b_us == LENGTH_US
    hit(viewer, "0")
    assert playback.loop


@pytest.mark.parametrize(("key", "factor"), [("U", 2.0), ("H", 0.5)])
def test_keys_change_the_speed(
    player: PlaybackWidget, playback: Playback, viewer: Viewer, key: str, factor: float
) -> None:
    before = playback.speed
    hit(viewer, key)
    assert playback.speed == pytest.approx(before * factor)


def test_keys_are_nobody_elses(viewer: Viewer) -> None:
    from napari.utils.shortcuts import default_shortcuts

    taken = {str(key) for keys in default_shortcuts.values() for key in keys}
    assert taken.isdisjoint(KEYS)


def test_keys_are_left_to_others_while_an_image_is_shown(
    empty_player: PlaybackWidget, viewer: Viewer, runs: Path, set_path: Path
) -> None:
    told: list[str] = []
    viewer.bind_key("K", lambda viewer: told.append("theirs"))
    session = get_session(viewer)
    session.open(runs)
    hit(viewer, "K")
    assert told == []
    session.open(set_path)
    hit(viewer, "K")
    assert told == ["theirs"]
    assert "J" not in {str(key) for key in viewer.keymap}


def test_keys_that_others_took_stay_theirs(
    player: PlaybackWidget, viewer: Viewer, set_path: Path
) -> None:
    told: list[str] = []
    viewer.bind_key("K", lambda viewer: told.append("theirs"), overwrite=True)
    get_session(viewer).open(set_path)
    hit(viewer, "K")
    assert told == ["theirs"]


def test_keys_go_with_the_dock(player: PlaybackWidget, viewer: Viewer) -> None:
    bound = {str(key) for key in viewer.keymap}
    assert bound >= KEYS
    viewer.window.remove_dock_widget(player)
    assert KEYS.isdisjoint({str(key) for key in viewer.keymap})
    player.deleteLater()


def test_one_key_shows_the_keys(player: PlaybackWidget, viewer: Viewer) -> None:
    hit(viewer, "N")
    assert player.tabs.currentWidget() is player.key_map


def test_a_changed_key_plays_and_gives_back_what_it_did(
    player: PlaybackWidget, playback: Playback, viewer: Viewer, set_path: Path
) -> None:
    told: list[str] = []
    viewer.bind_key("G", lambda viewer: told.append("theirs"))
    assert change(player, "play", "G")
    hit(viewer, "K")
    assert not playback.playing
    hit(viewer, "G")
    assert playback.playing
    assert told == []
    get_session(viewer).open(set_path)
    hit(viewer, "G")
    assert told == ["theirs"]


def test_a_key_changed_while_an_image_is_shown_waits_for_a_recording(
    empty_player: PlaybackWidget, viewer: Viewer, runs: Path
) -> None:
    assert change(empty_player, "play", "G")
    assert "G" not in {str(key) for key in viewer.keymap}
    get_session(viewer).open(runs)
    hit(viewer, "G")
    assert empty_player.film.playback.playing


def test_tooltips_tell_the_present_keys(player: PlaybackWidget) -> None:
    transport = player.transport
    buttons = {**transport.row.buttons, **transport.range.buttons}
    for name, button in buttons.items():
        assert f"({player.keys.keys[name]})" in button.toolTip()
        change(player, name, "G")
        assert "(G)" in button.toolTip()
        change(player, name, "")
        assert "(" not in button.toolTip()
    assert "Slower (H)\nFaster (U)" in transport.speed.speed.slider.toolTip()
    change(player, "slower", "G")
    assert "Slower (G)" in transport.speed.speed.slider.toolTip()
    change(player, "play", "K")
    press(player, "play")
    assert buttons["play"].toolTip() == "Pause (K)"


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("W", "frame on"),
        ("S", "napari uses"),
        ("PageUp", "previous sample"),
        ("?!", "no key"),
    ],
)
def test_a_taken_key_is_refused_and_the_dock_says_why(
    player: PlaybackWidget, key: str, why: str
) -> None:
    assert not change(player, "play", key)
    assert why in player.message.text.text()
    assert player.keys.keys["play"] == "K"


def test_keys_are_kept_for_the_next_dock(
    player: PlaybackWidget, viewer: Viewer
) -> None:
    change(player, "play", "G")
    assert PlaybackKeys(viewer).keys["play"] == "G"
    player.key_map.reset.click()
    assert PlaybackKeys(viewer).keys["play"] == "K"
