"""The outline of objects: fill, smooth, grow, shrink, keep what hangs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.edit import Edit, writes
from napari_cellsets.editing.objects import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_cellsets.editing.edit import Writes
    from napari_cellsets.editing.objects import ObjectIndex

    Mask = NDArray[np.bool_]

MOST_PX = 200
"""No outline moves further at once."""


def fill_holes(objects: ObjectIndex, labels: Iterable[int]) -> Edit:
    """Return the edit that fills background enclosed by objects, plane by plane.

    Other objects inside stay.

    Raises
    ------
    EditError
        If an object is not there, or none has a hole.
    """
    from scipy.ndimage import binary_fill_holes

    return _reshaped(objects, labels, "fill holes", 0, binary_fill_holes)


def keep_largest(objects: ObjectIndex, labels: Iterable[int]) -> Edit:
    """Return the edit that leaves of each object its largest part.

    Raises
    ------
    EditError
        If an object is not there, or all hang together.
    """
    from scipy import ndimage

    def largest(mask: Mask) -> Mask:
        pieces, count = ndimage.label(mask, np.ones((3, 3), bool))
        if count < 2:
            return mask
        sizes = np.bincount(pieces.ravel())
        return np.asarray(pieces == sizes[1:].argmax() + 1)

    return _reshaped(objects, labels, "keep largest part", 0, largest)


def grow(objects: ObjectIndex, labels: Iterable[int], by_px: int = 1) -> Edit:
    """Return the edit that grows objects into background by a distance, in pixels.

    Raises
    ------
    EditError
        If an object is not there, `by_px` is out of bounds, or nothing is free.
    """
    from scipy.ndimage import distance_transform_edt

    _check(by_px)
    return _reshaped(
        objects,
        labels,
        f"grow by {by_px} px",
        by_px,
        lambda mask: np.asarray(distance_transform_edt(~mask) <= by_px),
    )


def shrink(objects: ObjectIndex, labels: Iterable[int], by_px: int = 1) -> Edit:
    """Return the edit that takes a rim of a width from objects, in pixels.

    The edge of the picture is no outline: nothing is taken there.

    Raises
    ------
    EditError
        If an object is not there, `by_px` is out of bounds, or one would vanish.
    """
    from scipy.ndimage import distance_transform_edt

    _check(by_px)

    def inner(mask: Mask) -> Mask:
        left = np.asarray(distance_transform_edt(mask) > by_px)
        if not left.any():
            raise EditError(
                f"an object is too narrow to lose {by_px} px all around",
                advice="Shrink by less, or delete it.",
            )
        return left

    return _reshaped(objects, labels, f"shrink by {by_px} px", 1, inner)


def smooth(objects: ObjectIndex, labels: Iterable[int], radius_px: int = 2) -> Edit:
    """Return the edit that rounds outlines: each pixel as most around it are.

    A median over a disc, which keeps size and straight edges.

    Raises
    ------
    EditError
        If an object is not there, the radius is out of bounds, or nothing changes.
    """
    import cv2

    _check(radius_px)
    side = 2 * radius_px + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    kernel = disc.astype(np.float32) / disc.sum()

    def rounded(mask: Mask) -> Mask:
        around = cv2.filter2D(
            mask.astype(np.float32), -1, kernel, borderType=cv2.BORDER_REPLICATE
        )
        return np.asarray(around > 0.5)

    return _reshaped(objects, labels, "smooth", radius_px, rounded)


def snap_to_edge(
    objects: ObjectIndex,
    labels: Iterable[int],
    picture: NDArray[np.generic],
    reach_px: int = 5,
) -> Edit:
    """Return the edit that moves outlines to the strongest edge nearby.

    A watershed of the picture's gradient between what is surely inside and surely
    outside: `reach_px` on both sides of the outline as it is.

    Parameters
    ----------
    objects
        Of a plane, (y, x).
    labels
        Which objects.
    picture
        (y, x) or (y, x, c), any numbers.
    reach_px
        How far an outline may move.

    Raises
    ------
    EditError
        If an object is not there or too narrow, the reach is out of bounds, the
        picture has another size, or nothing changes.
    """
    from scipy import ndimage
    from skimage.segmentation import watershed

    _check(reach_px)
    if picture.shape[:2] != objects.labels.shape:
        raise EditError(
            f"the picture is {picture.shape[:2]}, the labels {objects.labels.shape}"
        )

    parts: list[Writes] = []
    for label in labels:
        box = spread(objects.box(label), reach_px + 2, objects.labels.shape)
        mask = np.asarray(objects.labels[box] == label)
        away = ndimage.distance_transform_edt(~mask)
        deep = ndimage.distance_transform_edt(mask)
        inside = deep > min(reach_px, 0.7 * deep.max())
        markers = np.zeros(mask.shape, np.int32)
        markers[away > reach_px] = 1
        markers[inside] = 2
        if not (markers == 1).any():
            continue
        flooded = watershed(_gradient(picture[box]), markers)
        parts += _changes(objects, label, box, mask, np.asarray(flooded == 2))
    return Edit.of("snap to edge", objects.labels, parts)


def _gradient(picture: NDArray[np.generic]) -> NDArray[np.float64]:
    from scipy import ndimage

    values = np.asarray(picture, np.float64)
    channels = values[..., None] if values.ndim == 2 else values
    steep = [
        ndimage.gaussian_gradient_magnitude(channels[..., channel], 1.0)
        for channel in range(channels.shape[-1])
    ]
    return np.asarray(np.max(steep, axis=0))


def _reshaped(
    objects: ObjectIndex,
    labels: Iterable[int],
    title: str,
    margin: int,
    shape: Callable[[Mask], Mask],
) -> Edit:
    """Return the edit of a function of masks, plane by plane."""
    parts: list[Writes] = []
    for label in labels:
        box = spread(objects.box(label), margin, objects.labels.shape)
        before = np.asarray(objects.labels[box] == label)
        planes = before.reshape(-1, *before.shape[-2:])
        after = np.stack([shape(one) if one.any() else one for one in planes])
        parts += _changes(objects, label, box, before, after.reshape(before.shape))
    return Edit.of(title, objects.labels, parts)


def _changes(
    objects: ObjectIndex,
    label: int,
    box: tuple[slice, ...],
    before: Mask,
    after: Mask,
) -> list[Writes]:
    """Give an object what was background, and back what it leaves."""
    shape = objects.labels.shape
    free = np.asarray(objects.labels[box] == 0)
    return [
        writes(shape, box, after & ~before & free, label),
        writes(shape, box, before & ~after, 0),
    ]


def _check(px: int) -> None:
    if not 1 <= px <= MOST_PX:
        raise EditError(f"{px} px is not between 1 and {MOST_PX}")
