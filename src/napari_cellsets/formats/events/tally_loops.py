"""What compiled loops that add up events share: where sums stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.loops import compiled
from napari_cellsets.formats.events.base import Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

ON, OFF = Tally.ON, Tally.OFF
T_FIRST, T_LAST, T_MIN, T_MAX = Tally.T_FIRST, Tally.T_LAST, Tally.T_MIN, Tally.T_MAX
BACK, LARGEST_BACK = Tally.BACKWARD_STEPS, Tally.LARGEST_STEP_BACK
GAP, X_MAX, Y_MAX = Tally.LARGEST_GAP, Tally.X_MAX, Tally.Y_MAX
TRIGGERS, UNKNOWN, WRAPS = Tally.TRIGGERS, Tally.UNKNOWN, Tally.WRAPS

MISSING = np.iinfo(np.int64).min
"""Time of the event before the first."""


@compiled
def last_time(sums: NDArray[Any]) -> Any:
    """Return the time of the last event so far, or `MISSING`."""
    return sums[T_LAST] if sums[ON] + sums[OFF] else MISSING


@compiled
def step_back(sums: NDArray[Any], step: Any, now: Any) -> None:
    """Note a step back in time (rare, so that loops may branch for it)."""
    sums[BACK] += 1
    sums[LARGEST_BACK] = max(sums[LARGEST_BACK], -step)
    sums[T_MIN] = min(sums[T_MIN], now)


@compiled
def begin(sums: NDArray[Any], now: Any) -> Any:
    """Note the first event of all; return its time."""
    sums[T_FIRST] = now
    sums[T_MIN] = now
    return now


@compiled
def add(
    sums: NDArray[Any], last: Any, latest: Any, gap: Any, events: Any, on: Any
) -> None:
    """Add what a loop found: time of the last event, latest time, largest gap."""
    if events == 0:
        return
    sums[ON] += on
    sums[OFF] += events - on
    sums[T_LAST] = last
    sums[T_MAX] = max(sums[T_MAX], latest)
    sums[GAP] = max(sums[GAP], gap)


@compiled
def bits_of(mask: Any) -> Any:
    """Count the bits of a 32-bit mask."""
    mask = np.uint32(mask)
    mask -= (mask >> np.uint32(1)) & np.uint32(0x55555555)
    mask = (mask & np.uint32(0x33333333)) + (
        (mask >> np.uint32(2)) & np.uint32(0x33333333)
    )
    mask = (mask + (mask >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
    return np.int64(np.uint32(mask * np.uint32(0x01010101)) >> np.uint32(24))
