"""Keep objects apart that would melt together in a binary mask.

A binary mask knows objects only as connected components, so two labels that
touch (also over a corner) would be read back as one. The rule: **where two
labels touch, the larger object gives up its outermost pixel**; of an object in
several pieces the largest piece stays. The count read back is then the count
written. Where the rule would swallow an object whole, it says so instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.errors import ExportError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

_MOST_BY_TABLE = 10_000_000
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def separated(labels: np.ndarray, place: str | Path) -> np.ndarray:
    """Return a mask whose 8-connected components are the labels, one each.

    Parameters
    ----------
    labels
        Integers, shape (y, x); 0 is background.
    place
        The file to be written, for the message.

    Returns
    -------
    ndarray
        bool, shape (y, x).

    Raises
    ------
    ExportError
        If an object would vanish between its neighbours.
    """
    import cv2
    import numpy as np

    ranked, wanted = _by_area(labels)
    mask = (ranked > 0) & ~_to_give_way(ranked)
    count, parts, figures, _ = cv2.connectedComponentsWithStats(
        mask.view(np.uint8), connectivity=8
    )
    if count - 1 > wanted:
        mask = _largest_pieces(parts, figures, ranked, wanted)
    kept = np.count_nonzero(np.bincount(ranked[mask], minlength=1))
    if kept < wanted:
        raise ExportError(
            f"{wanted - kept} of {wanted} touching objects would vanish in a mask",
            path=place,
            advice="Export as 16-bit labels, which keep touching objects apart.",
        )
    return np.asarray(mask)


def _by_area(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Renumber objects 1, 2, ... from the smallest to the largest; and count them."""
    import numpy as np

    flat = labels.ravel()
    if flat.size == 0 or flat.max() > _MOST_BY_TABLE:
        _, flat = np.unique(np.append(0, flat), return_inverse=True)
        flat = flat[1:]
    areas = np.bincount(flat, minlength=1)
    areas[0] = 0
    smallest_first = np.argsort(areas, kind="stable")
    present = smallest_first[areas[smallest_first] > 0]
    rank = np.zeros(areas.size, np.int32)
    rank[present] = np.arange(1, present.size + 1)
    return rank[flat].reshape(labels.shape), present.size


def _to_give_way(ranked: np.ndarray) -> np.ndarray:
    """Pixels that touch a pixel of a smaller object."""
    import numpy as np

    height, width = ranked.shape
    gives = np.zeros(ranked.shape, bool)
    for down, right in _NEIGHBOURS:
        here = (
            slice(0, max(0, height - down)),
            slice(max(0, -right), width - max(0, right)),
        )
        there = (
            slice(down, height),
            slice(max(0, right), width + min(0, right)),
        )
        a, b = ranked[here], ranked[there]
        both = (a > 0) & (b > 0)
        gives[here] |= both & (a > b)
        gives[there] |= both & (b > a)
    return gives


def _largest_pieces(
    parts: np.ndarray, figures: np.ndarray, ranked: np.ndarray, wanted: int
) -> np.ndarray:
    """Mask of the largest piece of each object."""
    import cv2
    import numpy as np

    areas = figures[:, cv2.CC_STAT_AREA]
    owner = np.zeros(areas.size, ranked.dtype)
    owner[parts.ravel()] = ranked.ravel()
    owner[0] = 0
    best = np.zeros(wanted + 1, np.int64)
    order = np.argsort(areas, kind="stable")
    best[owner[order]] = order
    best[0] = 0
    keep = np.zeros(areas.size, bool)
    keep[best] = True
    keep[0] = False
    return np.asarray(keep[parts])
