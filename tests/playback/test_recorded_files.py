"""Recordings in the files of cameras: the index, the codec and the frames together."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_recordings import SIZE, same

from napari_cellsets.core import late_loops
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.evt2_write import write_evt2
from napari_cellsets.formats.events.evt3_write import write_evt3
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.playback import index
from napari_cellsets.playback.event_frames import EventFrames
from napari_cellsets.playback.frames import FrameMode, FrameSettings, render
from napari_cellsets.playback.recording import Recording, open_recording

if TYPE_CHECKING:
    from pathlib import Path

WRITERS = {"EVT3": write_evt3, "EVT2": write_evt2}


@st.composite
def of_a_camera(draw: st.DrawFn) -> Events:
    """Events with small steps back, long pauses, and overflows of EVT3's clock."""
    steps = draw(
        st.lists(
            st.one_of(
                st.integers(0, 30),
                st.integers(-40, 60),
                st.sampled_from((0, 0, 0, 4096, 9_000_000, 17_000_000)),
            ),
            min_size=60,  # so few that no other format fits as well are no file
            max_size=300,
        )
    )
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    count = len(steps)
    return Events.of(
        20_000 + np.cumsum(steps),
        rng.integers(0, SIZE.width, count),
        np.sort(rng.integers(0, SIZE.height, count)),
        rng.integers(0, 2, count),
    )


def written(folder: Path, form: str, events: Events, spacing: int = 8) -> Recording:
    place = folder / "cells.raw"
    WRITERS[form](place, [events], SIZE)
    with patch.object(index, "SPACING", spacing):
        recording = open_recording(open_event_file(place), place=place, cache=False)
    recording.build_index()
    return recording


@pytest.mark.parametrize("form", WRITERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data(), events=of_a_camera(), spacing=st.sampled_from((1, 4, 64)))
def test_any_stretch_of_a_file_is_what_was_written_there(
    tmp_path: Path, form: str, data: st.DataObject, events: Events, spacing: int
) -> None:
    recording = written(tmp_path, form, events, spacing)
    told = Events(events.t - events.t[0], events.x, events.y, events.p)
    times = sorted(told.t.tolist())
    start, stop = (
        data.draw(st.sampled_from(times)) + data.draw(st.integers(-1, 1))
        for _ in range(2)
    )

    inside = (told.t >= start) & (told.t < stop)
    assert same(recording.read(start, stop), told.take(inside))
    assert recording.event_count == len(events)
    assert recording.on_count == events.p.sum()
    assert recording.duration_us == times[-1]
    assert recording.start_us == times[0]
    assert recording.count(start, stop) == np.count_nonzero(inside)
    assert recording.next_event_time(start) == min(
        told.t[told.t > start].tolist(), default=None
    )


@pytest.mark.parametrize("form", WRITERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(events=of_a_camera(), spacing=st.sampled_from((1, 7, 64)))
def test_an_index_is_the_same_without_compiled_loops(
    tmp_path: Path, form: str, events: Events, spacing: int
) -> None:
    written(tmp_path, form, events)
    late_loops.wait_for_loops()
    compiled = written(tmp_path, form, events, spacing)
    with patch.object(late_loops, "can_compile", lambda: False):
        plain = written(tmp_path, form, events, spacing)

    ours, theirs = compiled._reader.index, plain._reader.index
    assert np.array_equal(ours.rows, theirs.rows)
    assert np.array_equal(ours.states, theirs.states)
    assert np.array_equal(ours.sums.values, theirs.sums.values)


@pytest.mark.parametrize("form", WRITERS)
def test_frames_of_a_file_are_those_of_its_events(tmp_path: Path, form: str) -> None:
    rng = np.random.default_rng(5)
    events = Events.of(
        np.cumsum(rng.poisson(2, 20_000)),
        rng.integers(0, SIZE.width, 20_000),
        rng.integers(0, SIZE.height, 20_000),
        rng.integers(0, 2, 20_000),
    )
    recording = written(tmp_path, form, events, spacing=512)
    told = Events(events.t - events.t[0], events.x, events.y, events.p)

    for mode in FrameMode:
        shown = FrameSettings(mode=mode, window_us=700)
        frames = EventFrames(recording, shown)
        for step in (0, 3, len(frames) - 1):
            expected = render(told, SIZE, shown, frames.time_of(step))
            assert np.array_equal(frames[step], expected)


def test_a_truncated_file_shows_what_is_left_of_it(tmp_path: Path) -> None:
    events = Events.of(np.arange(3000), np.ones(3000), np.ones(3000), np.ones(3000))
    place = tmp_path / "cells.raw"
    write_evt2(place, [events], SIZE)
    place.write_bytes(place.read_bytes()[:-1001])

    recording = open_recording(open_event_file(place), place=place)

    left = recording.event_count
    assert 3000 - 251 <= left < 3000 - 230
    assert recording.read(0, 9**9).t.tolist() == list(range(left))


def test_real_recordings_play_from_beginning_to_end(real_samples: Path) -> None:
    for place in sorted((real_samples / "events").rglob("*.raw")):
        recording = open_recording(open_event_file(place), place=place)
        recording.build_index()
        frames = EventFrames(recording, FrameSettings(mode=FrameMode.COUNT))

        shown = sum(int(frames[step].sum()) for step in range(len(frames)))

        assert shown == recording.event_count > 0, place.name
