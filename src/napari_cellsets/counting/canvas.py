"""Objects packed side by side, so that one call treats thousands of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.counting.runs import Runs

CANVAS_PIXELS = 2**21


@dataclass(frozen=True, slots=True)
class Canvas:
    """Some objects on an empty ground, each in its own place.

    Parameters
    ----------
    objects
        Their numbers in the plane, ascending, shape (k,).
    where
        int32, shape (y, x): index into `objects` plus one, 0 on the ground.
    here, there
        Flat index of each of their pixels in the canvas and in the plane. Pixels of
        one object follow each other in raster order.
    offset
        int64, shape (k, 2): what to add to (y, x) of the canvas to be in the plane.
    """

    objects: np.ndarray
    where: np.ndarray
    here: np.ndarray
    there: np.ndarray
    offset: np.ndarray


class Packer:
    """The objects of a plane, ready to be packed.

    Parameters
    ----------
    runs, group
        The runs of all objects and the object (from 0) of each.
    boxes
        int64, shape (n, 4): top, left, bottom, right of every object.
    """

    def __init__(self, runs: Runs, group: np.ndarray, boxes: np.ndarray) -> None:
        by_object = np.argsort(group, kind="stable")
        self._runs = runs.chosen(by_object)
        self._boxes = boxes
        self._bounds = np.searchsorted(group[by_object], np.arange(len(boxes) + 1))

    def canvases(
        self, chosen: np.ndarray, gap: int, token: CancelToken | None = None
    ) -> Iterator[Canvas]:
        """Pack objects onto canvases of about two million pixels.

        Parameters
        ----------
        chosen
            Which objects, ascending.
        gap
            Least number of empty pixels between two objects and around them.
        token
            Cancels between canvases.
        """
        sides = self._boxes[chosen, 2:] - self._boxes[chosen, :2] + gap
        batch = np.cumsum(sides[:, 0] * sides[:, 1]) // CANVAS_PIXELS
        cuts = np.flatnonzero(np.diff(batch)) + 1
        for part in np.split(np.arange(chosen.size), cuts):
            if token is not None:
                token.raise_if_cancelled()
            if not part.size:
                continue
            objects = chosen[part]
            corners, shape = _shelves(sides[part], gap)
            first = self._bounds[objects]
            count = self._bounds[objects + 1] - first
            runs = self._runs.chosen(_ranges(first, count))
            yield _painted(runs, objects, count, self._boxes, corners, shape)


def _painted(
    runs: Runs,
    objects: np.ndarray,
    count: np.ndarray,
    boxes: np.ndarray,
    corners: np.ndarray,
    shape: tuple[int, int],
) -> Canvas:
    """Draw the runs, which come object by object, at the corners of their places."""
    local = np.repeat(np.arange(objects.size), count)
    offset = boxes[objects, :2] - corners
    row = runs.row
    there = runs.start - row
    y = row - offset[local, 0]
    x = runs.start - row * runs.stride - offset[local, 1]
    length = runs.length
    here_pixels = _ranges(y * shape[1] + x, length)
    where = np.zeros(shape, np.int32)
    where.reshape(-1)[here_pixels] = np.repeat(local.astype(np.int32) + 1, length)
    return Canvas(objects, where, here_pixels, _ranges(there, length), offset)


def _shelves(sides: np.ndarray, gap: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Place boxes on shelves, the tallest first."""
    area = int((sides[:, 0] * sides[:, 1]).sum())
    width = max(int(np.sqrt(area) * 1.05), int(sides[:, 1].max())) + gap
    corners = np.zeros((len(sides), 2), np.int64)
    x, y, shelf = gap, gap, 0
    order = np.argsort(-sides[:, 0], kind="stable")
    for k, (high, wide) in zip(order.tolist(), sides[order].tolist(), strict=True):
        if x + wide > width:
            x, y, shelf = gap, y + shelf, 0
        corners[k] = y, x
        x += wide
        shelf = max(shelf, high)
    return corners, (y + shelf, width)


def _ranges(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Join the ranges that begin at `first` and have `count` members."""
    joined = np.repeat(first - (np.cumsum(count) - count), count)
    joined += np.arange(joined.size)
    return joined
