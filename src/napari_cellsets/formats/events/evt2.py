"""Prophesee RAW, EVT2: a 32-bit word an event, low 6 bits of its time in it.

Layout: docs.prophesee.ai, "EVT 2.0 Format". Types of words, the upper four bits:
0 and 1 events (OFF, ON), 8 the upper 28 bits of 34 bits of time, 10 triggers,
14 and 15 further data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.compiled import can_compile
from napari_cellsets.formats.events.raw_source import RawSource, high_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events
    from napari_cellsets.formats.events.base import State

LOOP = 1 << 34
"""Time goes round after 2**34 us, 4.8 hours."""


class Evt2Source(RawSource):
    """An open file of EVT2. The state is the time of the last word of high time."""

    encoding = "EVT2"
    dtype = "<u4"
    state_size = 1
    most_per_unit = 1

    @classmethod
    def first_time(cls, words: NDArray[np.uint32]) -> tuple[int, list[int]] | None:
        times = np.flatnonzero(words >> 28 == 8)
        if not len(times):
            return None
        return int(times[0]), [int(words[times[0]] & 0xFFFFFFF) << 6]

    def _decode(
        self, words: NDArray[np.uint32], state: State, out: Events
    ) -> tuple[int, int]:
        decode = decode_plainly
        if can_compile():
            from napari_cellsets.formats.events.evt2_loops import decode
        return decode(words, state, out.t, out.x, out.y, out.p)


def decode_plainly(
    words: NDArray[np.uint32],
    state: State,
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.uint8],
) -> tuple[int, int]:
    """Decode as `evt2_loops.decode` does, with numpy alone."""
    kind = words >> 28
    events = np.flatnonzero(kind <= 1)
    done = len(words)
    if len(events) > len(t):
        done = int(events[len(t)])
        words, kind, events = words[:done], kind[:done], events[: len(t)]
    n = len(events)
    times = np.flatnonzero(kind == 8)
    highs = (words[times] & 0xFFFFFFF).astype(np.int64) << 6
    bases = np.cumsum(high_steps(highs, int(state[0]), LOOP))
    bases = np.concatenate((state[:1], state[0] + bases))
    found = words[events]
    t[:n] = bases[np.searchsorted(times, events)] + (found >> 22 & 63)
    x[:n] = found >> 11 & 0x7FF
    y[:n] = found & 0x7FF
    p[:n] = found >> 28
    state[0] = bases[-1]
    return done, n
