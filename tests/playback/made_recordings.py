"""Recordings in memory with short stretches, and events that do not behave."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
from hypothesis import strategies as st

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.playback import index
from napari_cellsets.playback.recording import Recording, open_recording

SIZE = Geometry(7, 5)


def made(count: int = 400, seed: int = 0, mean_us: int = 3) -> Events:
    """Return events in order on a small sensor, the first not at time 0."""
    rng = np.random.default_rng(seed)
    return Events.of(
        10_000 + np.cumsum(rng.poisson(mean_us, count)),
        rng.integers(0, SIZE.width, count),
        rng.integers(0, SIZE.height, count),
        rng.integers(0, 2, count),
    )


def of_times(*times: int) -> Events:
    """Return ON events of these times on one pixel."""
    zeros = np.zeros(len(times), int)
    return Events.of(np.array(times), zeros, zeros, zeros + 1)


def recorded(
    events: Events,
    geometry: Geometry | None = SIZE,
    *,
    spacing: int = 16,
    whole: bool = True,
) -> Recording:
    """Return a recording of events with stretches of `spacing`."""
    with patch.object(index, "SPACING", spacing):
        recording = open_recording(MemoryEvents(events, geometry), name="made")
    if whole:
        recording.build_index()
    return recording


def same(ours: Events, theirs: Events) -> bool:
    """Whether two lots of events are equal in all columns."""
    return all(
        np.array_equal(getattr(ours, name), getattr(theirs, name)) for name in "txyp"
    )


_STEPS = st.one_of(
    st.integers(0, 40),
    st.integers(-60, 60),
    st.sampled_from((0, 0, 1, 16_777_216, -16_777_216, 10**12, -(10**12))),
)


@st.composite
def odd_events(draw: st.DrawFn, most: int = 120) -> Events:
    """Events with backward steps, jumps by days, pauses and equal times."""
    steps = draw(st.lists(_STEPS, min_size=1, max_size=most))
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    count = len(steps)
    return Events.of(
        draw(st.integers(0, 10**9)) + np.cumsum(np.array(steps, np.int64)),
        rng.integers(0, SIZE.width, count),
        rng.integers(0, SIZE.height, count),
        rng.integers(0, 2, count),
    )


def moments(events: Events) -> st.SearchStrategy[int]:
    """Times from the first event: near those of events, or anywhere."""
    times = sorted(set((events.t - events.t[0]).tolist()))
    near = st.builds(int.__add__, st.sampled_from(times), st.integers(-2, 2))
    return st.one_of(near, st.integers(times[0] - 5, times[-1] + 5))
