"""Pictures that show the same thing, found by a perceptual hash.

The hash has 64 bits: signs of the lowest 8 x 8 frequencies of the picture seen
32 x 32 px small, each against their median (Zauner 2010). It hardly changes with
size, compression, light or noise. Pictures may also be turned or mirrored.

Two pictures are near duplicates if their hashes differ in at most `HASH_BITS` of 64
bits and the small pictures are correlated above `CORRELATION`. Measured on 300 nuclei
and 2,582 blood cells: of 3.4 million pairs of different pictures none is taken for a
duplicate (closest hashes: 8 bits; highest correlation 0.84). JPEG at quality 60, half
the size, 70 % of the light, gamma 0.8 and noise move a hash by 6 bits at most; cutting
2 % off every side by 4 to 8 mostly. Pictures that share no more than a part of what
they show are not found so; their patients and slides keep them together.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

HASH_BITS = 8
CORRELATION = 0.85
SIDE, LOW = 32, 8
#: Above so many pictures only upright copies are looked for: it is 16 times less work.
TURNED_UP_TO = 30_000
_ROWS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is kept of a picture to know it again.

    Parameters
    ----------
    small
        float32, shape (32, 32): grey, seen from far.
    digest
        Of the pixels themselves: equal for equal pictures only.
    """

    small: NDArray[np.float32]
    digest: bytes


def fingerprint(pixels: np.ndarray) -> Fingerprint:
    """Look at a picture of any depth, shape (y, x) or (y, x, c)."""
    import cv2

    grey = pixels.astype(np.float32)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    small = cv2.resize(np.nan_to_num(grey), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    digest = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).digest()[:16]
    return Fingerprint(np.asarray(small, np.float32), digest)


def perceptual_hash(small: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the bits of small pictures.

    Parameters
    ----------
    small
        Shape (n, 32, 32).

    Returns
    -------
    ndarray
        bool, shape (n, 64); the mean brightness has no part in it.
    """
    from scipy.fft import dctn

    low = dctn(small, axes=(1, 2), norm="ortho")[:, :LOW, :LOW]
    low = low.reshape(len(small), LOW * LOW)
    low[:, 0] = 0
    return np.asarray(low > np.median(low, axis=1, keepdims=True), np.bool_)


def same_picture(prints: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """Yield pairs of indices of pictures that are near duplicates."""
    seen: dict[bytes, int] = {}
    for index, one in enumerate(prints):
        if one.digest in seen:
            yield seen[one.digest], index
        seen.setdefault(one.digest, index)
    if len(prints) < 2:
        return
    small = np.stack([one.small for one in prints])
    signs, units = _signs(small), _units(small)
    turns = range(8) if len(prints) <= TURNED_UP_TO else range(1)
    for turn in turns:
        turned = small if turn == 0 else _turned(small, turn)
        yield from _near(signs, units, _signs(turned), _units(turned))


def _near(
    signs: NDArray[np.float32],
    units: NDArray[np.float32],
    other_signs: NDArray[np.float32],
    other_units: NDArray[np.float32],
) -> Iterator[tuple[int, int]]:
    least = LOW * LOW - 2 * HASH_BITS
    for start in range(0, len(signs), _ROWS):
        rows = slice(start, start + _ROWS)
        here, there = np.nonzero(signs[rows] @ other_signs.T >= least - 0.5)
        here = here + start
        ahead = here < there
        here, there = here[ahead], there[ahead]
        alike = (units[here] * other_units[there]).sum(axis=1) > CORRELATION
        yield from zip(here[alike].tolist(), there[alike].tolist(), strict=True)


def _signs(small: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bits as -1 and 1: their product tells how many agree."""
    return np.asarray(perceptual_hash(small) * 2.0 - 1.0, np.float32)


def _units(small: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = small.reshape(len(small), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    # a picture without content is like no other
    return np.asarray(np.where(norm > 1e-3, flat / np.maximum(norm, 1e-3), 0))


def _turned(small: NDArray[np.float32], turn: int) -> NDArray[np.float32]:
    """One of the eight ways to lay a square picture down."""
    turned = np.rot90(small, turn % 4, axes=(1, 2))
    return np.ascontiguousarray(turned[:, ::-1] if turn >= 4 else turned)
