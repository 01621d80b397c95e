"""Objects one by one: gathered into annotations on reading, taken apart on writing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.formats.containers.convert import NO_CLASS
from napari_cellsets.formats.containers.reading import BadObject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import numpy as np

    from napari_cellsets.core.annotation import Annotation, Colour, Outline
    from napari_cellsets.formats.containers.base import Form, Marked

MASK_PIXELS = 1 << 28
"""Largest mask of one object that is decoded: 16,384 pixels squared."""
MASKS_BYTES = 1 << 31
"""Most that the masks of one picture may take."""
MOST_COLUMNS = 256
"""Most properties of the objects of one picture."""
OPEN, OUTLINE, MASK, BOX, POINT = "open", "outline", "mask", "box", "point"


@dataclass(slots=True)
class _Pile:
    """Objects of one kind in the order of the file."""

    shapes: list[Any] = field(default_factory=list)
    class_ids: list[int | None] = field(default_factory=list)
    properties: list[Mapping[str, Any]] = field(default_factory=list)

    def add(
        self, shape: Any, class_id: int | None, properties: Mapping[str, Any]
    ) -> None:
        self.shapes.append(shape)
        self.class_ids.append(class_id)
        self.properties.append(properties)


class Gatherer:
    """Collects the objects of one picture and puts them together by kind.

    Parameters
    ----------
    source
        Where they come from, see `LabelImage.source`.
    classes, colours
        Of the whole file.
    size
        Height and width of the picture; where nobody knows it, masks get the
        smallest picture that holds them.
    """

    def __init__(
        self,
        source: str,
        classes: Mapping[int, str],
        colours: Mapping[int, Colour] | None = None,
        *,
        size: tuple[int, int] | None = None,
    ) -> None:
        self._source, self._classes, self._colours = source, classes, colours or {}
        self._size = size
        self._outlines, self._masks, self._boxes = _Pile(), _Pile(), _Pile()
        self._points = _Pile()
        self._names: dict[str, None] = {}
        self._kept = 0

    def outline(
        self,
        parts: Outline,
        class_id: int | None = None,
        properties: Mapping[str, Any] | None = None,
        *,
        is_open: bool = False,
    ) -> None:
        """Add an outlined object, or an open line of one part and one ring."""
        self._outlines.add((parts, is_open), class_id, properties or {})

    def mask(
        self,
        mask: np.ndarray,
        corner: tuple[int, int],
        class_id: int | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a mask whose first pixel lies at `corner` (row, column).

        What lies outside the picture is cut off.

        Raises
        ------
        BadObject
            If nothing is left, or all masks would take too much memory.
        """
        mask, corner = inside(mask, corner, self._size or (1 << 40, 1 << 40))
        if not mask.size:
            raise BadObject("its mask lies outside the picture")
        if self._kept + mask.size > MASKS_BYTES:
            raise BadObject("the masks of this picture take too much memory")
        self._kept += mask.size
        self._masks.add((mask, corner), class_id, properties or {})

    def box(
        self,
        yxyx: Sequence[float],
        class_id: int | None = None,
        properties: Mapping[str, Any] | None = None,
        *,
        angle: float = 0.0,
    ) -> None:
        """Add a rectangle; see `Boxes`."""
        self._boxes.add((tuple(yxyx), angle), class_id, properties or {})

    def point(
        self,
        yx: Sequence[float],
        class_id: int | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a position."""
        self._points.add(tuple(yx), class_id, properties or {})

    def image_class(self, name: str) -> None:
        """Add a class of the whole picture."""
        self._names[name] = None

    def annotations(self) -> tuple[Annotation, ...]:
        """Return what was added: one annotation a kind, and one a class of all."""
        import numpy as np

        found: list[Annotation] = []
        if self._outlines.shapes:
            found.append(self._polygons())
        if self._masks.shapes:
            found.append(self._mask_stack())
        if self._boxes.shapes:
            found.append(self._all_boxes())
        if self._points.shapes:
            yx = np.array(self._points.shapes, np.float64)
            found.append(Points(yx=yx, **self._common(self._points)))
        found += [ImageClass(name, self._source) for name in self._names]
        return tuple(found)

    def _common(self, pile: _Pile) -> dict[str, Any]:
        import numpy as np

        has_class = any(class_id is not None for class_id in pile.class_ids)
        numbers = [NO_CLASS if one is None else one for one in pile.class_ids]
        ids = np.array(numbers, np.int64) if has_class else None
        known = {} if ids is None else dict(self._classes)
        return {
            "source": self._source,
            "class_names": known,
            "class_ids": ids,
            "class_colours": {i: c for i, c in self._colours.items() if i in known},
            "properties": _columns(pile.properties),
        }

    def _polygons(self) -> Polygons:
        import numpy as np

        shapes = self._outlines.shapes
        is_open = [flag for _, flag in shapes]
        return Polygons(
            outlines=[parts for parts, _ in shapes],
            open=np.array(is_open, bool) if any(is_open) else None,
            **self._common(self._outlines),
        )

    def _mask_stack(self) -> MaskStack:
        import numpy as np

        shapes = self._masks.shapes
        size = self._size
        if size is None:
            ends = np.array([np.add(corner, mask.shape) for mask, corner in shapes])
            height, width = ends.max(axis=0).tolist()
            size = height, width
        return MaskStack(
            masks=[mask for mask, _ in shapes],
            corners=np.array([corner for _, corner in shapes], np.int64),
            shape=size,
            **self._common(self._masks),
        )

    def _all_boxes(self) -> Boxes:
        import numpy as np

        shapes = self._boxes.shapes
        angles = [angle for _, angle in shapes]
        return Boxes(
            yxyx=np.array([yxyx for yxyx, _ in shapes], np.float64),
            angles=np.array(angles, np.float64) if any(angles) else None,
            **self._common(self._boxes),
        )


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: [row.get(key) for row in rows] for key in list(keys)[:MOST_COLUMNS]}


def inside(
    mask: np.ndarray, corner: tuple[int, int], size: tuple[int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """Cut a mask at the border of the picture; what lies outside becomes empty."""
    top, left = max(0, -corner[0]), max(0, -corner[1])
    kept = mask[top : max(0, size[0] - corner[0]), left : max(0, size[1] - corner[1])]
    return kept, (corner[0] + top, corner[1] + left)


def tight(
    mask: np.ndarray, corner: tuple[int, int] = (0, 0)
) -> tuple[np.ndarray, tuple[int, int]]:
    """Cut a mask to its object.

    Raises
    ------
    BadObject
        If it is empty.
    """
    import numpy as np

    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        raise BadObject("its mask is empty")
    top, left = int(rows[0]), int(columns[0])
    kept = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    return np.ascontiguousarray(kept), (corner[0] + top, corner[1] + left)


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
        yield from things(annotation, classes)


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


def escaped(key: str, own: Collection[str]) -> str:
    """Name a property in a file whose own keys it must not hit; see `unescaped`."""
    return f"{key}_" if key.rstrip("_") in own else key


def unescaped(key: str, own: Collection[str]) -> str:
    """Name of the property that `escaped` wrote."""
    return key[:-1] if key.endswith("_") and key.rstrip("_") in own else key


def xy_of(ring: np.ndarray) -> list[list[float]]:
    """Columns and rows of a ring, counted from the corner of the first pixel."""
    return [[x + 0.5, y + 0.5] for y, x in ring.tolist()]


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


HOLES, PARTS = "holes", "objects in several parts"
LINES, TURNED = "open lines", "turned boxes"


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
