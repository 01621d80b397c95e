"""Which ring lies in which: parts and holes from rings without order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Outline


def outline_of_rings(rings: Sequence[np.ndarray]) -> Outline:
    """Sort rings that do not cross into parts and their holes.

    Parameters
    ----------
    rings
        float64, shape (n, 2) each. A ring inside one other is its hole, a ring inside
        two others is a part of its own, and so on.

    Returns
    -------
    Outline
        Parts in the order of their outer rings; holes in their order.
    """
    if len(rings) == 1:
        return ((rings[0],),)
    areas = [abs(_area(ring)) for ring in rings]
    lows = np.array([ring.min(axis=0) for ring in rings])
    highs = np.array([ring.max(axis=0) for ring in rings])
    around: list[list[int]] = []
    for index, ring in enumerate(rings):
        point = _inner_point(ring)
        near = ((lows <= point) & (point <= highs)).all(axis=1)
        around.append(
            [
                other
                for other in np.flatnonzero(near).tolist()
                if other != index
                and (areas[other], -other) > (areas[index], -index)
                and _encloses(rings[other], point)
            ]
        )
    parts: dict[int, list[np.ndarray]] = {
        index: [ring] for index, ring in enumerate(rings) if len(around[index]) % 2 == 0
    }
    for index, ring in enumerate(rings):
        if len(around[index]) % 2:
            outer = [other for other in around[index] if other in parts]
            owner = min(outer, key=areas.__getitem__, default=None)
            if owner is None:
                parts[index] = [ring]
            else:
                parts[owner].append(ring)
    return tuple(tuple(parts[index]) for index in sorted(parts))


def _area(ring: np.ndarray) -> float:
    y, x = (ring - ring[0]).T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _inner_point(ring: np.ndarray) -> np.ndarray:
    """A point inside a ring: on a line between its two upmost levels."""
    levels = np.unique(ring[:, 0])
    if len(levels) < 2:
        return np.asarray(ring[0])
    row = (levels[0] + levels[1]) / 2
    crossings = np.sort(_crossings(ring, row))
    if len(crossings) < 2:
        return np.asarray(ring[0])
    return np.array([row, (crossings[0] + crossings[1]) / 2])


def _crossings(ring: np.ndarray, row: float) -> np.ndarray:
    """Columns where a ring crosses a row."""
    ends = np.roll(ring, -1, axis=0)
    crosses = (ring[:, 0] <= row) != (ends[:, 0] <= row)
    start, end = ring[crosses], ends[crosses]
    share = (row - start[:, 0]) / (end[:, 0] - start[:, 0])
    return np.asarray(start[:, 1] + share * (end[:, 1] - start[:, 1]))


def _encloses(ring: np.ndarray, point: np.ndarray) -> bool:
    crossings = _crossings(ring, float(point[0]))
    return bool((crossings > point[1]).sum() % 2)
