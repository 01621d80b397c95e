from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from made_recordings import SIZE, made, of_times, same

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.base import Decoded
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.playback.event_frames import EventFrames
from napari_cellsets.playback.frames import FrameSettings
from napari_cellsets.playback.recording import Recording, open_recording

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@pytest.fixture
def place(tmp_path: Path) -> Path:
    from napari_cellsets.formats.events.evt2_write import write_evt2

    path = tmp_path / "cells.raw"
    write_evt2(path, [made(5000)], SIZE)
    return path


@pytest.fixture
def recording(place: Path) -> Recording:
    recording = open_recording(open_event_file(place), name="cells.raw", place=place)
    recording.build_index()
    return recording


def touched(path: Path) -> None:
    """Make sure that the time of change differs, however coarse the disk's clock."""
    now = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(now, now))


def test_a_file_that_grew_is_read_on_and_it_is_told(
    place: Path, recording: Recording
) -> None:
    before = recording.read(0, 4000)
    with place.open("ab") as file:
        file.write(b"\x00" * 400)
    touched(place)

    assert same(recording.read(0, 4000), before)
    assert any("has grown" in fault for fault in recording.faults)


def test_a_file_that_grew_and_was_written_anew_is_refused(
    place: Path, recording: Recording
) -> None:
    place.write_bytes(place.read_bytes()[::-1] + b"more")
    touched(place)

    with pytest.raises(UnreadableFileError, match="was replaced or written anew"):
        recording.read(0, 4000)


def test_a_file_of_the_same_size_that_was_written_to_is_refused(
    place: Path, recording: Recording
) -> None:
    content = bytearray(place.read_bytes())
    content[6000] ^= 1
    place.write_bytes(content)
    touched(place)

    with pytest.raises(UnreadableFileError, match="was replaced or written anew"):
        recording.read(0, 4000)


def test_a_file_that_shrank_is_refused(place: Path, recording: Recording) -> None:
    os.truncate(place, place.stat().st_size // 2)

    with pytest.raises(UnreadableFileError, match=r"shrank from [\d,]+ to [\d,]+"):
        recording.read(0, 4000)


def test_a_file_that_was_replaced_is_refused(place: Path, recording: Recording) -> None:
    from napari_cellsets.formats.events.evt2_write import write_evt2

    write_evt2(place, [made(6000, seed=3)], SIZE)
    touched(place)

    with pytest.raises(UnreadableFileError, match="was replaced or written anew"):
        recording.read(0, 4000)


def test_a_file_that_is_gone_is_told_to_be(place: Path, recording: Recording) -> None:
    place.unlink()

    with pytest.raises(UnreadableFileError, match="cannot be read: No such file"):
        recording.read(0, 4000)


def test_frames_of_a_changed_file_are_refused_not_shown(
    place: Path, recording: Recording
) -> None:
    frames = EventFrames(recording, FrameSettings(window_us=1000))
    os.truncate(place, place.stat().st_size // 2)

    with pytest.raises(UnreadableFileError, match="shrank"):
        frames[3]


def test_an_index_does_not_grow_over_a_changed_file(place: Path) -> None:
    recording = Recording(
        open_event_file(place), name="cells.raw", place=place, cache=False
    )
    os.truncate(place, place.stat().st_size // 2)

    with pytest.raises(UnreadableFileError, match="shrank"):
        recording.build_index()
    assert recording.event_count == 0


class Changing(MemoryEvents):
    """Holds other events than when it was looked through."""

    given: Events | None = None
    stuck = False

    def decode(
        self, first: int, stop: int, state: NDArray[np.int64], out: Events
    ) -> Decoded:
        came, count = super().decode(first, stop, state, out)
        if self.stuck:
            return Decoded(first, 0)
        return Decoded(came, count - (self.given is not None))


@pytest.mark.parametrize("how", ["fewer", "stuck"])
def test_other_events_than_were_indexed_are_refused(how: str) -> None:
    source = Changing(of_times(1, 2, 3, 4), SIZE)
    recording = open_recording(source, name="odd")
    if how == "fewer":
        source.given = Events.empty()
    else:
        source.stuck = True

    with pytest.raises(UnreadableFileError, match="other events than when it was"):
        recording.read(0, 10)
