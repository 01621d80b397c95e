"""Write labelme's JSON: one file a picture."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.ellipses import ELLIPSE, ellipse_of
from napari_cellsets.formats.containers.labelme.read import OWN_KEYS
from napari_cellsets.formats.containers.one_file import png_of_mask
from napari_cellsets.formats.containers.things import (
    BOX,
    MASK,
    OPEN,
    OUTLINE,
    Thing,
    escaped,
    image_classes,
    things_of,
    xy_of,
)
from napari_cellsets.formats.containers.writing import pictures_of, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Marked

UNNAMED = "object"
"""Label of objects without class: labelme wants one."""
_VERSION = "5.5.0"


def write_labelme(
    items: Iterable[Marked], out: Path, *, classes: Mapping[int, str], with_images: bool
) -> list[Path]:
    """Write one JSON file a picture, the picture beside it; see `Form.write`.

    Objects in several parts become shapes of one ``group_id``. Where objects that
    are not one share a group, later ones lose it, as labelme would join them.
    Objects without class are called ``object``.

    Raises
    ------
    ExportError
        If labelme cannot hold what is marked, or a file cannot be written.
    """
    written = []
    for marked, stem, picture in pictures_of(items, out, with_images=with_images):
        content = {
            "version": _VERSION,
            "flags": dict.fromkeys(image_classes(marked), True),
            "shapes": _shapes(marked, classes),
            "imagePath": picture.replace("\\", "/").rpartition("/")[2],
            "imageData": None,
            "imageHeight": marked.size[0],
            "imageWidth": marked.size[1],
        }
        written.append(write_json(out / f"{stem}.json", content))
    return written


def _shapes(marked: Marked, classes: Mapping[int, str]) -> list[dict[str, Any]]:
    objects = list(things_of(marked, FORMS["labelme"], classes))
    groups = [one.properties.get("group") for one in objects]
    fresh = max((g for g in groups if isinstance(g, int)), default=0) + 1
    taken = set()
    shapes = []
    for one, group in zip(objects, groups, strict=True):
        kept = group if isinstance(group, int | str) else None
        parts = len(one.shape) if one.kind == OUTLINE else 1
        if one.kind in (OUTLINE, MASK) and kept is not None:
            key = one.kind, one.label, kept
            kept = None if key in taken else kept
            taken.add(key)
        if parts > 1 and kept is None:
            kept, fresh = fresh, fresh + 1
        shapes += [{**_shape(one, part), "group_id": kept} for part in range(parts)]
    return shapes


def _shape(one: Thing, part: int) -> dict[str, Any]:
    known = dict(one.properties)
    known.pop("group", None)
    flags = known.pop("flags") if isinstance(known.get("flags"), dict) else {}
    said = known.pop("comment", "")
    kind, more = _geometry(one, part, known)
    extra = {escaped(key, OWN_KEYS): value for key, value in known.items()}
    return {
        "label": one.label or UNNAMED,
        "description": said if isinstance(said, str) else str(said),
        "shape_type": kind,
        "flags": flags,
        **more,
        **extra,
    }


def _geometry(
    one: Thing, part: int, known: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Kind of shape and its own keys; properties that these tell are taken out."""
    if one.kind == MASK:
        mask, (row, column) = one.shape
        last = [column + mask.shape[1] - 1, row + mask.shape[0] - 1]
        packed = base64.b64encode(png_of_mask(mask)).decode("ascii")
        return "mask", {"points": [[column, row], last], "mask": packed}
    if one.kind == BOX:
        (top, left, low, right), _ = one.shape
        corners = [[left + 0.5, top + 0.5], [right + 0.5, low + 0.5]]
        return "rectangle", {"points": corners}
    if one.kind == OPEN:
        as_line = known.pop("shape", "") == "line" and len(one.shape) == 2
        return "line" if as_line else "linestrip", {"points": xy_of(one.shape)}
    if one.kind != OUTLINE:
        row, column = one.shape
        return "point", {"points": [[column + 0.5, row + 0.5]]}
    ellipse = ellipse_of(one.shape, known)
    if ellipse is not None and ellipse[2] == ellipse[3]:
        known.pop(ELLIPSE)
        row, column, radius = ellipse[0] + 0.5, ellipse[1] + 0.5, ellipse[2]
        return "circle", {"points": [[column, row], [column + radius, row]]}
    return "polygon", {"points": xy_of(one.shape[part][0])}
