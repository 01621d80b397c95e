"""Compiled loops over the words of EVT3; imported late, see `core.compiled`.

Most words are columns (X), lines (Y) and low times; which comes next is as good as
random, so a branch on it would be guessed wrong every other word, at some 15 cycles
each. Those three are taken without a branch: every word is written down as if it
were an event and the count goes on only after a true one; line and time change by
masks. Vectors, high times and all rest branch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.loops import compiled
from napari_cellsets.formats.events.tally_loops import (
    GAP,
    MISSING,
    T_MAX,
    TRIGGERS,
    UNKNOWN,
    WRAPS,
    X_MAX,
    Y_MAX,
    add,
    begin,
    last_time,
    step_back,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOP = 1 << 24
HALF = 1 << 23
BACK_OVER_LOOP = LOOP - (1 << 20)
LOW = 0xFFF
ONE = np.uint64(1)
COUNT = np.array([bin(mask).count("1") for mask in range(4096)])
TOP = np.array([max(mask.bit_length() - 1, 0) for mask in range(4096)])
"""How many bits a vector has, and its highest."""


@compiled
def time_high(t: int, word: int) -> int:
    """Return the time after a high-time word; see `evt3.WRAP`."""
    new = (word & 0xFFF) << 12
    old = t & (LOOP - 1) & ~LOW
    step = new - old
    if step == 0:
        return t
    if step < -HALF or step == -HALF:
        step += LOOP
    elif step >= BACK_OVER_LOOP:
        step -= LOOP
    return (t & ~LOW) + step


@compiled
def decode(
    words: NDArray[np.uint16],
    state: NDArray[np.int64],
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.uint8],
) -> tuple[int, int]:
    """Decode words until columns have fewer than 12 places; (words, events) done."""
    now = state[0]
    line = np.uint16(state[1])
    base = np.uint16(state[2])
    sign = np.uint8(state[3])
    n = np.uint64(0)
    i = np.uint64(0)
    count = np.uint64(len(words))
    last = np.uint64(len(t) - 12)
    while i < count and n <= last:
        word = words[i]
        i += ONE
        kind = word >> 12
        field = word & np.uint16(0x7FF)
        if kind == 2 or kind == 0 or kind == 6:
            t[n] = now
            x[n] = field
            y[n] = line
            p[n] = (word >> 11) & 1
            n += np.uint64(kind == 2)
            line ^= (line ^ field) & np.uint16(-np.int64(kind == 0))
            now ^= (now ^ np.int64(word)) & (LOW & -np.int64(kind == 6))
        elif kind == 3:
            base = field
            sign = np.uint8((word >> 11) & 1)
        elif kind == 4 or kind == 5:
            mask = word & (0xFFF if kind == 4 else 0xFF)
            k = base
            while mask:
                if mask & 1:
                    t[n] = now
                    x[n] = k
                    y[n] = line
                    p[n] = sign
                    n += ONE
                mask >>= 1
                k += np.uint16(1)
            base += np.uint16(12 if kind == 4 else 8)
        elif kind == 8:
            now = time_high(now, np.int64(word))
    state[0] = now
    state[1] = line
    state[2] = base
    state[3] = sign
    return np.int64(i), np.int64(n)


@compiled
def tally(
    words: NDArray[np.uint16], state: NDArray[np.int64], sums: NDArray[np.int64]
) -> None:
    """Add up words without writing events; see `base.Tally` for the sums."""
    now = state[0]
    line = state[1]
    base = state[2]
    sign = state[3]
    last = last_time(sums)
    latest, gap = sums[T_MAX], sums[GAP]
    columns, lines = sums[X_MAX], sums[Y_MAX]
    events = 0
    on = 0
    for word in words:
        kind = word >> 12
        field = np.int64(word & 0x7FF)
        if kind == 2 or kind == 4 or kind == 5:
            found = 1
            top = field
            ons = np.int64(word >> 11) & 1
            if kind != 2:
                mask = word & (0xFFF if kind == 4 else 0xFF)
                found = COUNT[mask]
                top = (base + TOP[mask]) & 0xFFFF
                ons = found * sign
                base = (base + (12 if kind == 4 else 8)) & 0xFFFF
                if found == 0:
                    continue
            if last == MISSING:
                last = begin(sums, now)
            step = now - last
            last = now
            if step < 0:
                step_back(sums, step, now)
            gap = max(gap, step)
            latest = max(latest, now)
            events += found
            on += ons
            columns = max(columns, top)
            lines = max(lines, line)
        elif kind == 0:
            line = field
        elif kind == 6:
            now = (now & ~LOW) | np.int64(word & 0xFFF)
        elif kind == 3:
            base = field
            sign = np.int64(word >> 11) & 1
        elif kind == 8:
            before = now
            now = time_high(now, np.int64(word))
            sums[WRAPS] += (now >> 24) - (before >> 24)
        elif kind == 10:
            sums[TRIGGERS] += 1
        elif kind != 7 and kind != 14 and kind != 15 and word != 0x9999:
            sums[UNKNOWN] += 1
    state[0] = now
    state[1] = line
    state[2] = base
    state[3] = sign
    sums[X_MAX], sums[Y_MAX] = columns, lines
    add(sums, last, latest, gap, events, on)
