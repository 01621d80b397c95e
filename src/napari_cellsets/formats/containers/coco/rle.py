"""Masks as run lengths the way COCO writes them: down the columns, zeros first.

A compressed text has 6 bits a character (codes 48 to 111): 5 bits of a count, the
lowest first, and a bit that says that more follow; counts from the fourth on are
differences to the count two before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.containers.gather import MASK_PIXELS
from napari_cellsets.formats.containers.outlines import trimmed
from napari_cellsets.formats.containers.reading import BadObject

if TYPE_CHECKING:
    from collections.abc import Sequence

_MORE, _SIGN, _FIVE = 0x20, 0x10, 0x1F
_LONGEST = 12


def counts_of(value: Any) -> np.ndarray:
    """Return run lengths from a list of numbers or a compressed text.

    Raises
    ------
    BadObject
        If they are no run lengths.
    """
    if isinstance(value, str | bytes):
        return _unpacked(value)
    try:
        counts = np.asarray(value)
    except (ValueError, OverflowError):
        raise BadObject("its run lengths are no numbers") from None
    if counts.ndim != 1 or (len(counts) and counts.dtype.kind not in "iu"):
        raise BadObject("its run lengths are no whole numbers")
    return counts.astype(np.int64)


def decode_rle(
    counts: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode run lengths into a mask cut to its object.

    Parameters
    ----------
    counts
        int64, as of `counts_of`.
    size
        Height and width of the picture.

    Returns
    -------
    tuple
        The mask, bool, and row and column of its first pixel; a mask without
        pixels where nothing is set.

    Raises
    ------
    BadObject
        If a run is negative, the runs are longer than the picture, or the object
        is beyond belief.
    """
    height, width = size
    if (counts < 0).any():
        raise BadObject("one of its run lengths is negative")
    if (counts > height * width).any() or counts.sum() > height * width:
        raise BadObject(f"its run lengths leave the picture of {height} x {width}")
    ends = np.cumsum(counts)
    starts, ends = ends[:-1:2], ends[1::2]
    full = ends > starts
    starts, ends = starts[full], ends[full]
    if not len(starts):
        return np.zeros((0, 0), bool), (0, 0)
    first = int(starts[0]) // height
    columns = (int(ends[-1]) - 1) // height + 1 - first
    if columns * height > MASK_PIXELS:
        raise BadObject(f"its mask of {height} x {columns} pixels is too large")
    flat = np.zeros(columns * height, bool)
    for start, end in zip(
        (starts - first * height).tolist(),
        (ends - first * height).tolist(),
        strict=True,
    ):
        flat[start:end] = True
    cut, corner = trimmed(flat.reshape(columns, height).T, (0, first))
    return np.ascontiguousarray(cut), corner


def encode_rle(
    mask: np.ndarray, corner: tuple[int, int], size: tuple[int, int]
) -> np.ndarray:
    """Run lengths of a mask that lies at `corner` in a picture.

    Parameters
    ----------
    mask
        bool, wholly inside the picture.
    corner
        Row and column of its first pixel.
    size
        Height and width of the picture.

    Returns
    -------
    ndarray
        int64; zeros first, possibly none.
    """
    height, width = size
    turned = np.pad(np.asarray(mask, np.int8).T, ((0, 0), (1, 1)))
    change = np.diff(turned, axis=1)
    base = corner[1] * height + corner[0]
    starts, ends = (
        column * height + row + base
        for column, row in (np.nonzero(change == 1), np.nonzero(change == -1))
    )
    apart = starts[1:] != ends[:-1]  # a column full to the end runs on in the next
    starts = starts[np.concatenate([[True], apart])[: len(starts)]]
    ends = ends[np.concatenate([apart, [True]])[: len(ends)]]
    edges = np.zeros(2 * len(starts) + 2, np.int64)
    edges[1:-1:2], edges[2:-1:2], edges[-1] = starts, ends, height * width
    counts = np.diff(edges)
    return counts if counts[-1] or len(counts) == 1 else counts[:-1]


def pack_counts(counts: Sequence[int] | np.ndarray) -> str:
    """Compress run lengths into text."""
    plain = np.asarray(counts, np.int64).tolist()
    packed = bytearray()
    for at, count in enumerate(plain):
        value = count - plain[at - 2] if at > 2 else count
        while True:
            bits = value & _FIVE
            value >>= 5
            done = value == (-1 if bits & _SIGN else 0)
            packed.append((bits if done else bits | _MORE) + 48)
            if done:
                break
    return packed.decode("ascii")


def _unpacked(text: str | bytes) -> np.ndarray:
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
    except UnicodeEncodeError:
        raise BadObject("its run lengths hold a foreign character") from None
    codes = np.frombuffer(raw, np.uint8).astype(np.int64) - 48
    if ((codes < 0) | (codes > 63)).any():
        raise BadObject("its run lengths hold a foreign character")
    if not len(codes):
        return codes
    last = np.flatnonzero((codes & _MORE) == 0)
    if not len(last) or last[-1] != len(codes) - 1:
        raise BadObject("its run lengths are cut off")
    begin = np.concatenate([[0], last[:-1] + 1])
    lengths = last + 1 - begin
    if lengths.max() > _LONGEST:
        raise BadObject("one of its run lengths is too long")
    shift = 5 * (np.arange(len(codes)) - np.repeat(begin, lengths))
    values = np.add.reduceat((codes & _FIVE) << shift, begin)
    values -= np.where(codes[last] & _SIGN, np.int64(1) << 5 * lengths, 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values
