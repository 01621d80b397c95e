"""Counting inside drawn regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.measure import measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Region:
    """A named polygon.

    Parameters
    ----------
    name
        What the person calls it.
    polygon_yx
        Corners, shape (n, 2): row and column in px, pixel centres at integers. The
        vertices of a napari shape in data coordinates (its last two axes).
    """

    name: str
    polygon_yx: np.ndarray

    def __post_init__(self) -> None:
        shape = np.shape(self.polygon_yx)
        if len(shape) != 2 or shape[0] < 3 or shape[1] != 2:
            raise CellsetsError(
                f"the region {self.name!r} should be a polygon of three corners (y, x)"
                f" or more, found {shape}",
                advice="Draw it again as a polygon, rectangle or ellipse.",
            )

    def contains(self, points_yx: np.ndarray) -> np.ndarray:
        """Tell which points lie inside, by the even-odd rule.

        Parameters
        ----------
        points_yx
            Shape (n, 2), in px.

        Returns
        -------
        ndarray
            bool, shape (n,). A point on the outline belongs to the side that its
            coordinates round to; neighbouring regions never share it.
        """
        y, x = np.asarray(points_yx, np.float64).reshape(-1, 2).T
        corners = np.asarray(self.polygon_yx, np.float64)
        inside = np.zeros(y.size, np.bool_)
        for (y0, x0), (y1, x1) in zip(corners, np.roll(corners, -1, 0), strict=True):
            if y0 == y1:
                continue
            crosses = (y0 <= y) != (y1 <= y)
            at = x0 + (y - y0) * ((x1 - x0) / (y1 - y0))
            inside ^= crosses & (x < at)
        return inside


def count_in_regions(labels: np.ndarray, regions: Sequence[Region]) -> dict[str, int]:
    """Count the objects of each region.

    An object belongs to the regions that hold its **centroid**, so that touching
    regions never count it twice, and one that straddles an outline is in or out.

    Parameters
    ----------
    labels
        Integer, shape (y, x) or (z, y, x); in a stack a region holds every plane.
    regions
        Polygons; two of one name are counted together, each object once.

    Returns
    -------
    dict
        Number of objects by name of region, in the order given.
    """
    table = measure(labels)
    inside = centroids_inside(table.columns, regions)
    return {name: int(found.sum()) for name, found in inside.items()}


def centroids_inside(
    columns: Mapping[str, np.ndarray], regions: Sequence[Region]
) -> dict[str, np.ndarray]:
    """Tell for each name of a region which rows of a table have their centroid in it.

    Parameters
    ----------
    columns
        Of an `ObjectTable`.
    regions
        Polygons.

    Returns
    -------
    dict
        Boolean array, one entry a row, by name.
    """
    points = np.stack([columns["centroid_y"], columns["centroid_x"]], axis=1)
    inside: dict[str, np.ndarray] = {}
    for region in regions:
        found = region.contains(points)
        inside[region.name] = inside.get(region.name, False) | found
    return inside


def window_of(
    regions: Sequence[Region], shape: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return the rows and columns that all regions lie in, None where outside.

    Parameters
    ----------
    regions
        At least one polygon.
    shape
        Height and width of the picture in px.
    """
    corners = np.concatenate([np.asarray(r.polygon_yx, np.float64) for r in regions])
    low = np.floor(corners.min(axis=0)).astype(int)
    high = np.ceil(corners.max(axis=0)).astype(int) + 1
    top, left = (max(0, int(n)) for n in low)
    bottom, right = (min(int(n), s) for n, s in zip(high, shape, strict=True))
    return None if top >= bottom or left >= right else ((top, bottom), (left, right))
