"""What each pixel remembers: the time of the last event, its own or a neighbour's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cellsets.core.late_loops import LateLoops

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events, Geometry

_AHEAD_US = 1 << 20
"""Times may run back this far before the first one without leaving 32 bits."""

_NEVER_LONG = -(1 << 62)

_BORDERS = 2


class PixelMemory:
    """Tells which events came shortly after (or before) the last one near them.

    Times are kept as 32-bit differences, half the memory traffic of 64 bits; events
    more than 35 minutes after the first one make it go over to 64 bits.

    Parameters
    ----------
    geometry
        Size of the sensor; events must lie inside.
    of
        ``"here"``: the last event of the pixel itself. ``"around"``: the last one of
        its eight neighbours, not its own.
    within_us
        Less than this apart is recent.
    """

    def __init__(
        self, geometry: Geometry, of: Literal["here", "around"], within_us: int
    ) -> None:
        self._of = of
        self._within = within_us
        self._base: int | None = None
        shape = geometry.height + _BORDERS, geometry.width + _BORDERS
        self._short: NDArray[np.int32] = np.empty(shape, np.int32)
        self._last: NDArray[np.int32] | NDArray[np.int64] = self._short
        self.forget()

    def forget(self) -> None:
        """Begin anew, as if there had been no events."""
        self._base = None
        self._last = self._short
        self._short.fill(np.iinfo(np.int32).min)

    def recent(self, events: Events) -> NDArray[np.bool_]:
        """Tell which events are recent, and remember them all.

        Parameters
        ----------
        events
            What comes after the events of the calls before.

        Returns
        -------
        ndarray
            bool, (n,).
        """
        marks: NDArray[np.bool_] = np.empty(len(events), np.bool_)
        if not len(events):
            return marks
        if self._base is None:
            self._base = int(events.t[0]) - _AHEAD_US
        done = self._mark(events, marks)
        if done < len(events):
            self._lengthen()
            self._mark(events.take(slice(done, None)), marks[done:])
        return marks

    def _mark(self, events: Events, marks: NDArray[np.bool_]) -> int:
        loops = LOOPS.now()
        loop = loops.recent_here if self._of == "here" else loops.recent_around
        whole = np.iinfo(self._last.dtype)
        low = 0 if self._last is self._short else int(whole.min)
        t, x, y = (np.ascontiguousarray(c) for c in (events.t, events.x, events.y))
        fits = low, int(whole.max)
        return int(loop(t, x, y, self._base, self._within, *fits, self._last, marks))

    def _lengthen(self) -> None:
        never = self._last == np.iinfo(np.int32).min
        self._last = self._last.astype(np.int64)
        self._last[never] = _NEVER_LONG


def _warm(loops: ModuleType) -> None:
    t = np.zeros(1, np.int64)
    place = np.zeros(1, np.uint16)
    marks = np.zeros(1, np.bool_)
    for dtype in (np.int32, np.int64):
        last = np.zeros((1 + _BORDERS, 1 + _BORDERS), dtype)
        loops.recent_here(t, place, place, 0, 1, 0, 1, last, marks)
        loops.recent_around(t, place, place, 0, 1, 0, 1, last, marks)
    loops.look_up(place, place, np.zeros((1, 1), np.bool_), marks)
    columns = t, place, place, np.zeros(1, np.uint8)
    loops.pick(marks, True, *columns, *columns)


LOOPS = LateLoops(
    "napari_cellsets.playback.filter_loops",
    "napari_cellsets.playback.filter_arrays",
    _warm,
)
