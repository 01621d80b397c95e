"""Lines drawn by hand, as pixels."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def line_pixels(
    line_yx: NDArray[np.float64], shape: tuple[int, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pixels of a line, each once, in the order in which it was drawn.

    Diagonal steps are allowed, so that what lies on its two sides touches at
    corners only.

    Parameters
    ----------
    line_yx
        Corners, (n, 2), pixel centres at integers; parts outside are left out.
    shape
        Of the plane, (y, x).

    Raises
    ------
    EditError
        If it has fewer than two corners, or is no list of numbers.
    """
    from skimage.draw import line

    corners = np.asarray(line_yx, np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 2:
        raise EditError("a line has two ends at least", advice="Draw it again.")
    if not np.isfinite(corners).all():
        raise EditError("a corner of the line is no number", advice="Draw it again.")
    reach = 2 * np.array(shape[-2:])
    whole = np.rint(np.clip(corners, -reach, reach)).astype(int)
    parts = [line(*a, *b) for a, b in itertools.pairwise(whole)]
    y = np.concatenate([part[0] for part in parts])
    x = np.concatenate([part[1] for part in parts])
    inside = (y >= 0) & (y < shape[-2]) & (x >= 0) & (x < shape[-1])
    return y[inside], x[inside]


def labels_along(
    labels: NDArray[np.integer], line_yx: NDArray[np.float64]
) -> list[int]:
    """Return the objects of a plane that a line crosses, in the order it meets them."""
    y, x = line_pixels(line_yx, labels.shape)
    met = labels[y, x].tolist()
    return [label for label in dict.fromkeys(met) if label]
