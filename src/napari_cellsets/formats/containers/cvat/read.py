"""Read CVAT's XML 1.1: pictures with shapes, or a film with tracks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from napari_cellsets.formats.containers.base import Item, Opened
from napari_cellsets.formats.containers.cvat.masks import decode_runs
from napari_cellsets.formats.containers.cvat.tracks import Tracks
from napari_cellsets.formats.containers.ellipses import ELLIPSE, ellipse_ring
from napari_cellsets.formats.containers.gather import Gatherer
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    load_xml,
    number,
    ring_of,
    size_of,
    unique_ids,
    whole,
)
from napari_cellsets.formats.containers.things import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from xml.etree.ElementTree import Element

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree

OWN = frozenset({"occluded", "z_order", "group", "source", "set", ELLIPSE})
"""Properties that CVAT has keys for; all others are its attributes."""
_NUMBERED = {"z_order": "z_order", "group_id": "group", "track": "track"}


def open_cvat(tree: FileTree, name: str) -> Container:
    """Open an XML file of CVAT.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Container
        Its pictures, or the frames of its film. Attributes are properties, as text.
        Coordinates are shifted by half a pixel, as CVAT counts from the corner of
        the first pixel. Positions marked together share the property ``set``.

    Raises
    ------
    UnreadableFileError
        If it is no XML of CVAT.
    """
    root = load_xml(tree, name, "annotations")
    notes = Notes(name, tree.place(name))
    classes, colours = _labels(root)
    images, tracks = root.findall("image"), root.findall("track")
    items: Sequence[Item]
    if images or not tracks:
        items = [_item(image) for image in images]
        shapes: Callable[[int], Iterable[tuple[str, Element]]] = _of(images)
    else:
        film = Tracks(tracks, notes)
        size = size_of(
            root.findtext(".//original_size/height"),
            root.findtext(".//original_size/width"),
        )
        items = _Frames(max(film.count, _frames(root)), size)
        shapes = film.shapes
    reader = _Reader(shapes, items, classes, colours, notes, name)
    return Opened("cvat", items, reader.decode, classes, colours, notes.problems)


def _labels(root: Element) -> tuple[dict[int, str], dict[int, Colour]]:
    told = [
        (label.findtext("name") or "", label.findtext("color") or "")
        for label in root.iterfind("meta//labels/label")
    ]
    used = [
        shape.get("label") or ""
        for holder in root
        if holder.tag in ("image", "track")
        for shape in (holder, *holder)
    ]
    classes = unique_ids(name for name in (*(n for n, _ in told), *used) if name)
    ids = {name: number for number, name in classes.items()}
    colours = {}
    for name, colour in told:
        if name in ids and len(colour) == 7 and colour.startswith("#"):
            try:
                red, green, blue = bytes.fromhex(colour[1:])
            except ValueError:
                continue
            colours[ids[name]] = (red, green, blue)
    return classes, colours


def _item(image: Element) -> Item:
    name, subset = image.get("name") or "", image.get("subset") or ""
    name = name.replace("\\", "/")
    if subset.lower() not in ("", "default") and not name.startswith(f"{subset}/"):
        name = f"{subset}/{name}"
    return Item(name, size_of(image.get("height"), image.get("width")))


def _of(images: list[Element]) -> Callable[[int], Iterable[tuple[str, Element]]]:
    def shapes(index: int) -> Iterable[tuple[str, Element]]:
        where = images[index].get("name") or f"image {index}"
        for number_, shape in enumerate(images[index]):
            yield f"{where}, {shape.tag} {number_}", shape

    return shapes


def _frames(root: Element) -> int:
    try:
        return whole(root.findtext("meta/task/size") or 0)
    except BadObject:  # beyond belief, or no number
        return 0


class _Frames(Sequence[Item]):
    """The frames of a film, named as CVAT names their pictures."""

    def __init__(self, count: int, size: tuple[int, int] | None) -> None:
        self._numbers, self._size = range(count), size

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self[i] for i in self._numbers[index]]
        return Item(f"frame_{self._numbers[index]:06d}", self._size)


class _Reader:
    """Decodes the shapes of one picture or frame."""

    def __init__(
        self,
        shapes: Callable[[int], Iterable[tuple[str, Element]]],
        items: Sequence[Item],
        classes: dict[int, str],
        colours: dict[int, Colour],
        notes: Notes,
        name: str,
    ) -> None:
        self._shapes, self._items, self._notes = shapes, items, notes
        self._classes, self._colours, self._name = classes, colours, name
        self._ids = {label: number for number, label in classes.items()}

    def decode(
        self, index: int, size: tuple[int, int] | None
    ) -> tuple[Annotation, ...]:
        size = self._items[index].size or size
        gathered = Gatherer(self._name, self._classes, self._colours, size=size)
        for at, (where, shape) in enumerate(self._shapes(index)):
            try:
                self._add(gathered, shape, at)
            except BadObject as error:
                self._notes.add(where, error)
        return gathered.annotations()

    def _add(self, gathered: Gatherer, shape: Element, at: int) -> None:
        label = shape.get("label") or ""
        class_id, known, tag = self._ids.get(label), _properties(shape), shape.tag
        if tag == "box":
            edges, angle = _box(shape)
            gathered.box(edges, class_id, known, angle=angle)
        elif tag in ("polygon", "polyline"):
            is_open = tag == "polyline"
            ring = _points(shape, 2 if is_open else 3)
            gathered.outline(((ring,),), class_id, known, is_open=is_open)
        elif tag == "points":
            ring = _points(shape, 1)
            together = {"set": at} if len(ring) > 1 else {}
            for yx in ring.tolist():
                gathered.point(yx, class_id, {**known, **together})
        elif tag == "mask":
            box = [whole(shape.get(key), key) for key in ("height", "width")]
            gathered.expect(box[0] * box[1])
            mask = decode_runs(shape.get("rle") or "", (box[0], box[1]))
            corner = whole(shape.get("top"), "top"), whole(shape.get("left"), "left")
            gathered.mask(mask, corner, class_id, known)
        elif tag == "ellipse":
            known[ELLIPSE] = _ellipse(shape)
            gathered.outline(((ellipse_ring(known[ELLIPSE]),),), class_id, known)
        elif tag == "tag" and label:
            gathered.image_class(label)
        elif tag == "skeleton":
            self._skeleton(gathered, shape, class_id, {**known, "set": at})
        else:
            raise BadObject(f"<{tag[:40]}> is no flat object that is known")

    @staticmethod
    def _skeleton(
        gathered: Gatherer, shape: Element, class_id: int | None, known: dict[str, Any]
    ) -> None:
        for joint in shape.iterfind("points"):
            if joint.get("outside") == "1":
                continue
            for yx in _points(joint, 1).tolist():
                name = joint.get("label") or ""
                gathered.point(yx, class_id, {**known, "name": name})


def _properties(shape: Element) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for child in shape.iterfind("attribute"):
        name = child.get("name")
        if name:
            known[escaped(name, OWN)] = child.text or ""
    if shape.get("occluded") == "1":
        known["occluded"] = True
    for key, name in (
        ("z_order", "z_order"),
        ("group_id", "group"),
        ("track", "track"),
    ):
        value = shape.get(key)
        if value and value != "0":
            known[name] = int(value) if value.lstrip("-").isdecimal() else value
    if shape.get("source"):
        known["source"] = shape.get("source")
    return known


def _points(shape: Element, least: int) -> np.ndarray:
    text = shape.get("points") or ""
    pairs = [pair for pair in text.split(";") if pair]
    if pairs and all(pair.count(",") == 1 for pair in pairs):
        try:  # all at once is far faster
            flat = np.array(",".join(pairs).split(","), np.float64)
        except ValueError:
            raise BadObject("its coordinates are no numbers") from None
        return ring_of(flat.reshape(-1, 2), least=least)
    return ring_of([pair.split(",") for pair in pairs], least=least)


def _box(shape: Element) -> tuple[list[float], float]:
    keys = ("ytl", "xtl", "ybr", "xbr")
    top, left, low, right = (number(shape.get(key), key) - 0.5 for key in keys)
    edges = [min(top, low), min(left, right), max(top, low), max(left, right)]
    return edges, number(shape.get("rotation") or 0, "rotation")


def _ellipse(shape: Element) -> tuple[float, float, float, float, float]:
    row, column = (number(shape.get(key), key) - 0.5 for key in ("cy", "cx"))
    down, right = (number(shape.get(key), key) for key in ("ry", "rx"))
    return row, column, down, right, number(shape.get("rotation") or 0, "rotation")
