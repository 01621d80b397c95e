"""Read the GeoJSON of QuPath."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import Item, Opened
from napari_cellsets.formats.containers.ellipses import ELLIPSE, ellipse_ring
from napari_cellsets.formats.containers.gather import Gatherer
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    load_json,
    number,
    ring_of,
    unique_ids,
)
from napari_cellsets.formats.containers.things import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree

OWN = frozenset(
    {
        *("id", "object_type", "name", "colour", "locked", "c", "z", "t"),
        *("parent", "part", "set", ELLIPSE),
    }
)
"""Properties that QuPath has keys for; all others are measurements and metadata."""
NUCLEUS = "nucleus"
_GEOMETRIES = frozenset(
    {
        *("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon"),
        *("MultiPolygon", "GeometryCollection"),
    }
)


@dataclass(slots=True)
class _Feature:
    where: str
    content: dict[str, Any]
    id: Any = None
    parent: Any = None
    label: str = ""


def open_qupath(tree: FileTree, name: str) -> Container:
    """Open a GeoJSON file: a collection, a list, one feature, or a bare geometry.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Container
        One picture without name. Coordinates are shifted by half a pixel, as QuPath
        counts from the corner of the first pixel. The nucleus of a cell is an object
        of its own with ``part`` "nucleus" and the ``id`` of its cell as ``parent``;
        nested objects have a ``parent`` too.

    Raises
    ------
    UnreadableFileError
        If it is no GeoJSON.
    """
    content, place = load_json(tree, name), tree.place(name)
    notes = Notes(name, place)
    features = list(_features(content, notes))
    if not features and not _is_collection(content):
        raise UnreadableFileError(
            "this JSON holds no GeoJSON features and no geometry",
            path=place,
            advice="Export it again from QuPath as GeoJSON.",
        )
    colours: dict[str, Colour] = {}
    for one in features:
        one.label, colour = _class(_properties(one.content).get("classification"))
        if one.label and colour:
            colours.setdefault(one.label, colour)
    classes = unique_ids(one.label for one in features if one.label)
    ids = {label: number for number, label in classes.items()}
    by_id = {ids[label]: colour for label, colour in colours.items()}

    def decode(_: int, size: tuple[int, int] | None) -> tuple[Annotation, ...]:
        gathered = Gatherer(name, classes, by_id, size=size)
        for index, one in enumerate(features):
            try:
                _add(gathered, one, ids.get(one.label), index)
            except BadObject as error:
                notes.add(one.where, error)
        return gathered.annotations()

    return Opened("qupath", [Item("")], decode, classes, by_id, notes.problems)


def _is_collection(content: Any) -> bool:
    if isinstance(content, list):
        return not content
    is_named = isinstance(content, dict) and content.get("type") == "FeatureCollection"
    return is_named and content.get("features") == []


def _features(content: Any, notes: Notes) -> Iterator[_Feature]:
    """Walk through everything, nested objects behind the one that they are in."""
    waiting: list[tuple[str, Any, Any]] = [("", content, None)]
    count = 0
    while waiting:
        where, one, parent = waiting.pop()
        inner: list[tuple[str, Any, Any]] = []
        if isinstance(one, list):
            inner = _numbered(where, one, parent)
        elif not isinstance(one, dict):
            notes.add(where or "the file", "it is no object")
        elif one.get("type") == "FeatureCollection":
            inner = _numbered(where, one.get("features"), parent)
        elif str(one.get("type")) in _GEOMETRIES:
            yield _Feature(where or "geometry", {"geometry": one}, None, parent)
        elif one.get("type") == "Feature" or "geometry" in one:
            count += 1
            own, is_root = _id(one), _object_type(one) == "root"
            children = _children(one)
            if own is None and (children or one.get("nucleusGeometry")):
                own = f"#{count}"
            if not is_root:
                yield _Feature(where or "feature", one, own, parent)
            inner = _numbered(where, children, None if is_root else own)
        else:
            notes.add(where or "the file", f"{str(one.get('type'))[:40]!r} is unknown")
        waiting += reversed(inner)


def _numbered(where: str, many: Any, parent: Any) -> list[tuple[str, Any, Any]]:
    before = f"{where}, " if where else ""
    found = many if isinstance(many, list) else []
    return [(f"{before}feature {i}", one, parent) for i, one in enumerate(found)]


def _properties(feature: Mapping[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _children(feature: Mapping[str, Any]) -> list[Any]:
    for holder in (feature, _properties(feature)):
        for key in ("childObjects", "children"):
            if isinstance(holder.get(key), list):
                return list(holder[key])
    return []


def _id(feature: Mapping[str, Any]) -> Any:
    """Return the id; before QuPath 0.4 that was the kind of object."""
    own = feature.get("id")
    is_kind = isinstance(own, str) and own.startswith("Path") and own.endswith("Object")
    return own if isinstance(own, int | str) and own != "" and not is_kind else None


def _object_type(feature: Mapping[str, Any]) -> str:
    known = _properties(feature)
    for key in ("objectType", "object_type", "type"):
        if isinstance(known.get(key), str):
            return str(known[key])
    own = feature.get("id")
    if isinstance(own, str) and own.startswith("Path") and own.endswith("Object"):
        return own[4:-6].lower()
    return ""


def _class(told: Any) -> tuple[str, Colour | None]:
    """Name and colour of a classification in any of its forms."""
    if isinstance(told, str):
        return told, None
    if not isinstance(told, dict):
        return "", None
    names = told.get("names")
    if isinstance(names, list):
        name = ": ".join(str(one) for one in names)
    else:
        name = told["name"] if isinstance(told.get("name"), str) else ""
    return name, _colour(told.get("color", told.get("colorRGB")))


def _colour(told: Any) -> Colour | None:
    if isinstance(told, int) and not isinstance(told, bool):
        return told >> 16 & 255, told >> 8 & 255, told & 255
    if isinstance(told, list) and len(told) >= 3:
        if all(isinstance(one, int) and 0 <= one <= 255 for one in told[:3]):
            return told[0], told[1], told[2]
    return None


def _known(one: _Feature) -> dict[str, Any]:
    told = _properties(one.content)
    known: dict[str, Any] = {"id": one.id, "parent": one.parent}
    known["object_type"] = _object_type(one.content) or None
    known["name"] = told.get("name")
    colour = _colour(told.get("color"))
    known["colour"] = list(colour) if colour else None
    known["locked"] = True if told.get("isLocked") is True else None
    measured = told.get("measurements")
    if isinstance(measured, list):
        pairs = [m for m in measured if isinstance(m, dict)]
        measured = {str(m.get("name")): m.get("value") for m in pairs}
    for holder in (measured, told.get("metadata")):
        if isinstance(holder, dict):
            known |= {escaped(str(key), OWN): value for key, value in holder.items()}
    return {
        key: value
        for key, value in known.items()
        if value is not None and value != "NaN"
    }


def _add(gathered: Gatherer, one: _Feature, class_id: int | None, index: int) -> None:
    geometry = one.content.get("geometry")
    known = _known(one)
    _add_geometry(gathered, geometry, class_id, known, index)
    nucleus = one.content.get("nucleusGeometry")
    if nucleus:
        inner = {"part": NUCLEUS, "parent": one.id}
        _add_geometry(gathered, nucleus, class_id, inner, index)


def _add_geometry(
    gathered: Gatherer, told: Any, class_id: int | None, known: dict[str, Any], at: int
) -> None:
    if not isinstance(told, dict):
        raise BadObject("it has no geometry")
    known = {**known, **_plane(told.get("plane"))}
    outlines, lines, points = _shapes(told)
    if outlines:
        if told.get("isEllipse") is True and len(outlines) == len(outlines[0]) == 1:
            known[ELLIPSE] = _ellipse(outlines[0][0])
            outlines = [(ellipse_ring(known[ELLIPSE]),)]
        gathered.outline(tuple(outlines), class_id, known)
    together = {"set": at} if len(lines) > 1 else {}
    for line in lines:
        gathered.outline(((line,),), class_id, {**known, **together}, is_open=True)
    together = {"set": at} if len(points) > 1 else {}
    for yx in points:
        gathered.point(yx, class_id, {**known, **together})


def _plane(told: Any) -> dict[str, int]:
    if not isinstance(told, dict):
        return {}
    found = {key: told.get(key) for key in ("c", "z", "t")}
    return {
        key: value
        for key, value in found.items()
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0
    }


def _ellipse(ring: np.ndarray) -> tuple[float, float, float, float, float]:
    low, high = ring.min(axis=0), ring.max(axis=0)
    (row, column), (down, right) = ((low + high) / 2).tolist(), (high - low).tolist()
    return row, column, down / 2, right / 2, 0.0


def _shapes(
    told: dict[str, Any],
) -> tuple[list[tuple[np.ndarray, ...]], list[np.ndarray], list[list[float]]]:
    """Parts of outlines, lines and positions of a geometry."""
    outlines: list[tuple[np.ndarray, ...]] = []
    lines: list[np.ndarray] = []
    points: list[list[float]] = []
    waiting = deque([told])
    while waiting:
        one = waiting.popleft()
        kind = str(one.get("type")) if isinstance(one, dict) else ""
        if kind == "GeometryCollection":
            waiting += _listed(one.get("geometries"))
            continue
        if kind not in _GEOMETRIES:
            raise BadObject(f"the geometry {kind[:40]!r} is not known")
        many = _listed(one.get("coordinates"))
        single = not kind.startswith("Multi")
        if kind.endswith("Polygon"):
            for part in [many] if single else many:
                rings = tuple(_ring(ring, 3) for ring in _listed(part))
                if not rings:
                    raise BadObject("it has no ring")
                outlines.append(rings)
        elif kind.endswith("LineString"):
            lines += [_ring(line, 2) for line in ([many] if single else many)]
        else:
            points += _ring([many] if single else many, 1).tolist()
    if not outlines and not lines and not points:
        raise BadObject("its geometry is empty")
    return outlines, lines, points


def _listed(told: Any) -> list[Any]:
    if not isinstance(told, list):
        raise BadObject("its coordinates are no list")
    return told


def _ring(told: Any, least: int) -> np.ndarray:
    try:  # all at once is ten times faster
        found = np.asarray(told, np.float64)
    except (TypeError, ValueError, OverflowError):
        found = np.empty(0)
    if found.ndim == 2 and found.shape[1] >= 2:
        return ring_of(found[:, :2], least=least)
    pairs = [_pair(pair) for pair in _listed(told)]
    return ring_of(pairs, least=least)


def _pair(told: Any) -> list[float]:
    pair = _listed(told)
    if len(pair) < 2:
        raise BadObject("its coordinates are no pairs of x and y")
    return [number(pair[0], "x"), number(pair[1], "y")]
