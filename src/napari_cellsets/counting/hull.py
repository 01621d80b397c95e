"""How much of its convex hull an object fills, for all objects of a plane at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.counting.runs import Runs

_NOWHERE = np.iinfo(np.int64).max
_TINY = 1e-9
"""Far less than any fraction that a hull has at a row."""


def solidity(
    runs: Runs,
    index: NDArray[np.intp],
    boxes: NDArray[np.int64],
    area: NDArray[np.int64],
    token: CancelToken | None = None,
) -> NDArray[np.float64]:
    """Return the share of the convex hull that each object fills.

    The hull is that of the middles of the edges of all pixels; pixels with their
    centre in it or on it count, as in scikit-image's ``regionprops``.

    Parameters
    ----------
    runs, index
        Runs of a plane, and the object of each, from 0.
    boxes
        int64, shape (n, 4): top, left, bottom, right of each object.
    area
        Its pixels, shape (n,).
    token
        Looked at between rows.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,), above 0 and up to 1.

    Raises
    ------
    CancelledError
        If the token was cancelled.
    """
    count = len(boxes)
    if not count:
        return np.zeros(0)
    height = boxes[:, 2] - boxes[:, 0]
    ends = np.cumsum(height)
    first = ends - height
    row = runs.row
    slot = first[index] + row - boxes[index, 0]
    column = runs.start - row * runs.stride
    # of every row of every object: its first pixel, and the last one as seen from
    # the other side, so that both sides are the same work
    sides = np.full((2, int(ends[-1])), _NOWHERE)
    np.minimum.at(sides[0], slot, column)
    np.minimum.at(sides[1], slot, 1 - column - runs.length)
    lines = _envelopes(sides.ravel(), np.tile(height, 2), token).reshape(sides.shape)
    edge = _grown(lines, first, ends)
    inside = np.floor(_TINY - edge[1]) - np.ceil(edge[0] - _TINY) + 1
    return area / np.add.reduceat(inside, first)


def _grown(
    lines: NDArray[np.float64], first: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Move hulls of the centres of pixels outwards to those of middles of edges.

    At a row that is half a pixel to the side, or to the hull half a row on or back.
    """
    between = (lines[:, 1:] + lines[:, :-1]) / 2
    # not from one object to the next
    between[:, ends[:-1] - 1] = np.inf
    grown = lines - 0.5
    np.minimum(grown[:, :-1], between, out=grown[:, :-1])
    np.minimum(grown[:, 1:], between, out=grown[:, 1:])
    return grown


def _envelopes(
    values: NDArray[np.int64], height: NDArray[np.int64], token: CancelToken | None
) -> NDArray[np.float64]:
    """Return the largest convex line below the values of each object.

    Parameters
    ----------
    values
        One a row, object after object; `_NOWHERE` where an object has no pixel.
    height
        Rows of each object; the first and the last have pixels.
    token
        Looked at between rows.
    """
    first = np.cumsum(height) - height
    order = np.argsort(-height, kind="stable")
    many = height.size - np.searchsorted(
        height[order][::-1], np.arange(height.max()), "right"
    )
    corners = np.zeros(values.size, np.int64)
    size = np.zeros(height.size, np.int64)
    for row, number in enumerate(many.tolist()):
        if token is not None:
            token.raise_if_cancelled()
        there = order[:number]
        _add_row(there, row, first, values, corners, size)
    return _between_corners(values, corners, first, size)


def _add_row(
    there: NDArray[np.intp],
    row: int,
    first: NDArray[np.int64],
    values: NDArray[np.int64],
    corners: NDArray[np.int64],
    size: NDArray[np.int64],
) -> None:
    """Take one row of all objects that have it into their lines."""
    there = there[values[first[there] + row] != _NOWHERE]
    left = there
    while left.size:
        left = left[size[left] > 1]
        start = first[left]
        top = start + size[left]
        b, a = corners[top - 1], corners[top - 2]
        begin, middle, end = values[start + a], values[start + b], values[start + row]
        left = left[(middle - begin) * (row - a) >= (end - begin) * (b - a)]
        size[left] -= 1
    corners[first[there] + size[there]] = row
    size[there] += 1


def _between_corners(
    values: NDArray[np.int64],
    corners: NDArray[np.int64],
    first: NDArray[np.int64],
    size: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return lines from corner to corner at every row."""
    owner = np.repeat(np.arange(first.size), size)
    nth = np.arange(owner.size) - np.repeat(np.cumsum(size) - size, size)
    place = first[owner] + corners[first[owner] + nth]
    return np.asarray(np.interp(np.arange(values.size), place, values[place]))
