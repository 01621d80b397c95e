"""Compiled loops over the records of DAT; imported late, see `core.compiled`.

Time goes round once in 71 minutes. Records are therefore looked at in blocks: one
where it does not is decoded without a look at the record before, so that the
processor takes many at once; only the others are walked through one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.loops import compiled
from napari_cellsets.formats.events.dat_plain import LOOP
from napari_cellsets.formats.events.raw_source import JITTER
from napari_cellsets.formats.events.tally_loops import (
    BACK,
    GAP,
    LARGEST_BACK,
    MISSING,
    OFF,
    ON,
    T_LAST,
    T_MAX,
    T_MIN,
    WRAPS,
    X_MAX,
    Y_MAX,
    begin,
    last_time,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF = LOOP >> 1
BACK_OVER_LOOP = LOOP - JITTER
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
    count = min(len(words), len(t))
    for first in range(0, count, BLOCK):
        stop = min(first + BLOCK, count)
        block = words[first:stop]
        state[0] = put_times(block, state[0], t[first:stop])
        put_places(block, state, x[first:stop], y[first:stop], p[first:stop])
    return count, count


@compiled
def put_times(words: NDArray[Any], now: Any, t: NDArray[Any]) -> Any:
    """Write the times of some records; return the last."""
    if goes_round(words, now):
        for i in range(len(words)):
            now = time_after(now, words[i])
            t[i] = now
        return now
    rounds = now & ~(LOOP - 1)
    for i in range(len(words)):
        t[i] = rounds + np.int64(words[i] & LOW)
    return t[len(words) - 1]


@compiled
def put_places(
    words: NDArray[Any],
    state: NDArray[Any],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
) -> None:
    """Write columns, lines and signs of some records."""
    x_bits, y_bits = np.uint64(state[1]), np.uint64(state[2])
    x_mask, y_mask = (ONE << x_bits) - ONE, (ONE << y_bits) - ONE
    y_at = S32 + x_bits
    p_at = y_at + y_bits
    for i in range(len(words)):
        word = words[i]
        x[i] = (word >> S32) & x_mask
        y[i] = (word >> y_at) & y_mask
        p[i] = (word >> p_at) & ONE


@compiled
def tally(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add up records without writing events; see `base.Tally` for the sums."""
    times = np.empty(BLOCK, np.int64)
    for first in range(0, len(words), BLOCK):
        block = words[first : first + BLOCK]
        t = times[: len(block)]
        before = state[0]
        state[0] = put_times(block, before, t)
        sums[WRAPS] += (state[0] >> 32) - (before >> 32)
        note_times(t, sums)
        note_places(block, state, sums)


@compiled
def note_times(t: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add up times of some records that follow on those added before."""
    last = last_time(sums)
    if last == MISSING:
        last = begin(sums, t[0])
    step = t[0] - last
    gap, down, back = max(sums[GAP], step), min(np.int64(0), step), np.int64(step < 0)
    latest, earliest = max(sums[T_MAX], t[0]), min(sums[T_MIN], t[0])
    following = t[1:]
    for i in range(len(following)):
        step = following[i] - t[i]
        gap = max(gap, step)
        down = min(down, step)
        back += np.int64(step < 0)
        latest = max(latest, following[i])
        earliest = min(earliest, following[i])
    sums[GAP], sums[T_LAST] = gap, t[len(t) - 1]
    sums[T_MAX], sums[T_MIN] = latest, earliest
    sums[BACK] += back
    sums[LARGEST_BACK] = max(sums[LARGEST_BACK], -down)


@compiled
def note_places(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add up columns, lines and signs of some records."""
    x_bits, y_bits = np.uint64(state[1]), np.uint64(state[2])
    x_mask, y_mask = (ONE << x_bits) - ONE, (ONE << y_bits) - ONE
    y_at = S32 + x_bits
    p_at = y_at + y_bits
    columns, lines, on = np.uint64(0), np.uint64(0), np.uint64(0)
    for i in range(len(words)):
        word = words[i]
        columns = max(columns, (word >> S32) & x_mask)
        lines = max(lines, (word >> y_at) & y_mask)
        on += (word >> p_at) & ONE
    sums[X_MAX] = max(sums[X_MAX], np.int64(columns))
    sums[Y_MAX] = max(sums[Y_MAX], np.int64(lines))
    sums[ON] += np.int64(on)
    sums[OFF] += len(words) - np.int64(on)
