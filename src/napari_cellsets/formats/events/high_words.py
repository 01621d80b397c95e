"""What EVT2 and EVT2.1 have in common: words of high time before words of events.

The upper four bits of a word tell its kind: 0 and 1 events (OFF, ON), 8 the upper 28
of 34 bits of time, 10 triggers, 14 and 15 further data; others are reserved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.events.raw_source import (
    Beginning,
    Oddities,
    high_steps,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOOP = 1 << 34
"""Time goes round after 2**34 us, 4.8 hours."""
_KNOWN = np.isin(np.arange(16), (0, 1, 8, 10, 14, 15))


def beginning_of(
    kind: NDArray[Any], high: NDArray[np.int64], held: NDArray[np.int64]
) -> Beginning | None:
    """Return where decoding can begin: at the first word of high time.

    Parameters
    ----------
    kind
        Of each word.
    high
        Its time in us, if it is a word of high time.
    held
        How many events it holds.
    """
    times = np.flatnonzero(kind == 8)
    if not len(times):
        return None
    first = int(times[0])
    return Beginning(first, [int(high[first])], int(held[:first].sum()))


def bases_of(
    kind: NDArray[Any], high: NDArray[np.int64], start: int
) -> NDArray[np.int64]:
    """Return the time base after each word, int64, overflows taken out."""
    at = np.flatnonzero(kind == 8)
    moved = np.zeros(len(kind), np.int64)
    moved[at] = high_steps(high[at], start, LOOP).steps
    return start + np.cumsum(moved)


def known_share(kind: NDArray[Any]) -> float:
    """Return the share of words of a kind that the format knows."""
    return float(_KNOWN[kind].mean()) if len(kind) else 1.0


def order_share(kind: NDArray[Any], high: NDArray[np.int64]) -> float:
    """Return the share of words of high time that go forward.

    Words in the wrong order show none, or times that hardly ever move: 0 where there
    are none, 0.5 where none moves.
    """
    highs = high[kind == 8]
    steps = np.diff(highs)
    if not (steps > 0).any():
        return 0.5 if len(highs) else 0.0
    return float(np.count_nonzero(steps >= 0) / len(steps))


def oddities_of(kind: NDArray[Any], high: NDArray[np.int64], start: int) -> Oddities:
    """Count triggers, unknown words and overflows."""
    return Oddities(
        int(np.count_nonzero(kind == 10)),
        int(np.count_nonzero(~_KNOWN[kind])),
        high_steps(high[kind == 8], start, LOOP).wraps,
    )
