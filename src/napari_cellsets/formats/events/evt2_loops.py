"""Compiled loops over the words of EVT2; imported late, see `core.compiled`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.loops import compiled
from napari_cellsets.formats.events.high_words import LOOP
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
    last_time,
    step_back,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF = LOOP >> 1
BACK_OVER_LOOP = LOOP - JITTER
ONE = np.uint64(1)
MANY, FEW = 128, 256


@compiled
def time_high(base: Any, high: Any) -> Any:
    """Return the time base after a word of high time; see `evt2.Evt2Source`."""
    step = (high << 6) - (base & (LOOP - 1))
    if step <= -HALF:
        step += LOOP
    elif step >= BACK_OVER_LOOP:
        step -= LOOP
    return base + step


@compiled
def decode(
    words: NDArray[Any],
    state: NDArray[Any],
    t: NDArray[Any],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
) -> tuple[Any, Any]:
    """Decode words until columns are full; (words, events) done.

    Where many events follow on each other the processor takes many at once; where
    other words stand among them, the next few go one by one.
    """
    count, room = len(words), len(t)
    i, n = 0, 0
    while i < count and n < room:
        stop = i + MANY
        if stop <= count and n + MANY <= room and all_events(words[i:stop]):
            end = n + MANY
            put_many(words[i:stop], state[0], t[n:end], x[n:end], y[n:end], p[n:end])
            i, n = stop, end
            continue
        few = words[i : i + FEW]
        used, found = decode_few(few, state, t[n:], x[n:], y[n:], p[n:])
        i, n = i + used, n + found
    return i, n


@compiled
def all_events(words: NDArray[Any]) -> Any:
    """Whether `MANY` words are all of events."""
    bits = np.uint32(0)
    for k in range(MANY):
        bits |= words[k]
    return bits < np.uint32(1 << 29)


@compiled
def put_many(
    words: NDArray[Any],
    base: Any,
    t: NDArray[Any],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
) -> None:
    """Write down `MANY` words of events."""
    for k in range(MANY):
        t[k] = base + np.int64((words[k] >> np.uint32(22)) & np.uint32(63))
    for k in range(MANY):
        x[k] = np.uint16((words[k] >> np.uint32(11)) & np.uint32(0x7FF))
    for k in range(MANY):
        y[k] = np.uint16(words[k] & np.uint32(0x7FF))
    for k in range(MANY):
        p[k] = np.uint8(words[k] >> np.uint32(28))


@compiled
def decode_few(
    words: NDArray[Any],
    state: NDArray[Any],
    t: NDArray[Any],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[Any],
) -> tuple[Any, Any]:
    """Decode as `decode`, word by word.

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


@compiled
def tally(words: NDArray[Any], state: NDArray[Any], sums: NDArray[Any]) -> None:
    """Add up words without writing events; see `base.Tally` for the sums."""
    base = state[0]
    last = last_time(sums)
    latest, gap = sums[T_MAX], sums[GAP]
    columns, lines = sums[X_MAX], sums[Y_MAX]
    events, on = np.int64(0), np.int64(0)
    for word in words:
        kind = word >> 28
        if kind <= 1:
            now = base + np.int64((word >> 22) & 63)
            if last == MISSING:
                last = begin(sums, now)
            step = now - last
            last = now
            if step < 0:
                step_back(sums, step, now)
            gap = max(gap, step)
            latest = max(latest, now)
            events += 1
            on += np.int64(kind)
            columns = max(columns, np.int64((word >> 11) & 0x7FF))
            lines = max(lines, np.int64(word & 0x7FF))
        elif kind == 8:
            before = base
            base = time_high(base, np.int64(word & 0xFFFFFFF))
            sums[WRAPS] += (base >> 34) - (before >> 34)
        else:
            note_other(sums, np.int64(kind))
    state[0] = base
    sums[X_MAX], sums[Y_MAX] = columns, lines
    add(sums, last, latest, gap, events, on)


@compiled
def note_other(sums: NDArray[Any], kind: Any) -> None:
    """Count a word that is neither event nor time."""
    if kind == 10:
        sums[TRIGGERS] += 1
    elif kind != 14 and kind != 15:
        sums[UNKNOWN] += 1
