"""One object becomes several: along a line, or from seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.edit import Edit, writes
from napari_cellsets.editing.lines import labels_along, line_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.editing.edit import Writes
    from napari_cellsets.editing.objects import ObjectIndex

_FOUR = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


def split_along(objects: ObjectIndex, line_yx: NDArray[np.float64]) -> Edit:
    """Return the edit that cuts every object that a line crosses from side to side.

    Pixels of the line go to the nearest part. The largest part keeps the label.

    Parameters
    ----------
    objects
        Of a plane, (y, x).
    line_yx
        Corners of the line, (n, 2), pixel centres at integers.

    Raises
    ------
    EditError
        If it cuts no object in two.
    """
    image = objects.labels
    line = line_pixels(line_yx, image.shape)
    parts: list[Writes] = []
    new = objects.next_label()
    cut = 0
    for label in labels_along(image, line_yx):
        box, mask = objects.box(label), objects.mask(label)
        pieces, count = _cut(mask, line, box)
        if count < 2:
            continue
        cut += 1
        parts += _given_labels(image.shape, box, pieces, count, new)
        new += count - 1
    if not cut:
        raise EditError(
            "the line cuts no object in two",
            advice="Draw it across an object, from outside to outside.",
        )
    objects.next_label(new - objects.next_label())
    return Edit.of("split" if cut == 1 else f"split {cut} objects", image, parts)


def split_from_seeds(
    objects: ObjectIndex, label: int, seeds_yx: Sequence[tuple[float, float]]
) -> Edit:
    """Return the edit that parts an object by flooding it from seeds.

    The watershed of the distance to the object's outline, one part a seed
    (Beucher & Lantuejoul 1979). Where no seed lies as deep, the nearest one counts:
    a seed near the rim gets its share too. The largest part keeps the label.

    Parameters
    ----------
    objects
        Of a plane, (y, x).
    label
        Which object.
    seeds_yx
        A point in each part, pixel centres at integers.

    Raises
    ------
    EditError
        If fewer than two seeds lie in the object.
    """
    from skimage.segmentation import watershed

    image, box, mask = objects.labels, objects.box(label), objects.mask(label)
    markers = np.zeros(mask.shape, np.int32)
    for y, x in seeds_yx:
        row, column = round(y) - box[0].start, round(x) - box[1].start
        inside = 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]
        if inside and mask[row, column] and not markers[row, column]:
            markers[row, column] = markers.max() + 1
    count = int(markers.max())
    if count < 2:
        raise EditError(
            f"{count} seeds lie in object {label}, splitting takes two",
            advice="Click once in each part.",
        )
    objects.next_label(count - 1)
    pieces = watershed(_basin(mask, markers), markers, mask=mask)
    parts = _given_labels(image.shape, box, pieces, count, objects.next_label())
    return Edit.of(f"split into {count}", image, parts)


def _basin(mask: NDArray[np.bool_], markers: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return what the watershed floods: depth, and on a level floor the distance.

    No place is deeper than the seed nearest to the outline, else the others would run
    over it before it has spread at all. The distance to the next seed is too small to
    matter but among equals.
    """
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    floor = np.minimum(depth, depth[markers > 0].min())
    away = ndimage.distance_transform_edt(markers == 0)
    basin: NDArray[np.float64] = _TIE * away / (1 + away.max()) - floor
    return basin


def _cut(
    mask: NDArray[np.bool_],
    line: tuple[NDArray[np.intp], NDArray[np.intp]],
    box: tuple[slice, ...],
) -> tuple[NDArray[np.int32], int]:
    """Return the parts of a mask on the sides of a line, numbered, and how many."""
    from scipy import ndimage

    y, x = line[0] - box[0].start, line[1] - box[1].start
    inside = (y >= 0) & (y < mask.shape[0]) & (x >= 0) & (x < mask.shape[1])
    y, x = y[inside], x[inside]
    without = mask.copy()
    without[y, x] = False
    _, before = ndimage.label(mask)
    pieces, count = ndimage.label(without, _FOUR)
    if not count:
        return np.asarray(mask, np.int32), 1
    # a line that runs along an outline leaves specks: they belong to the neighbour
    sides = _sides(pieces, count, before)
    nearest = ndimage.distance_transform_edt(
        sides == 0, return_distances=False, return_indices=True
    )
    filled = np.where(mask, sides[tuple(nearest)], 0)
    return np.asarray(filled, np.int32), int(filled.max())


def _sides(pieces: NDArray[np.int32], count: int, before: int) -> NDArray[np.int32]:
    """Drop pieces of a few pixels, but never so many that nothing is left to part."""
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    least = min(_SPECK, int(sizes.max()))
    kept = sizes >= least
    if kept.sum() <= before:
        kept = np.ones(count, bool)
    numbers = np.concatenate([[0], np.where(kept, np.cumsum(kept), 0)])
    return np.asarray(numbers[pieces], np.int32)


_SPECK = 4
_TIE = 1e-6


def _given_labels(
    shape: tuple[int, ...],
    box: tuple[slice, ...],
    pieces: NDArray[np.int32],
    count: int,
    new: int,
) -> list[Writes]:
    """Give every part but the largest a new label."""
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    others = [part for part in range(1, count + 1) if part != sizes.argmax() + 1]
    return [
        writes(shape, box, pieces == part, new + number)
        for number, part in enumerate(others)
    ]
