"""Compiled loop of Event Stream files; see `es`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.loops import compiled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


@compiled
def find_events(
    raw: NDArray[np.uint8],
    size: int,
    steps: Numbers,
    begins: NDArray[np.bool_],
    now: int,
    starts: Numbers,
    times: Numbers,
) -> tuple[int, int]:
    """Find events; returns how many, and where the first begins that is not whole."""
    at, count, end = 0, 0, len(raw)
    while at < end:
        first = raw[at]
        if not begins[first]:
            now += steps[first]
            at += 1
            continue
        if at + size > end:
            break
        now += steps[first]
        starts[count], times[count] = at, now
        count += 1
        at += size
    times[count] = now
    return count, at
