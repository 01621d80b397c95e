"""Bits of masks: how many there are (numpy has no count of its own before 2.0)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def bit_counts(masks: NDArray[Any]) -> NDArray[np.int64]:
    """Return how many bits are set in each of unsigned numbers below 2**32."""
    table = _counts_of_16()
    counts: NDArray[np.int64] = table[masks & 0xFFFF] + table[masks >> 16 & 0xFFFF]
    return counts


@cache
def _counts_of_16() -> NDArray[np.int64]:
    bits = np.unpackbits(np.arange(1 << 16, dtype="<u2").view(np.uint8))
    counts: NDArray[np.int64] = bits.reshape(-1, 16).sum(axis=1, dtype=np.int64)
    return counts
