"""Read labelme's JSON: one file a picture, every kind of shape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import Item, Opened
from napari_cellsets.formats.containers.ellipses import (
    ELLIPSE,
    ellipse_ring,
    turned_box,
)
from napari_cellsets.formats.containers.gather import MASK_PIXELS, Gatherer
from napari_cellsets.formats.containers.one_file import (
    from_base64,
    mask_from_png,
)
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    load_json,
    ring_of,
    size_of,
    unique_ids,
)
from napari_cellsets.formats.containers.things import (
    BOX,
    MASK,
    OPEN,
    OUTLINE,
    POINT,
    unescaped,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree

OWN_KEYS = frozenset(
    {"label", "points", "group_id", "shape_type", "flags", "description", "mask"}
)
_LEAST = {"polygon": 3, "circle": 2, "line": 2, "linestrip": 2, "point": 1}


def open_json(tree: FileTree, name: str) -> Container:
    """Open a JSON file of labelme.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Container
        One picture. Objects of one label and ``group_id`` are one object in parts.
        Flags that are set are classes of the picture. Coordinates are shifted by
        half a pixel, as labelme counts from the corner of the first pixel; the
        corners of a ``mask`` are pixels.

    Raises
    ------
    UnreadableFileError
        If it is no JSON object with a list of shapes.
    """
    content, place = load_json(tree, name), tree.place(name)
    if not isinstance(content, dict) or not isinstance(content.get("shapes"), list):
        raise UnreadableFileError(
            "this JSON has no list of shapes, so it is none of labelme",
            path=place,
            advice="Copy or download it again.",
        )
    opened = _Reader(content, Notes(name, place), name, place)
    return Opened(
        "labelme",
        [Item(_picture_name(content), opened.size)],
        opened.decode,
        opened.classes,
        problems=opened.notes.problems,
    )


def inner_picture(tree: FileTree, name: str) -> bytes:
    """Give the picture inside the JSON file as a file; nothing where there is none.

    Raises
    ------
    UnreadableFileError
        If the JSON or the base64 in it is damaged.
    """
    if not name.lower().endswith(".json"):
        return b""
    content = load_json(tree, name)
    packed = content.get("imageData") if isinstance(content, dict) else None
    if not packed:
        return b""
    try:
        return from_base64(packed)
    except BadObject as error:
        raise UnreadableFileError(
            f"the picture inside this file cannot be read: {error}",
            path=tree.place(name),
            advice="Open the picture itself, if there is one.",
        ) from error


def _picture_name(content: Mapping[str, Any]) -> str:
    name = content.get("imagePath")
    if not isinstance(name, str) or name.lower().endswith(".json"):
        return ""
    return name.replace("\\", "/")


@dataclass(slots=True)
class _Shape:
    """One shape as understood; parts of one object are joined later."""

    kind: str
    shape: Any
    label: str
    group: Any
    properties: dict[str, Any]
    angle: float = 0.0


class _Reader:
    """The shapes of one JSON file, decoded on demand."""

    def __init__(
        self, content: Mapping[str, Any], notes: Notes, name: str, place: str
    ) -> None:
        self.notes = notes
        self.size = size_of(content.get("imageHeight"), content.get("imageWidth"))
        self._shapes: list[Any] = content["shapes"]
        self._flags, self._name, self._place = content.get("flags"), name, place
        labels = [_label(shape) for shape in self._shapes]
        self.classes = unique_ids(label for label in labels if label)

    def decode(self, _: int, size: tuple[int, int] | None) -> tuple[Annotation, ...]:
        # where both are known and differ, labelme believes the picture
        gathered = Gatherer(self._name, self.classes, size=size or self.size)
        found: list[tuple[int, _Shape]] = []
        for index, shape in enumerate(self._shapes):
            try:
                found.append((index, _understood(shape, self._place)))
            except BadObject as error:
                self.notes.add(f"shape {index}", error)
        ids = {label: number for number, label in self.classes.items()}
        for index, one in _joined(found):
            try:
                _add(gathered, one, ids.get(one.label))
            except BadObject as error:
                self.notes.add(f"shape {index}", error)
        flags = self._flags if isinstance(self._flags, dict) else {}
        for flag, is_set in flags.items():
            if is_set is True:
                gathered.image_class(flag)
        return gathered.annotations()


def _label(shape: Any) -> str:
    label = shape.get("label") if isinstance(shape, dict) else None
    if isinstance(label, int | float) and not isinstance(label, bool):
        return str(label)
    return label if isinstance(label, str) else ""


def _understood(shape: Any, place: str) -> _Shape:
    if not isinstance(shape, dict):
        raise BadObject("it is no object")
    kind = shape.get("shape_type") or "polygon"
    points = shape.get("points")
    if not isinstance(points, list):
        raise BadObject("it has no list of points")
    group = shape.get("group_id")
    if not isinstance(group, int | str):
        group = None
    one = _Shape(OUTLINE, None, _label(shape), group, _properties(shape))
    if kind == "mask":
        one.kind, one.shape = MASK, _mask(shape, points, place)
    elif kind in ("rectangle", "oriented_rectangle"):
        one.kind = BOX
        one.shape, one.angle = _rectangle(kind, points)
    elif kind in ("polygon", "circle"):
        ring = ring_of(points, least=_LEAST[kind])
        if kind == "circle":
            one.properties[ELLIPSE] = _circle(ring)
            ring = ellipse_ring(one.properties[ELLIPSE])
        one.shape = ((ring,),)
    elif kind in ("line", "linestrip"):
        one.kind, one.shape = OPEN, ring_of(points, least=2)
        if kind == "line":
            one.properties["shape"] = "line"
    elif kind in ("point", "points"):
        one.kind, one.shape = POINT, ring_of(points, least=1)
    else:
        raise BadObject(f"its kind {str(kind)[:40]!r} is not known")
    return one


def _properties(shape: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        unescaped(key, OWN_KEYS): value
        for key, value in shape.items()
        if key not in OWN_KEYS
    }
    if shape.get("description"):
        found["comment"] = shape["description"]
    if shape.get("flags"):
        found["flags"] = shape["flags"]
    return {key: value for key, value in found.items() if value is not None}


def _circle(ring: np.ndarray) -> tuple[float, float, float, float, float]:
    (row, column), rim = ring[0].tolist(), ring[1].tolist()
    radius = math.hypot(rim[0] - row, rim[1] - column)
    return row, column, radius, radius, 0.0


def _rectangle(kind: str, points: list[Any]) -> tuple[list[float], float]:
    corners = ring_of(points, least=2)
    if kind == "oriented_rectangle":
        return turned_box(corners)
    low, high = corners.min(axis=0), corners.max(axis=0)
    if len(corners) not in (2, 4):  # four corners: as labelme 2 had them
        raise BadObject(f"{len(corners)} corners make no rectangle")
    return [*low.tolist(), *high.tolist()], 0.0


def _mask(
    shape: Mapping[str, Any], points: list[Any], place: str
) -> tuple[np.ndarray, tuple[int, int]]:
    corners = ring_of(points, shift=0.0, least=2)
    top, left = (math.floor(value) for value in corners.min(axis=0))
    low, right = (math.floor(value) for value in corners.max(axis=0))
    mask = mask_from_png(from_base64(shape.get("mask")), place)
    if mask.size > MASK_PIXELS:
        raise BadObject("its mask is too large")
    wanted = low - top + 1, right - left + 1
    if any(not 0 <= w - have <= 1 for w, have in zip(wanted, mask.shape, strict=True)):
        raise BadObject(f"its mask has the shape {mask.shape}, its box {wanted}")
    return mask, (top, left)


def _joined(found: list[tuple[int, _Shape]]) -> list[tuple[int, _Shape]]:
    """Put together the parts of one object: outlines, or masks, of one group."""
    kept: list[tuple[int, _Shape]] = []
    groups: dict[tuple[str, str, Any], list[_Shape]] = {}
    for index, one in found:
        if one.group is not None:
            one.properties["group"] = one.group
        if one.group is None or one.kind not in (OUTLINE, MASK):
            kept.append((index, one))
            continue
        key = one.kind, one.label, one.group
        if key not in groups:
            groups[key] = []
            kept.append((index, one))
        groups[key].append(one)
    for (kind, *_), parts in groups.items():
        if len(parts) > 1 and kind == OUTLINE:
            parts[0].shape = tuple(part for one in parts for part in one.shape)
            parts[0].properties.pop(ELLIPSE, None)
        elif len(parts) > 1:
            parts[0].shape = [one.shape for one in parts]
    return kept


def _united(
    masks: list[tuple[np.ndarray, tuple[int, int]]],
) -> tuple[np.ndarray, tuple[int, int]]:
    """Put the masks of one object into one."""
    import numpy as np

    corners = np.array([corner for _, corner in masks])
    ends = corners + np.array([mask.shape for mask, _ in masks])
    start = corners.min(axis=0)
    height, width = (ends.max(axis=0) - start).tolist()
    if height * width > MASK_PIXELS:
        raise BadObject("the masks of its group lie too far apart")
    canvas = np.zeros((height, width), bool)
    for (mask, _), (row, column) in zip(masks, (corners - start).tolist(), strict=True):
        canvas[row : row + mask.shape[0], column : column + mask.shape[1]] |= mask
    return canvas, (int(start[0]), int(start[1]))


def _add(gathered: Gatherer, one: _Shape, class_id: int | None) -> None:
    if one.kind == MASK:
        parts = one.shape
        mask, corner = _united(parts) if isinstance(parts, list) else parts
        gathered.mask(mask, corner, class_id, one.properties)
    elif one.kind == BOX:
        gathered.box(one.shape, class_id, one.properties, angle=one.angle)
    elif one.kind == OPEN:
        parts = ((one.shape,),)
        gathered.outline(parts, class_id, one.properties, is_open=True)
    elif one.kind == POINT:
        for yx in one.shape.tolist():
            gathered.point(yx, class_id, one.properties)
    else:
        gathered.outline(one.shape, class_id, one.properties)
