"""Annotations of files that count pixels otherwise than their format does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import Boxes, Points, Polygons

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Annotation


def shifted(annotation: Annotation, by: float) -> Annotation:
    """Move positions down and to the right; masks stay where they are.

    Parameters
    ----------
    annotation
        As its format reads it.
    by
        Pixels.
    """
    if not by:
        return annotation
    if isinstance(annotation, Polygons):
        outlines = [
            tuple(tuple(ring + by for ring in part) for part in outline)
            for outline in annotation.outlines
        ]
        return replace(annotation, outlines=outlines)
    if isinstance(annotation, Points):
        return replace(annotation, yx=annotation.yx + by)
    if isinstance(annotation, Boxes):
        return replace(annotation, yxyx=annotation.yxyx + by)
    return annotation
