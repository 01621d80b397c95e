"""Prophesee RAW, EVT3: 16-bit words that tell only what changed.

Layout: docs.prophesee.ai, "EVT 3.0 Format". Types of words, the upper four bits:
0 line, 2 column of an event, 3 first column of vectors, 4 and 5 vectors of 12 and 8
pixels, 6 and 8 lower and upper 12 bits of time, 10 triggers, 7, 14 and 15 further
data; some cameras pad with 0x9999 (ros-event-camera/event_camera_renderer#8).

Time goes round after 2**24 us (16.8 s). As in OpenEB, a step of the upper bits back
by half a round or more is one round forward, a smaller one is what it says: words
may legally step back a little. A word of upper bits that changes them sets the lower
ones to zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.compiled import can_compile
from napari_cellsets.formats.events.raw_source import RawSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events
    from napari_cellsets.formats.events.base import State

LOOP = 1 << 24


class Evt3Source(RawSource):
    """An open file of EVT3. State: time, line, first column and sign of vectors."""

    encoding = "EVT3"
    dtype = "<u2"
    state_size = 4
    most_per_unit = 12

    @classmethod
    def first_time(cls, words: NDArray[np.uint16]) -> tuple[int, list[int]] | None:
        kind = words >> 12
        times = np.flatnonzero(kind == 8)
        if not len(times):
            return None
        return int(times[0]), [int(words[times[0]] & 0xFFF) << 12, 0, 0, 0]

    def _decode(
        self, words: NDArray[np.uint16], state: State, out: Events
    ) -> tuple[int, int]:
        from napari_cellsets.formats.events.evt3_plain import decode

        if can_compile():
            from napari_cellsets.formats.events.evt3_loops import decode
        return decode(words, state, out.t, out.x, out.y, out.p)
