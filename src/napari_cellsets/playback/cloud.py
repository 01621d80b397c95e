"""Events of a range as points of space and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.playback.filters import FilterChain
from napari_cellsets.playback.hot_pixels import part_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.recording import Recording

MOST_POINTS = 200_000
"""As many as a software renderer still turns smoothly."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Points of a range.

    Parameters
    ----------
    events
        Those that were drawn, in the order of the recording; `p` gives the colour.
    total
        How many the range holds.
    geometry
        Size of the pictures they lie in.
    start_us, stop_us
        The range, [start, stop).
    """

    events: Events
    total: int
    geometry: Geometry
    start_us: int
    stop_us: int

    @property
    def share(self) -> float:
        """Which part of all events is there, 0..1; 1 where there are none."""
        return len(self.events) / self.total if self.total else 1.0

    def points_tyx(self, depth_px: float) -> NDArray[np.float32]:
        """Return the points, (n, 3): time, row, column, in pixels.

        Parameters
        ----------
        depth_px
            How long the range is drawn.
        """
        points = np.empty((len(self.events), 3), np.float32)
        span = max(self.stop_us - self.start_us, 1)
        points[:, 0] = (self.events.t - self.start_us) * (depth_px / span)
        points[:, 1] = self.events.y
        points[:, 2] = self.events.x
        return points


def event_cloud(
    recording: Recording,
    start_us: int,
    stop_us: int,
    *,
    chain: FilterChain | None = None,
    most: int = MOST_POINTS,
    seed: int = 0,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> Cloud:
    """Return no more than `most` events of a range, each as likely as any other.

    Every event gets a random number and those with the smallest stay, so that the
    range is read once, in bounded memory, and need not be counted before.

    Parameters
    ----------
    recording
        Where the events come from.
    start_us, stop_us
        [start, stop) in microseconds from the first event.
    chain
        Filters to pass first.
    most
        How many points there may be.
    seed
        The same seed draws the same points.
    token, progress
        Looked at, and told how far it is, with every piece of events.

    Raises
    ------
    CellsetsError
        If `most` is less than 1.
    CancelledError
        If the token was cancelled.
    UnreadableFileError
        If the file cannot be read or changed.
    """
    if most < 1:
        raise CellsetsError(f"a cloud needs room for at least one point, not {most}")
    chain = chain or FilterChain()
    draw = _Draw(most, seed)
    at_work = chain.start(recording.geometry)
    for filtered in at_work.pieces(recording, start_us, stop_us):
        if token is not None:
            token.raise_if_cancelled()
        draw.add(filtered.events)
        if progress is not None and len(filtered.events):
            done = part_of(int(filtered.events.t[-1]), start_us, stop_us)
            progress(done, "Drawing points")
    geometry = chain.geometry_after(recording.geometry)
    return Cloud(draw.drawn(), draw.total, geometry, start_us, stop_us)


class _Draw:
    """The `most` events with the smallest random numbers so far."""

    def __init__(self, most: int, seed: int) -> None:
        self._most = most
        self._random = np.random.default_rng(seed)
        self._parts: list[tuple[NDArray[np.float64], Events]] = []
        self._waiting = 0
        self._limit = 1.0
        self.total = 0

    def add(self, events: Events) -> None:
        """Take part of them."""
        self.total += len(events)
        numbers = self._random.random(len(events))
        chosen = np.flatnonzero(numbers < self._limit)
        self._parts.append((numbers[chosen], events.take(chosen)))
        self._waiting += len(chosen)
        if self._waiting > 2 * self._most:
            self._thin()

    def drawn(self) -> Events:
        """Return the events, in the order in which they came."""
        self._thin()
        return self._parts[0][1]

    def _thin(self) -> None:
        numbers = np.concatenate([part for part, _ in self._parts] or [np.empty(0)])
        events = Events.joined([part for _, part in self._parts])
        if len(numbers) > self._most:
            chosen = np.sort(np.argpartition(numbers, self._most)[: self._most])
            numbers, events = numbers[chosen], events.take(chosen)
            self._limit = float(numbers.max())
        self._parts, self._waiting = [(numbers, events)], len(numbers)
