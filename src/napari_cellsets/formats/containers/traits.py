"""What of an annotation a form cannot hold, although it holds its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import Boxes, Polygons

if TYPE_CHECKING:
    from collections.abc import Callable

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
