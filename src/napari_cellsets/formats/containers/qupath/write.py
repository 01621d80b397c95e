"""QuPath: GeoJSON, one file a picture."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.annotation import (
    Annotation,
    ImageClass,
)
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.ellipses import ellipse_of
from napari_cellsets.formats.containers.qupath.read import NUCLEUS, OWN
from napari_cellsets.formats.containers.things import (
    OPEN,
    OUTLINE,
    POINT,
    Thing,
    things_of,
    together,
    unescaped,
    xy_of,
)
from napari_cellsets.formats.containers.writing import pictures_of, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.core.annotation import Colour, Outline
    from napari_cellsets.formats.containers.base import Marked

_DEEPEST = 50


@dataclass(slots=True)
class _Node:
    """A feature with what lies in it."""

    several: list[Thing]
    nucleus: Thing | None = None
    children: list[_Node] = field(default_factory=list)
    depth: int = 0


def write_qupath(
    items: Iterable[Marked], out: Path, *, classes: Mapping[int, str], with_images: bool
) -> list[Path]:
    """Write one GeoJSON file a picture, the picture beside it; see `Form.write`.

    Objects whose ``part`` is "nucleus" become the nucleus of the cell whose ``id``
    is their ``parent``; other objects with a known ``parent`` are nested in it.
    Numbers among the other properties become measurements, the rest metadata.

    Raises
    ------
    ExportError
        If QuPath cannot hold what is marked, or a file cannot be written.
    """
    written = []
    for marked, stem, _ in pictures_of(items, out, with_images=with_images):
        colours = _colours(marked.annotations, classes)
        objects = list(things_of(marked, FORMS["qupath"], classes))
        features = [_feature(node, colours) for node in _nodes(objects)]
        content = {"type": "FeatureCollection", "features": features}
        written.append(write_json(out / f"{stem}.geojson", content))
    return written


def _colours(
    annotations: Iterable[Annotation], classes: Mapping[int, str]
) -> dict[str, Colour]:
    found = {}
    for one in annotations:
        if not isinstance(one, ImageClass):
            names = {**classes, **one.class_names}
            for number, colour in one.class_colours.items():
                found[names.get(number, str(number))] = colour
    return found


def _nodes(objects: list[Thing]) -> list[_Node]:
    """Make features of objects and put each into the one that it lies in."""
    nodes = [_Node(several) for several in together(objects, (POINT, OPEN))]
    by_id: dict[Any, _Node] = {}
    top = []
    for node in nodes:
        known = node.several[0].properties
        parent = by_id.get(_key(known.get("parent")))
        if parent is None or parent.depth >= _DEEPEST:
            top.append(node)
        elif _is_nucleus(node) and parent.nucleus is None and _is_outline(parent):
            parent.nucleus = node.several[0]
            continue
        else:
            parent.children.append(node)
            node.depth = parent.depth + 1
        if known.get("id") is not None:
            by_id.setdefault(_key(known["id"]), node)
    return top


def _key(own: Any) -> Any:
    return own if isinstance(own, int | str) else None


def _is_nucleus(node: _Node) -> bool:
    known = node.several[0].properties
    return known.get("part") == NUCLEUS and _is_outline(node)


def _is_outline(node: _Node) -> bool:
    return node.several[0].kind == OUTLINE


def _feature(node: _Node, colours: Mapping[str, Colour]) -> dict[str, Any]:
    one = node.several[0]
    known = dict(one.properties)
    found: dict[str, Any] = {"type": "Feature"}
    if "id" in known:
        found["id"] = known["id"]
    found["geometry"] = _geometry(node.several)
    told: dict[str, Any] = {}
    kind = "cell" if node.nucleus is not None else known.get("object_type")
    if kind:
        told["objectType"] = kind
    if node.nucleus is not None:
        found["nucleusGeometry"] = _geometry([node.nucleus])
    if "name" in known:
        told["name"] = str(known["name"])
    if "colour" in known:
        told["color"] = known["colour"]
    if one.label:
        names = one.label.split(": ")
        colour = colours.get(one.label)
        told["classification"] = {
            **({"names": names} if len(names) > 1 else {"name": one.label}),
            **({"color": list(colour)} if colour else {}),
        }
    if known.get("locked"):
        told["isLocked"] = True
    told |= _measured(known)
    if node.children:
        told["childObjects"] = [_feature(child, colours) for child in node.children]
    return {**found, "properties": told}


def _measured(known: Mapping[str, Any]) -> dict[str, Any]:
    measured, metadata = {}, {}
    for key, value in known.items():
        if key in OWN:
            continue
        if isinstance(value, int | float) and not isinstance(value, bool):
            measured[unescaped(key, OWN)] = value
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            metadata[unescaped(key, OWN)] = text
    found: dict[str, Any] = {"measurements": measured} if measured else {}
    return {**found, "metadata": metadata} if metadata else found


def _geometry(several: list[Thing]) -> dict[str, Any]:
    one = several[0]
    known = one.properties
    if one.kind == OUTLINE:
        found = _polygon(one.shape)
        if ellipse_of(one.shape, known) is not None:
            found["isEllipse"] = True
    elif one.kind == OPEN:
        lines = [xy_of(other.shape) for other in several]
        found = _one_or_many("LineString", lines)
    else:
        pairs = [[other.shape[1] + 0.5, other.shape[0] + 0.5] for other in several]
        found = _one_or_many("Point", pairs)
    plane = {key: known[key] for key in ("c", "z", "t") if key in known}
    if plane:
        found["plane"] = {"c": -1, "z": 0, "t": 0, **plane}
    return found


def _polygon(outline: Outline) -> dict[str, Any]:
    parts = [[_closed(xy_of(ring)) for ring in part] for part in outline]
    return _one_or_many("Polygon", parts)


def _one_or_many(kind: str, many: list[Any]) -> dict[str, Any]:
    if len(many) == 1:
        return {"type": kind, "coordinates": many[0]}
    return {"type": f"Multi{kind}", "coordinates": many}


def _closed(xy: list[list[float]]) -> list[list[float]]:
    return [*xy, xy[0]]
