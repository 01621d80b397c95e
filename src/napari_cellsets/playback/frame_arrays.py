"""The loops of `frame_loops` in numpy, for where or while they are not compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.playback.frame_loops import Flags, Frame, Places, Times


def add_each(
    x: Places, y: Places, p: Flags, off: float, on: float, frame: Frame
) -> None:
    """Add `on` or `off`."""
    inside, at = _pixels(x, y, frame)
    values = np.array([off, on], np.float32)[p[inside]]
    np.add.at(frame.reshape(-1), at, values)


def put_last(
    x: Places, y: Places, p: Flags, off: float, on: float, frame: Frame
) -> None:
    """Write `on` or `off`."""
    inside, at = _pixels(x, y, frame)
    _put(at, np.array([off, on], np.float32)[p[inside]], frame)


def put_age(t: Times, x: Places, y: Places, now: int, frame: Frame) -> None:
    """Write how long ago each was."""
    inside, at = _pixels(x, y, frame)
    _put(at, (now - t[inside]).astype(np.float32), frame)


def put_signed_age(
    t: Times, x: Places, y: Places, p: Flags, now: int, frame: Frame
) -> None:
    """Write how long ago each was, plus one, negative for OFF."""
    inside, at = _pixels(x, y, frame)
    sign = np.array([-1, 1], np.float32)[p[inside]]
    _put(at, (now - t[inside] + 1).astype(np.float32) * sign, frame)


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
    """Write 1 for ON, -1 for OFF, less the longer ago it was."""
    ago = now - t
    inside, at = _pixels(x, y, frame)
    inside &= (ago >= 0) & (ago < len(coarse) * len(fine))
    at = _flat(x[inside], y[inside], frame)
    ago = ago[inside]
    sign = np.array([-1, 1], np.float32)[p[inside]]
    _put(at, coarse[ago // len(fine)] * fine[ago % len(fine)] * sign, frame)


def decay_ages(
    ages: Frame, coarse: NDArray[np.float32], fine: NDArray[np.float32], frame: Frame
) -> None:
    """Write what `put_decayed` would for each pixel's signed age."""
    frame.fill(0)
    at = np.flatnonzero(ages)
    age = ages.reshape(-1)[at]
    ago = np.abs(age).astype(np.int64) - 1
    weight = coarse[ago // len(fine)] * fine[ago % len(fine)]
    frame.reshape(-1)[at] = weight * np.sign(age)


def _pixels(
    x: Places, y: Places, frame: Frame
) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Which events lie inside, and on which pixel each of those."""
    inside = (x < frame.shape[1]) & (y < frame.shape[0])
    return inside, _flat(x[inside], y[inside], frame)


def _flat(x: Places, y: Places, frame: Frame) -> NDArray[np.intp]:
    at: NDArray[np.intp] = y.astype(np.intp) * frame.shape[1] + x
    return at


def _put(at: NDArray[np.intp], values: Frame, frame: Frame) -> None:
    # numpy leaves open which of several values for one place stays: name the last.
    flat = frame.reshape(-1)
    backwards = at[::-1]
    places, first = np.unique(backwards, return_index=True)
    flat[places] = values[::-1][first]
