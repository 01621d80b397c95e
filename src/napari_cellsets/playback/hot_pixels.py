"""Pixels of the sensor that never stop talking."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets.playback.filter_steps import within_sensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.recording import Recording

_SIDE = 5
_BUSIER = 3
"""Of 25 pixels: two hot ones side by side are found, the end of a line is kept."""


class HotPixel(NamedTuple):
    """One pixel with far more events than those around it."""

    y: int
    x: int
    events: int
    rate_hz: float


def find_hot_pixels(
    recording: Recording,
    *,
    start_us: int | None = None,
    stop_us: int | None = None,
    factor: float = 5.0,
    least_hz: float = 20.0,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> tuple[HotPixel, ...]:
    """Return the hot pixels of a stretch, the busiest first.

    A pixel is hot if it has `factor` times the events of the third busiest of the
    5 x 5 pixels around it: two hot neighbours do not hide each other, and the edge of
    a channel, which is a line, is not taken for hot.

    Parameters
    ----------
    recording
        Where the events come from.
    start_us, stop_us
        [start, stop) in microseconds from the first event; by default all.
    factor
        How many times.
    least_hz
        Slower pixels are never hot, events a second.
    token, progress
        Looked at, and told how far it is, with every piece of events.

    Raises
    ------
    CancelledError
        If the token was cancelled.
    UnreadableFileError
        If the file cannot be read or changed.
    """
    start = recording.start_us if start_us is None else start_us
    stop = recording.duration_us + 1 if stop_us is None else stop_us
    width, height = recording.geometry
    counts: NDArray[np.int64] = np.zeros(width * height, np.int64)
    for events in recording.pieces(start, stop):
        if token is not None:
            token.raise_if_cancelled()
        inside = within_sensor(events, recording.geometry)
        places = inside.y.astype(np.intp) * width + inside.x
        np.add.at(counts, places, np.int64(1))
        if progress is not None:
            progress(part_of(int(events.t[-1]), start, stop), "Counting events")
    seconds = max(stop - start, 1) / 1e6
    return _hot(counts.reshape(height, width), factor, least_hz, seconds)


def _hot(
    counts: NDArray[np.int64], factor: float, least_hz: float, seconds: float
) -> tuple[HotPixel, ...]:
    from scipy import ndimage

    around = ndimage.rank_filter(counts, -_BUSIER, size=_SIDE, mode="constant")
    hot = (counts > factor * np.maximum(around, 1)) & (counts >= least_hz * seconds)
    found = [
        HotPixel(int(y), int(x), int(counts[y, x]), float(counts[y, x] / seconds))
        for y, x in zip(*np.nonzero(hot), strict=True)
    ]
    return tuple(sorted(found, key=lambda pixel: (-pixel.events, pixel.y, pixel.x)))


def part_of(time_us: int, start_us: int, stop_us: int) -> float:
    """Return how far a moment is into [start, stop), 0..1."""
    return min(max((time_us - start_us) / max(stop_us - start_us, 1), 0.0), 1.0)
