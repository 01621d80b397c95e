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
from napari_cellsets.formats.events.evt3_plain import LOOP
from napari_cellsets.formats.events.raw_source import JITTER
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

HALF = LOOP >> 1
BACK_OVER_LOOP = LOOP - JITTER
LOW = 0xFFF
FIELD = 0x7FF
KIND, COLUMN = 0xF000, 0x2000
KNOWN = sum(1 << kind for kind in (0, 2, 3, 4, 5, 6, 7, 8, 14, 15))
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
def next_event(words: NDArray[Any], i: Any, upper: Any, now: Any, line: Any) -> Any:
    """Take up to three words: a low time, a line, and what follows on them.

    Returns
    -------
    tuple
        Number of the word that comes next, the last word taken, time and line.
    """
    first = np.int64(words[i])
    second = np.int64(words[i + ONE])
    third = np.int64(words[i + TWO])
    timed = (first >> 12) == 6
    now = upper | (first & LOW) if timed else now
    # both ways at once: a sum of what is known later would take longer
    alone = i + ONE + np.uint64(first < 0x1000)
    after = i + TWO + np.uint64(second < 0x1000)
    i = after if timed else alone
    one = second if timed else first
    two = third if timed else second
    lined = one < 0x1000
    line = one if lined else line
    word = two if lined else one
    return i, word, now, line


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
    most, last = np.uint64(max(len(words) - 2, 0)), np.uint64(len(t) - 12)
    while i < most and n <= last:
        i, word, now, line = next_event(words, i, upper, now, line)
        if (word & KIND) == COLUMN:
            x[n], p[n] = word & FIELD, (word >> 11) & 1
            t[n], y[n] = now, line & FIELD
            n += ONE
            continue
        if (word >> 12) == 3:
            base, sign = word & FIELD, (word >> 11) & 1
        room = i < most and n + np.uint64(20) <= last
        mask, width = pixels_of(words, i, word, room)
        if mask == 0:
            now, line = moved(word, now, line)
            upper = now & ~LOW
        elif width == 32:
            i += THREE
        while mask:
            x[n], p[n] = base + np.int64(trailing_zeros(mask)), sign
            t[n], y[n] = now, line & FIELD
            n += ONE
            mask &= mask - ONE
        base = (base + width) & 0xFFFF
    state[0], state[1], state[2], state[3] = now, line & FIELD, base, sign
    return np.int64(i), np.int64(n)


@compiled
def pixels_of(words: NDArray[Any], i: Any, word: Any, room: Any) -> Any:
    """Return the pixels of a vector and its width, also of three after a first column.

    Parameters
    ----------
    words, i
        Words, and the number of the one after `word`.
    word
        Of any kind.
    room
        Whether three more words are there, and places for their pixels.
    """
    kind = word >> 12
    if kind == 3 and room:
        mask = row_of_32(words, i)
        return mask, 32 if mask else 0
    if kind == 4:
        return np.uint64(word & LOW), 12
    if kind == 5:
        return np.uint64(word & 0xFF), 8
    return np.uint64(0), 0


@compiled
def moved(word: Any, now: Any, line: Any) -> Any:
    """Return time and line after a word of time or line, or any other."""
    kind = word >> 12
    if kind == 6:
        now = (now & ~LOW) | (word & LOW)
    elif kind == 8:
        now = time_high(now, word)
    elif kind == 0:
        line = word
    return now, line


@compiled
def tally(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add up words without writing events; see `base.Tally` for the sums."""
    done = tally_most(words, state, sums)
    tally_most(padded(words[done:]), state, sums)


@compiled
def tally_most(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> Any:
    """Add up as `tally`, but for up to two words at the end; return how many."""
    now, line, base, sign = state[0], state[1], state[2], state[3]
    last = last_time(sums)
    latest, gap, columns, lines = sums[T_MAX], sums[GAP], sums[X_MAX], sums[Y_MAX]
    events, on = np.int64(0), np.int64(0)
    i, most = np.uint64(0), np.uint64(max(len(words) - 2, 0))
    while i < most:
        i, word, now, line = next_event(words, i, now & ~LOW, now, line)
        found, ons, column = np.int64(1), (word >> 11) & 1, word & FIELD
        if (word & KIND) != COLUMN:
            if (word >> 12) == 3:
                base, sign = column, ons
            mask, width = pixels_of(words, i, word, i < most)
            column = (base + 63 - np.int64(leading_zeros(mask))) & 0xFFFF
            base = (base + width) & 0xFFFF
            if mask == 0:
                before = now
                now, line = moved(word, now, line)
                sums[WRAPS] += (now >> 24) - (before >> 24)
                note_other(word, sums)
                continue
            i += THREE if width == 32 else np.uint64(0)
            found = bits_of(mask)
            ons = found * sign
        if last == MISSING:
            last = begin(sums, now)
        step = now - last
        last = now
        if step < 0:
            step_back(sums, step, now)
        gap, latest = max(gap, step), max(latest, now)
        columns, lines = max(columns, column), max(lines, line & FIELD)
        events += found
        on += ons
    state[0], state[1], state[2], state[3] = now, line & FIELD, base, sign
    sums[X_MAX], sums[Y_MAX] = columns, lines
    add(sums, last, latest, gap, events, on)
    return np.int64(i)


@compiled
def note_other(word: Any, sums: NDArray[Any]) -> None:
    """Count triggers, and words of a kind that is not known."""
    kind = word >> 12
    if kind == 10:
        sums[TRIGGERS] += 1
    elif ((1 << kind) & KNOWN) == 0 and word != 0x9999:
        sums[UNKNOWN] += 1
