"""Annotations in the form that layers take: decided in any thread, napari unused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.annotation_names import names_of
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.convert import corners_of_boxes
from napari_cellsets.formats.packing import pack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cellsets.core.annotation import Annotation, Colour, Outline

Kind: TypeAlias = Literal["labels", "shapes", "points"]

NO_CLASS = "no class"
"""What objects are called whose class nobody tells while others have one."""
ANY_CLASS = "object"
"""What objects are called that all share a class without a name."""

PLANE_AXIS = "overlap"
"""Name of the axis along which overlapping masks are laid apart."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One annotation, ready for one layer.

    Parameters
    ----------
    kind
        Which layer.
    name
        Of the layer; unique in its sample.
    data
        Labels: int32 (y, x) or (z, y, x). Shapes: one array of vertices (n, 2) a
        shape. Points: float64 (n, 2).
    classes
        Name of the class of each object; of a class mask of each value in `ids`.
    ids
        Labels: the value of each object in `data`.
    shape_types
        Shapes: ``polygon``, ``rectangle`` or ``path`` of each.
    features
        What else is known of each shape or point, by name.
    colours
        Published colour of a class by name.
    lines
        Whether labels are shown as outlines, so that neighbours of one class are
        told apart; a class mask is filled.
    planes
        Number of planes of overlapping masks; 1 for everything else.
    shares
        Of a class mask the part of the picture that each class covers.
    stack
        Whether the first axis of labels lays overlapping objects apart.
    class_of, class_names
        Labels: class id of each object that has one, and the names of classes.
    marks
        Of what can be corrected as marks: ``points``, ``boxes`` or ``polygons``.
    numbers
        Of each such mark its number, as of `MarkKey`.
    rings
        Of each outline the number of vertices of its rings, part by part; empty
        where it is one ring.
    """

    kind: Kind
    name: str
    data: Any
    classes: tuple[str, ...]
    ids: tuple[int, ...] = ()
    shape_types: tuple[str, ...] = ()
    features: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    colours: Mapping[str, Colour] = field(default_factory=dict)
    lines: bool = True
    planes: int = 1
    shares: Mapping[str, float] = field(default_factory=dict)
    stack: bool = False
    class_of: Mapping[int, int] = field(default_factory=dict)
    class_names: Mapping[int, str] = field(default_factory=dict)
    marks: str = ""
    numbers: tuple[int, ...] = ()
    rings: tuple[tuple[tuple[int, ...], ...], ...] = ()

    @property
    def counts(self) -> Counter[str]:
        """Number of objects of each class; nothing for a class mask."""
        return Counter() if self.shares else Counter(self.classes)

    @property
    def of(self) -> type:
        """The kind of annotation that it shows."""
        if self.kind == "labels":
            flat = LabelImage if self.lines else ClassMask
            return MaskStack if self.stack else flat
        return {"boxes": Boxes, "points": Points}.get(self.marks, Polygons)

    @property
    def ndim(self) -> int:
        """Number of axes of the layer."""
        return int(self.data.ndim) if self.kind == "labels" else 2


def drawn_of(
    annotations: Iterable[Annotation],
    size: tuple[int, int],
    numbers: Iterable[tuple[int, ...]] | None = None,
) -> tuple[tuple[Drawn, ...], tuple[str, ...], tuple[CellsetsError, ...]]:
    """Prepare all annotations of a sample.

    Parameters
    ----------
    annotations
        Of any kind.
    size
        Height and width of the picture.
    numbers
        Of the marks of each annotation; by default in the order of the file.

    Returns
    -------
    drawn
        One for each annotation that has a place in the picture.
    whole
        Classes of the whole picture, in words.
    problems
        Annotations that do not fit the picture; they are left out.
    """
    drawn: list[Drawn] = []
    whole: list[str] = []
    problems: list[CellsetsError] = []
    annotations = tuple(annotations)
    names = names_of(annotations)
    given = repeat(()) if numbers is None else numbers
    for annotation, name, known in zip(annotations, names, given, strict=False):
        if isinstance(annotation, ImageClass):
            whole.append(" / ".join(annotation.path) or annotation.name)
            continue
        try:
            made = _MAKE[type(annotation)](annotation, size)
        except CellsetsError as error:
            problems.append(error)
            continue
        if known:
            made = replace(made, numbers=tuple(known[n - 1] for n in made.numbers))
        drawn.append(replace(made, name=name))
    return tuple(drawn), tuple(whole), tuple(problems)


def laid_over(drawn: Drawn, around: tuple[int, ...]) -> Drawn:
    """Let planes of overlapping masks be seen at every plane of a picture.

    Parameters
    ----------
    drawn
        Any annotation.
    around
        Length of each axis that the pictures have before (y, x).

    Returns
    -------
    Drawn
        Planes get an axis of their own before those of the pictures; no memory.
    """
    if not drawn.stack or not around:
        return drawn
    planes, *plane = drawn.data.shape
    apart = drawn.data.reshape(planes, *(1,) * len(around), *plane)
    return replace(drawn, data=np.broadcast_to(apart, (planes, *around, *plane)))


def _labels(found: LabelImage, size: tuple[int, int]) -> Drawn:
    _check(found.labels.shape, size, found.source)
    ids = np.unique(found.labels)
    ids = ids[ids != 0]
    of = found.class_of
    wanted = np.array([of.get(int(i), -1) for i in ids]) if of else None
    return Drawn(
        "labels",
        "",
        np.ascontiguousarray(found.labels, np.int32),
        _names(found, wanted, len(ids)),
        tuple(ids.tolist()),
        colours=_colours(found),
        class_of=found.class_of,
        class_names=found.class_names,
    )


def _class_mask(found: ClassMask, size: tuple[int, int]) -> Drawn:
    _check(found.classes.shape, size, found.source)
    values, counts = np.unique(found.classes, return_counts=True)
    kept = values != 0
    values, counts = values[kept], counts[kept]
    names = tuple(_name_of(found.class_names, value) for value in values.tolist())
    parts = (counts / found.classes.size).tolist()
    return Drawn(
        "labels",
        "",
        np.ascontiguousarray(found.classes, np.int32),
        names,
        tuple(values.tolist()),
        colours=_colours(found),
        lines=False,
        shares=dict(zip(names, parts, strict=True)),
        class_names=found.class_names,
    )


def _masks(found: MaskStack, size: tuple[int, int]) -> Drawn:
    _check(found.shape, size, found.source)
    packed = pack(found)
    ids, kinds = packed.ids.tolist(), found.class_ids
    numbered = () if kinds is None else zip(ids, kinds.tolist(), strict=True)
    return Drawn(
        "labels",
        "",
        packed.labels,
        _names(found, kinds, len(found.masks)),
        tuple(ids),
        colours=_colours(found),
        planes=len(packed.labels),
        stack=True,
        class_of={label: kind for label, kind in numbered if kind >= 0},
        class_names=found.class_names,
    )


def _polygons(found: Polygons, _size: tuple[int, int]) -> Drawn:
    count = len(found.outlines)
    open_ = found.open if found.open is not None else np.zeros(count, bool)
    names = _names(found, found.class_ids, count)
    data, kinds, kept = [], [], []
    for place, outline in enumerate(found.outlines):
        path = outline[0][0] if open_[place] and outline else one_path(outline)
        if len(path) >= 2:
            kept.append(place)
            data.append(path)
            kinds.append("path" if open_[place] or len(path) < 3 else "polygon")
    return Drawn(
        "shapes",
        "",
        data,
        tuple(names[place] for place in kept),
        shape_types=tuple(kinds),
        features=_features(found.properties, kept),
        colours=_colours(found),
        marks="polygons",
        numbers=tuple(place + 1 for place in kept),
        rings=tuple(() if open_[n] else ring_sizes(found.outlines[n]) for n in kept),
    )


def _boxes(found: Boxes, _size: tuple[int, int]) -> Drawn:
    corners = corners_of_boxes(found)
    return Drawn(
        "shapes",
        "",
        list(corners),
        _names(found, found.class_ids, len(corners)),
        shape_types=("rectangle",) * len(corners),
        features=_features(found.properties, range(len(corners))),
        colours=_colours(found),
        marks="boxes",
        numbers=tuple(range(1, len(corners) + 1)),
    )


def _points(found: Points, _size: tuple[int, int]) -> Drawn:
    places = np.asarray(found.yx, np.float64).reshape(-1, 2)
    return Drawn(
        "points",
        "",
        places,
        _names(found, found.class_ids, len(places)),
        features=_features(found.properties, range(len(places))),
        colours=_colours(found),
        marks="points",
        numbers=tuple(range(1, len(places) + 1)),
    )


_MAKE: Mapping[type, Any] = {
    LabelImage: _labels,
    ClassMask: _class_mask,
    MaskStack: _masks,
    Polygons: _polygons,
    Boxes: _boxes,
    Points: _points,
}


def one_path(outline: Outline) -> np.ndarray:
    """Join all rings of an object to one path, as layers of shapes want it.

    The path closes each ring and goes back over the bridges between them. An edge
    that it takes twice is none, so holes and further parts come out right.

    Parameters
    ----------
    outline
        Parts, each an outer ring and its holes.

    Returns
    -------
    ndarray
        float64, shape (n, 2); one ring alone stays as it is.
    """
    rings = [np.asarray(ring, np.float64) for part in outline for ring in part]
    rings = [ring for ring in rings if len(ring) >= 3] or rings[:1]
    if not rings:
        return np.empty((0, 2))
    if len(rings) == 1:
        return rings[0]
    closed = [np.concatenate([ring, ring[:1]]) for ring in rings]
    back = np.array([ring[0] for ring in rings[-2::-1]])
    return np.concatenate([*closed, back])


def ring_sizes(outline: Outline) -> tuple[tuple[int, ...], ...]:
    """Return how many vertices the rings of an object have that `one_path` joins.

    Parameters
    ----------
    outline
        As for `one_path`.

    Returns
    -------
    tuple
        By part, then ring; empty for one ring alone.
    """
    parts = [tuple(len(ring) for ring in part if len(ring) >= 3) for part in outline]
    sizes = tuple(part for part in parts if part)
    return sizes if sum(map(len, sizes)) > 1 else ()


def _features(
    properties: Mapping[str, Sequence[Any]], kept: Sequence[int]
) -> dict[str, list[Any]]:
    """Properties that have one value an object, as a table takes them."""
    return {
        name: [values[place] for place in kept]
        for name, values in properties.items()
        if all(place < len(values) for place in kept)
    }


def _names(
    found: LabelImage | MaskStack | Polygons | Boxes | Points,
    ids: np.ndarray | None,
    count: int,
) -> tuple[str, ...]:
    """Class of each object by name."""
    if ids is None:
        known = tuple(found.class_names.values())
        return (known[0] if len(known) == 1 else ANY_CLASS,) * count
    names = {int(i): _name_of(found.class_names, int(i)) for i in np.unique(ids)}
    return tuple(names[i] for i in ids.tolist())


def _name_of(names: Mapping[int, str], number: int) -> str:
    if number < 0 and number not in names:
        return NO_CLASS
    return names.get(number) or f"class {number}"


def _colours(found: Any) -> dict[str, Colour]:
    return {
        _name_of(found.class_names, number): colour
        for number, colour in found.class_colours.items()
    }


def _check(shape: Sequence[int], size: tuple[int, int], source: str) -> None:
    if tuple(shape[-2:]) != tuple(size):
        raise CellsetsError(
            f"the annotation has {shape[-1]}×{shape[-2]} pixels,"
            f" the image has {size[1]}×{size[0]}",
            path=source or None,
            advice="Check that image and annotation belong together.",
        )
