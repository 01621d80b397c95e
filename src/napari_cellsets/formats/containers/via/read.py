"""Read JSON of the VGG Image Annotator: projects of version 2 and 3, bare regions."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

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
    from collections.abc import Iterable, Iterator, Mapping

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree

CLASS = "class"
"""Attribute that holds the class in files that are written."""
OWN = frozenset({CLASS, ELLIPSE, "shape"})
"""Properties that are no attributes."""
_CLASS_NAMES = (CLASS, "label", "category", "type", "name", "class_name", "species")
_CHOSEN = ("dropdown", "radio", "checkbox")
_SHAPES_3 = {
    1: ("point", ("cx", "cy")),
    2: ("rect", ("x", "y", "width", "height")),
    3: ("circle", ("cx", "cy", "r")),
    4: ("ellipse", ("cx", "cy", "rx", "ry")),
    5: ("polyline", ()),
    6: ("polyline", ()),
    7: ("polygon", ()),
}


def open_via(tree: FileTree, name: str) -> Container:
    """Open a project of VIA (version 2 or 3) or the regions exported from one.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Container
        One item a picture. The class of a region is its attribute called ``class``,
        ``label`` or alike, else the one attribute that there is, else the first of a
        fixed choice; other attributes are properties. An attribute of the whole
        picture, found the same way, is the class of the picture. Coordinates are
        shifted by half a pixel.

    Raises
    ------
    UnreadableFileError
        If it is no JSON of VIA.
    """
    content, place = load_json(tree, name), tree.place(name)
    notes = Notes(name, place)
    if isinstance(content, dict) and isinstance(content.get("metadata"), dict):
        pictures, options, of_file = _version_3(content, notes)
    else:
        pictures, options, of_file = _version_2(content)
    if not pictures and not _is_empty(content):
        raise UnreadableFileError(
            "this JSON holds no regions of VIA",
            path=place,
            advice="Save the project again in VIA, or export its annotations as JSON.",
        )
    told = [_attributes(r) for picture in pictures for r in picture["regions"]]
    key = _class_key(told, options)
    marks = [picture["attributes"] for picture in pictures]
    file_key = _class_key(marks, of_file)
    classes = unique_ids(label for one in told for label in _values(one.get(key))[:1])
    ids = {label: number_ for number_, label in classes.items()}

    def decode(index: int, size: tuple[int, int] | None) -> tuple[Annotation, ...]:
        gathered = Gatherer(name, classes, size=size)
        picture = pictures[index]
        for at, region in enumerate(picture["regions"]):
            try:
                _add(gathered, region, key, ids)
            except BadObject as error:
                notes.add(f"{picture['name']}, region {at}", error)
        for label in _values(picture["attributes"].get(file_key)):
            gathered.image_class(label)
        return gathered.annotations()

    items = [Item(picture["name"]) for picture in pictures]
    return Opened("via", items, decode, classes, problems=notes.problems)


def _is_empty(content: Any) -> bool:
    return isinstance(content, dict) and any(
        content.get(key) == {} for key in ("_via_img_metadata", "metadata")
    )


def _version_2(content: Any) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """Pictures of a project or of bare regions; attributes with a fixed choice."""
    if not isinstance(content, dict):
        return [], [], []
    holder = content.get("_via_img_metadata", content)
    found = []
    for one in holder.values() if isinstance(holder, dict) else ():
        if isinstance(one, dict) and "regions" in one and "filename" in one:
            regions = one["regions"]
            if isinstance(regions, dict):  # version 1 numbered them
                regions = list(regions.values())
            attributes = one.get("file_attributes")
            found.append(
                {
                    "name": _plain_name(one["filename"]),
                    "regions": regions if isinstance(regions, list) else [],
                    "attributes": attributes if isinstance(attributes, dict) else {},
                }
            )
    told = content.get("_via_attributes")
    told = told if isinstance(told, dict) else {}
    return found, _choices(told.get("region")), _choices(told.get("file"))


def _choices(told: Any) -> list[str]:
    """Names of attributes whose values are chosen from a list."""
    return [
        key
        for key, one in (told.items() if isinstance(told, dict) else ())
        if isinstance(one, dict)
        and one.get("type") in ("dropdown", "radio", "checkbox")
    ]


def _version_3(
    content: Mapping[str, Any], notes: Notes
) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """Bring a project of version 3 into the form of version 2."""
    files, views = _dict(content.get("file")), _dict(content.get("view"))
    attributes = _dict(content.get("attribute"))
    pictures: dict[str, dict[str, Any]] = {}
    for view_id, view in views.items():
        of_view = view.get("fid_list") if isinstance(view, dict) else None
        of_view = of_view if isinstance(of_view, list) else []
        first = _dict(files.get(str(of_view[0]))) if of_view else {}
        if first.get("type") in (None, 1, 2):
            title = _plain_name(first.get("src") or first.get("fname"))
            named = {"name": title, "regions": [], "attributes": {}}
            pictures[str(view_id)] = named
    for key, one in _dict(content.get("metadata")).items():
        picture = pictures.get(str(_dict(one).get("vid")))
        if picture is None:
            notes.add(f"metadata {key}", "it belongs to no picture")
            continue
        named_values = _named(_dict(one.get("av")), attributes)
        xy = one.get("xy")
        if isinstance(xy, list) and xy:
            told = {"shape_attributes": _shape_3(xy), "region_attributes": named_values}
            picture["regions"].append(told)
        else:
            picture["attributes"].update(named_values)
    chosen = [
        str(one.get("aname"))
        for one in attributes.values()
        if isinstance(one, dict) and _dict(one.get("options"))
    ]
    return list(pictures.values()), chosen, chosen


def _named(values: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Names of attributes and of chosen options instead of their numbers."""
    found = {}
    for key, value in values.items():
        attribute = _dict(attributes.get(key))
        options = _dict(attribute.get("options"))
        many = value.split(",") if isinstance(value, str) and options else [value]
        plain = [options.get(one, one) if isinstance(one, str) else one for one in many]
        found[str(attribute.get("aname", key))] = ",".join(map(str, plain))
    return found


def _shape_3(xy: list[Any]) -> dict[str, Any]:
    kind, rest = xy[0], xy[1:]
    name, keys = _SHAPES_3.get(kind, ("", ())) if isinstance(kind, int) else ("", ())
    if keys:
        return {"name": name, **dict(zip(keys, rest, strict=False))}
    lists = {"all_points_x": rest[::2], "all_points_y": rest[1::2]}
    return {"name": name or f"number {kind}", **lists}


def _dict(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _plain_name(told: Any) -> str:
    """Name of a picture, without the server if it is an address."""
    if not isinstance(told, str) or told.startswith("data:"):
        return ""
    if "://" in told:
        try:
            return unquote(urlsplit(told).path).lstrip("/")
        except ValueError:
            return ""
    return told.replace("\\", "/")


def _attributes(region: Any) -> dict[str, Any]:
    return _dict(region.get("region_attributes")) if isinstance(region, dict) else {}


def _class_key(told: Iterable[Mapping[str, Any]], options: list[str]) -> str:
    """Name of the attribute that holds the class."""
    seen = Counter(key for one in told for key in one)
    small = {key.lower().strip(): key for key in reversed(list(seen))}
    named = [small[name] for name in _CLASS_NAMES if name in small]
    if named:
        return named[0]
    if len(seen) == 1:
        return next(iter(seen))
    return next((key for key in options if key in seen), "")


def _values(told: Any) -> list[str]:
    """Chosen values: a text, or the options that are ticked."""
    if isinstance(told, dict):
        return [str(key) for key, ticked in told.items() if ticked is True]
    if isinstance(told, int | float) and not isinstance(told, bool):
        return [str(told)]
    return [told.strip()] if isinstance(told, str) and told.strip() else []


def _add(gathered: Gatherer, region: Any, key: str, ids: Mapping[str, int]) -> None:
    shape = _dict(region.get("shape_attributes")) if isinstance(region, dict) else {}
    attributes = _attributes(region)
    labels = _values(attributes.get(key))
    class_id = ids.get(labels[0]) if labels else None
    known = dict(_properties(attributes, key, labels))
    kind = shape.get("name")
    if kind == "rect":
        gathered.box(_rectangle(shape), class_id, known)
    elif kind == "point":
        gathered.point(_middle(shape), class_id, known)
    elif kind in ("circle", "ellipse"):
        known[ELLIPSE] = _ellipse(shape, str(kind))
        gathered.outline(((ellipse_ring(known[ELLIPSE]),),), class_id, known)
    elif kind in ("polygon", "polyline"):
        xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
        if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys):
            raise BadObject("its lists of x and y are not of one length")
        is_open = kind == "polyline"
        pairs = list(zip(xs, ys, strict=True))
        ring = ring_of(pairs, least=2 if is_open else 3)
        gathered.outline(((ring,),), class_id, known, is_open=is_open)
    else:
        raise BadObject(f"its shape {str(kind)[:40]!r} is not known")


def _properties(
    attributes: Mapping[str, Any], key: str, labels: list[str]
) -> Iterator[tuple[str, Any]]:
    for name, value in attributes.items():
        if name == key:
            if len(labels) > 1:
                yield "labels", labels
        elif isinstance(value, dict):
            yield escaped(name, OWN), _values(value)
        elif value is not None and value != "":
            yield escaped(name, OWN), value


def _middle(shape: Mapping[str, Any]) -> tuple[float, float]:
    return number(shape.get("cy"), "cy") - 0.5, number(shape.get("cx"), "cx") - 0.5


def _rectangle(shape: Mapping[str, Any]) -> list[float]:
    top, left = number(shape.get("y"), "y") - 0.5, number(shape.get("x"), "x") - 0.5
    height = number(shape.get("height"), "height")
    width = number(shape.get("width"), "width")
    if min(height, width) < 0:
        raise BadObject("its box has a negative size")
    return [top, left, top + height, left + width]


def _ellipse(
    shape: Mapping[str, Any], kind: str
) -> tuple[float, float, float, float, float]:
    row, column = _middle(shape)
    if kind == "circle":
        radius = number(shape.get("r"), "r")
        return row, column, radius, radius, 0.0
    down, right = number(shape.get("ry"), "ry"), number(shape.get("rx"), "rx")
    # VIA keeps the angle in radians
    return row, column, down, right, math.degrees(number(shape.get("theta") or 0))
