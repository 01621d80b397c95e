"""Moments and numbers of events, found in the index and a stretch or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_cellsets.playback.reading import Reader


def time_of(reader: Reader, number: int) -> int:
    """Return the time of an event.

    Raises
    ------
    IndexError
        If the index knows of no event with this number.
    """
    for events in reader.numbered(number, number + 1):
        return int(events.t[0])
    raise IndexError(f"there is no event number {number}")


def number_at(reader: Reader, time: int) -> int:
    """Return how many events lie before a time."""
    view = reader.index.view()
    first = int(np.searchsorted(view.reach, time))
    end = int(np.searchsorted(view.ahead, time))
    count = int(view.before[first])
    if first >= end:
        return count
    counts = np.diff(view.before[first : end + 1])
    high, low = view.high[first:end], view.low[first:end]
    count += int(counts[high < time].sum())
    for stretch in (first + np.flatnonzero((low < time) & (high >= time))).tolist():
        for events, _ in reader.decoded(view, stretch, stretch + 1):
            count += int(np.count_nonzero(events.t < time))
    return count


def after(reader: Reader, time: int) -> int | None:
    """Return the time of the earliest event after a time, None without any."""
    view = reader.index.view()
    # Whole stretches tell without decoding; only those around the time need it.
    first = int(np.searchsorted(view.reach, time, "right"))
    low = view.low[first:][view.high[first:] > time]
    whole = low[low > time]
    best = int(whole.min()) if len(whole) else None
    around = first + np.flatnonzero(
        (view.low[first:] <= time) & (view.high[first:] > time)
    )
    for stretch in around.tolist():
        for events, _ in reader.decoded(view, stretch, stretch + 1):
            late = events.t[events.t > time]
            if len(late) and (best is None or late.min() < best):
                best = int(late.min())
    return best


def upto(reader: Reader, time: int) -> int | None:
    """Return the time of the latest event at or before a time, None without any."""
    view = reader.index.view()
    end = int(np.searchsorted(view.ahead, time, "right"))
    low, high = view.low[:end], view.high[:end]
    whole = high[(low <= high) & (high <= time)]
    best = int(whole.max()) if len(whole) else None
    for stretch in np.flatnonzero((low <= time) & (high > time)).tolist():
        for events, _ in reader.decoded(view, stretch, stretch + 1):
            early = events.t[events.t <= time]
            if len(early) and (best is None or early.max() > best):
                best = int(early.max())
    return best
