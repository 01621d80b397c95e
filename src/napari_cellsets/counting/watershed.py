"""Watershed of many objects at once: every pixel climbs to a summit.

Each pixel points to its highest neighbour, pointers are followed to the summits, and
basins are joined over passes that lie too high. No queue is kept, so it runs at the
speed of a few passes over the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.counting.settings import CountSettings

INDEX_BITS = 32
HOP = 5


@dataclass(frozen=True, slots=True)
class Basins:
    """What drains to which summit.

    Parameters
    ----------
    of_pixel
        int32, shape (y, x): 1..n inside objects, 0 on the ground.
    heights
        Whole numbers, shape (y, x): squared distance to the outline, or the map.
    summit_yx
        Place of each summit, shape (n, 2).
    height
        Its height, shape (n,).
    """

    of_pixel: np.ndarray
    heights: np.ndarray
    summit_yx: np.ndarray
    height: np.ndarray


def climb(heights: np.ndarray, pixels: np.ndarray, hop: int = 0) -> Basins:
    """Send every pixel of the objects to a summit.

    Parameters
    ----------
    heights
        Whole numbers, shape (y, x), 0 on the ground, which surrounds everything.
    pixels
        Flat indices of the pixels that are not ground.
    hop
        Summits go on to a higher pixel so near, as far as all between lies inside;
        only where heights are squared distances to the outline. 0 for no hops.
    """
    # Height first, place second: no two pixels are equal, so nothing runs in circles.
    key = heights.astype(np.int64) << INDEX_BITS
    key |= np.arange(heights.size).reshape(heights.shape)
    below = _highest_near(key).reshape(-1)
    below &= (1 << INDEX_BITS) - 1
    tops = pixels[below[pixels] == pixels]
    if hop:
        _hop_on(below, key, heights, tops, hop)
    place = below[pixels]
    while not np.array_equal(further := below[place], place):
        below[pixels] = place = further
    tops = tops[below[tops] == tops]
    number = np.zeros(heights.size, np.int32)
    number[tops] = np.arange(1, tops.size + 1, dtype=np.int32)
    basins = np.zeros(heights.size, np.int32)
    basins[pixels] = number[place]
    summit = np.stack(np.divmod(tops, heights.shape[1]), axis=1)
    height = heights.reshape(-1)[tops]
    return Basins(basins.reshape(heights.shape), heights, summit, height)


def parts_of(
    basins: Basins, stands: Callable[[float, float], bool], settings: CountSettings
) -> tuple[np.ndarray, int]:
    """Join basins over high passes, near summits and what is too small.

    Parameters
    ----------
    basins
        From `climb`.
    stands
        Whether a summit of a height is one of its own, given the height of the pass
        to a higher one.
    settings
        Distance of centres, least area of a part.

    Returns
    -------
    (ndarray, int)
        Part of each basin, int32 from 1 (index 0 is the ground), and their number.
    """
    count = basins.height.size + 1
    peak = [0, *basins.height.tolist()]
    top = [(0, 0), *map(tuple, basins.summit_yx.tolist())]
    area = np.bincount(basins.of_pixel.reshape(-1), minlength=count).tolist()
    owner = list(range(count))

    def root(k: int) -> int:
        while owner[k] != k:
            owner[k] = owner[owner[k]]
            k = owner[k]
        return k

    least = settings.split_distance_px**2
    for between, a, b in _passes(basins, count):
        high, low = root(a), root(b)
        if high == low:
            continue
        if (peak[low], top[high]) > (peak[high], top[low]):
            high, low = low, high
        apart = (top[high][0] - top[low][0]) ** 2 + (top[high][1] - top[low][1]) ** 2
        large = min(area[high], area[low]) >= settings.min_area_px
        if large and apart >= least and stands(peak[low], between):
            continue
        owner[low] = high
        area[high] += area[low]
    roots = [root(k) for k in range(1, count)]
    kept, number = np.unique(roots, return_inverse=True)
    return np.append(0, number + 1).astype(np.int32), int(kept.size)


def _hop_on(
    below: np.ndarray, key: np.ndarray, squared: np.ndarray, tops: np.ndarray, hop: int
) -> None:
    """Point summits to the highest pixel of a window that lies inside the object."""
    height = squared.reshape(-1)[tops]
    # A disc of radius hop * sqrt(2) covers the whole window.
    inner = tops[height >= 2 * hop * hop]
    y, x = np.divmod(inner, squared.shape[1])
    reach = np.arange(-hop, hop + 1)
    window = key[y[:, None, None] + reach[:, None], x[:, None, None] + reach]
    below[inner] = window.max(axis=(1, 2), initial=0) & ((1 << INDEX_BITS) - 1)


def _highest_near(key: np.ndarray) -> np.ndarray:
    """Highest of the nine pixels around each, row by row and column by column."""
    rows = key.copy()
    np.maximum(rows[:, 1:], key[:, :-1], out=rows[:, 1:])
    np.maximum(rows[:, :-1], key[:, 1:], out=rows[:, :-1])
    both = rows.copy()
    np.maximum(both[1:], rows[:-1], out=both[1:])
    np.maximum(both[:-1], rows[1:], out=both[:-1])
    return both


def _passes(basins: Basins, count: int) -> list[tuple[float, int, int]]:
    """Height of the pass between each two basins that touch, the highest first."""
    of_pixel = basins.of_pixel
    height, width = of_pixel.shape
    keys, passes = [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        left, shift = max(0, -right), max(0, right)
        here = (slice(0, height - down), slice(left, width - shift))
        there = (slice(down, height), slice(shift, width - left))
        a, b = of_pixel[here], of_pixel[there]
        seam = np.nonzero((a != b) & (a > 0) & (b > 0))
        one, other = a[seam].astype(np.int64), b[seam].astype(np.int64)
        keys.append(np.minimum(one, other) * count + np.maximum(one, other))
        heights = basins.heights
        passes.append(np.minimum(heights[here][seam], heights[there][seam]))
    key, between = np.concatenate(keys), np.concatenate(passes)
    order = np.lexsort((between, key))
    key, between = key[order], between[order]
    last = np.flatnonzero(np.append(key[1:] != key[:-1], True))[: key.size]
    highest = zip(between[last].tolist(), key[last].tolist(), strict=True)
    ordered = sorted((-h, *divmod(k, count)) for h, k in highest)
    return [(-h, a, b) for h, a, b in ordered]
