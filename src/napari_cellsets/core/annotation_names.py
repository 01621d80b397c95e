"""How the annotations of one sample are called, for people and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Annotation

_TITLES: dict[type, str] = {
    LabelImage: "objects",
    ClassMask: "class mask",
    MaskStack: "masks",
    Polygons: "outlines",
    Boxes: "boxes",
    Points: "points",
    ImageClass: "class of the picture",
}


def names_of(annotations: Sequence[Annotation]) -> tuple[str, ...]:
    """Name each annotation of a sample; no two get the same name.

    Parameters
    ----------
    annotations
        All of one sample, in their order.

    Returns
    -------
    tuple of str
        What the row calls an annotation, else its kind (a file says nothing to a
        person); from the second on with a number: ``outlines 2``.
    """
    found: list[str] = []
    for annotation in annotations:
        number, name = 1, _name(annotation)
        free = name
        while free in found:
            number += 1
            free = f"{name} {number}"
        found.append(free)
    return tuple(found)


def _name(annotation: Annotation) -> str:
    source = annotation.source
    told = source and "/" not in source and "." not in source
    if told and not isinstance(annotation, ImageClass):
        return source
    return _TITLES[type(annotation)]
