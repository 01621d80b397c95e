"""Compiled loops of the filters; `filter_arrays` has the same in numpy.

`last` has a border of one pixel, so that no neighbour needs a look at the edge.
Places are counted unsigned: a signed index costs a test for being negative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.loops import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.int64]
    Places = NDArray[np.uint16]
    Flags = NDArray[np.uint8]
    Memory = NDArray[np.int32] | NDArray[np.int64]
    Marks = NDArray[np.bool_]


@compiled
def recent_around(
    t: Times,
    x: Places,
    y: Places,
    base: int,
    within: int,
    low: int,
    high: int,
    last: Memory,
    recent: Marks,
) -> int:
    """Mark events less than `within` from the last one of their eight neighbours.

    Each event writes its time to its neighbours: one read and eight writes are
    faster than eight reads and one write, which wait for each other's answer.

    Returns how many were done: it ends at a time beyond `low`..`high`, which `last`
    cannot hold.
    """
    one = np.uint64(1)
    pitch = np.uint64(last.shape[1])
    flat = last.ravel()
    for i in range(len(t)):
        now = t[i] - base
        if now < low or now > high:
            return i
        here = (np.uint64(y[i]) + one) * pitch + np.uint64(x[i]) + one
        above, below = here - pitch, here + pitch
        recent[i] = abs(now - np.int64(flat[here])) < within
        flat[above - one] = now
        flat[above] = now
        flat[above + one] = now
        flat[here - one] = now
        flat[here + one] = now
        flat[below - one] = now
        flat[below] = now
        flat[below + one] = now
    return len(t)


@compiled
def recent_here(
    t: Times,
    x: Places,
    y: Places,
    base: int,
    within: int,
    low: int,
    high: int,
    last: Memory,
    recent: Marks,
) -> int:
    """Mark events less than `within` from the last one of their own pixel.

    Else as `recent_around`.
    """
    one = np.uint64(1)
    pitch = np.uint64(last.shape[1])
    flat = last.ravel()
    for i in range(len(t)):
        now = t[i] - base
        if now < low or now > high:
            return i
        here = (np.uint64(y[i]) + one) * pitch + np.uint64(x[i]) + one
        recent[i] = abs(now - np.int64(flat[here])) < within
        flat[here] = now
    return len(t)


@compiled
def look_up(x: Places, y: Places, mask: Marks, marks: Marks) -> None:
    """Write to `marks` what `mask`, (height, width), says of each event's pixel."""
    pitch = np.uint64(mask.shape[1])
    flat = mask.ravel()
    for i in range(len(x)):
        marks[i] = flat[np.uint64(y[i]) * pitch + np.uint64(x[i])]


@compiled
def pick(
    marks: Marks,
    wanted: bool,
    t: Times,
    x: Places,
    y: Places,
    p: Flags,
    out_t: Times,
    out_x: Places,
    out_y: Places,
    out_p: Flags,
) -> None:
    """Copy the events whose mark is as wanted; there is room for just so many.

    Each event is written, and the place moves on where it is to stay: a branch would
    be guessed wrong for every other one.
    """
    at, room = np.uint64(0), np.uint64(len(out_t))
    for i in range(len(t)):
        if at == room:
            return
        out_t[at] = t[i]
        out_x[at] = x[i]
        out_y[at] = y[i]
        out_p[at] = p[i]
        at += np.uint64(marks[i] == wanted)
