"""Part touching cells: where the neck is narrow, or where the map has a valley.

By shape, centres are the highest points of the distance to the outline, and the
watershed, which is slow, runs only inside objects that keep two centres or more. By
map, centres are the summits of the model's own answer, for models that have learnt to
answer less at the border of two cells. Many objects are treated at a time.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.counting.canvas import Canvas, Packer
from napari_cellsets.counting.watershed import HOP, Basins, climb, parts_of

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.counting.runs import Runs
    from napari_cellsets.counting.settings import CountSettings

PEAK_REACH = 3
STEPS = 4096
"""Heights of a map from 0 to 1: finer differences say nothing."""


def part_touching(
    labels: np.ndarray,
    heights: np.ndarray,
    runs: Runs,
    group: np.ndarray,
    areas: np.ndarray,
    settings: CountSettings,
    token: CancelToken | None = None,
) -> int:
    """Part the objects with two centres or more, in place.

    Parameters
    ----------
    labels
        int32, shape (y, x), C order: object g is numbered g + 1. Parts get new
        numbers after the last object; their objects' numbers are not used again.
    heights
        The model's map, floating 0..1, shape (y, x).
    runs, group
        The runs of the objects and the object (from 0) of each.
    areas
        Area of each object, px².
    settings
        By what cells are parted, distance of centres, least area of a part.
    token
        Cancels between canvases of some thousand objects.

    Returns
    -------
    int
        The highest number in use.
    """
    boxes = bounding_boxes(runs, group, len(areas))
    sides = boxes[:, 2:] - boxes[:, :2]
    # Two centres lie inside, at least a pixel from either end.
    roomy = np.hypot(sides[:, 0], sides[:, 1]) > settings.split_distance_px + 2
    roomy &= areas >= 2 * max(1, settings.min_area_px)
    last = len(areas)
    chosen = np.flatnonzero(roomy)
    packer = Packer(runs, group, boxes)
    if settings.split_by == "map":
        flat = heights.reshape(-1)
        for canvas in packer.canvases(chosen, 1, token):
            last = _part_by_map(labels, flat, canvas, settings, last)
        return last
    for canvas in packer.canvases(chosen, PEAK_REACH, token):
        several = _with_several_centres(canvas, settings)
        for narrow in packer.canvases(several, 1, token):
            last = _part(labels, narrow, settings, last)
    return last


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


def _with_several_centres(canvas: Canvas, settings: CountSettings) -> np.ndarray:
    """Return the objects that may have to be parted, ascending."""
    import cv2

    squared = _squared_distance(canvas.where)
    highest = cv2.dilate(squared, _square(PEAK_REACH))
    y, x = np.nonzero((squared == highest) & (canvas.where > 0))
    index = canvas.where[y, x] - 1
    some = np.bincount(index, minlength=canvas.objects.size)[index] > 1
    y, x, index = y[some], x[some], index[some]
    here, height = np.stack([y, x], axis=1), squared[y, x]
    kept, mark = _far_apart(here, index, height, settings.split_distance_px)
    _, first = np.unique(mark[kept], return_index=True)
    centre = np.flatnonzero(kept)[first]
    return _with_narrow_neck(
        canvas, squared, here[centre], index[centre], settings.split_neck
    )


def _far_apart(
    points: np.ndarray, index: np.ndarray, height: np.ndarray, distance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Drop points near a higher one; join equal ones that are near each other."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    n = len(points)
    if n == 0:
        return np.zeros(0, np.bool_), np.zeros(0, np.int32)
    pairs = cKDTree(points).query_pairs(distance, output_type="ndarray")
    a, b = pairs[index[pairs[:, 0]] == index[pairs[:, 1]]].T
    kept = np.ones(n, np.bool_)
    kept[a[height[a] < height[b]]] = False
    kept[b[height[b] < height[a]]] = False
    level = (height[a] == height[b]) & kept[a] & kept[b]
    links = coo_array((np.ones(int(level.sum())), (a[level], b[level])), shape=(n, n))
    return kept, connected_components(links, directed=False)[1]


def _with_narrow_neck(
    canvas: Canvas, squared: np.ndarray, yx: np.ndarray, index: np.ndarray, neck: float
) -> np.ndarray:
    """Return objects of several centres; of those with two, if the neck is narrow."""
    import cv2

    size = canvas.objects.size
    number = np.bincount(index, minlength=size)
    lowest = np.full(size, np.inf, np.float32)
    np.minimum.at(lowest, index, squared[tuple(yx.T)])
    level = np.append(np.float32(np.inf), neck * neck * lowest).astype(np.float32)
    level[1:][number != 2] = np.inf
    above = (squared >= level[canvas.where]).view(np.uint8)
    _, islands = cv2.connectedComponents(above, connectivity=8)
    island = islands[tuple(yx.T)]
    least, most = np.full(size, islands.size), np.full(size, -1)
    np.minimum.at(least, index, island)
    np.maximum.at(most, index, island)
    parted = (number > 2) | ((number == 2) & (least != most))
    return np.asarray(canvas.objects[parted])


def _part(
    labels: np.ndarray, canvas: Canvas, settings: CountSettings, last: int
) -> int:
    """Write the parts of the objects of a canvas; return the last number given."""
    hop = min(HOP, int(settings.split_distance_px))
    basins = climb(_squared_distance(canvas.where), canvas.here, hop)

    def narrow(peak: float, neck: float) -> bool:
        return math.sqrt(neck) < settings.split_neck * math.sqrt(peak)

    return _write_parts(
        labels, canvas, basins, parts_of(basins, narrow, settings), last
    )


def _part_by_map(
    labels: np.ndarray,
    flat: np.ndarray,
    canvas: Canvas,
    settings: CountSettings,
    last: int,
) -> int:
    """Write the parts that valleys of the map make; return the last number given."""
    heights = np.zeros(canvas.where.shape, np.int32)
    heights.reshape(-1)[canvas.here] = steps_of(flat[canvas.there])
    basins = climb(heights, canvas.here)
    deep = max(1, round(settings.split_depth * STEPS))
    level = steps_of(np.array([settings.split_level]))[0]

    def valley(peak: float, between: float) -> bool:
        across = level == 1 or peak >= level > between
        return across and peak - between >= deep

    return _write_parts(
        labels, canvas, basins, parts_of(basins, valley, settings), last
    )


def steps_of(probability: np.ndarray) -> np.ndarray:
    """Return whole heights, 1 for a probability of 0 so that it is no ground."""
    heights = np.rint(np.clip(probability, 0, 1) * STEPS)
    return np.asarray(heights.astype(np.int32) + 1)


def _write_parts(
    labels: np.ndarray,
    canvas: Canvas,
    basins: Basins,
    parts: tuple[np.ndarray, int],
    last: int,
) -> int:
    part, count = parts
    flat = labels.reshape(-1)
    flat[canvas.there] = (part + last)[basins.of_pixel.reshape(-1)[canvas.here]]
    return last + count


def _squared_distance(where: np.ndarray) -> np.ndarray:
    """Squared distance to the outline: whole numbers, the same in every run."""
    import cv2

    mask = (where > 0).view(np.uint8)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance *= distance
    return np.asarray(np.rint(distance, out=distance))


@cache
def _square(reach: int) -> np.ndarray:
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
