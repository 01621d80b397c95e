"""Whole objects: merge, delete, renumber, copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.edit import Edit, writes
from napari_cellsets.editing.lines import labels_along

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from napari_cellsets.editing.objects import ObjectIndex


def merge(objects: ObjectIndex, labels: Sequence[int]) -> Edit:
    """Return the edit that makes one object of several, with the first one's label.

    Parameters
    ----------
    objects
        Of the image.
    labels
        Which; they need not touch.

    Raises
    ------
    EditError
        If there are fewer than two, or one is not there.
    """
    chosen = list(dict.fromkeys(labels))
    if len(chosen) < 2:
        raise EditError("merging takes two objects", advice="Select two or more.")
    kept, *others = chosen
    objects.box(kept)
    image = objects.labels
    return Edit.of(
        f"merge {len(chosen)} objects",
        image,
        [
            writes(image.shape, objects.box(label), objects.mask(label), kept)
            for label in others
        ],
    )


def merge_along(
    objects: ObjectIndex,
    line_yx: NDArray[np.float64],
    seen: NDArray[np.integer] | None = None,
) -> Edit:
    """Return the edit that merges all objects a stroke crosses.

    Parameters
    ----------
    objects
        Of a plane, (y, x), or of a stack.
    line_yx
        Corners of the stroke, (n, 2), pixel centres at integers.
    seen
        The plane over which it was drawn; None for the image of the objects.

    Raises
    ------
    EditError
        If it crosses fewer than two.
    """
    crossed = labels_along(objects.labels if seen is None else seen, line_yx)
    if len(crossed) < 2:
        raise EditError(
            f"the stroke crosses {len(crossed)} objects, merging takes two",
            advice="Draw it from one object into the other.",
        )
    return merge(objects, crossed)


def delete(objects: ObjectIndex, labels: Iterable[int]) -> Edit:
    """Return the edit that makes objects background.

    Raises
    ------
    EditError
        If one is not there, or none is given.
    """
    chosen = list(dict.fromkeys(labels))
    image = objects.labels
    parts = [
        writes(image.shape, objects.box(label), objects.mask(label), 0)
        for label in chosen
    ]
    many = "object" if len(chosen) == 1 else f"{len(chosen):,} objects"
    return Edit.of(f"delete {many}", image, parts)


def by_size(
    objects: ObjectIndex, least_px: int = 0, most_px: int | None = None
) -> list[int]:
    """Return the objects that are smaller than `least_px` or larger than `most_px`."""
    return [
        label
        for label, area in objects.areas().items()
        if area < least_px or (most_px is not None and area > most_px)
    ]


def touching_border(objects: ObjectIndex) -> list[int]:
    """Return the objects with a pixel at the edge of the picture."""
    image = objects.labels
    edges = [image[..., 0, :], image[..., -1, :], image[..., :, 0], image[..., :, -1]]
    present = np.unique(np.concatenate([edge.ravel() for edge in edges]))
    return [int(label) for label in present if label > 0]


def renumber(objects: ObjectIndex) -> Edit:
    """Return the edit after which objects are numbered from 1 on, without gaps.

    Those with the highest numbers move into the gaps, all others keep theirs.

    Raises
    ------
    EditError
        If they are numbered so already.
    """
    image, numbers = objects.labels, sorted(objects)
    gaps = sorted(set(range(1, len(numbers) + 1)).difference(numbers))
    moving = numbers[len(numbers) - len(gaps) :]
    parts = [
        writes(image.shape, objects.box(label), objects.mask(label), number)
        for label, number in zip(moving, gaps, strict=True)
    ]
    return Edit.of("renumber", image, parts)


def copy_object(
    objects: ObjectIndex, source: ObjectIndex, label: int, *, over: bool = False
) -> Edit:
    """Return the edit that adds an object of another label image as a new one.

    Parameters
    ----------
    objects
        Of the image to add it to.
    source
        Of labels of the same size: ground truth, a prediction.
    label
        The object in `source`.
    over
        Whether it takes pixels from objects that are there; one that loses more
        than half of its own is replaced, and leaves no crumbs. Else it takes only
        background.

    Raises
    ------
    EditError
        If the sizes differ, the object is not there, or less than half of it is free.
    """
    image, shape = objects.labels, source.labels.shape
    if shape != image.shape:
        raise EditError(
            f"an object of an image of size {shape} does not fit one of size"
            f" {image.shape}"
        )
    box, mask = source.box(label), source.mask(label)
    there, counts = np.unique(np.asarray(image[box])[mask], return_counts=True)
    pairs = zip(there.tolist(), counts.tolist(), strict=True)
    covered = {n: c for n, c in pairs if n > 0}
    new, parts = objects.next_label(), []
    if over:
        gone = [n for n, c in covered.items() if c > objects.area(n) * _MOST]
        parts = [writes(shape, objects.box(n), objects.mask(n), 0) for n in gone]
    elif sum(covered.values()) > np.count_nonzero(mask) * _MOST:
        most = max(covered, key=lambda n: covered[n])
        raise EditError(
            f"most of its place is taken by object {most}",
            advice="Tick “over others” to put it in the place of that.",
        )
    else:
        mask = mask & (image[box] <= 0)
    return Edit.of("copy object", image, [writes(shape, box, mask, new), *parts])


_MOST = 0.5
"""An object that is covered by more than this share is taken to be the same cell."""


def give_label(objects: ObjectIndex, labels: Iterable[int], new: int) -> Edit:
    """Return the edit that gives all pixels of objects another label.

    In a mask of classes, where a label is a class, this is another class.

    Raises
    ------
    EditError
        If an object is not there, the image's type of pixel cannot hold the label,
        or nothing would change.
    """
    image = objects.labels
    most = int(np.iinfo(image.dtype).max)
    if not 1 <= new <= most:
        raise EditError(f"a label of this image is between 1 and {most:,}, not {new}")
    parts = [
        writes(image.shape, objects.box(label), objects.mask(label), new)
        for label in dict.fromkeys(labels)
    ]
    return Edit.of(f"give label {new}", image, parts)
