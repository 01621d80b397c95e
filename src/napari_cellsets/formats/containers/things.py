"""Objects one by one, as writers want them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers.convert import NO_CLASS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Form, Marked

OPEN, OUTLINE, MASK, BOX, POINT = "open", "outline", "mask", "box", "point"


@dataclass(frozen=True, slots=True)
class Thing:
    """One object to be written.

    Parameters
    ----------
    kind
        `OUTLINE`, `OPEN` (a line), `MASK`, `BOX` or `POINT`.
    shape
        The outline; the ring of a line; mask and corner; edges and angle; position.
    label, class_id
        Its class; an empty name where it has none.
    properties
        What else is known of it: plain numbers, texts, lists; nothing that is None.
    """

    kind: str
    shape: Any
    label: str
    class_id: int | None
    properties: dict[str, Any]


def things_of(
    marked: Marked, form: Form, classes: Mapping[int, str]
) -> Iterator[Thing]:
    """Give the objects of a picture one by one, fitted to what a form can hold.

    Raises
    ------
    ExportError
        If the form cannot hold them; see `fit`.
    """
    from napari_cellsets.formats.containers.fit import fit_all

    for annotation in fit_all(marked, form):
        for one in things(annotation, classes):
            why = _unfit(one)
            if why:
                advice = "Leave this object out."
                raise ExportError(why, path=marked.name, advice=advice)
            yield one


def _unfit(one: Thing) -> str:
    """Say why an object can be written nowhere; empty where it can."""
    if one.kind == MASK:
        return "" if one.shape[0].any() else "an object has no pixels"
    shapes = one.shape if one.kind == OUTLINE else ((one.shape,),)
    if one.kind == BOX:
        shapes = (((*one.shape[0], one.shape[1]),),)
    rings = [ring for part in shapes for ring in part]
    if not all(np.isfinite(ring).all() for ring in rings):
        return "a coordinate is not a finite number"
    least = {OUTLINE: 3, OPEN: 2}.get(one.kind, 1)
    short = not rings or any(len(ring) < least for ring in rings)
    return "an outline has too few points" if short else ""


def image_classes(marked: Marked) -> list[str]:
    """Classes of the whole picture."""
    return [a.name for a in marked.annotations if isinstance(a, ImageClass)]


def things(annotation: Annotation, classes: Mapping[int, str]) -> Iterator[Thing]:
    """Give the objects of one annotation; none for a class of the whole picture."""
    if not isinstance(annotation, Polygons | MaskStack | Boxes | Points):
        return
    names = {**classes, **annotation.class_names}
    ids = annotation.class_ids
    alone = next(iter(annotation.class_names), None)
    alone = alone if len(annotation.class_names) == 1 else None
    columns = {key: list(row) for key, row in annotation.properties.items()}
    for index, (kind, shape) in enumerate(_shapes(annotation)):
        number = alone if ids is None else int(ids[index])
        class_id = None if number == NO_CLASS else number
        label = "" if class_id is None else names.get(class_id, str(class_id))
        row = {key: plain(values[index]) for key, values in columns.items()}
        known = {key: value for key, value in row.items() if value is not None}
        yield Thing(kind, shape, label, class_id, known)


def _shapes(
    annotation: Polygons | MaskStack | Boxes | Points,
) -> Iterator[tuple[str, Any]]:
    if isinstance(annotation, Polygons):
        for index, outline in enumerate(annotation.outlines):
            is_open = annotation.open is not None and bool(annotation.open[index])
            yield (OPEN, outline[0][0]) if is_open else (OUTLINE, outline)
    elif isinstance(annotation, MaskStack):
        for mask, corner in zip(annotation.masks, annotation.corners, strict=True):
            yield MASK, (mask, (int(corner[0]), int(corner[1])))
    elif isinstance(annotation, Boxes):
        for index, edges in enumerate(annotation.yxyx.tolist()):
            angle = 0.0 if annotation.angles is None else annotation.angles[index]
            yield BOX, (tuple(edges), float(angle))
    else:
        for row, column in annotation.yx.tolist():
            yield POINT, (row, column)


def plain(value: Any) -> Any:
    """Return a value as JSON knows it; None for what is not a number."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def together(
    objects: Iterable[Thing], kinds: Collection[str] = (POINT,)
) -> Iterator[list[Thing]]:
    """Group objects that were marked together: of one kind, class and ``set``.

    Parameters
    ----------
    objects
        In the order in which they are to be written.
    kinds
        Those that the form can hold together.

    Yields
    ------
    list of Thing
        One or several, where the first of them stood.
    """
    groups: list[list[Thing]] = []
    sets: dict[tuple[str, str, Any], list[Thing]] = {}
    for one in objects:
        mark = one.properties.get("set") if one.kind in kinds else None
        if not isinstance(mark, int | str):
            groups.append([one])
            continue
        key = one.kind, one.label, mark
        if key not in sets:
            sets[key] = []
            groups.append(sets[key])
        sets[key].append(one)
    yield from groups


def escaped(key: str, own: Collection[str]) -> str:
    """Name a property in a file whose own keys it must not hit; see `unescaped`."""
    return f"{key}_" if key.rstrip("_") in own else key


def unescaped(key: str, own: Collection[str]) -> str:
    """Name of the property that `escaped` wrote."""
    return key[:-1] if key.endswith("_") and key.rstrip("_") in own else key


def xy_of(ring: np.ndarray) -> list[list[float]]:
    """Columns and rows of a ring, counted from the corner of the first pixel."""
    return [[x + 0.5, y + 0.5] for y, x in ring.tolist()]
