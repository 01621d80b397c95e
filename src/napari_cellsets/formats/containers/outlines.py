"""Masks to outlines along pixel edges and back, exact in both directions.

The outline of a mask runs along the edges of its pixels, so all its coordinates
are halves; its parts touch nowhere but at corners (pixels that touch at a corner
only are of different parts). A pixel is inside an outline where its centre is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Outline

_CROSSINGS_AT_ONCE = 1 << 21
_TOP_LEFT, _TOP_RIGHT, _LOW_LEFT, _LOW_RIGHT = 1, 2, 4, 8
_ONE_OR_THREE = np.array([p.bit_count() in (1, 3) for p in range(16)])
_LEAVES_SIDEWAYS = np.isin(
    np.arange(16),
    (_LOW_RIGHT, _TOP_LEFT, 15 - _LOW_LEFT, 15 - _TOP_RIGHT),
)
"""Whether the edge that starts at a corner is horizontal, mask to the right of it."""


def polygons_of_mask(mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> Outline:
    """Trace a mask along the edges of its pixels.

    Parameters
    ----------
    mask
        Shape (y, x); what is not 0 is inside.
    corner
        Row and column of its first pixel in the picture.

    Returns
    -------
    Outline
        One part for each 4-connected component, its outer ring first and then its
        holes; empty for an empty mask. Rings are simple, run clockwise on the
        screen (holes the other way), and turn at every point.
    """
    inside = np.pad(np.asarray(mask) != 0, 1)
    nodes, following = _corners(inside)
    rings = _rings(nodes, following)
    if not rings:
        return ()
    offset = np.array(corner, np.float64) - 0.5
    areas = [_area(ring) for ring in rings]
    outer = [ring for ring, area in zip(rings, areas, strict=True) if area > 0]
    holes = [ring for ring, area in zip(rings, areas, strict=True) if area < 0]
    if len(outer) == 1 or not holes:
        owners = [0] * len(holes)
    else:
        owners = _owners(inside[1:-1, 1:-1], outer, holes)
    parts: list[list[np.ndarray]] = [[ring + offset] for ring in outer]
    for owner, hole in zip(owners, holes, strict=True):
        parts[owner].append(hole + offset)
    return tuple(tuple(part) for part in parts)


def mask_of_outline(outline: Outline, size: tuple[int, int]) -> np.ndarray:
    """Fill an outline.

    Parameters
    ----------
    outline
        Rings may cross the border of the picture and themselves (then what is
        enclosed twice is outside, as drawing programs have it).
    size
        Height and width of the picture.

    Returns
    -------
    ndarray
        bool, shape `size`: where the centre of the pixel is inside a part and in
        none of its holes; centres on an upper or left edge count as inside.
    """
    mask = np.zeros(size, bool)
    cut, (row, column) = cut_mask_of_outline(outline, size)
    mask[row : row + cut.shape[0], column : column + cut.shape[1]] = cut
    return mask


def cut_mask_of_outline(
    outline: Outline, size: tuple[int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """Fill an outline, cut to its box.

    Parameters
    ----------
    outline, size
        As of `mask_of_outline`.

    Returns
    -------
    tuple
        The mask, bool, shape (height, width), and row and column of its first
        pixel. The mask has no pixels where nothing is inside the picture.
    """
    rings = [ring for part in outline for ring in part[:1] if len(ring)]
    if not rings:
        return np.zeros((0, 0), bool), (0, 0)
    low = np.min([ring.min(axis=0) for ring in rings], axis=0)
    high = np.max([ring.max(axis=0) for ring in rings], axis=0)
    start = np.clip(np.ceil(low), 0, size).astype(int)
    stop = np.clip(np.floor(high) + 1, 0, size).astype(int)
    height, width = (int(n) for n in np.maximum(stop - start, 0))
    corner = (int(start[0]), int(start[1]))
    mask = np.zeros((height, width), bool)
    if mask.size:
        for part in outline:
            filled = _filled(part[0] - start, mask.shape)
            for hole in part[1:]:
                filled &= ~_filled(hole - start, mask.shape)
            mask |= filled
    return trimmed(mask, corner)


def trimmed(
    mask: np.ndarray, corner: tuple[int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """Cut a mask to what is set in it; return it with its new corner."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return np.zeros((0, 0), bool), corner
    columns = np.flatnonzero(mask.any(axis=0))
    cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return cut, (corner[0] + int(rows[0]), corner[1] + int(columns[0]))


def follows_pixels(outline: Outline) -> bool:
    """Whether an outline runs along pixel edges only, so that a mask can hold it."""
    for part in outline:
        for ring in part:
            doubled = ring * 2
            if (doubled % 2 != 1).any():
                return False
            steps = np.roll(ring, -1, axis=0) - ring
            if (steps != 0).all(axis=1).any():
                return False
    return True


def _corners(inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points where outlines turn, and for each the one that comes next.

    Two pixels that touch at a corner only make two points there.
    """
    pattern = (
        inside[:-1, :-1] * np.uint8(_TOP_LEFT)
        + inside[:-1, 1:] * np.uint8(_TOP_RIGHT)
        + inside[1:, :-1] * np.uint8(_LOW_LEFT)
        + inside[1:, 1:] * np.uint8(_LOW_RIGHT)
    )
    rows, columns = np.nonzero(_ONE_OR_THREE[pattern])
    kinds = [pattern[rows, columns]]
    places = [np.stack([rows, columns], axis=1)]
    for one, other in ((_TOP_LEFT, _LOW_RIGHT), (_TOP_RIGHT, _LOW_LEFT)):
        both = np.argwhere(pattern == one + other)
        for single in (one, other):
            places.append(both)
            kinds.append(np.full(len(both), single, np.uint8))
    nodes, kind = np.concatenate(places), np.concatenate(kinds)
    right = np.isin(kind, (_TOP_RIGHT, _LOW_RIGHT))
    lower = np.isin(kind, (_LOW_LEFT, _LOW_RIGHT))
    across = _partners(nodes[:, 0], nodes[:, 1], right)
    along = _partners(nodes[:, 1], nodes[:, 0], lower)
    return nodes, np.where(_LEAVES_SIDEWAYS[kind], across, along)


def _partners(line: np.ndarray, position: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Pair the points of each line: first with second, third with fourth, ..."""
    order = np.lexsort((after, position, line))
    partner = np.empty(len(order), np.int64)
    partner[order[::2]] = order[1::2]
    partner[order[1::2]] = order[::2]
    return partner


def _rings(nodes: np.ndarray, following: np.ndarray) -> list[np.ndarray]:
    """Walk from point to point; cut a ring where it meets itself."""
    places = [tuple(place) for place in nodes.tolist()]
    after = following.tolist()
    waiting = [True] * len(after)
    rings = []
    for start in np.lexsort((nodes[:, 1], nodes[:, 0])).tolist():
        path: list[tuple[int, ...]] = []
        at: dict[tuple[int, ...], int] = {}
        node = start
        while waiting[node]:
            waiting[node] = False
            place = places[node]
            if place in at:
                loop = path[at[place] :]
                rings.append(loop)
                for old in loop:
                    del at[old]
                del path[len(path) - len(loop) :]
            at[place] = len(path)
            path.append(place)
            node = after[node]
        if path:
            rings.append(path)
    return [np.array(ring, np.float64) for ring in rings]


def _area(ring: np.ndarray) -> float:
    """Area of a ring, negative where it runs against the clock on the screen."""
    ahead = np.roll(ring, -1, axis=0)
    return float((ring[:, 1] * ahead[:, 0] - ahead[:, 1] * ring[:, 0]).sum()) / 2


def _owners(
    inside: np.ndarray, outer: list[np.ndarray], holes: list[np.ndarray]
) -> list[int]:
    """Index of the outer ring that each hole belongs to."""
    from scipy import ndimage

    components, _ = ndimage.label(inside)
    owner = {int(components[_pixel_of(ring)]): i for i, ring in enumerate(outer)}
    return [owner[int(components[_pixel_of(hole)])] for hole in holes]


def _pixel_of(ring: np.ndarray) -> tuple[int, int]:
    """A pixel inside the mask: the one to the right of the ring's first edge."""
    (row, column), (row_next, column_next) = ring[:2].astype(int).tolist()
    if row == row_next:
        return (row, column) if column_next > column else (row - 1, column_next)
    return (row, column - 1) if row_next > row else (row_next, column)


def _filled(ring: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Pixels whose centre a ring encloses an odd number of times."""
    height, width = shape
    ends = np.roll(ring, -1, axis=0)
    upward = ends[:, 0] < ring[:, 0]
    # every edge from above to below: neighbours then agree on the last bit
    first = np.where(upward[:, None], ends, ring)
    last = np.where(upward[:, None], ring, ends)
    start = np.clip(np.ceil(first[:, 0]), 0, height).astype(np.int64)
    stop = np.clip(np.ceil(last[:, 0]), 0, height).astype(np.int64)
    flips = np.zeros(height * (width + 1), np.uint8)
    count = stop - start
    for some in _in_portions(count):
        crossing = np.repeat(some, count[some])
        before = np.cumsum(count[some]) - count[some]
        row = np.arange(len(crossing)) - np.repeat(before, count[some])
        row += start[crossing]
        low, high = first[crossing], last[crossing]
        share = (row - low[:, 0]) / (high[:, 0] - low[:, 0])
        column = np.ceil(low[:, 1] + share * (high[:, 1] - low[:, 1]))
        place = row * (width + 1) + np.clip(column, 0, width).astype(np.int64)
        met, times = np.unique(place, return_counts=True)
        flips[met] ^= (times & 1).astype(np.uint8)
    odd = np.bitwise_xor.accumulate(flips.reshape(height, width + 1), axis=1)
    return odd[:, :width].astype(bool)


def _in_portions(count: np.ndarray) -> list[np.ndarray]:
    """Edges that cross rows, in portions that bound the memory needed at once."""
    edges = np.flatnonzero(count)
    if not len(edges):
        return []
    portion = np.cumsum(count[edges]) // _CROSSINGS_AT_ONCE
    return np.split(edges, np.flatnonzero(np.diff(portion)) + 1)
