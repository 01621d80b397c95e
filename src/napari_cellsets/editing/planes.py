"""Objects in several planes of a stack: drawn in those between, cut in all."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.edit import Edit, writes
from napari_cellsets.editing.objects import ObjectIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from napari_cellsets.editing.edit import Writes


def interpolate(objects: ObjectIndex, labels: Sequence[int]) -> Edit:
    """Return the edit that fills the planes between those where an object is drawn.

    The distance to the outline is interpolated (Raya & Udupa 1990, "Shape-based
    interpolation of multidimensional objects"). Only background is taken.

    Parameters
    ----------
    objects
        Of a stack, (z, y, x).
    labels
        Which object; where there are several they become one with the first label.

    Raises
    ------
    EditError
        If the labels are no stack, or no plane is missing between two drawn ones.
    """
    image, label = objects.labels, labels[0]
    if image.ndim != 3:
        raise EditError("interpolating takes a stack of planes (z, y, x)")
    box = _around([objects.box(one) for one in labels])
    mask = np.isin(image[box], labels)
    drawn = np.flatnonzero(mask.any(axis=(1, 2)))
    gaps = [(a, b) for a, b in itertools.pairwise(drawn) if b - a > 1]
    if not gaps:
        raise EditError(
            f"object {label} has no plane missing between two that are drawn",
            advice="Draw it in two planes with some between them.",
        )
    free = np.asarray(image[box] == 0)
    parts: list[Writes] = [writes(image.shape, box, mask, label)]
    for first, last in gaps:
        one, other = _signed(mask[first]), _signed(mask[last])
        for plane in range(first + 1, last):
            share = (plane - first) / (last - first)
            between = np.asarray((1 - share) * one + share * other > 0)
            inside = np.zeros_like(mask)
            inside[plane] = between & free[plane]
            parts.append(writes(image.shape, box, inside, label))
    return Edit.of("interpolate planes", image, parts)


def through(
    objects: ObjectIndex, labels: Iterable[int], act: Callable[[ObjectIndex], Edit]
) -> Edit:
    """Return the edit that parts objects in all planes, as they are seen from above.

    Parameters
    ----------
    objects
        Of a stack, (z, y, x).
    labels
        Which.
    act
        Returns the edit of a plane, (y, x), with one object in it.

    Raises
    ------
    EditError
        If an object is not there, or `act` refuses all of them.
    """
    image, taken = objects.labels, objects.highest
    parts: list[Writes] = []
    titles: list[str] = []
    refused: list[EditError] = []
    for label in labels:
        box, mask = objects.box(label), objects.mask(label)
        above = np.zeros(image.shape[-2:], image.dtype)
        above[box[-2:]][mask.any(axis=tuple(range(mask.ndim - 2)))] = label
        try:
            edit = act(ObjectIndex(above, taken))
        except EditError as error:
            refused.append(error)
            continue
        edit.apply(above)
        titles.append(edit.title)
        for new in np.unique(edit.after).tolist():
            taken = max(taken, new)
            parts.append(writes(image.shape, box, mask & (above[box[-2:]] == new), new))
    if refused and not parts:
        raise refused[0]
    title = titles[0] if len(titles) == 1 else f"split {len(titles)} objects"
    return Edit.of(title, image, parts)


def plane_by_plane(
    objects: ObjectIndex,
    labels: Sequence[int],
    act: Callable[[ObjectIndex, list[int], tuple[int, ...]], Edit],
) -> Edit:
    """Return the edit of a stack that does something in each plane alone.

    Parameters
    ----------
    objects
        Of a stack, (z, y, x).
    labels
        Which objects.
    act
        Returns the edit of a plane, of those that are there, and of which plane.

    Raises
    ------
    EditError
        If an object is not there, or `act` refuses in all planes.
    """
    image, title = objects.labels, ""
    parts: list[Writes] = []
    refused: list[EditError] = []
    before = _around([objects.box(label) for label in labels])[:-2]
    for at in itertools.product(*(range(side.start, side.stop) for side in before)):
        flat = ObjectIndex(image[at])
        there = [label for label in labels if label in flat]
        try:
            edit = act(flat, there, at)
        except EditError as error:
            refused.append(error)
            continue
        title = edit.title
        lifted = edit.lifted(at, image.shape)
        parts.append((lifted.places, lifted.after))
    if refused and not parts:
        raise refused[0]
    return Edit.of(title, image, parts)


def _around(boxes: Sequence[tuple[slice, ...]]) -> tuple[slice, ...]:
    """Return the smallest box around boxes."""
    return tuple(
        slice(min(side.start for side in sides), max(side.stop for side in sides))
        for sides in zip(*boxes, strict=True)
    )


def _signed(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the distance to the outline, above 0 inside."""
    from scipy.ndimage import distance_transform_edt

    wide = np.pad(mask, 1)
    signed = np.where(
        wide, distance_transform_edt(wide) - 0.5, 0.5 - distance_transform_edt(~wide)
    )
    return np.asarray(signed[1:-1, 1:-1])
