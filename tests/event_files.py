"""Recordings on disk, of a bar that moves over a small sensor and rests in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.evt3_write import write_evt3

if TYPE_CHECKING:
    from pathlib import Path

SIZE = Geometry(64, 48)
#: Nothing happens from here to here, microseconds from the first event.
REST_US = 400_000, 600_000
LENGTH_US = 1_000_000


def bar(seed: int = 0, count: int = 20_000, length_us: int = LENGTH_US) -> Events:
    """Return events of a bar that goes from left to right; the first is at 0."""
    rng = np.random.default_rng(seed)
    t = np.sort(rng.integers(0, length_us, count))
    rest = [edge * length_us // LENGTH_US for edge in REST_US]
    t = t[(t < rest[0]) | (t >= rest[1])]
    t[0], t[-1] = 0, length_us
    x = t * (SIZE.width - 4) // length_us + rng.integers(0, 4, len(t))
    return Events.of(
        t, x, rng.integers(0, SIZE.height, len(t)), rng.integers(0, 2, len(t))
    )


def write_recording(path: Path, events: Events, size: Geometry = SIZE) -> Path:
    """Write events as EVT3; time on the file's own clock begins later."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_evt3(path, [events], size, start_us=5_000)
    return path


def write_recordings(folder: Path, count: int = 2) -> Path:
    """Write a folder of recordings, each longer than the one before."""
    for number in range(1, count + 1):
        events = bar(number, length_us=number * LENGTH_US)
        write_recording(folder / f"run_{number}.raw", events)
    return folder
