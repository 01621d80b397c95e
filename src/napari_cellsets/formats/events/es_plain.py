"""Event Stream files without compiled loops; see `es`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]


def find_events(
    raw: NDArray[np.uint8],
    size: int,
    steps: Numbers,
    begins: NDArray[np.bool_],
    now: int,
    starts: Numbers,
    times: Numbers,
) -> tuple[int, int]:
    """Find events; see `es_loops.find_events`."""
    step_of, begins_at = steps.tolist(), begins.tolist()
    at, count, content = 0, 0, raw.tobytes()
    while at < len(content):
        first = content[at]
        if not begins_at[first]:
            now, at = now + step_of[first], at + 1
            continue
        if at + size > len(content):
            break
        now += step_of[first]
        starts[count], times[count] = at, now
        count, at = count + 1, at + size
    times[count] = now
    return count, at
