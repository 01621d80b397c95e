"""Compiled loops over the records of DAT; imported late, see `core.compiled`.

Time goes round once in 71 minutes. Records are therefore looked at in blocks: one
where it does not is decoded without a look at the record before, so that the
processor takes many at once; only the others are walked through one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.loops import compiled
from napari_cellsets.formats.events.tally_loops import (
    BACK,
    GAP,
    LARGEST_BACK,
    MISSING,
    T_MAX,
    T_MIN,
    WRAPS,
    X_MAX,
    Y_MAX,
    add,
    begin,
    last_time,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOP = 1 << 32
HALF = 1 << 31
BACK_OVER_LOOP = LOOP - (1 << 20)
BLOCK = 2048
LOW = np.uint64(LOOP - 1)
S32 = np.uint64(32)
ONE = np.uint64(1)


@compiled
def goes_round(words: NDArray[Any], before: Any) -> Any:
    """Whether time goes round within some records, or on the way to the first."""
    odd = np.int64(0)
    for i in range(1, len(words)):
        step = np.int64(words[i] & LOW) - np.int64(words[i - 1] & LOW)
        odd |= np.int64(step <= -HALF) | np.int64(step >= BACK_OVER_LOOP)
    step = np.int64(words[0] & LOW) - (before & (LOOP - 1))
    return odd != 0 or step <= -HALF or step >= BACK_OVER_LOOP


@compiled
def time_after(now: Any, word: Any) -> Any:
    """Return the time of a record, given that of the one before."""
    step = np.int64(word & LOW) - (now & (LOOP - 1))
    if step <= -HALF:
        step += LOOP
    elif step >= BACK_OVER_LOOP:
        step -= LOOP
    return now + step


@compiled
def decode(
    words: NDArray[Any],
    state: NDArray[Any],
    t: NDArray[Any],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
) -> tuple[Any, Any]:
    """Decode records until columns are full; (records, events) done."""
    now = state[0]
    x_bits = np.uint64(state[1])
    y_bits = np.uint64(state[2])
    x_mask = (ONE << x_bits) - ONE
    y_mask = (ONE << y_bits) - ONE
    y_at = S32 + x_bits
    p_at = y_at + y_bits
    count = min(len(words), len(t))
    for first in range(0, count, BLOCK):
        stop = min(first + BLOCK, count)
        block = words[first:stop]
        now_t = t[first:stop]
        if goes_round(block, now):
            for i in range(len(block)):
                now = time_after(now, block[i])
                now_t[i] = now
        else:
            rounds = now & ~(LOOP - 1)
            for i in range(len(block)):
                now_t[i] = rounds + np.int64(block[i] & LOW)
            now = now_t[len(block) - 1]
        for i in range(first, stop):
            word = words[i]
            x[i] = (word >> S32) & x_mask
            y[i] = (word >> y_at) & y_mask
            p[i] = (word >> p_at) & ONE
    state[0] = now
    return count, count


@compiled
def tally(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add up records without writing events; see `base.Tally` for the sums."""
    now = state[0]
    x_bits = np.uint64(state[1])
    y_bits = np.uint64(state[2])
    x_mask = (ONE << x_bits) - ONE
    y_mask = (ONE << y_bits) - ONE
    y_at = S32 + x_bits
    p_at = y_at + y_bits
    rounds = now >> 32
    last = last_time(sums)
    latest, earliest, gap = sums[T_MAX], sums[T_MIN], sums[GAP]
    down, back = np.int64(0), np.int64(0)
    columns, lines, on = np.uint64(0), np.uint64(0), np.uint64(0)
    for word in words:
        now = time_after(now, word)
        if last == MISSING:
            last = begin(sums, now)
        step = now - last
        last = now
        back += np.int64(step < 0)
        down = min(down, step)
        gap = max(gap, step)
        latest = max(latest, now)
        earliest = min(earliest, now)
        on += (word >> p_at) & ONE
        columns = max(columns, (word >> S32) & x_mask)
        lines = max(lines, (word >> y_at) & y_mask)
    if len(words):
        sums[WRAPS] += (now >> 32) - rounds
        sums[BACK] += back
        sums[LARGEST_BACK] = max(sums[LARGEST_BACK], -down)
        sums[T_MIN] = min(sums[T_MIN], earliest)
        sums[X_MAX] = max(sums[X_MAX], np.int64(columns))
        sums[Y_MAX] = max(sums[Y_MAX], np.int64(lines))
    add(sums, last, latest, gap, len(words), np.int64(on))
    state[0] = now
