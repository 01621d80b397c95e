"""How near objects are to circles, for all objects of a plane at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.counting.numbers import Numbers
from napari_cellsets.counting.runs import in_strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken

_STRAIGHT, _SLANTED = 1.0, np.sqrt(2.0)
_LENGTHS = np.zeros(50)
_LENGTHS[[5, 7, 15, 17, 25, 27]] = _STRAIGHT
_LENGTHS[[21, 33]] = _SLANTED
_LENGTHS[[13, 23]] = (_STRAIGHT + _SLANTED) / 2
"""Length of border that a pixel of it stands for, by its neighbours in the border:
1, and 2 for each beside it, and 10 for each at a corner."""


def circularity(
    labels: NDArray[np.integer],
    numbers: NDArray[np.int64],
    area: NDArray[np.int64],
    token: CancelToken | None = None,
) -> NDArray[np.float64]:
    """Return 4 pi area / perimeter^2 of each object, see `perimeters`.

    Parameters
    ----------
    labels
        Integer, shape (y, x).
    numbers, area
        Numbers of the objects, ascending, and their pixels; shape (n,).
    token
        Looked at between strips.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,). About 0.9 for a disc of pixels, less for what is long
        or rugged. The perimeter is an estimate that is too short for objects of few
        pixels: those come out above 1. NaN without a perimeter, as for one pixel.

    Raises
    ------
    CancelledError
        If the token was cancelled.
    """
    around = perimeters(labels, numbers, token)
    found = np.full(around.size, np.nan)
    np.divide(4 * np.pi * area, around**2, out=found, where=around > 0)
    return found


def perimeters(
    labels: NDArray[np.integer],
    numbers: NDArray[np.int64],
    token: CancelToken | None = None,
) -> NDArray[np.float64]:
    """Return the perimeter of each object, px, as ``skimage.measure.perimeter``.

    The line through the middles of the border's pixels, which are those with a side
    on something else; each stands for a length by where its neighbours in the border
    are (Benkrid, Crookes and Benkrid 2000, "Design and FPGA implementation of a
    perimeter estimator").

    Parameters
    ----------
    labels, numbers, token
        As for `circularity`.
    """
    known = Numbers(numbers)

    def measured(rows: slice) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        if token is not None:
            token.raise_if_cancelled()
        found, length = _border(labels, rows)
        return known.index(found), length

    lengths = np.zeros(numbers.size + 1)
    for index, length in in_strips(measured, *labels.shape):
        # what is painted meanwhile is not known: index -1
        lengths += np.bincount(index + 1, weights=length, minlength=lengths.size)
    return lengths[1:]


def _border(
    labels: NDArray[np.integer], rows: slice
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    """Return label and length of each pixel of a border in some rows."""
    height, width = labels.shape
    top, bottom = max(0, rows.start - 2), min(height, rows.stop + 2)
    # two rows and columns more on each side: neighbours, and theirs
    near = np.zeros((rows.stop - rows.start + 4, width + 4), labels.dtype)
    first = top - (rows.start - 2)
    near[first : first + bottom - top, 2:-2] = labels[top:bottom]
    stride = width + 4
    flat = near.reshape(-1)
    middle = flat[stride:-stride]
    border = middle != flat[: -2 * stride]
    border |= middle != flat[2 * stride :]
    border |= middle != flat[stride - 1 : -stride - 1]
    border |= middle != flat[stride + 1 : flat.size - stride + 1]
    border &= middle > 0
    edge = np.zeros_like(flat)
    np.copyto(edge[stride:-stride], middle, where=border)
    inner = edge[2 * stride : -2 * stride]
    at = np.flatnonzero(inner) + 2 * stride
    label = edge[at]
    code = np.ones(at.size, np.uint8)
    for step in (1, stride):
        code += (edge[at - step] == label) * np.uint8(2)
        code += (edge[at + step] == label) * np.uint8(2)
    for step in (stride - 1, stride + 1):
        code += (edge[at - step] == label) * np.uint8(10)
        code += (edge[at + step] == label) * np.uint8(10)
    return label, _LENGTHS[code]
