"""Prophesee RAW, EVT2.1: 64-bit words of up to 32 pixels of one line.

Layout: docs.prophesee.ai, "EVT 2.1 Format"; kinds of words in `high_words`. The two
halves of a word come in either order: IMX636 sends the upper one first ("legacy"),
GenX320 and later systems the lower one ("little").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.events.bits import bit_counts
from napari_cellsets.formats.events.high_words import (
    beginning_of,
    known_share,
    oddities_of,
    order_share,
)
from napari_cellsets.formats.events.raw_source import (
    Beginning,
    Fit,
    Oddities,
    RawSource,
    inside,
    share,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.events import Geometry
    from napari_cellsets.formats.events.base import State


class Evt21Source(RawSource):
    """An open file of EVT2.1, lower half of each word first.

    State: the time that the last word of high time told, and by how many bits words
    have to be turned to stand with their upper half up (0 or 32).
    """

    encoding = "EVT2.1"
    loops = "evt21"
    dtype = "<u8"
    most_per_unit = 32
    state_size = 2
    turn = 0

    @classmethod
    def beginning(cls, words: NDArray[Any]) -> Beginning | None:
        """Return where to begin, None where no word tells a time."""
        words = turned(words, cls.turn)
        kind, high = _taken_apart(words)
        held = bit_counts(words & 0xFFFFFFFF) * (kind <= 1)
        found = beginning_of(kind, high, held)
        return found and found._replace(state=[*found.state, cls.turn])

    @classmethod
    def fit(cls, words: NDArray[Any], geometry: Geometry | None) -> Fit:
        """Return how much the first words look like EVT2.1."""
        words = turned(words, cls.turn)
        kind, high = _taken_apart(words)
        events = words[kind <= 1]
        x, y = events >> 43 & 0x7FF, events >> 32 & 0x7FF
        # cameras send 32 columns that begin at a multiple of 32, and never none
        whole = share((x & 31 == 0) & (events & 0xFFFFFFFF != 0))
        shape = min(whole, inside(x, y, geometry))
        return Fit(known_share(kind), order_share(kind, high), shape)

    def oddities(self, words: NDArray[Any], state: State) -> Oddities:
        """Count what words hold beside events, given the state before them."""
        return oddities_of(*_taken_apart(turned(words, self.turn)), int(state[0]))


class Evt21LegacySource(Evt21Source):
    """An open file of EVT2.1, upper half of each word first."""

    turn = 32


def turned(words: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return words whose halves changed places for 32 bits, the same for 0."""
    return words << np.uint64(32) | words >> np.uint64(32) if bits else words


def _taken_apart(
    words: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return kind and high time of each word."""
    return words >> 60, (words >> 32 & 0xFFFFFFF).astype(np.int64) << 6
