"""Compiled loops over the words of EVT2.1; imported late, see `core.compiled`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.loops import compiled, leading_zeros, trailing_zeros
from napari_cellsets.formats.events.evt2_loops import note_other, time_high
from napari_cellsets.formats.events.tally_loops import (
    GAP,
    MISSING,
    T_MAX,
    WRAPS,
    X_MAX,
    Y_MAX,
    add,
    begin,
    bits_of,
    last_time,
    step_back,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE = np.uint64(1)


@compiled
def decode(
    words: NDArray[Any],
    state: NDArray[Any],
    t: NDArray[Any],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
) -> tuple[Any, Any]:
    """Decode words until columns have fewer than 32 places; (words, events) done."""
    base = state[0]
    turn = np.uint64(state[1])
    n = np.uint64(0)
    i = np.uint64(0)
    count = np.uint64(len(words))
    last = np.uint64(len(t) - 32)
    while i < count and n <= last:
        word = words[i]
        i += ONE
        if turn:
            word = word << np.uint64(32) | word >> np.uint64(32)
        kind = word >> np.uint64(60)
        if kind <= 1:
            now = base + np.int64((word >> np.uint64(54)) & np.uint64(63))
            line = np.uint16((word >> np.uint64(32)) & np.uint64(0x7FF))
            column = (word >> np.uint64(43)) & np.uint64(0x7FF)
            mask = np.uint32(word & np.uint64(0xFFFFFFFF))
            while mask:
                t[n] = now
                x[n] = column + np.uint64(trailing_zeros(mask))
                y[n] = line
                p[n] = kind
                n += ONE
                mask &= mask - np.uint32(1)
        elif kind == 8:
            base = time_high(
                base, np.int64((word >> np.uint64(32)) & np.uint64(0xFFFFFFF))
            )
    state[0] = base
    return np.int64(i), np.int64(n)


@compiled
def tally(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add up words without writing events; see `base.Tally` for the sums."""
    base = state[0]
    turn = state[1] != 0
    last = last_time(sums)
    latest, gap, columns, lines = sums[T_MAX], sums[GAP], sums[X_MAX], sums[Y_MAX]
    events, on = np.int64(0), np.int64(0)
    for word in words:
        if turn:
            word = word << np.uint64(32) | word >> np.uint64(32)
        kind = np.int64(word >> np.uint64(60))
        high = np.int64((word >> np.uint64(32)) & np.uint64(0xFFFFFFF))
        mask = np.uint32(word & np.uint64(0xFFFFFFFF))
        if kind <= 1:
            if mask == 0:
                continue
            now = base + (high >> 22)
            if last == MISSING:
                last = begin(sums, now)
            step = now - last
            last = now
            if step < 0:
                step_back(sums, step, now)
            gap, latest = max(gap, step), max(latest, now)
            found = bits_of(mask)
            events += found
            on += found * kind
            top = 31 - np.int64(leading_zeros(mask))
            columns = max(columns, ((high >> 11) & 0x7FF) + top)
            lines = max(lines, high & 0x7FF)
        elif kind == 8:
            before = base
            base = time_high(base, high)
            sums[WRAPS] += (base >> 34) - (before >> 34)
        else:
            note_other(sums, kind)
    state[0] = base
    sums[X_MAX], sums[Y_MAX] = columns, lines
    add(sums, last, latest, gap, events, on)
