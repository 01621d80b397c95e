from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")

from napari.utils.notifications import notification_manager

from event_files import SIZE, bar
from napari_cellsets._napari.screened import MOST_STEPS, Screened
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback.event_frames import EventFrames
from napari_cellsets.playback.frames import FrameSettings
from napari_cellsets.playback.recording import open_recording

if TYPE_CHECKING:
    from typing import Any

WHOLE = slice(None)


@pytest.fixture
def frames() -> EventFrames:
    recording = open_recording(MemoryEvents(bar(), SIZE), name="bar")
    recording.build_index()
    return EventFrames(recording, FrameSettings(), stride_us=5_000)


@pytest.mark.parametrize(
    "key",
    [
        (7, WHOLE, WHOLE),
        7,
        (slice(7, 8), WHOLE, WHOLE),
        (slice(4, 9), slice(2, 5), 3),
    ],
)
def test_parts_are_those_of_the_frames(frames: EventFrames, key: Any) -> None:
    assert np.array_equal(Screened(frames)[key], frames[key])


def test_it_looks_like_the_frames(frames: EventFrames) -> None:
    screened = Screened(frames)
    assert screened.shape == frames.shape == (201, SIZE.height, SIZE.width)
    assert (screened.ndim, screened.dtype) == (3, np.float32)
    assert screened.size == 201 * SIZE.height * SIZE.width
    assert len(screened) == 201


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ((WHOLE, WHOLE, WHOLE), (1, 1, 1)),
        ((WHOLE, 3, WHOLE), (1, 1)),
        (slice(0, MOST_STEPS + 1), (1, 1, 1)),
    ],
)
def test_volume_is_a_single_voxel(
    frames: EventFrames, key: Any, shape: tuple[int, ...]
) -> None:
    assert Screened(frames)[key].shape == shape


def test_thick_slice_is_all_of_its_frames(frames: EventFrames) -> None:
    some = Screened(frames)[:MOST_STEPS]
    assert some.shape == (MOST_STEPS, SIZE.height, SIZE.width)


def test_frame_that_cannot_be_read_is_empty_and_told_once(
    frames: EventFrames,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(step: int) -> np.ndarray:
        raise UnreadableFileError("the file shrank", path="bar.raw")

    before = len(notification_manager.records)
    screened = Screened(frames)
    monkeypatch.setattr(frames, "frame", fail)
    for step in (3, 4):
        frame = screened[step, :, :]
        assert frame.shape == (SIZE.height, SIZE.width)
        assert not frame.any()
    told = [record.message for record in notification_manager.records[before:]]
    assert told == ["bar.raw: the file shrank."]
