"""Compiled loops over the words of EVT3; imported late, see `core.compiled`.

Which word comes next is as good as random, and a branch that is guessed wrong costs
as much as an event. One turn of the loop therefore takes an event with the low time
and the line that may stand before it, three words or two or one, and finds out which
by arithmetic. Its only branch is whether an event was there. A row of pixels (first
column, then 12, 12 and 8 of them) is taken at once too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.loops import compiled, leading_zeros, trailing_zeros
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
    bits_of,
    last_time,
    step_back,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOP = 1 << 24
HALF = 1 << 23
BACK_OVER_LOOP = LOOP - (1 << 20)
LOW = 0xFFF
FIELD = 0x7FF
ONE, TWO, THREE = np.uint64(1), np.uint64(2), np.uint64(3)


@compiled
def time_high(t: Any, word: Any) -> Any:
    """Return the time after a word of upper time; see `evt3`."""
    step = ((word & LOW) << 12) - (t & (LOOP - 1) & ~LOW)
    if step == 0:
        return t
    if step <= -HALF:
        step += LOOP
    elif step >= BACK_OVER_LOOP:
        step -= LOOP
    return (t & ~LOW) + step


@compiled
def row_of_32(words: NDArray[Any], i: Any) -> Any:
    """Return the pixels of vectors of 12, 12 and 8; 0 if others stand there."""
    a, b, c = words[i], words[i + ONE], words[i + TWO]
    if (a >> 12) != 4 or (b >> 12) != 4 or (c >> 12) != 5:
        return np.uint64(0)
    return (
        np.uint64(a & LOW)
        | np.uint64(b & LOW) << np.uint64(12)
        | np.uint64(c & 0xFF) << np.uint64(24)
    )


@compiled
def decode(
    words: NDArray[Any],
    state: NDArray[Any],
    t: NDArray[Any],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
) -> tuple[Any, Any]:
    """Decode words until columns have fewer than 12 places; (words, events) done."""
    i, n = decode_most(words, state, t, x, y, p)
    if n > len(t) - 12:
        return i, n
    rest = padded(words[i:])
    used, found = decode_most(rest, state, t[n:], x[n:], y[n:], p[n:])
    return min(i + used, len(words)), n + found


@compiled
def padded(words: NDArray[Any]) -> NDArray[Any]:
    """Return the last words of a stretch, and two more that say nothing."""
    more = np.full(len(words) + 2, 0xE000, np.uint16)
    more[: len(words)] = words
    return more


@compiled
def decode_most(
    words: NDArray[Any],
    state: NDArray[Any],
    t: NDArray[Any],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
) -> tuple[Any, Any]:
    """Decode as `decode`, but for up to two words at the end."""
    now, line, base, sign = state[0], state[1], state[2], state[3]
    upper = now & ~LOW
    n, i = np.uint64(0), np.uint64(0)
    count, last = np.uint64(len(words)), np.uint64(len(t) - 12)
    while i + TWO < count and n <= last:
        first = np.int64(words[i])
        second = np.int64(words[i + ONE])
        third = np.int64(words[i + TWO])
        timed = (first >> 12) == 6
        now = upper | (first & LOW) if timed else now
        one = second if timed else first
        two = third if timed else second
        lined = one < 0x1000
        line = one if lined else line
        word = two if lined else one
        i += np.uint64(timed) + np.uint64(lined) + ONE
        kind = word >> 12
        if kind == 2:
            t[n] = now
            x[n] = word & FIELD
            y[n] = line & FIELD
            p[n] = (word >> 11) & 1
            n += ONE
            continue
        mask, width = np.uint64(0), 0
        if kind == 3:
            base, sign = word & FIELD, (word >> 11) & 1
            if i + TWO < count and n + np.uint64(20) <= last:
                mask, width = row_of_32(words, i), 32
                if mask == 0:
                    continue
                i += THREE
        elif kind == 4:
            mask, width = np.uint64(word & LOW), 12
        elif kind == 5:
            mask, width = np.uint64(word & 0xFF), 8
        elif kind == 6:
            now = upper | (word & LOW)
        elif kind == 0:
            line = word
        elif kind == 8:
            now = time_high(now, word)
            upper = now & ~LOW
        while mask:
            t[n] = now
            x[n] = base + np.int64(trailing_zeros(mask))
            y[n] = line & FIELD
            p[n] = sign
            n += ONE
            mask &= mask - ONE
        base = (base + width) & 0xFFFF
    state[0], state[1], state[2], state[3] = now, line & FIELD, base, sign
    return np.int64(i), np.int64(n)


@compiled
def tally(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add up words without writing events; see `base.Tally` for the sums."""
    done = tally_most(words, state, sums)
    tally_most(padded(words[done:]), state, sums)


@compiled
def tally_most(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> Any:
    """Add up as `tally`, but for up to two words at the end; return how many."""
    now, line, base, sign = state[0], state[1], state[2], state[3]
    upper = now & ~LOW
    last = last_time(sums)
    latest, gap, columns, lines = sums[T_MAX], sums[GAP], sums[X_MAX], sums[Y_MAX]
    events, on = np.int64(0), np.int64(0)
    i, count = np.uint64(0), np.uint64(len(words))
    while i + TWO < count:
        first = np.int64(words[i])
        second = np.int64(words[i + ONE])
        third = np.int64(words[i + TWO])
        timed = (first >> 12) == 6
        now = upper | (first & LOW) if timed else now
        one = second if timed else first
        two = third if timed else second
        lined = one < 0x1000
        line = one if lined else line
        word = two if lined else one
        i += np.uint64(timed) + np.uint64(lined) + ONE
        kind = word >> 12
        found, ons, column = 1, (word >> 11) & 1, word & FIELD
        if kind != 2:
            mask, width = np.uint64(0), 0
            if kind == 3:
                base, sign = column, ons
                if i + TWO < count:
                    mask, width = row_of_32(words, i), 32
                    if mask == 0:
                        continue
                    i += THREE
            elif kind == 4:
                mask, width = np.uint64(word & LOW), 12
            elif kind == 5:
                mask, width = np.uint64(word & 0xFF), 8
            elif kind == 6:
                now = upper | (word & LOW)
            elif kind == 0:
                line = word
            elif kind == 8:
                before = now
                now = time_high(now, word)
                upper = now & ~LOW
                sums[WRAPS] += (now >> 24) - (before >> 24)
            elif kind == 10:
                sums[TRIGGERS] += 1
            elif kind != 7 and kind != 14 and kind != 15 and word != 0x9999:
                sums[UNKNOWN] += 1
            found = bits_of(mask)
            column = (base + 63 - np.int64(leading_zeros(mask))) & 0xFFFF
            ons = found * sign
            base = (base + width) & 0xFFFF
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
        columns = max(columns, column)
        lines = max(lines, line & FIELD)
    state[0], state[1], state[2], state[3] = now, line & FIELD, base, sign
    sums[X_MAX], sums[Y_MAX] = columns, lines
    add(sums, last, latest, gap, events, on)
    return np.int64(i)
