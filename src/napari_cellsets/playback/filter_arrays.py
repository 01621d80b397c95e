"""What `filter_loops` does, in numpy: for where nothing is compiled (yet)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.playback.filter_loops import (
        Flags,
        Marks,
        Memory,
        Places,
        Times,
    )


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
    """Mark events less than `within` from the last one of their eight neighbours."""
    pitch = last.shape[1]
    rows = np.array([-pitch, 0, pitch])
    steps = (rows[:, None] + np.array([-1, 0, 1])).ravel()
    steps = np.delete(steps, 4)
    return _recent(t, x, y, base, within, low, high, last, recent, steps)


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
    """Mark events less than `within` from the last one of their own pixel."""
    steps = np.zeros(1, np.intp)
    return _recent(t, x, y, base, within, low, high, last, recent, steps)


def look_up(x: Places, y: Places, mask: Marks, marks: Marks) -> None:
    """Write to `marks` what `mask`, (height, width), says of each event's pixel."""
    mask.ravel().take(y.astype(np.intp) * mask.shape[1] + x, out=marks)


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
    """Copy the events whose mark is as wanted; there is room for just so many."""
    numbers = np.flatnonzero(marks == wanted)
    for column, out in ((t, out_t), (x, out_x), (y, out_y), (p, out_p)):
        # numbers are inside: `clip` spares a copy
        np.take(column, numbers, out=out, mode="clip")


def _recent(
    t: Times,
    x: Places,
    y: Places,
    base: int,
    within: int,
    low: int,
    high: int,
    last: Memory,
    recent: Marks,
    steps: NDArray[np.intp],
) -> int:
    now = t - base
    beyond = np.flatnonzero((now < low) | (now > high))
    count = int(beyond[0]) if len(beyond) else len(t)
    now = now[:count]
    here = (y[:count].astype(np.intp) + 1) * last.shape[1] + x[:count] + 1
    flat = last.ravel()
    before = _latest_before(here, steps)
    earlier = np.where(before >= 0, now[before], flat[here])
    recent[:count] = np.abs(now - earlier) < within
    # Of several writes to one place the last one stays.
    flat[(here[:, None] + steps).ravel()] = np.repeat(now, len(steps))
    return count


def _latest_before(here: NDArray[np.intp], steps: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each event the last one before it that lies `steps` away, or -1."""
    count = len(here)
    order = np.argsort(here, kind="stable")
    there = here[order]
    keys = there * count + order
    found = np.full(count, -1)
    for step in steps:
        # asked in the order of the keys, searching stays in the processor's cache
        place = np.searchsorted(keys, keys + step * count) - 1
        hit = (place >= 0) & (there[place] == there + step)
        np.maximum(found, np.where(hit, order[place], -1), out=found)
    latest = np.empty(count, np.intp)
    latest[order] = found
    return latest
