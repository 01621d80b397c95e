"""ECF without compiled loops: a step in Python for a run, not for an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LATEST = 1 << 61
"""No time is as large: sums of times stay within 64 bits."""


def decode(
    raw: NDArray[np.uint8],
    count: int,
    t: NDArray[np.int64],
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.uint8],
) -> bool:
    """Decode a chunk; see `ecf_loops.decode`."""
    try:
        at = _times(raw, count, t)
        flags = int(raw[0]) & 3
        if flags & 2:
            _packed_24(raw[at:], count, x, y, p)
            return True
        at = _rows(raw, at, count, y)
        if flags & 1:
            _packed_12(raw[at:], count, x, p)
            return True
        at = _vectors(raw, at, count, x)
        _polarities(raw, at, count, p)
    except (IndexError, ValueError):
        return False
    return True


def _times(raw: NDArray[np.uint8], count: int, out: NDArray[np.int64]) -> int:
    now = int.from_bytes(raw[4:12].tobytes(), "little", signed=True)
    at, done = 12, 0
    while done < count:
        step, run = divmod(int(raw[at]), 16)
        at += 1
        if step == 15:
            further, shift = run, 4
            while raw[at] >> 4 == 15:
                further |= int(raw[at] & 15) << shift
                shift += 4
                at += 1
                if shift > 60:
                    raise ValueError("a step of time is too long")
            now += further
            continue
        now += step
        if run == 15:
            run, at = _number(raw, at), at + 2
        _put(out, done, run, count, now)
        done += run
    return at


def _rows(raw: NDArray[np.uint8], at: int, count: int, out: NDArray[np.uint16]) -> int:
    done = 0
    while done < count:
        row, run = divmod(_number(raw, at), 32)
        at += 2
        if run == 31:
            run, at = _number(raw, at), at + 2
        _put(out, done, run, count, row)
        done += run
    return at


def _vectors(
    raw: NDArray[np.uint8], at: int, count: int, out: NDArray[np.uint16]
) -> int:
    done = 0
    while done < count:
        column, mask = divmod(_number(raw, at), 32)
        at += 2
        places = [column] + [column + j + 1 for j in range(5) if mask >> (4 - j) & 1]
        out[done : done + len(places)] = places
        done += len(places)
    return at


def _polarities(
    raw: NDArray[np.uint8], at: int, count: int, out: NDArray[np.uint8]
) -> None:
    done = 0
    while done < count:
        polarity, run = divmod(int(raw[at]), 128)
        at += 1
        if run == 127:
            run, at = _number(raw, at), at + 2
        _put(out, done, run, count, polarity)
        done += run


def _packed_12(
    raw: NDArray[np.uint8], count: int, x: NDArray[np.uint16], p: NDArray[np.uint8]
) -> None:
    groups = -(-count // 4)
    words = raw[: groups * 6].view("<u2").reshape(groups, 3).astype(np.uint16)
    first, second, third = words.T
    four = np.empty((groups, 4), np.uint16)
    four[:, 0] = first >> 4
    four[:, 1] = (first & 15) | (second >> 8 << 4)
    four[:, 2] = (second & 255) | (third >> 12 << 8)
    four[:, 3] = third & 4095
    packed = four.ravel()[:count]
    x[:count], p[:count] = packed >> 1, packed & 1


def _packed_24(
    raw: NDArray[np.uint8],
    count: int,
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    p: NDArray[np.uint8],
) -> None:
    groups = -(-count // 4)
    content = raw[: groups * 12].copy()
    words = content.view("<u4").reshape(groups, 3).astype(np.uint32)
    first, second, third = words.T
    four = np.empty((groups, 4), np.uint32)
    four[:, 0] = first >> 8
    four[:, 1] = (first & 0xFF) | (second >> 16 << 8)
    four[:, 2] = (second & 0xFFFF) | (third >> 24 << 16)
    four[:, 3] = third & 0xFFFFFF
    packed = four.ravel()[:count]
    y[:count] = packed >> 12 & 2047
    x[:count], p[:count] = packed >> 1 & 2047, packed & 1


def _number(raw: NDArray[np.uint8], at: int) -> int:
    return int(raw[at]) | int(raw[at + 1]) << 8


def _put(out: NDArray[np.generic], done: int, run: int, count: int, value: int) -> None:
    if done + run > count or abs(value) > _LATEST:
        raise ValueError("a run is longer than the chunk, or a time beyond reason")
    out[done : done + run] = value
