"""Objects as they are read, one by one, put together by kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

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
    from collections.abc import Mapping, Sequence

    from napari_cellsets.core.annotation import Annotation, Colour, Outline

MASK_PIXELS = 1 << 28
"""Largest mask of one object that is decoded: 16,384 pixels squared."""
MASKS_BYTES = 1 << 31
"""Most that the masks of one picture may take."""
MOST_COLUMNS = 256
"""Properties of the objects of one picture that are always kept."""
MOST_VALUES = 1 << 24
"""Most values of properties of one picture, where there are more columns."""


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

    Class 0 is a class like any other; None stands for no class. A column of
    properties of which no object has a value is left out.

    Parameters
    ----------
    source
        Where they come from, see `LabelImage.source`.
    classes, colours
        Of the whole file.
    size
        Height and width of the picture; where nobody knows it, masks get the
        smallest picture that holds them. May be set later, as `size`, by a format
        whose objects tell it.
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
        self.size = size
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

        What lies outside the picture is cut off; a mask without pixels is kept.

        Raises
        ------
        BadObject
            If nothing is left, or all masks would take too much memory.
        """
        given = mask.size
        mask, corner = inside(mask, corner, self.size or (1 << 40, 1 << 40))
        if given and not mask.size:
            raise BadObject("its mask lies outside the picture")
        self.expect(mask.size)
        self._kept += mask.size
        self._masks.add((mask, corner), class_id, properties or {})

    def expect(self, pixels: int) -> None:
        """Say how large the next mask will be, before it is decoded.

        Raises
        ------
        BadObject
            If all masks together would take too much memory.
        """
        if self._kept + pixels > MASKS_BYTES:
            raise BadObject("the masks of this picture take too much memory")

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
        shapes = self._outlines.shapes
        is_open = [flag for _, flag in shapes]
        return Polygons(
            outlines=[parts for parts, _ in shapes],
            open=np.array(is_open, bool) if any(is_open) else None,
            **self._common(self._outlines),
        )

    def _mask_stack(self) -> MaskStack:
        shapes = self._masks.shapes
        size = self.size
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
        shapes = self._boxes.shapes
        angles = [angle for _, angle in shapes]
        return Boxes(
            yxyx=np.array([yxyx for yxyx, _ in shapes], np.float64),
            angles=np.array(angles, np.float64) if any(angles) else None,
            **self._common(self._boxes),
        )


def _columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    keys = {key: None for row in rows for key in row if row[key] is not None}
    most = max(MOST_COLUMNS, MOST_VALUES // max(1, len(rows)))
    return {key: [row.get(key) for row in rows] for key in islice(keys, most)}


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
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        raise BadObject("its mask is empty")
    top, left = int(rows[0]), int(columns[0])
    kept = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    return np.ascontiguousarray(kept), (corner[0] + top, corner[1] + left)
