from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from event_files import SIZE, bar
from napari_cellsets._napari.session import get_session
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback.recording import Recording, open_recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._qt.playback import PlaybackWidget
    from napari_cellsets.core.cancel import CancelToken, Progress

pytestmark = pytest.mark.gui


@pytest.fixture
def long() -> Recording:
    """A recording whose index is not complete yet."""
    events = bar(3, count=2_000_000, length_us=20_000_000)
    return open_recording(MemoryEvents(events, SIZE), name="long")


def test_index_is_made_while_the_first_frame_is_there(
    empty_player: PlaybackWidget, long: Recording, qtbot: QtBot
) -> None:
    film = empty_player.film
    film.show(long, "long", None, None)
    known = film.playback.duration_us
    assert empty_player.runner.busy
    assert np.asarray(film.layer._slice.image.raw).any()
    qtbot.waitUntil(lambda: not empty_player.runner.busy, timeout=20_000)
    assert known < film.playback.duration_us == 20_000_000
    assert film.layer.data.shape[0] > known / film.playback.stride_us + 1
    assert "so far" not in empty_player.facts.text()


def slow_index(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Let the index wait until it is let go or cancelled."""
    go = threading.Event()
    build = recording.build_index

    def waiting(token: CancelToken, progress: Progress, **options: bool) -> None:
        while not go.wait(0.01):
            token.raise_if_cancelled()
        build(token, progress, **options)

    monkeypatch.setattr(recording, "build_index", waiting)
    return go.set


def test_index_can_be_stopped_and_gone_on_with(
    empty_player: PlaybackWidget,
    long: Recording,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    let_go = slow_index(long, monkeypatch)
    empty_player.film.show(long, "long", None, None)
    assert not empty_player.progress.isHidden()
    assert empty_player.facts.text().endswith("so far")
    empty_player.progress.cancel.click()
    qtbot.waitUntil(lambda: not empty_player.runner.busy)
    assert "plays as far as it went" in empty_player.message.text.text()
    let_go()
    empty_player.message.act.click()
    qtbot.waitUntil(
        lambda: long.complete and not empty_player.runner.busy, timeout=20_000
    )
    assert empty_player.message.text.text() == ""
    assert empty_player.film.playback.duration_us == 20_000_000


def test_recording_that_follows_stops_the_index(
    empty_player: PlaybackWidget,
    long: Recording,
    viewer: Viewer,
    runs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow_index(long, monkeypatch)
    empty_player.film.show(long, "long", None, None)
    get_session(viewer).open(runs)
    assert not empty_player.runner.busy
    assert empty_player.message.text.text() == ""


def test_what_stops_the_index_is_told(
    empty_player: PlaybackWidget,
    long: Recording,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **options: bool) -> None:
        raise UnreadableFileError("the file shrank while it was open")

    monkeypatch.setattr(long, "build_index", fail)
    empty_player.film.show(long, "long", None, None)
    qtbot.waitUntil(lambda: not empty_player.runner.busy)
    assert "the file shrank" in empty_player.message.text.text()
