"""What every codec of events offers: a header, and decoding from any checkpoint.

A file is a row of *units*: 16-bit words of EVT3, 32-bit words of EVT2, records of
DAT, rows of an array. A codec decodes any stretch of them given the *state* in
which the units before have left it (EVT3: line, time so far, ...), a small int64
vector. States kept now and then make an index: from each of them decoding starts
as if it had come from the beginning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from napari_cellsets.core.events import Events, Geometry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    State = NDArray[np.int64]

EVENTS_AT_ONCE = 1 << 18
"""Events of one piece: 3.4 MB of columns, which stay in the processor's cache."""


@dataclass(frozen=True)
class EventHeader:
    """What a file says of itself, and what had to be found out in its stead.

    Parameters
    ----------
    format
        Name of the format as people write it: ``EVT3``, ``DAT``, ``N-MNIST``, ...
    geometry
        Size of the sensor; None where neither header nor format tells it.
    camera
        Name or serial number, empty where unknown.
    clock
        What the file's times count from, where that is known: ``Unix``.
    facts
        Further lines of the header.
    biases
        Settings of the sensor's pixels.
    doubts
        What is wrong or was repaired, a sentence each, for the person to read.
    assumed
        What the file does not tell and was concluded, a sentence each: no faults.
    """

    format: str
    geometry: Geometry | None = None
    camera: str = ""
    clock: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    biases: Mapping[str, float] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


class Decoded(NamedTuple):
    """How far a call of `EventSource.decode` came.

    Parameters
    ----------
    unit
        The first unit that was not decoded.
    written
        How many events were written.
    """

    unit: int
    written: int


class EventSource(Protocol):
    """A file of events, open for reading from any thread.

    Attributes
    ----------
    header
        What the file says of itself.
    units
        How many units it had when it was opened.
    most_per_unit
        The most events that one unit can hold (EVT3: 12).
    in_order
        Whether the format promises times that never decrease.
    """

    header: EventHeader
    units: int
    most_per_unit: int
    in_order: bool

    def start(self) -> State:
        """Return the state before the first unit, as a new int64 vector."""
        ...

    def decode(self, first: int, stop: int, state: State, out: Events) -> Decoded:
        """Decode units `first` to `stop` until `out` is full.

        Parameters
        ----------
        first, stop
            Units. Decoding may end before `stop`: when fewer than `most_per_unit`
            places are left in `out`.
        state
            State before `first`; changed into the one after the last unit decoded.
        out
            Columns to fill from their beginning; at least `most_per_unit` long.
            Times are on the file's own clock, overflows taken out.

        Raises
        ------
        UnreadableFileError
            If the file became unreadable or is not what it claimed.
        """
        ...

    def tally(self, first: int, stop: int, state: State, sums: Tally) -> None:
        """Add up units `first` to `stop` without keeping events.

        Parameters
        ----------
        first, stop, state
            As for `decode`.
        sums
            Added to.
        """
        ...


class Tally:
    """Sums over events: what an index keeps of each stretch, what faults there are.

    Attributes
    ----------
    values
        int64 vector, so that loops can add to it; the properties name its places.
    """

    NAMES = (
        "on",
        "off",
        "t_first",
        "t_last",
        "t_min",
        "t_max",
        "backward_steps",
        "largest_step_back",
        "largest_gap",
        "x_max",
        "y_max",
        "triggers",
        "unknown",
        "wraps",
    )
    ON, OFF, T_FIRST, T_LAST, T_MIN, T_MAX = range(6)
    BACKWARD_STEPS, LARGEST_STEP_BACK, LARGEST_GAP = range(6, 9)
    X_MAX, Y_MAX, TRIGGERS, UNKNOWN, WRAPS = range(9, 14)

    def __init__(self) -> None:
        self.values: NDArray[np.int64] = np.zeros(len(self.NAMES), np.int64)
        self.values[self.T_MIN] = np.iinfo(np.int64).max
        self.values[self.T_MAX] = np.iinfo(np.int64).min
        self.values[self.X_MAX] = self.values[self.Y_MAX] = -1

    def __getattr__(self, name: str) -> int:
        if name in self.NAMES:
            return int(self.values[self.NAMES.index(name)])
        raise AttributeError(name)

    @property
    def events(self) -> int:
        """Events so far; `t_first` and the other times mean nothing while 0."""
        return int(self.values[self.ON] + self.values[self.OFF])

    def add(self, events: Events) -> None:
        """Add events that follow on those added before."""
        if not len(events):
            return
        values, t = self.values, events.t
        on = int(np.count_nonzero(events.p))
        steps = np.diff(t, prepend=values[self.T_LAST] if self.events else t[0])
        back = steps[steps < 0]
        if not self.events:
            values[self.T_FIRST] = t[0]
        values[self.ON] += on
        values[self.OFF] += len(events) - on
        values[self.T_LAST] = t[-1]
        values[self.T_MIN] = min(values[self.T_MIN], t.min())
        values[self.T_MAX] = max(values[self.T_MAX], t.max())
        values[self.BACKWARD_STEPS] += len(back)
        if len(back):
            largest = max(values[self.LARGEST_STEP_BACK], -back.min())
            values[self.LARGEST_STEP_BACK] = largest
        values[self.LARGEST_GAP] = max(values[self.LARGEST_GAP], steps.max())
        values[self.X_MAX] = max(values[self.X_MAX], events.x.max())
        values[self.Y_MAX] = max(values[self.Y_MAX], events.y.max())


def tally_decoded(
    source: EventSource, first: int, stop: int, state: State, sums: Tally
) -> None:
    """Tally by decoding: for formats without a faster way of their own."""
    for events in pieces(source, first, stop, state):
        sums.add(events)


def pieces(
    source: EventSource,
    first: int = 0,
    stop: int | None = None,
    state: State | None = None,
) -> Iterator[Events]:
    """Decode a stretch in pieces of bounded size.

    Parameters
    ----------
    source
        Open file.
    first, stop
        Units; by default all.
    state
        State before `first`, changed on the way; by default that of the beginning.

    Yields
    ------
    Events
        Views of one buffer: the next piece overwrites them.
    """
    stop = source.units if stop is None else stop
    state = source.start() if state is None else state
    # memory that is touched for the first time costs more than decoding into it
    most = max(1, (stop - first) * source.most_per_unit)
    out = Events.empty(max(min(EVENTS_AT_ONCE, most), source.most_per_unit))
    while first < stop:
        first, written = source.decode(first, stop, state, out)
        if written:
            yield out.take(slice(written))
