"""Decode EVT2.1 with numpy alone: for where loops cannot be compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.events.bits import bit_counts
from napari_cellsets.formats.events.evt21 import turned
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
    """Decode as `evt21_loops.decode` does."""
    words = turned(words, int(state[1]))
    kind = words >> 60
    mask = np.where(kind <= 1, words & 0xFFFFFFFF, 0)
    held = bit_counts(mask)
    before = np.cumsum(held) - held
    # as the loop: the next word is looked at only while 32 places are free
    done = int(np.searchsorted(before, len(t) - 32, side="right"))
    words, kind, held, mask = words[:done], kind[:done], held[:done], mask[:done]
    high = (words >> 32 & 0xFFFFFFF).astype(np.int64) << 6
    now = bases_of(kind, high, int(state[0])) + (words >> 54 & 63).astype(np.int64)
    of = np.repeat(np.arange(done), held)
    n = len(of)
    pixels = np.unpackbits(
        mask.astype("<u4").view(np.uint8).reshape(-1, 4), axis=1, bitorder="little"
    )
    t[:n] = now[of]
    x[:n] = (words >> 43 & 0x7FF)[of] + np.nonzero(pixels)[1].astype(np.uint64)
    y[:n] = (words >> 32 & 0x7FF)[of]
    p[:n] = kind[of]
    if done:
        state[0] = now[-1] - int(words[-1] >> 54 & 63)
    return done, n
