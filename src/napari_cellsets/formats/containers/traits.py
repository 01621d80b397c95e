"""What of an annotation a form cannot hold, although it holds its kind."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import Boxes, ClassMask, LabelImage, Polygons

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_cellsets.core.annotation import Annotation, Outline

HOLES, PARTS = "holes", "objects in several parts"
LINES, TURNED = "open lines", "turned boxes"


def why_not(annotation: Annotation, title: str, *traits: str) -> str:
    """Say what of an annotation a form cannot hold; empty where it can.

    Parameters
    ----------
    annotation
        What is to be written.
    title
        Name of the form, for the sentence.
    traits
        What the form cannot hold: of `HOLES`, `PARTS`, `LINES` and `TURNED`.
    """
    found = [trait for trait in traits if _TRAITS[trait](annotation)]
    return f"{title} cannot hold {found[0]}" if found else ""


def why_not_pixels(
    annotation: Annotation, holder: str, most: float = math.inf, ends: str = ""
) -> str:
    """Say why the numbers of a mask do not fit a picture; empty where they do.

    Parameters
    ----------
    annotation
        What is to be written; none but labels and classes are looked at.
    holder
        What the picture is.
    most, ends
        Its largest number, and how that is told.
    """
    if isinstance(annotation, LabelImage):
        values, said = annotation.labels, "the labels are a stack"
    elif isinstance(annotation, ClassMask):
        values, said = annotation.classes, "the mask is a stack"
    else:
        return ""
    if values.ndim != 2:
        return f"{holder} holds one plane, and {said}"
    largest = int(values.max()) if values.size else 0
    return f"{ends}, and {largest:,} is there" if largest > most else ""


def one_alone(annotations: Sequence[Annotation]) -> str:
    """Say why one mask a picture cannot hold several annotations; empty for one."""
    several = len(annotations)
    if several < 2:
        return ""
    return f"{several} annotations cannot share the mask of one picture"


def _has_lines(annotation: Annotation) -> bool:
    is_open = annotation.open if isinstance(annotation, Polygons) else None
    return is_open is not None and bool(is_open.any())


def _has_turned(annotation: Annotation) -> bool:
    angles = annotation.angles if isinstance(annotation, Boxes) else None
    return angles is not None and bool((angles % 360).any())


def _any_outline(annotation: Annotation, trait: Callable[[Outline], bool]) -> bool:
    outlines = annotation.outlines if isinstance(annotation, Polygons) else ()
    return any(map(trait, outlines))


_TRAITS: dict[str, Callable[[Annotation], bool]] = {
    HOLES: lambda a: _any_outline(a, lambda o: any(len(part) > 1 for part in o)),
    PARTS: lambda a: _any_outline(a, lambda o: len(o) > 1),
    LINES: _has_lines,
    TURNED: _has_turned,
}
