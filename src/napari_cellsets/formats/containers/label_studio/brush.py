"""The bit codec of Label Studio's brush masks, both ways.

A stream holds, most significant bit first: the number of words (32 bits), the bits a
word less one (5), four lengths of run counts less one (4 each); then packets. A
packet is a bit that tells a run from single words, the number of its length (2 bits),
its count less one, and one word for a run or as many words as it counts. The words
are the red, green, blue and alpha bytes of each pixel along the rows; a pixel belongs
to the mask where its alpha is not 0.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.formats.containers.gather import MASK_PIXELS
from napari_cellsets.formats.containers.reading import BadObject

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHANNELS = 4
_ALPHA = 3
_WORD_BITS = 8
_COUNT_BITS = (3, 4, 8, 16)

_WINDOW = (1 << 64) - 1
_CUT_OFF = "its brush mask is cut off"


def decode_brush(packed: Sequence[int] | bytes, size: tuple[int, int]) -> np.ndarray:
    """Decode a brush mask.

    Parameters
    ----------
    packed
        Bytes, or their numbers as JSON has them.
    size
        Height and width of the picture.

    Returns
    -------
    ndarray
        bool, shape `size`.

    Raises
    ------
    BadObject
        If they are no bytes, end too early, overrun, or belong to a picture of
        another size.
    """
    height, width = size
    if height * width > MASK_PIXELS:
        raise BadObject(f"a mask of {height} x {width} pixels is beyond belief")
    try:
        stream = _Bits(bytes(packed))
    except (TypeError, ValueError):
        raise BadObject("its brush mask is no list of bytes") from None
    total, word = stream.read(32), stream.read(5) + 1
    counts = [stream.read(4) + 1 for _ in range(4)]
    if total != height * width * _CHANNELS:
        raise BadObject(
            f"its brush mask has {total} values, a picture of {height} x {width} "
            f"has {height * width * _CHANNELS}"
        )
    mask = np.zeros(height * width, bool)
    at = 0
    while at < total:
        is_run, count, value = stream.packet(counts, word)
        end = at + count
        if end > total:
            raise BadObject("its brush mask overruns the picture")
        first, last = at // _CHANNELS, end // _CHANNELS  # pixels whose alpha is told
        if is_run:
            if value and first < last:
                mask[first:last] = True
        else:
            words = stream.words(count, word)
            alpha = words[first * _CHANNELS + _ALPHA - at :: _CHANNELS]
            mask[first:last] = alpha > 0
        at = end
    return mask.reshape(size)


def encode_brush(mask: np.ndarray) -> list[int]:
    """Encode a mask; what it covers is opaque white.

    Parameters
    ----------
    mask
        bool, shape (y, x): the whole picture.

    Returns
    -------
    list of int
        Bytes.

    Raises
    ------
    BadObject
        If the picture has more pixels than the format can count.
    """
    flat = np.asarray(mask, bool).ravel()
    total = flat.size * _CHANNELS
    if total >= 1 << 32:
        raise BadObject("the picture is too large for a brush mask")
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate([[0], changes, [flat.size]]).tolist()
    bits = [format(total, "032b"), format(_WORD_BITS - 1, "05b")]
    bits += [format(count - 1, "04b") for count in _COUNT_BITS]
    for start, end in pairwise(edges):
        if end > start:
            bits.append(_runs((end - start) * _CHANNELS, bool(flat[start])))
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    digits = np.frombuffer(text.encode("ascii"), np.uint8) - ord("0")
    return np.packbits(digits).tolist()


@lru_cache(maxsize=4096)
def _runs(length: int, is_set: bool) -> str:
    """Packets of one value: the longest first, the last with the shortest count."""
    word = ("1" if is_set else "0") * _WORD_BITS
    longest = 1 << _COUNT_BITS[-1]
    full, rest = divmod(length, longest)
    found = f"111{longest - 1:016b}{word}" * full
    if rest:
        which = next(i for i, count in enumerate(_COUNT_BITS) if rest <= 1 << count)
        found += f"1{which:02b}{rest - 1:0{_COUNT_BITS[which]}b}{word}"
    return found


class _Bits:
    """Reads numbers from bytes, bit by bit."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0
        self._length = 8 * len(content)

    def read(self, count: int) -> int:
        end = self._at + count
        if end > self._length:
            raise BadObject(_CUT_OFF)
        last = -(-end // 8)
        window = int.from_bytes(self._content[self._at // 8 : last], "big")
        self._at = end
        return window >> (8 * last - end) & ((1 << count) - 1)

    def packet(self, counts: list[int], word: int) -> tuple[int, int, int]:
        """Whether a run comes, how many words it counts, and a run's word.

        Behind the head of single words the stream stands at the first of them.
        """
        at = self._at
        first = at >> 3
        window = int.from_bytes(self._content[first : first + 8], "big")
        window <<= 8 * max(0, first + 8 - len(self._content))
        window = window << (at & 7) & _WINDOW
        is_run = window >> 63
        bits = counts[window >> 61 & 3]
        count = (window >> (61 - bits) & ((1 << bits) - 1)) + 1
        at += 3 + bits
        value = window >> (61 - bits - word) & ((1 << word) - 1) if is_run else 0
        self._at = at + word if is_run else at
        if self._at > self._length:
            raise BadObject(_CUT_OFF)
        return is_run, count, value

    def words(self, number: int, size: int) -> np.ndarray:
        """Read many words at once."""
        end = self._at + number * size
        if end > self._length:
            raise BadObject(_CUT_OFF)
        first = self._at // 8
        some = np.frombuffer(self._content, np.uint8)[first : -(-end // 8)]
        bits = np.unpackbits(some)[self._at - 8 * first :][: number * size]
        self._at = end
        weights = 1 << np.arange(size - 1, -1, -1, dtype=np.int64)
        return np.asarray(bits.reshape(number, size) @ weights)
