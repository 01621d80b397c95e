"""ECF, in which Metavision packs events of HDF5 files: one chunk at a time.

A chunk is a number of 32 bits (the count of events, times four, and two flags), the
time of its first event in 64 bits, runs of times, then places and polarities in one
of three ways. All is little-endian:

- times: a byte is a step forward (high four bits) and how many events share it (low
  four; 15: a count of 16 bits follows). Bytes with 15 in the high bits before it are
  longer steps, four bits each, the lowest first.
- both flags clear: runs of rows (11 bits, and a count of 5; 31: 16 bits follow), then
  columns (11 bits, and 5 that tell which of the next columns follow, nearest first),
  then runs of polarities (1 bit, and a count of 7; 127: 16 bits follow).
- lower flag: runs of rows, then column and polarity in 12 bits, four in six bytes.
- upper flag: row, column and polarity in 24 bits (one is unused), four in 12 bytes.

Source: prophesee-ai/hdf5_ecf (self-assigned filter 0x8ECF), read as a description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.compiled import can_compile
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILTER = 0x8ECF
MOST = 65535
LATEST = 1 << 61
"""No time is as large: sums of times stay within 64 bits."""
_SPARE = 8
"""Groups of four and vectors of six may end behind the last event."""
_HEADER = 12


def decode_chunk(content: bytes, place: str) -> Events:
    """Decode one chunk.

    Parameters
    ----------
    content
        As it is stored.
    place
        How to call the file in messages.

    Raises
    ------
    UnreadableFileError
        If it is damaged.
    """
    raw = np.frombuffer(content, np.uint8)
    count = int.from_bytes(content[:4], "little") >> 2
    if len(raw) < _HEADER or count > MOST:
        raise _damaged(place)
    if count == 0:
        return Events.empty()
    out = Events.empty(count + _SPARE)
    if can_compile():
        from napari_cellsets.formats.events import ecf_loops

        whole = ecf_loops.decode(raw, count, out.t, out.x, out.y, out.p)
    else:
        whole = _decode_plainly(raw, count, out)
    if not whole:
        raise _damaged(place)
    return out.take(slice(count))


def _damaged(place: str) -> UnreadableFileError:
    return UnreadableFileError(
        "a chunk of its events is damaged",
        path=place,
        advice="Copy or download it again.",
    )


def _decode_plainly(raw: NDArray[np.uint8], count: int, out: Events) -> bool:
    """Decode without compiled loops: a step in Python for a run, not for an event."""
    try:
        at = _times(raw, count, out.t)
        flags = int(raw[0]) & 3
        if flags & 2:
            _packed_24(raw[at:], count, out)
            return True
        at = _rows(raw, at, count, out.y)
        if flags & 1:
            _packed_12(raw[at:], count, out)
            return True
        at = _vectors(raw, at, count, out.x)
        _polarities(raw, at, count, out.p)
    except (IndexError, ValueError):
        return False
    return True


def _times(raw: NDArray[np.uint8], count: int, out: NDArray[np.int64]) -> int:
    now = int.from_bytes(raw[4:12].tobytes(), "little", signed=True)
    at, done = _HEADER, 0
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


def _packed_12(raw: NDArray[np.uint8], count: int, out: Events) -> None:
    groups = -(-count // 4)
    words = raw[: groups * 6].view("<u2").reshape(groups, 3).astype(np.uint16)
    first, second, third = words.T
    four = np.empty((groups, 4), np.uint16)
    four[:, 0] = first >> 4
    four[:, 1] = (first & 15) | (second >> 8 << 4)
    four[:, 2] = (second & 255) | (third >> 12 << 8)
    four[:, 3] = third & 4095
    packed = four.ravel()[:count]
    out.x[:count], out.p[:count] = packed >> 1, packed & 1


def _packed_24(raw: NDArray[np.uint8], count: int, out: Events) -> None:
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
    out.y[:count] = packed >> 12 & 2047
    out.x[:count], out.p[:count] = packed >> 1 & 2047, packed & 1


def _number(raw: NDArray[np.uint8], at: int) -> int:
    return int(raw[at]) | int(raw[at + 1]) << 8


def _put(out: NDArray[np.generic], done: int, run: int, count: int, value: int) -> None:
    if done + run > count or abs(value) > LATEST:
        raise ValueError("a run is longer than the chunk, or a time beyond reason")
    out[done : done + run] = value
