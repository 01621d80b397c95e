"""Compiled loops that paint events on a frame; `frame_arrays` has the numpy ways.

Columns are unsigned, so that numba leaves out its look for negative places; what
lies outside the frame is passed over. Where several events fall on one pixel, the
one that comes last in the recording is seen.
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
    Frame = NDArray[np.float32]


@compiled
def add_each(
    x: Places, y: Places, p: Flags, off: float, on: float, frame: Frame
) -> None:
    """Add `on` or `off`."""
    height, width = frame.shape
    low, step = np.float32(off), np.float32(on - off)
    for i in range(len(x)):
        if x[i] < width and y[i] < height:
            frame[y[i], x[i]] += low + step * np.float32(p[i])


@compiled
def put_last(
    x: Places, y: Places, p: Flags, off: float, on: float, frame: Frame
) -> None:
    """Write `on` or `off`."""
    height, width = frame.shape
    low, step = np.float32(off), np.float32(on - off)
    for i in range(len(x)):
        if x[i] < width and y[i] < height:
            frame[y[i], x[i]] = low + step * np.float32(p[i])


@compiled
def put_age(t: Times, x: Places, y: Places, now: int, frame: Frame) -> None:
    """Write how long ago each was."""
    height, width = frame.shape
    for i in range(len(x)):
        if x[i] < width and y[i] < height:
            frame[y[i], x[i]] = np.float32(now - t[i])


@compiled
def put_signed_age(
    t: Times, x: Places, y: Places, p: Flags, now: int, frame: Frame
) -> None:
    """Write how long ago each was, plus one, negative for OFF."""
    height, width = frame.shape
    for i in range(len(x)):
        if x[i] < width and y[i] < height:
            sign = np.float32(np.int32(p[i]) * 2 - 1)
            frame[y[i], x[i]] = np.float32(now - t[i] + 1) * sign


@compiled
def put_decayed(
    t: Times,
    x: Places,
    y: Places,
    p: Flags,
    now: int,
    coarse: NDArray[np.float32],
    fine: NDArray[np.float32],
    frame: Frame,
) -> None:
    """Write 1 for ON, -1 for OFF, less the longer ago it was.

    The decay over d microseconds is ``coarse[d // len(fine)] * fine[d % len(fine)]``;
    the length of `fine` is 1024. Two small tables stay in the nearest cache and cost
    a fifth of `exp`.
    """
    height, width = frame.shape
    most = np.uint64(len(coarse))
    for i in range(len(x)):
        ago = np.uint64(now - t[i])
        step = ago >> np.uint64(10)
        if x[i] < width and y[i] < height and step < most:
            sign = np.float32(np.int32(p[i]) * 2 - 1)
            frame[y[i], x[i]] = coarse[step] * fine[ago & np.uint64(1023)] * sign


@compiled
def decay_ages(
    ages: Frame, coarse: NDArray[np.float32], fine: NDArray[np.float32], frame: Frame
) -> None:
    """Write what `put_decayed` would for each pixel's signed age, as above."""
    height, width = frame.shape
    most = np.uint64(len(coarse))
    for y in range(height):
        for x in range(width):
            age = ages[y, x]
            ago = np.uint64(np.int64(abs(age)) - 1)
            step = ago >> np.uint64(10)
            if step < most:
                sign = np.float32(1) if age > 0 else np.float32(-1)
                frame[y, x] = coarse[step] * fine[ago & np.uint64(1023)] * sign
            else:
                frame[y, x] = 0
