"""Prophesee RAW, EVT3: 16-bit words that tell only what changed.

Layout: docs.prophesee.ai, "EVT 3.0 Format". Kinds of words, the upper four bits:
0 line, 2 column of an event, 3 first column of vectors, 4 and 5 vectors of 12 and 8
pixels, 6 and 8 lower and upper 12 bits of time, 10 triggers, 7, 14 and 15 further
data; some cameras pad with 0x9999 (ros-event-camera/event_camera_renderer#8).

Time goes round after 2**24 us (16.8 s). As in OpenEB, a step of the upper bits back
by half a round or more is one round forward, a smaller one is what it says: words
may legally step back a little. A word of upper bits that changes them sets the lower
ones to zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.events.evt3_plain import (
    LOOP,
    events_of_words,
    state_after,
    times_of_words,
)
from napari_cellsets.formats.events.raw_source import (
    Beginning,
    Fit,
    Oddities,
    RawSource,
    high_steps,
    inside,
    share,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.events import Geometry
    from napari_cellsets.formats.events.base import State

PADDING = 0x9999
_KNOWN = np.isin(np.arange(16), (0, 2, 3, 4, 5, 6, 7, 8, 10, 14, 15))
_JITTER_US = 64


class Evt3Source(RawSource):
    """An open file of EVT3. State: time, line, first column and sign of vectors."""

    encoding = "EVT3"
    loops = "evt3"
    dtype = "<u2"
    most_per_unit = 12
    state_size = 4

    @classmethod
    def beginning(cls, words: NDArray[Any]) -> Beginning | None:
        """Return where to begin, None where no word tells a time.

        That is the first word of upper time, or the first line if that comes later.
        """
        kind = words >> 12
        times, lines = np.flatnonzero(kind == 8), np.flatnonzero(kind == 0)
        if not len(times):
            return None
        first = int(times[0])
        lead = max(first, int(lines[0])) if len(lines) else first
        state = np.array([int(words[first] & 0xFFF) << 12, 0, 0, 0], np.int64)
        untimed = words[:first][(kind[:first] != 6) & (kind[:first] != 8)]
        state_after(np.concatenate((untimed, words[first:lead])), state)
        lost = int(events_of_words(words[:lead]).sum())
        return Beginning(lead, state.tolist(), lost)

    @classmethod
    def fit(cls, words: NDArray[Any], geometry: Geometry | None) -> Fit:
        """Return how much the first words look like EVT3."""
        kind = words >> 12
        timed = words[(kind == 6) | (kind == 8)]
        start = int(timed[0] & 0xFFF) << 12 if len(timed) else 0
        steps = np.diff(times_of_words(timed, start))
        field = words & 0x7FF
        # by hand, as lines and columns stand in words of their own
        x, y = field[(kind == 2) | (kind == 3)], field[kind == 0]
        none = np.zeros(1, np.uint16)
        shape = min(inside(x, none, geometry), inside(none, y, geometry))
        return Fit(share(_known(words)), share(steps >= -_JITTER_US), shape)

    def oddities(self, words: NDArray[Any], state: State) -> Oddities:
        """Count what words hold beside events, given the state before them."""
        kind = words >> 12
        highs = (words[kind == 8] & 0xFFF).astype(np.int64) << 12
        return Oddities(
            int(np.count_nonzero(kind == 10)),
            int(np.count_nonzero(~_known(words))),
            high_steps(highs, int(state[0]), LOOP, 12).wraps,
        )


def _known(words: NDArray[Any]) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = _KNOWN[words >> 12] | (words == PADDING)
    return known
