"""VGG Image Annotator: one JSON file for all pictures."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.ellipses import ellipse_of
from napari_cellsets.formats.containers.things import (
    BOX,
    OPEN,
    POINT,
    Thing,
    image_classes,
    things_of,
    unescaped,
)
from napari_cellsets.formats.containers.via.read import CLASS, OWN
from napari_cellsets.formats.containers.writing import (
    one_file,
    pictures_of,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy as np

    from napari_cellsets.formats.containers.base import Marked

_VERSION = "2.0.10"
_UNKNOWN_SIZE = -1


def write_via(
    items: Iterable[Marked], out: Path, *, classes: Mapping[int, str], with_images: bool
) -> list[Path]:
    """Write one project of VIA 2 for all pictures, the pictures in ``images/``.

    See `Form.write`. The class of a region is its attribute ``class``; properties are
    attributes, which VIA keeps as text.

    Raises
    ------
    ExportError
        If VIA cannot hold what is marked, or a file cannot be written.
    """
    path = one_file(out, "via_project.json")
    pictures: dict[str, Any] = {}
    labels = dict.fromkeys(classes.values(), "")
    others: dict[str, None] = {}
    of_file: dict[str, str] = {}
    folder = path.parent / "images"
    for marked, _, picture in pictures_of(items, folder, with_images=with_images):
        regions = []
        for one in things_of(marked, FORMS["via"], classes):
            region = _region(one)
            regions.append(region)
            if one.label:
                labels[one.label] = ""
            others.update(dict.fromkeys(region["region_attributes"]))
        chosen = dict.fromkeys(image_classes(marked), True)
        of_file |= dict.fromkeys(chosen, "")
        pictures[f"{picture}{_UNKNOWN_SIZE}"] = {
            **{"filename": picture, "size": _UNKNOWN_SIZE, "regions": regions},
            "file_attributes": {CLASS: chosen} if chosen else {},
        }
    others.pop(CLASS, None)
    of_region = {CLASS: _attribute("dropdown", labels)} if labels else {}
    of_region |= {name: _attribute("text") for name in others}
    told = {CLASS: _attribute("checkbox", of_file)} if of_file else {}
    content = {
        "_via_settings": _settings("images/" if with_images else ""),
        "_via_img_metadata": pictures,
        "_via_attributes": {"region": of_region, "file": told},
        "_via_data_format_version": _VERSION,
        "_via_image_id_list": list(pictures),
    }
    return [write_json(path, content)]


def _settings(folder: str) -> dict[str, Any]:
    core = {"buffer_size": 18, "filepath": {}, "default_filepath": folder}
    return {"core": core, "project": {"name": "cells"}}


def _attribute(kind: str, options: Mapping[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "description": "", "default_value": ""}
    if options is None:
        return found
    return {**found, "options": dict(options), "default_options": {}}


def _region(one: Thing) -> dict[str, Any]:
    known = {
        unescaped(key, OWN): value if isinstance(value, str) else json.dumps(value)
        for key, value in one.properties.items()
        if key not in OWN
    }
    attributes = {CLASS: one.label, **known} if one.label else known
    return {"shape_attributes": _shape(one), "region_attributes": attributes}


def _shape(one: Thing) -> dict[str, Any]:
    if one.kind == BOX:
        (top, left, low, right), _ = one.shape
        corner = {"x": left + 0.5, "y": top + 0.5}
        return {"name": "rect", **corner, "width": right - left, "height": low - top}
    if one.kind == POINT:
        row, column = one.shape
        return {"name": "point", "cx": column + 0.5, "cy": row + 0.5}
    if one.kind == OPEN:
        return {"name": "polyline", **_lists(one.shape)}
    ellipse = ellipse_of(one.shape, one.properties)
    if ellipse is None:
        return {"name": "polygon", **_lists(one.shape[0][0])}
    row, column, down, right, angle = ellipse
    middle = {"cx": column + 0.5, "cy": row + 0.5}
    if down == right:
        return {"name": "circle", **middle, "r": right}
    radii = {"rx": right, "ry": down, "theta": math.radians(angle)}
    return {"name": "ellipse", **middle, **radii}


def _lists(ring: np.ndarray) -> dict[str, list[float]]:
    ys, xs = (ring + 0.5).T.tolist()
    return {"all_points_x": xs, "all_points_y": ys}
