"""Objects of one picture as they are read, put together by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.annotation import Boxes, MaskStack, Points, Polygons
from napari_cellsets.formats.containers.convert import NO_CLASS
from napari_cellsets.formats.containers.reading import BadObject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.core.annotation import Annotation, Colour, Outline

MOST_MASK_BYTES = 2 << 30
"""Most that the masks of one picture may take, a byte a pixel."""


class Objects:
    """Outlines, masks, boxes and points of one picture.

    Class 0 is a class like any other; None stands for no class.

    Parameters
    ----------
    source
        Where they come from, see `LabelImage.source`.
    classes, colours
        Of the whole file.
    """

    def __init__(
        self,
        source: str,
        classes: Mapping[int, str],
        colours: Mapping[int, Colour] | None = None,
    ) -> None:
        self._source, self._classes, self._colours = source, classes, colours or {}
        self._piles: dict[type, list[tuple[Any, int | None, Mapping[str, Any]]]] = {
            kind: [] for kind in (Polygons, MaskStack, Boxes, Points)
        }
        self._mask_bytes = 0

    def outline(
        self, outline: Outline, class_id: int | None, **properties: Any
    ) -> None:
        """Add an outlined object."""
        self._piles[Polygons].append((outline, class_id, properties))

    def mask(
        self,
        mask: np.ndarray,
        corner: tuple[int, int],
        class_id: int | None,
        **properties: Any,
    ) -> None:
        """Add a mask cut to its object.

        Raises
        ------
        BadObject
            If all masks of the picture would take too much memory.
        """
        self._mask_bytes += mask.size
        if self._mask_bytes > MOST_MASK_BYTES:
            raise BadObject("the masks of this picture take too much memory")
        self._piles[MaskStack].append(((mask, corner), class_id, properties))

    def box(
        self,
        yxyx: Sequence[float],
        class_id: int | None,
        *,
        angle: float = 0.0,
        **properties: Any,
    ) -> None:
        """Add a box; see `Boxes`."""
        self._piles[Boxes].append(((*yxyx, angle), class_id, properties))

    def point(
        self, yx: Sequence[float], class_id: int | None, **properties: Any
    ) -> None:
        """Add a position."""
        self._piles[Points].append((tuple(yx), class_id, properties))

    def annotations(self, size: tuple[int, int] | None) -> tuple[Annotation, ...]:
        """Return one annotation a kind that there is.

        Parameters
        ----------
        size
            Height and width of the picture; needed where there are masks.
        """
        found: list[Annotation] = []
        shapes = [shape for shape, *_ in self._piles[Polygons]]
        if shapes:
            found.append(Polygons(shapes, **self._rest(Polygons)))
        pairs = [shape for shape, *_ in self._piles[MaskStack]]
        if pairs and size is not None:
            corners = np.array([corner for _, corner in pairs], np.int64)
            masks = [mask for mask, _ in pairs]
            found.append(MaskStack(masks, corners, size, **self._rest(MaskStack)))
        rows = np.array([shape for shape, *_ in self._piles[Boxes]], np.float64)
        if len(rows):
            angles = rows[:, 4] if rows[:, 4].any() else None
            rest = self._rest(Boxes)
            found.append(Boxes(rows[:, :4].copy(), **rest, angles=angles))
        places = np.array([shape for shape, *_ in self._piles[Points]], np.float64)
        if len(places):
            found.append(Points(places, **self._rest(Points)))
        return tuple(found)

    def _rest(self, kind: type) -> dict[str, Any]:
        pile = self._piles[kind]
        known = [class_id for _, class_id, _ in pile]
        rows = [properties for *_, properties in pile]
        names = dict.fromkeys(name for row in rows for name in row)
        columns = {name: [row.get(name) for row in rows] for name in names}
        some = any(class_id is not None for class_id in known)
        ids = [NO_CLASS if class_id is None else class_id for class_id in known]
        return {
            "source": self._source,
            "class_names": dict(self._classes),
            "class_ids": np.array(ids, np.int64) if some else None,
            "class_colours": dict(self._colours),
            "properties": {k: v for k, v in columns.items() if _says_something(v)},
        }


def _says_something(column: list[Any]) -> bool:
    return any(value is not None and value is not False for value in column)
