from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playback_docks import hit

from event_files import LENGTH_US
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.playback_keys import KEYS

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer

    from napari_cellsets._qt.playback import PlaybackWidget
    from napari_cellsets.playback.clock import Playback

pytestmark = pytest.mark.gui


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
    assert set(KEYS) <= bound
    viewer.window.remove_dock_widget(player)
    assert set(KEYS).isdisjoint({str(key) for key in viewer.keymap})
    player.deleteLater()
