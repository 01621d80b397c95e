"""One kind of annotation into another: what is exact, and what is the nearest.

Every function takes the annotation and the size of the picture, and raises `Lost`
where something would be lost, unless `lossy` is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.formats.containers.outlines import (
    cut_mask_of_outline,
    follows_pixels,
    polygons_of_mask,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_cellsets.core.annotation import Annotation, Outline

Size = tuple[int, int]
_Objects = TypeVar("_Objects", MaskStack, Polygons, Boxes)

NO_CLASS = -1
"""Class id of an object of which the data set tells no class while others have one."""


class Lost(ValueError):
    """A conversion would lose something; the text says what."""


def stack_of_labels(found: LabelImage) -> MaskStack:
    """Give each label of a plane a mask of its own.

    Returns
    -------
    MaskStack
        Objects by rising label, which is kept as the property ``label``.

    Raises
    ------
    Lost
        If the labels are a stack of planes.
    """
    from scipy import ndimage

    if found.labels.ndim != 2:
        raise Lost("the labels are a stack of planes, and this holds one plane")
    values, dense = _dense(found.labels)
    slices = ndimage.find_objects(dense)
    masks = [dense[cut] == i for i, cut in enumerate(slices, 1)]
    corners = [(cut[0].start, cut[1].start) for cut in slices]
    classes = None
    if found.class_of:
        classes = np.array([found.class_of.get(v, NO_CLASS) for v in values], np.int64)
    return MaskStack(
        masks,
        np.array(corners, np.int64).reshape(-1, 2),
        (found.labels.shape[0], found.labels.shape[1]),
        found.source,
        found.class_names,
        classes,
        found.class_colours,
        {"label": values} if values else {},
    )


def labels_of_stack(found: MaskStack, *, lossy: bool = False) -> LabelImage:
    """Draw masks into one label image.

    Labels are those of the property ``label``, where there is one, else 1, 2, ...
    With `lossy`, later objects lie over earlier ones.

    Raises
    ------
    Lost
        If two masks overlap, or one has no pixel.
    """
    labels = np.zeros(found.shape, np.int32)
    numbers = _labels(found)
    for number, mask, (row, column) in zip(
        numbers, found.masks, found.corners.tolist(), strict=True
    ):
        if not lossy and not mask.any():
            raise Lost("a label image cannot hold an object without pixels")
        window = labels[row : row + mask.shape[0], column : column + mask.shape[1]]
        if not lossy and (window[mask] != 0).any():
            raise Lost("a label image cannot hold overlapping objects")
        window[mask] = number
    class_of: dict[int, int] = {}
    if found.class_ids is not None:
        class_of = dict(zip(numbers, found.class_ids.tolist(), strict=True))
    return LabelImage(
        labels, found.source, found.class_names, class_of, found.class_colours
    )


def polygons_of_stack(found: MaskStack) -> Polygons:
    """Trace every mask; exact."""
    outlines = [
        polygons_of_mask(mask, (row, column))
        for mask, (row, column) in zip(found.masks, found.corners.tolist(), strict=True)
    ]
    return Polygons(outlines, **_rest(found))


def stack_of_polygons(found: Polygons, size: Size, *, lossy: bool = False) -> MaskStack:
    """Fill every outline.

    Raises
    ------
    Lost
        If an outline runs through pixels, leaves the picture, or is an open line
        (open lines are refused even with `lossy`, as they enclose nothing).
    """
    if found.open is not None and found.open.any():
        raise Lost("an open line encloses nothing, so it has no mask")
    masks, corners = [], []
    for outline in found.outlines:
        if not lossy and not follows_pixels(outline):
            raise Lost("a mask holds whole pixels, but an outline runs through pixels")
        if not lossy and not _within(outline, size):
            raise Lost("a mask ends with the picture, but an outline leaves it")
        mask, corner = cut_mask_of_outline(outline, size)
        masks.append(mask)
        corners.append(corner)
    places = np.array(corners, np.int64).reshape(-1, 2)
    return MaskStack(masks, places, size, **_rest(found))


def closed_only(found: Polygons) -> Polygons:
    """Leave out open lines."""
    if found.open is None or not found.open.any():
        return found
    kept = np.flatnonzero(~found.open).tolist()
    return Polygons([found.outlines[i] for i in kept], **_rest(found, kept))


def polygons_of_boxes(found: Boxes) -> Polygons:
    """Give each box its four corners; exact, also for turned boxes."""
    outlines = [((ring,),) for ring in corners_of_boxes(found)]
    return Polygons(outlines, **_rest(found))


def corners_of_boxes(found: Boxes) -> np.ndarray:
    """Corners of boxes, clockwise from the upper left of the upright box.

    Returns
    -------
    ndarray
        float64, shape (n, 4, 2): rows and columns.
    """
    top, left, low, right = found.yxyx.T
    corners = np.stack(
        [
            np.stack([top, left], axis=1),
            np.stack([top, right], axis=1),
            np.stack([low, right], axis=1),
            np.stack([low, left], axis=1),
        ],
        axis=1,
    )
    if found.angles is None:
        return corners
    turn = np.deg2rad(found.angles)[:, None]
    middle = corners.mean(axis=1, keepdims=True)
    y, x = np.moveaxis(corners - middle, 2, 0)
    turned = np.stack(
        [
            y * np.cos(turn) + x * np.sin(turn),
            x * np.cos(turn) - y * np.sin(turn),
        ],
        axis=2,
    )
    upright = (found.angles == 0)[:, None, None]
    return np.where(upright, corners, turned + middle)


def boxes_of(found: MaskStack | Polygons | Boxes) -> Boxes:
    """Upright boxes around objects; what has no pixels or points is left out."""
    if isinstance(found, Boxes):
        rings = corners_of_boxes(found)
        edges = np.concatenate([rings.min(axis=1), rings.max(axis=1)], axis=1)
        return Boxes(edges.reshape(-1, 4), **_rest(found))
    if isinstance(found, MaskStack):
        ends = [mask.shape for mask in found.masks]
        starts = found.corners.reshape(-1, 2) - 0.5
        edges = np.concatenate([starts, starts + np.array(ends).reshape(-1, 2)], axis=1)
        kept = [i for i, mask in enumerate(found.masks) if mask.size]
        return Boxes(edges[kept].reshape(-1, 4), **_rest(found, kept))
    kept = [i for i, outline in enumerate(found.outlines) if outline]
    boxes = [_bounds(found.outlines[i]) for i in kept]
    edges = np.array(boxes, np.float64).reshape(-1, 4)
    return Boxes(edges, **_rest(found, kept))


def points_of(found: MaskStack | Polygons | Boxes) -> Points:
    """Middles of objects: of the pixels of a mask, else of the box."""
    if isinstance(found, MaskStack):
        kept = [i for i, mask in enumerate(found.masks) if mask.any()]
        middles = [
            np.argwhere(found.masks[i]).mean(axis=0) + found.corners[i] for i in kept
        ]
        places = np.array(middles, np.float64).reshape(-1, 2)
        return Points(places, **_rest(found, kept))
    boxes = boxes_of(found)
    middle = (boxes.yxyx[:, :2] + boxes.yxyx[:, 2:]) / 2
    return Points(middle, **_rest(boxes))


def labels_of_classes(found: ClassMask) -> LabelImage:
    """Make every connected region (8 neighbours) of one class an object.

    The class mask can be drawn again from them, so nothing is lost.
    """
    from scipy import ndimage

    labels = np.zeros(found.classes.shape, np.int32)
    near = np.ones((3,) * labels.ndim)
    if labels.ndim == 3:
        near[[0, 2]] = 0  # planes are looked at one by one
    class_of: dict[int, int] = {}
    for value in np.unique(found.classes).tolist():
        if value:
            regions, count = ndimage.label(found.classes == value, near)
            first = len(class_of)
            labels[regions > 0] = regions[regions > 0] + first
            class_of.update(dict.fromkeys(range(first + 1, first + count + 1), value))
    return LabelImage(
        labels, found.source, found.class_names, class_of, found.class_colours
    )


def classes_of_labels(found: LabelImage) -> ClassMask:
    """Keep the class of each pixel only; objects without class become class 1."""
    values, dense = _dense(found.labels)
    table = [0, *(found.class_of.get(value, 1) for value in values)]
    classes = np.array(table, np.int32)[dense]
    return ClassMask(classes, found.source, found.class_names, found.class_colours)


def _dense(labels: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Labels that are there, and the image with them numbered 1, 2, ..."""
    largest = int(labels.max()) if labels.size else 0
    if largest <= labels.size + 65_536 and (not labels.size or labels.min() >= 0):
        there = np.zeros(largest + 1, bool)
        there[labels] = True
        there[0] = False
        lookup = np.cumsum(there, dtype=np.int32) * there
        return np.flatnonzero(there).tolist(), lookup[labels]
    values, dense = np.unique(labels, return_inverse=True)
    dense = dense.reshape(labels.shape)
    if values[0] != 0:
        dense = dense + 1
    return [value for value in values.tolist() if value], dense


def _labels(found: MaskStack) -> Sequence[int]:
    count = len(found.masks)
    own = found.properties.get("label", ())
    usable = len(own) == len(set(own)) == count and all(
        isinstance(value, int | np.integer) and 0 < value < 2**31 for value in own
    )
    return [int(value) for value in own] if usable else range(1, count + 1)


def _rest(
    found: MaskStack | Polygons | Boxes, kept: Sequence[int] | None = None
) -> dict[str, Any]:
    """What is the same for every kind, for all objects or some."""
    classes, properties = found.class_ids, found.properties
    if kept is not None:
        classes = None if classes is None else classes[list(kept)]
        properties = {k: [v[i] for i in kept] for k, v in properties.items()}
    return {
        "source": found.source,
        "class_names": found.class_names,
        "class_ids": classes,
        "class_colours": found.class_colours,
        "properties": properties,
    }


def _bounds(outline: Outline) -> np.ndarray:
    points = np.concatenate([part[0] for part in outline])
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _within(outline: Outline, size: Size) -> bool:
    return all(
        ring.min() >= -0.5 and (ring.max(axis=0) <= np.array(size) - 0.5).all()
        for part in outline
        for ring in part[:1]
    )


def _stack(found: Annotation, size: Size, *, lossy: bool) -> MaskStack:
    if isinstance(found, MaskStack):
        return found
    if isinstance(found, LabelImage):
        return stack_of_labels(found)
    if isinstance(found, ClassMask):
        return stack_of_labels(labels_of_classes(found))
    if isinstance(found, Boxes):
        if not lossy:
            raise Lost("a box says nothing of the outline, so it is no mask")
        found = polygons_of_boxes(found)
    if not isinstance(found, Polygons):
        raise Lost("these have no extent")
    return stack_of_polygons(found, size, lossy=lossy)


def to_stack(found: Annotation, size: Size, *, lossy: bool) -> Annotation:
    """Convert to masks that may overlap."""
    return _stack(found, size, lossy=lossy)


def to_labels(found: Annotation, size: Size, *, lossy: bool) -> Annotation:
    """Convert to one label image."""
    if isinstance(found, ClassMask):
        return labels_of_classes(found)
    return labels_of_stack(_stack(found, size, lossy=lossy), lossy=lossy)


def to_polygons(found: Annotation, size: Size, *, lossy: bool) -> Annotation:
    """Convert to outlines."""
    if isinstance(found, Boxes):
        return polygons_of_boxes(found)
    return polygons_of_stack(_stack(found, size, lossy=lossy))


def to_boxes(found: Annotation, size: Size, *, lossy: bool) -> Annotation:
    """Convert to upright boxes."""
    turned = (
        isinstance(found, Boxes) and found.angles is not None and found.angles.any()
    )
    if not lossy and (turned or not isinstance(found, Boxes)):
        raise Lost(
            "it holds upright boxes only"
            if turned
            else "a box keeps nothing of an outline but its ends"
        )
    return boxes_of(
        found
        if isinstance(found, Boxes | Polygons)
        else _stack(found, size, lossy=lossy)
    )


def to_points(found: Annotation, size: Size, *, lossy: bool) -> Annotation:
    """Convert to middles."""
    if not lossy:
        raise Lost("a point keeps nothing of an object but its middle")
    if not isinstance(found, Boxes | Polygons):
        found = _stack(found, size, lossy=lossy)
    return points_of(found)


def to_classes(found: Annotation, size: Size, *, lossy: bool) -> Annotation:
    """Convert to the class of each pixel."""
    if not lossy:
        raise Lost("a class mask does not tell objects of a class apart")
    if not isinstance(found, LabelImage):
        found = labels_of_stack(_stack(found, size, lossy=True), lossy=True)
    return classes_of_labels(found)


CONVERTERS: Mapping[type, Callable[..., Annotation]] = {
    LabelImage: to_labels,
    MaskStack: to_stack,
    Polygons: to_polygons,
    ClassMask: to_classes,
    Boxes: to_boxes,
    Points: to_points,
}
"""How to make each kind from others: ``(annotation, size, lossy=...)``."""
