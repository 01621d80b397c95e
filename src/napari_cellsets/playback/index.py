"""The index of a recording: what is known of each stretch of its file.

A stretch is a few thousand units of the file. Of each the index keeps the decoder's
state before it, how many events come before it, and the earliest and latest time in
it. The latest time so far and the earliest time still to come never decrease, even
where the events do, so that a search finds every stretch that a window touches.

One thread appends while any number read: rows are written to arrays that never
move, then their number is raised. Whoever reads sees whole rows or none.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.formats.events.base import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventSource, State

    Whole = NDArray[np.int64]

SPACING = 1 << 14
"""Units of a stretch: of EVT3 about 9,000 events, decoded in 0.05 ms."""

MOST_STRETCHES = 1 << 16
"""Longer files have longer stretches: the index stays below 10 MB."""

NEVER = np.iinfo(np.int64).max
ALWAYS = np.iinfo(np.int64).min


def spacing_of(units: int) -> int:
    """Units of a stretch in a file of so many units: a power of two."""
    spacing = SPACING
    while units > spacing * MOST_STRETCHES:
        spacing *= 2
    return spacing


@dataclass(frozen=True)
class IndexView:
    """The index as far as it went at one moment; times on the file's own clock.

    Parameters
    ----------
    units
        (n + 1,) First unit of each stretch, and the end of the last.
    states
        (n, length of a state) State of the decoder before each.
    before, on_before
        (n + 1,) Events, and those that are ON, before each, and all.
    low, high
        (n,) Earliest and latest time in each; `NEVER` and `ALWAYS` where empty.
    reach
        (n,) Latest time up to and with each.
    ahead
        (n,) Earliest time in each and all that follow.
    ordered
        Whether no event is earlier than the one before it.
    """

    units: Whole
    states: Whole
    before: Whole
    on_before: Whole
    low: Whole
    high: Whole
    reach: Whole
    ahead: Whole
    ordered: bool

    def __len__(self) -> int:
        return len(self.low)

    def between(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the runs of stretches that may hold events of [start, stop)."""
        first = int(np.searchsorted(self.reach, start))
        end = int(np.searchsorted(self.ahead, stop))
        if first >= end:
            return []
        if self.ordered:
            return [(first, end)]
        touched = (self.high[first:end] >= start) & (self.low[first:end] < stop)
        return [(first + a, first + b) for a, b in _runs(touched)]

    def numbered(self, first: int, stop: int) -> tuple[int, int]:
        """Return the stretches that hold events number `first` to `stop`."""
        begin = int(np.searchsorted(self.before, first, "right")) - 1
        return begin, int(np.searchsorted(self.before, stop))


def _runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


class Index:
    """Stretches of one file, appended to until its end is reached."""

    def __init__(self, source: EventSource) -> None:
        self.spacing = spacing_of(source.units)
        most = -(-source.units // self.spacing)
        self.rows = np.zeros((6, most + 1), np.int64)
        self.states = np.zeros((most, len(source.start())), np.int64)
        self.sums = Tally()
        self._own = Tally()
        self._source = source
        self._state: State = source.start()
        self._growing = threading.Lock()
        self._count = 0
        self._view: IndexView | None = None

    @property
    def complete(self) -> bool:
        """Whether the whole file was seen."""
        return self._count == len(self.states)

    @property
    def part(self) -> float:
        """How much of the file was seen, 0..1."""
        return self._count / len(self.states) if len(self.states) else 1.0

    def grow(self, stretches: int) -> None:
        """Look at so many further stretches, fewer at the end of the file.

        Raises
        ------
        UnreadableFileError
            If the file cannot be read; what was found before stays.
        """
        with self._growing:
            most = min(stretches, len(self.states) - self._count)
            own = np.repeat(Tally().values[None], most, axis=0)
            done = 0
            try:
                for done in range(1, most + 1):
                    self._look(self._count + done - 1, own[done - 1])
            except BaseException:
                done -= 1
                raise
            finally:
                self._publish(own[:done])

    def adopt(self, rows: Whole, states: Whole, sums: Whole) -> None:
        """Take over what an earlier look at the same file found."""
        with self._growing:
            self.rows, self.states = rows, states
            self.sums.values[:] = sums
            self._count = len(states)

    def view(self) -> IndexView:
        """Return what is known now; the same object until there is more."""
        view, count = self._view, self._count
        if view is None or len(view) != count:
            view = self._view = self._seen(count)
        return view

    def _seen(self, count: int) -> IndexView:
        units, before, on, low, high, reach = self.rows
        ahead = np.minimum.accumulate(low[:count][::-1])[::-1]
        return IndexView(
            units[: count + 1],
            self.states[:count],
            before[: count + 1],
            on[: count + 1],
            low[:count],
            high[:count],
            reach[:count],
            ahead,
            self.sums.backward_steps == 0,
        )

    def _look(self, at: int, own: Whole) -> None:
        """Add up a stretch for itself: so its own extremes are known."""
        first = at * self.spacing
        stop = min(first + self.spacing, self._source.units)
        state, self._own.values = self._state.copy(), own
        self._source.tally(first, stop, state, self._own)
        self.states[at] = self._state
        self._state = state

    def _publish(self, own: Whole) -> None:
        """Write rows for stretches that were looked at, then let them be seen."""
        if not len(own):
            return
        units, before, on, low, high, reach = self.rows
        at, end = self._count, self._count + len(own)
        new, after = slice(at, end), slice(at + 1, end + 1)
        units[after] = np.arange(at + 1, end + 1) * self.spacing
        units[end] = min(units[end], self._source.units)
        on[after] = on[at] + np.cumsum(own[:, Tally.ON])
        before[after] = on[after] + np.cumsum(own[:, Tally.OFF]) + before[at] - on[at]
        low[new], high[new] = own[:, Tally.T_MIN], own[:, Tally.T_MAX]
        reach[new] = high[new]
        np.maximum.accumulate(
            reach[max(at - 1, 0) : end], out=reach[max(at - 1, 0) : end]
        )
        sums = Tally()
        sums.values = joined(np.vstack([self.sums.values, own]))
        self.sums = sums
        self._count = end


_ADDED = [
    Tally.ON,
    Tally.OFF,
    Tally.BACKWARD_STEPS,
    Tally.TRIGGERS,
    Tally.UNKNOWN,
    Tally.WRAPS,
]


def joined(parts: Whole) -> Whole:
    """Return the sums of parts that follow on each other.

    Parameters
    ----------
    parts
        int64, (parts, places of `Tally.values`).
    """
    whole: Whole = parts.max(axis=0)
    whole[_ADDED] = parts[:, _ADDED].sum(axis=0)
    whole[Tally.T_MIN] = parts[:, Tally.T_MIN].min()
    full = parts[parts[:, Tally.ON] + parts[:, Tally.OFF] > 0]
    if not len(full):
        return whole
    whole[Tally.T_FIRST] = full[0, Tally.T_FIRST]
    whole[Tally.T_LAST] = full[-1, Tally.T_LAST]
    steps = full[1:, Tally.T_FIRST] - full[:-1, Tally.T_LAST]
    whole[Tally.BACKWARD_STEPS] += np.count_nonzero(steps < 0)
    back, gap = Tally.LARGEST_STEP_BACK, Tally.LARGEST_GAP
    whole[back] = max(whole[back], (-steps).max(initial=0))
    whole[gap] = max(whole[gap], steps.max(initial=0))
    return whole
