"""Read the XML of the LabelMe web tool: polygons, boxes and masks in files beside."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.base import Item, Opened
from napari_cellsets.formats.containers.gather import Gatherer, tight
from napari_cellsets.formats.containers.one_file import mask_from_png
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    load_xml,
    ring_of,
    size_of,
    unique_ids,
)

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    import numpy as np

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree

_MARKS = (b"<deleted>", b"LabelMe", b"<segm>")


def sniff(name: str, head: bytes) -> bool:
    """Whether a file is XML of the LabelMe web tool (Pascal VOC looks alike)."""
    if not name.lower().endswith(".xml") or b"<annotation>" not in head:
        return False
    return any(mark in head for mark in _MARKS)


def open_web(tree: FileTree, name: str) -> Container:
    """Open an XML file of the LabelMe web tool.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there. Masks are looked for in
        ``Masks/`` beside ``Annotations/``.

    Returns
    -------
    Container
        One picture; deleted objects are left out. ``parent`` is the ``id`` of the
        object of which one is a part.

    Raises
    ------
    UnreadableFileError
        If it is no such XML.
    """
    root = load_xml(tree, name, "annotation")
    folder, picture = _text(root, "folder"), _text(root, "filename")
    size = size_of(_text(root, "imagesize/nrows"), _text(root, "imagesize/ncols"))
    opened = _Reader(root, tree, name)
    title = f"{folder}/{picture}" if folder and picture else picture
    return Opened(
        "labelme",
        [Item(title, size)],
        lambda _, given: opened.decode(size or given),
        opened.classes,
        problems=opened.notes.problems,
    )


class _Reader:
    """The objects of one XML file, decoded on demand."""

    def __init__(self, root: Element, tree: FileTree, name: str) -> None:
        self.notes = Notes(name, tree.place(name))
        self._tree, self._name = tree, name
        self._folder = _text(root, "folder")
        found = enumerate(root.iterfind("object"))
        self._objects = [(i, o) for i, o in found if _text(o, "deleted") != "1"]
        names = [_text(one, "name") for _, one in self._objects]
        self.classes = unique_ids(name for name in names if name)

    def decode(self, size: tuple[int, int] | None) -> tuple[Annotation, ...]:
        gathered = Gatherer(self._name, self.classes, size=size)
        ids = {label: number for number, label in self.classes.items()}
        for index, one in self._objects:
            try:
                self._add(gathered, one, ids.get(_text(one, "name")))
            except BadObject as error:
                self.notes.add(f"object {index}", error)
        return gathered.annotations()

    def _add(self, gathered: Gatherer, one: Element, class_id: int | None) -> None:
        properties = _properties(one)
        polygon, segment = one.find("polygon"), one.find("segm")
        if polygon is not None:
            points = [[_text(pt, "x"), _text(pt, "y")] for pt in polygon.iterfind("pt")]
            ring = ring_of(points)
            if _text(one, "type") == "bounding_box":
                edges = [*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()]
                gathered.box(edges, class_id, properties)
            else:
                gathered.outline(((ring,),), class_id, properties)
        elif segment is not None:
            mask, corner = self._mask(_text(segment, "mask"))
            gathered.mask(mask, corner, class_id, properties)
        else:
            raise BadObject("it has no polygon and no mask")

    def _mask(self, file: str) -> tuple[np.ndarray, tuple[int, int]]:
        if not file or "/" in file or "\\" in file or file.startswith("."):
            raise BadObject(f"{file[:40]!r} is no name of a mask")
        above, found, below = self._name.rpartition("Annotations/")
        inner = posixpath.dirname(below) if found else self._folder
        name = posixpath.join(above, "Masks", inner, file)
        try:
            content = self._tree.read(name)
        except CellsetsError as error:
            raise BadObject(f"its mask {name} cannot be read") from error
        return tight(mask_from_png(content, self._tree.place(name)))


def _properties(one: Element) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": _text(one, "id"),
        "parent": _text(one, "parts/ispartof"),
        "comment": _text(one, "attributes"),
        "occluded": _text(one, "occluded") == "yes" or None,
    }
    return {key: value for key, value in found.items() if value}


def _text(one: Element, path: str) -> str:
    return (one.findtext(path) or "").strip()
