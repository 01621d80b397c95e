"""Compiled loops over the words of EVT2; imported late, see `core.compiled`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.loops import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOP = 1 << 34
HALF = 1 << 33
BACK_OVER_LOOP = LOOP - (1 << 20)
ONE = np.uint64(1)


@compiled
def time_high(base: int, high: int) -> int:
    """Return the time base after a word of high time; see `evt2.Evt2Source`."""
    step = (high << 6) - (base & (LOOP - 1))
    if step <= -HALF:
        step += LOOP
    elif step >= BACK_OVER_LOOP:
        step -= LOOP
    return base + step


@compiled
def decode(
    words: NDArray[np.uint32],
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.uint8],
) -> tuple[int, int]:
    """Decode words until columns are full; (words, events) done.

    Every word is written down as if it were an event; the count goes on only after
    a true one, so that nothing has to be guessed.
    """
    base = state[0]
    n = np.uint64(0)
    i = np.uint64(0)
    count = np.uint64(len(words))
    room = np.uint64(len(t))
    while i < count and n < room:
        word = words[i]
        i += ONE
        kind = word >> 28
        t[n] = base + np.int64((word >> 22) & 63)
        x[n] = (word >> 11) & 0x7FF
        y[n] = word & 0x7FF
        p[n] = kind
        n += np.uint64(kind <= 1)
        if kind == 8:
            base = time_high(base, np.int64(word & 0xFFFFFFF))
    state[0] = base
    return np.int64(i), np.int64(n)
