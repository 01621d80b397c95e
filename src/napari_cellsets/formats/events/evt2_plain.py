"""Decode EVT2 with numpy alone: for where loops cannot be compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.events.high_words import bases_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import State


def decode(
    words: NDArray[Any],
    state: State,
    t: NDArray[np.int64],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[np.uint8],
) -> tuple[int, int]:
    """Decode as `evt2_loops.decode` does."""
    kind = words >> 28
    at = np.flatnonzero(kind <= 1)[: len(t)]
    n = len(at)
    # as the loop: it ends with the event that fills the last place
    done = int(at[-1]) + 1 if n and n == len(t) else len(words)
    high = (words[:done] & 0xFFFFFFF).astype(np.int64) << 6
    bases = bases_of(kind[:done], high, int(state[0]))
    found = words[at]
    t[:n] = bases[at] + (found >> 22 & 63)
    x[:n] = found >> 11 & 0x7FF
    y[:n] = found & 0x7FF
    p[:n] = found >> 28
    if done:
        state[0] = bases[-1]
    return done, n
