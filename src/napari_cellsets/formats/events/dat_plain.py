"""Decode DAT with numpy alone: for where loops cannot be compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.events.raw_source import high_steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import State

LOOP = 1 << 32


def decode(
    words: NDArray[Any],
    state: State,
    t: NDArray[np.int64],
    x: NDArray[Any],
    y: NDArray[Any],
    p: NDArray[np.uint8],
) -> tuple[int, int]:
    """Decode as `dat_loops.decode` does."""
    words = words[: len(t)]
    n = len(words)
    x_bits, y_bits = int(state[1]), int(state[2])
    times = (words & 0xFFFFFFFF).astype(np.int64)
    t[:n] = state[0] + np.cumsum(high_steps(times, int(state[0]), LOOP).steps)
    x[:n] = words >> np.uint64(32) & np.uint64((1 << x_bits) - 1)
    y[:n] = words >> np.uint64(32 + x_bits) & np.uint64((1 << y_bits) - 1)
    p[:n] = words >> np.uint64(32 + x_bits + y_bits) & np.uint64(1)
    if n:
        state[0] = t[n - 1]
    return n, n
