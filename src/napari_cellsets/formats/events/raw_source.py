"""What the open files of Prophesee's formats share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.late_loops import LateLoops
from napari_cellsets.formats.events.base import EVENTS_AT_ONCE, Decoded, Tally

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventHeader, State
    from napari_cellsets.formats.events.words import Words

JITTER = 1 << 20
"""A step forward that ends so many us before a whole round is one back instead."""


class Beginning(NamedTuple):
    """Where a file can be decoded from.

    Parameters
    ----------
    lead
        The first unit with a time.
    state
        State before it.
    lost
        Events before it, which have none.
    """

    lead: int
    state: list[int]
    lost: int = 0


class Fit(NamedTuple):
    """How well units fit a way of reading them, each from 0 to 1.

    Parameters
    ----------
    kinds
        Share of units of a known kind.
    order
        Share of times that do not lie before the one before.
    shape
        Share of events that lie where such events can.
    """

    kinds: float
    order: float
    shape: float = 1.0

    @property
    def good(self) -> bool:
        """Whether nothing speaks against it."""
        return min(self) >= 0.95

    @property
    def bearable(self) -> bool:
        """Whether it may be believed if the header says so."""
        return self.kinds >= 0.95 or min(self.kinds, self.order) >= 0.7


class Oddities(NamedTuple):
    """What units hold beside events."""

    triggers: int = 0
    unknown: int = 0
    wraps: int = 0


class RawSource(ABC):
    """Units of a file that are decoded one stretch after the other.

    Parameters
    ----------
    words
        The units.
    header
        What the file says of itself.
    beginning
        Where to begin.
    """

    encoding: str
    loops: str
    dtype: str
    most_per_unit: int
    state_size: int
    in_order = False

    def __init__(self, words: Words, header: EventHeader, beginning: Beginning) -> None:
        self.header, self.units = header, words.units
        self._words, self._beginning = words, beginning

    @classmethod
    def open(cls, words: Words, header: EventHeader, place: str) -> Self:
        """Find the first time, and begin there.

        Raises
        ------
        UnreadableFileError
            If none of the first units tells a time.
        """
        doubts = list(header.doubts)
        if words.left_over:
            doubts.append(
                f"It is cut off within its last word: {words.left_over} bytes are left"
                " out."
            )
        beginning = Beginning(0, [0] * cls.state_size)
        if not words.units:
            doubts.append("It holds no events.")
        else:
            head = words.probe()
            found = cls.beginning(head)
            if found is None:
                raise UnreadableFileError(
                    f"none of its first {len(head):,} words tells a time, as words of"
                    f" {cls.encoding} would",
                    path=place,
                    advice="It is damaged, or coded otherwise.",
                )
            beginning = found
        if beginning.lost:
            doubts.append(
                f"{beginning.lost:,} events before its first word of time are left out:"
                " when they were is unknown."
            )
        return cls(words, replace(header, doubts=tuple(doubts)), beginning)

    def start(self) -> State:
        """Return the state before the first unit, as a new int64 vector."""
        return np.array(self._beginning.state, np.int64)

    def decode(self, first: int, stop: int, state: State, out: Events) -> Decoded:
        """Decode units until `out` is full; see `EventSource.decode`."""
        unit, written = self._skip_lead(first, stop), 0
        loops = self._loops().now()
        while unit < stop and len(out) - written >= self.most_per_unit:
            words = self._words.stretch(unit, stop)
            columns = (column[written:] for column in (out.t, out.x, out.y, out.p))
            used, found = loops.decode(words, state, *columns)
            unit, written = unit + used, written + found
            if used < len(words):
                break
        return Decoded(unit, written)

    def tally(self, first: int, stop: int, state: State, sums: Tally) -> None:
        """Add up units without keeping events; see `EventSource.tally`."""
        unit = self._skip_lead(first, stop)
        loops = self._loops().now()
        while unit < stop:
            words = self._words.stretch(unit, stop)
            if hasattr(loops, "tally"):
                loops.tally(words, state, sums.values)
            else:
                self._tally_plainly(words, state, sums)
            unit += len(words)

    def _tally_plainly(self, words: NDArray[Any], state: State, sums: Tally) -> None:
        odd = self.oddities(words, state)
        sums.values[[Tally.TRIGGERS, Tally.UNKNOWN, Tally.WRAPS]] += odd
        out, loops = Events.empty(EVENTS_AT_ONCE), self._loops().now()
        while len(words):
            used, found = loops.decode(words, state, out.t, out.x, out.y, out.p)
            sums.add(out.take(slice(found)))
            words = words[used:]

    def _skip_lead(self, first: int, stop: int) -> int:
        return max(first, min(self._beginning.lead, stop))

    @classmethod
    @cache
    def _loops(cls) -> LateLoops:
        """Return modules with ``decode``; that of compiled loops has ``tally`` too."""

        def warm(loops: ModuleType) -> None:
            words, state = np.zeros(0, cls.dtype), np.zeros(cls.state_size, np.int64)
            out = Events.empty(cls.most_per_unit)
            loops.decode(words, state, out.t, out.x, out.y, out.p)
            loops.tally(words, state, Tally().values)

        stem = f"napari_cellsets.formats.events.{cls.loops}"
        return LateLoops(f"{stem}_loops", f"{stem}_plain", warm)

    @classmethod
    @abstractmethod
    def beginning(cls, words: NDArray[Any]) -> Beginning | None:
        """Return where to begin, None where no unit tells a time."""

    @classmethod
    @abstractmethod
    def fit(cls, words: NDArray[Any], geometry: Geometry | None) -> Fit:
        """Return how much the first units look like this format."""

    @abstractmethod
    def oddities(self, words: NDArray[Any], state: State) -> Oddities:
        """Count what units hold beside events, given the state before them."""


class HighSteps(NamedTuple):
    """How words of high time move the time."""

    steps: NDArray[np.int64]
    wraps: int


def high_steps(
    highs: NDArray[np.int64], last: int, loop: int, low_bits: int = 0
) -> HighSteps:
    """Return by how much each word of high time moves the time, in us.

    Parameters
    ----------
    highs
        Times that the words say, in us below `loop`.
    last
        Time before the first, without overflows.
    loop
        Where time goes round.
    low_bits
        How many lower bits of `last` are not told by such words.

    Returns
    -------
    HighSteps
        (len(highs),) int64; and how often time went round, forward less backward.
    """
    old = last & (loop - 1) & ~((1 << low_bits) - 1)
    steps = np.diff(highs, prepend=old)
    round_forward = steps <= -(loop >> 1)
    round_back = steps >= loop - JITTER
    steps[round_forward] += loop
    steps[round_back] -= loop
    wraps = np.count_nonzero(round_forward) - np.count_nonzero(round_back)
    return HighSteps(steps, int(wraps))


def share(good: NDArray[np.bool_]) -> float:
    """Return which part of some answers is yes; 1 where there are none."""
    return float(np.count_nonzero(good) / len(good)) if len(good) else 1.0


def inside(
    x: NDArray[np.integer[Any]],
    y: NDArray[np.integer[Any]],
    geometry: Geometry | None,
) -> float:
    """Return the share of places within the sensor, 1 where its size is not known."""
    if geometry is None:
        return 1.0
    return share((x < geometry.width) & (y < geometry.height))
