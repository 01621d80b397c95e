"""Prophesee RAW, EVT2: a 32-bit word an event, low 6 bits of its time in it.

Layout: docs.prophesee.ai, "EVT 2.0 Format"; kinds of words in `high_words`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.events import Geometry
    from napari_cellsets.formats.events.base import State


class Evt2Source(RawSource):
    """An open file of EVT2. State: the time that the last word of high time told."""

    encoding = "EVT2"
    loops = "evt2"
    dtype = "<u4"
    most_per_unit = 1
    state_size = 1

    @classmethod
    def beginning(cls, words: NDArray[Any]) -> Beginning | None:
        """Return where to begin, None where no word tells a time."""
        kind, high = _taken_apart(words)
        return beginning_of(kind, high, (kind <= 1).astype(np.int64))

    @classmethod
    def fit(cls, words: NDArray[Any], geometry: Geometry | None) -> Fit:
        """Return how much the first words look like EVT2."""
        kind, high = _taken_apart(words)
        events = words[kind <= 1]
        shape = inside(events >> 11 & 0x7FF, events & 0x7FF, geometry)
        return Fit(known_share(kind), order_share(kind, high), shape)

    def oddities(self, words: NDArray[Any], state: State) -> Oddities:
        """Count what words hold beside events, given the state before them."""
        return oddities_of(*_taken_apart(words), int(state[0]))


def _taken_apart(
    words: NDArray[Any],
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return kind and high time of each word."""
    return words >> 28, (words & 0xFFFFFFF).astype(np.int64) << 6
