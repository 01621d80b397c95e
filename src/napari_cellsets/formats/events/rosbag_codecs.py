"""Codings of `event_camera_msgs` that are no words of a Prophesee sensor.

Each message is decoded by itself, to times in us on the clock of its `time_base`,
which is in nanoseconds. Source: the decoders of ros-event-camera/event_camera_codecs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.events import Events

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_TIME_HIGH, _TIME_LOW, _ADDR_X, _ADDR_Y, _BASE_Y, _VECTOR = range(6)
_NS = 1000
_HALF_ROUND = 1 << 30


def decode_mono(content: bytes, time_base: int) -> Events:
    """Decode events of 64 bits: a time in ns, a column, a row and a polarity."""
    kind = np.dtype([("t", "<u4"), ("x", "<u2"), ("y", "<u2")])
    found = _records(content, kind)
    t = (found["t"].astype(np.int64) + time_base) // _NS
    return Events.of(t, found["x"], found["y"] & 0x7FFF, found["y"] >> 15)


def decode_libcaer(content: bytes, time_base: int) -> Events:
    """Decode polarity events of libcaer: a word of places and a time in us each."""
    found = _records(content, np.dtype([("data", "<u4"), ("t", "<i4")]))
    t, data = found["t"].astype(np.int64), found["data"]
    rounds = np.cumsum(np.diff(t, prepend=t[:1]) < -_HALF_ROUND)
    t = t + (rounds << 31) + time_base // _NS
    return Events.of(t, data >> 17 & 0x7FFF, data >> 2 & 0x7FFF, data >> 1 & 1)


def decode_libcaer_packed(content: bytes, time_base: int) -> Events:
    """Decode words of 16 bits: four say what it is, twelve a time, column or row.

    A vector says which of the next eight rows of a column have events.
    """
    words = _records(content, np.dtype("<u2"))
    code, rest = words >> 12, (words & 0xFFF).astype(np.int64)
    now = _latest(code == _TIME_HIGH, rest) << 12 | _latest(code == _TIME_LOW, rest)
    column = _latest(code == _ADDR_X, rest & 2047)
    base = _latest(code == _BASE_Y, rest)
    vectors = np.cumsum(code == _VECTOR)
    since = vectors - _latest(code == _BASE_Y, vectors) - 1
    single = code == _ADDR_Y
    vector = code == _VECTOR
    masks = np.where(vector, rest & 255, 0).astype(np.uint8)
    set_bits = np.unpackbits(masks[:, None], axis=1, bitorder="little")
    set_bits[single, 0] = 1
    word, bit = np.nonzero(set_bits)
    rows = np.where(single, rest & 2047, (base & 2047) + 8 * since)[word] + bit
    polarity = np.where(single, rest, base)[word] >> 11
    known = np.maximum.accumulate(code == _ADDR_X)[word]
    t = now + time_base // _NS
    found = Events.of(t[word], column[word], rows, polarity)
    return found.take(known)


CODECS: dict[str, Callable[[bytes, int], Events]] = {
    "mono": decode_mono,
    "libcaer": decode_libcaer,
    "libcaer_cmp": decode_libcaer_packed,
}
"""Decoders by what messages call their encoding."""


def _records(content: bytes, kind: np.dtype[Any]) -> NDArray[Any]:
    """Whole records of a message; bytes behind the last one are left out."""
    return np.frombuffer(content, kind, len(content) // kind.itemsize)


def _latest(said: NDArray[np.bool_], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each word what was said last; 0 before it was said at all."""
    at = np.maximum.accumulate(np.where(said, np.arange(len(said)), -1))
    return np.where(at >= 0, numbers[np.maximum(at, 0)], 0)
