"""An object drawn in some planes of a stack, interpolated in those between."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.edit import Edit, writes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.editing.edit import Writes
    from napari_cellsets.editing.objects import ObjectIndex


def interpolate(objects: ObjectIndex, label: int) -> Edit:
    """Return the edit that fills the planes between those where an object is drawn.

    The distance to the outline is interpolated (Raya & Udupa 1990, "Shape-based
    interpolation of multidimensional objects"). Only background is taken.

    Parameters
    ----------
    objects
        Of a stack, (z, y, x).
    label
        Which object.

    Raises
    ------
    EditError
        If the labels are no stack, or no plane is missing between two drawn ones.
    """
    image = objects.labels
    if image.ndim != 3:
        raise EditError("interpolating takes a stack of planes (z, y, x)")
    box = objects.box(label)
    mask = objects.mask(label)
    drawn = np.flatnonzero(mask.any(axis=(1, 2)))
    gaps = [(a, b) for a, b in itertools.pairwise(drawn) if b - a > 1]
    if not gaps:
        raise EditError(
            f"object {label} has no plane missing between two that are drawn",
            advice="Draw it in two planes with some between them.",
        )
    free = np.asarray(image[box] == 0)
    parts: list[Writes] = []
    for first, last in gaps:
        one, other = _signed(mask[first]), _signed(mask[last])
        for plane in range(first + 1, last):
            share = (plane - first) / (last - first)
            between = np.asarray((1 - share) * one + share * other > 0)
            inside = np.zeros_like(mask)
            inside[plane] = between & free[plane]
            parts.append(writes(image.shape, box, inside, label))
    return Edit.of("interpolate planes", image, parts)


def _signed(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the distance to the outline, above 0 inside."""
    from scipy.ndimage import distance_transform_edt

    wide = np.pad(mask, 1)
    signed = np.where(
        wide, distance_transform_edt(wide) - 0.5, 0.5 - distance_transform_edt(~wide)
    )
    return np.asarray(signed[1:-1, 1:-1])
