"""Holes and parts in formats of one ring an object: joined by bridges of no width.

A bridge is walked once there and once back, so it encloses nothing; programs that
fill by the even-odd rule draw exactly the same pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Outline


def joined(outline: Outline) -> np.ndarray:
    """Join all rings of an object into one, shape (n, 2)."""
    rings = [ring for part in outline for ring in part]
    if len(rings) == 1:
        return rings[0]
    home = rings[0][:1]
    pieces = [rings[0], home]
    for ring in rings[1:]:
        pieces += [ring, ring[:1], home]
    return np.concatenate(pieces[:-1])


def parted(ring: np.ndarray) -> Outline:
    """Undo `joined`: cut a ring where it comes back to a point, sort out holes.

    Parameters
    ----------
    ring
        float64, shape (n, 2).

    Returns
    -------
    Outline
        The ring itself where it never comes back.
    """
    places = [(y, x) for y, x in ring.tolist()]
    if len(set(places)) == len(places):
        return ((ring,),)
    path: list[tuple[float, float]] = []
    at: dict[tuple[float, float], int] = {}
    loops: list[np.ndarray] = []
    for place in places:
        if place in at:
            loop = path[at[place] :]
            del path[len(path) - len(loop) :]
            for old in loop:
                del at[old]
            loops.append(np.array(loop))
        at[place] = len(path)
        path.append(place)
    loops.append(np.array(path))
    kept = [loop for loop in loops if len(loop) > 2]
    return nested(kept) if kept else ((ring,),)


def nested(rings: Sequence[np.ndarray]) -> Outline:
    """Sort rings that do not cross into parts and their holes.

    A ring inside an odd number of others is a hole of the smallest of them.
    """
    inside = [
        [at for at, other in enumerate(rings) if at != i and _within(ring, other)]
        for i, ring in enumerate(rings)
    ]
    parts = {i: [rings[i]] for i, around in enumerate(inside) if len(around) % 2 == 0}
    for i, around in enumerate(inside):
        if len(around) % 2:
            owner = max(around, key=lambda at: len(inside[at]))
            parts.setdefault(owner, [rings[owner]]).append(rings[i])
    return tuple(tuple(part) for part in parts.values())


def _within(ring: np.ndarray, other: np.ndarray) -> bool:
    """Whether most of a ring lies inside another; rings may touch."""
    if (ring.min(axis=0) < other.min(axis=0)).any():
        return False
    if (ring.max(axis=0) > other.max(axis=0)).any():
        return False
    points = np.concatenate([ring, (ring + np.roll(ring, -1, axis=0)) / 2])
    from_, to = other, np.roll(other, -1, axis=0)
    y, x = points[:, :1], points[:, 1:]
    low = np.minimum(from_[:, 0], to[:, 0])
    high = np.maximum(from_[:, 0], to[:, 0])
    crossed = (low <= y) & (y < high)
    rise = np.where(to[:, 0] == from_[:, 0], 1, to[:, 0] - from_[:, 0])
    meet = from_[:, 1] + (y - from_[:, 0]) / rise * (to[:, 1] - from_[:, 1])
    odd = (crossed & (meet < x)).sum(axis=1) % 2
    return bool(odd.mean() > 0.5)
