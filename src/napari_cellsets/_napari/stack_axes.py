"""Stacks of overlapping objects as layers: which they are, and their own planes.

Over a picture that is a stack itself the planes of overlap have an axis of their own
before those of the picture. They look the same at every plane of the picture: one
array, seen through further axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets._napari.drawn import PLANE_AXIS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Labels
    from numpy.typing import NDArray

    Box = tuple[slice, ...]


def is_stack(layer: Labels) -> bool:
    """Whether the first axis of a layer lays overlapping objects apart."""
    if layer.ndim < 3 or layer.axis_labels[0] != PLANE_AXIS:
        return False
    data = layer.data
    return isinstance(data, np.ndarray) and not any(data.strides[1:-2])


def laid(labels: NDArray[Any], around: Sequence[int]) -> NDArray[Any]:
    """Return planes of overlap as seen at every plane of a picture.

    Parameters
    ----------
    labels
        (plane, y, x), or anything where `around` is empty.
    around
        Length of each axis that pictures have before (y, x).

    Returns
    -------
    numpy.ndarray
        With these axes after the first: the same memory, written through.
    """
    if not around:
        return labels
    first, *last = labels.strides
    return np.lib.stride_tricks.as_strided(
        labels,
        (len(labels), *around, *labels.shape[1:]),
        (first, *(0,) * len(around), *last),
        writeable=labels.flags.writeable,
    )


def flat(data: NDArray[Any], ndim: int) -> NDArray[Any]:
    """Return what `laid` was made of, `ndim` axes; no copy."""
    where: tuple[Any, ...] = (slice(None), *(0,) * (data.ndim - ndim))
    seen: NDArray[Any] = data[where]
    return seen


def flat_box(box: Box, ndim: int) -> Box:
    """Return a box of a layer as one of what `laid` was made of."""
    return (box[0], *box[1 + len(box) - ndim :]) if len(box) > ndim else box
