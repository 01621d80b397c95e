"""Holes and parts in formats of one ring an object: joined by bridges of no width.

A bridge is walked once there and once back, so it encloses nothing; programs that
fill by the even-odd rule draw exactly the same pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.formats.containers.nesting import outline_of_rings

if TYPE_CHECKING:
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
    return outline_of_rings(kept) if kept else ((ring,),)
