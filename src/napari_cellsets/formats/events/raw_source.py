"""What the open files of Prophesee's formats share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.events.base import Decoded, Tally, tally_decoded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events
    from napari_cellsets.formats.events.base import EventHeader, State
    from napari_cellsets.formats.events.words import Words

_PROBED = 1 << 15

JITTER = 1 << 20
"""A step forward that ends so many us before a whole round is one back instead."""


class RawSource(ABC):
    """Units of a file that are decoded one stretch after the other.

    Parameters
    ----------
    words
        The units.
    header
        What the file says of itself.
    lead
        Units before the first that tells a time; what stands there has none and
        is left out.
    state
        State before unit `lead`.
    """

    encoding: str
    dtype: str
    most_per_unit: int
    state_size: int
    in_order = False

    def __init__(
        self, words: Words, header: EventHeader, lead: int, state: list[int]
    ) -> None:
        self.header, self.units = header, words.units
        self._words, self._lead, self._start = words, lead, state

    @classmethod
    def open(cls, words: Words, header: EventHeader, place: str) -> Self:
        """Find the first time, and begin there.

        Raises
        ------
        UnreadableFileError
            If there are units and none of the first tells a time.
        """
        if not words.units:
            empty = replace(header, doubts=(*header.doubts, "It holds no events."))
            return cls(words, empty, 0, [0] * cls.state_size)
        head = words.stretch(0, min(words.units, _PROBED))
        found = cls.first_time(head)
        if found is None:
            raise UnreadableFileError(
                f"none of its first {len(head):,} words tells a time, as words of"
                f" {cls.encoding} would",
                path=place,
                advice="It is damaged, or coded otherwise.",
            )
        return cls(words, header, *found)

    def start(self) -> State:
        """Return the state before the first unit, as a new int64 vector."""
        return np.array(self._start, np.int64)

    def decode(self, first: int, stop: int, state: State, out: Events) -> Decoded:
        """Decode units until `out` is full; see `EventSource.decode`."""
        unit, written = max(first, min(self._lead, stop)), 0
        while unit < stop and len(out) - written >= self.most_per_unit:
            words = self._words.stretch(unit, stop)
            used, found = self._decode(words, state, out.take(slice(written, None)))
            unit, written = unit + used, written + found
            if used < len(words):
                break
        return Decoded(unit, written)

    def tally(self, first: int, stop: int, state: State, sums: Tally) -> None:
        """Add up units without keeping events; see `EventSource.tally`."""
        tally_decoded(self, first, stop, state, sums)

    @classmethod
    @abstractmethod
    def first_time(cls, words: NDArray[Any]) -> tuple[int, list[int]] | None:
        """Return the first unit that can be decoded and the state before it."""

    @abstractmethod
    def _decode(
        self, words: NDArray[Any], state: State, out: Events
    ) -> tuple[int, int]:
        """Decode words until `out` is full; return how many words and events."""


def high_steps(
    highs: NDArray[np.int64], last: int, loop: int, low_bits: int = 0
) -> NDArray[np.int64]:
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
    """
    old = last & (loop - 1) & ~((1 << low_bits) - 1)
    steps = np.diff(highs, prepend=old)
    steps[steps <= -(loop >> 1)] += loop
    steps[steps >= loop - JITTER] -= loop
    return steps
