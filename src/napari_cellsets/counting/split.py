"""Part touching cells where the neck between them is narrow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.counting.runs import Runs
    from napari_cellsets.counting.settings import CountSettings

LOOK_AT_CANCEL_EVERY = 64


@dataclass(frozen=True, slots=True)
class Parts:
    """One object that fell into several.

    Parameters
    ----------
    group
        Number of the object, from 0.
    box
        Its place in the plane.
    crop
        int32 of the box: 1..n inside the object, 0 outside.
    first
        Flat index in the plane of the first pixel of each part, in raster order.
    """

    group: int
    box: tuple[slice, slice]
    crop: np.ndarray
    first: np.ndarray


def part_touching(
    labels: np.ndarray,
    runs: Runs,
    group: np.ndarray,
    areas: np.ndarray,
    settings: CountSettings,
    token: CancelToken | None = None,
) -> list[Parts]:
    """Find the objects with two centres or more and part them.

    Parameters
    ----------
    labels
        int32, shape (y, x): object g is numbered g + 1.
    runs, group
        The runs of the objects and the object (from 0) of each.
    areas
        Area of each object, px².
    settings
        Distance of centres, share of the neck, least area of a part.
    token
        Cancels between objects.
    """
    boxes = bounding_boxes(runs, group, len(areas))
    sides = boxes[:, 2:] - boxes[:, :2]
    # Two centres lie inside, at least a pixel from either end.
    roomy = np.hypot(sides[:, 0], sides[:, 1]) > settings.split_distance_px + 2
    roomy &= areas >= 2 * max(1, settings.min_area_px)
    found = []
    for n, g in enumerate(np.flatnonzero(roomy)):
        if token is not None and n % LOOK_AT_CANCEL_EVERY == 0:
            token.raise_if_cancelled()
        top, left, bottom, right = boxes[g].tolist()
        box = (slice(top, bottom), slice(left, right))
        crop = part_one(labels[box] == g + 1, settings)
        if crop is not None:
            found.append(Parts(int(g), box, crop, _firsts(crop, box, labels.shape[1])))
    return found


def part_one(mask: np.ndarray, settings: CountSettings) -> np.ndarray | None:
    """Part one object, or return None where it is one cell.

    Centres are the highest points of the distance to the outline within
    `split_distance_px`. Their watershed basins are joined again, from the widest
    neck on, until every neck is narrow and every part large enough.

    Parameters
    ----------
    mask
        Boolean, shape (y, x): the object alone, in its bounding box.
    settings
        Distance of centres, share of the neck, least area of a part.

    Returns
    -------
    ndarray or None
        int32, 1..n inside the object.
    """
    import cv2

    framed = np.pad(mask.view(np.uint8), 1)
    distance = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    reach = max(1, math.floor(settings.split_distance_px))
    window = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    highest = cv2.dilate(distance, window)
    peaks = (distance == highest) & (framed > 0)
    count, markers = cv2.connectedComponents(peaks.view(np.uint8), connectivity=8)
    if count <= 2:
        return None
    from skimage.segmentation import watershed

    basins = watershed(-distance, markers, mask=framed > 0, connectivity=2)
    joined = _joined_basins(basins, distance, count - 1, settings)
    if joined.max() < 2:
        return None
    return np.ascontiguousarray(joined[basins][1:-1, 1:-1])


def bounding_boxes(runs: Runs, group: np.ndarray, count: int) -> np.ndarray:
    """Return the box of each group of runs.

    Returns
    -------
    ndarray
        int64, shape (count, 4): top, left, bottom, right; the latter two one past
        the last pixel.
    """
    boxes = np.zeros((count, 4), np.int64)
    if count == 0:
        return boxes
    row = runs.row
    column = runs.start - row * runs.stride
    boxes[:, :2] = np.iinfo(np.int64).max
    np.minimum.at(boxes[:, 0], group, row)
    np.minimum.at(boxes[:, 1], group, column)
    np.maximum.at(boxes[:, 2], group, row + 1)
    np.maximum.at(boxes[:, 3], group, column + runs.length)
    return boxes


def _joined_basins(
    basins: np.ndarray, distance: np.ndarray, count: int, settings: CountSettings
) -> np.ndarray:
    """Join basins over wide necks; return the new number of each, in raster order."""
    peak = np.zeros(count + 1)
    np.maximum.at(peak, basins, distance)
    area = np.bincount(basins.ravel(), minlength=count + 1)
    owner = list(range(count + 1))

    def root(k: int) -> int:
        while owner[k] != k:
            owner[k] = owner[owner[k]]
            k = owner[k]
        return k

    for width, a, b in _necks(basins, distance, count):
        one, other = sorted((root(a), root(b)))
        if one == other:
            continue
        narrow = width < settings.split_neck * min(peak[one], peak[other])
        if narrow and min(area[one], area[other]) >= settings.min_area_px:
            continue
        owner[other] = one
        peak[one] = max(peak[one], peak[other])
        area[one] += area[other]
    roots = np.array([root(k) for k in range(count + 1)])
    kept, first = np.unique(roots[basins], return_index=True)
    number = np.zeros(count + 1, np.int32)
    cells = kept > 0
    number[kept[cells][np.argsort(first[cells])]] = np.arange(1, cells.sum() + 1)
    return np.asarray(number[roots])


def _necks(
    basins: np.ndarray, distance: np.ndarray, count: int
) -> list[tuple[float, int, int]]:
    """Half the width of the neck between each two basins that touch, widest first."""
    height, width = basins.shape
    widest: dict[tuple[int, int], float] = {}
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        left, shift = max(0, -right), max(0, right)
        here = (slice(0, height - down), slice(left, width - shift))
        there = (slice(down, height), slice(shift, width - left))
        a, b = basins[here], basins[there]
        seam = (a != b) & (a > 0) & (b > 0)
        if not seam.any():
            continue
        pair = np.sort(np.stack([a[seam], b[seam]]), axis=0)
        neck = np.minimum(distance[here][seam], distance[there][seam])
        keys, where = np.unique(pair[0] * (count + 1) + pair[1], return_inverse=True)
        most = np.zeros(keys.size)
        np.maximum.at(most, where, neck)
        for key, value in zip(keys.tolist(), most.tolist(), strict=True):
            both = divmod(key, count + 1)
            widest[both] = max(value, widest.get(both, 0.0))
    ordered = sorted((-w, a, b) for (a, b), w in widest.items())
    return [(-w, a, b) for w, a, b in ordered]


def _firsts(crop: np.ndarray, box: tuple[slice, slice], width: int) -> np.ndarray:
    values, where = np.unique(crop, return_index=True)
    row, column = np.divmod(where[values > 0], crop.shape[1])
    return np.asarray((row + box[0].start) * width + column + box[1].start)
