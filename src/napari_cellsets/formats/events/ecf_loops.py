"""Compiled loops of ECF; see `ecf` for the format.

Every index is checked: the bytes may be damaged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.loops import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Words = NDArray[np.uint16]

_LATEST = 1 << 61
"""No time is as large: sums of times stay within 64 bits."""


@compiled
def decode(
    raw: Bytes, count: int, t: NDArray[np.int64], x: Words, y: Words, p: Bytes
) -> bool:
    """Decode a chunk into columns with room for `count` events and eight more.

    Returns
    -------
    bool
        Whether it was whole.
    """
    at = _times(raw, count, t)
    if at < 0:
        return False
    if _byte(raw, 0) & 2:
        return _packed_24(raw, at, count, x, y, p)
    at = _rows(raw, at, count, y)
    if at < 0:
        return False
    if _byte(raw, 0) & 1:
        return _packed_12(raw, at, count, x, p)
    at = _vectors(raw, at, count, x)
    return at >= 0 and _polarities(raw, at, count, p)


@compiled
def _times(raw: Bytes, count: int, t: NDArray[np.int64]) -> int:
    now = 0
    for place in range(8):
        now |= _byte(raw, 4 + place) << (8 * place)
    at, done, end = 12, 0, len(raw)
    while done < count:
        if at >= end:
            return -1
        step, run = _byte(raw, at) >> 4, _byte(raw, at) & 15
        at += 1
        if step == 15:
            further, shift = run, 4
            while at < end and _byte(raw, at) >> 4 == 15:
                if shift > 56:
                    return -1
                further |= (_byte(raw, at) & 15) << shift
                shift += 4
                at += 1
            now += further
            continue
        now += step
        if run == 15:
            if at + 2 > end:
                return -1
            run = _two(raw, at)
            at += 2
        if done + run > count or now > _LATEST or now < -_LATEST:
            return -1
        for place in range(done, done + run):
            t[place] = now
        done += run
    return at


@compiled
def _rows(raw: Bytes, at: int, count: int, y: Words) -> int:
    done, end = 0, len(raw)
    while done < count:
        if at + 2 > end:
            return -1
        word = _two(raw, at)
        at += 2
        row, run = word >> 5, word & 31
        if run == 31:
            if at + 2 > end:
                return -1
            run = _two(raw, at)
            at += 2
        if done + run > count:
            return -1
        for place in range(done, done + run):
            y[place] = row
        done += run
    return at


@compiled
def _vectors(raw: Bytes, at: int, count: int, x: Words) -> int:
    done, end = 0, len(raw)
    while done < count:
        if at + 2 > end:
            return -1
        word = _two(raw, at)
        at += 2
        column = word >> 5
        x[done] = column
        done += 1
        for step in range(5):
            if word >> (4 - step) & 1:
                x[done] = column + step + 1
                done += 1
    return at


@compiled
def _polarities(raw: Bytes, at: int, count: int, p: Bytes) -> bool:
    done, end = 0, len(raw)
    while done < count:
        if at >= end:
            return False
        polarity, run = _byte(raw, at) >> 7, _byte(raw, at) & 127
        at += 1
        if run == 127:
            if at + 2 > end:
                return False
            run = _two(raw, at)
            at += 2
        if done + run > count:
            return False
        for place in range(done, done + run):
            p[place] = polarity
        done += run
    return True


@compiled
def _packed_12(raw: Bytes, at: int, count: int, x: Words, p: Bytes) -> bool:
    if at + (count + 3) // 4 * 6 > len(raw):
        return False
    for first in range(0, count, 4):
        a = _two(raw, at)
        b = _two(raw, at + 2)
        c = _two(raw, at + 4)
        at += 6
        for place in range(4):
            if place == 0:
                packed = a >> 4
            elif place == 1:
                packed = (a & 15) | (b >> 8 << 4)
            elif place == 2:
                packed = (b & 255) | (c >> 12 << 8)
            else:
                packed = c & 4095
            x[first + place], p[first + place] = packed >> 1, packed & 1
    return True


@compiled
def _packed_24(raw: Bytes, at: int, count: int, x: Words, y: Words, p: Bytes) -> bool:
    if at + (count + 3) // 4 * 12 > len(raw):
        return False
    for first in range(0, count, 4):
        a, b, c = _four(raw, at), _four(raw, at + 4), _four(raw, at + 8)
        at += 12
        for place in range(4):
            if place == 0:
                packed = a >> 8
            elif place == 1:
                packed = (a & 0xFF) | (b >> 16 << 8)
            elif place == 2:
                packed = (b & 0xFFFF) | (c >> 24 << 16)
            else:
                packed = c & 0xFFFFFF
            y[first + place] = packed >> 12 & 2047
            x[first + place] = packed >> 1 & 2047
            p[first + place] = packed & 1
    return True


@compiled
def _byte(raw: Bytes, at: int) -> Any:
    # of the type of the sums below: numba would make a float of the two together
    return np.int64(raw[at])


@compiled
def _two(raw: Bytes, at: int) -> Any:
    return _byte(raw, at) | _byte(raw, at + 1) << 8


@compiled
def _four(raw: Bytes, at: int) -> Any:
    return _two(raw, at) | _two(raw, at + 2) << 16
