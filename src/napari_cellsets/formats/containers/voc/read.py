"""Pascal VOC: boxes in XML, objects and classes in palette PNGs.

Boxes count from 1 and include their last pixel in the original files; many programs
write them from 0. One file cannot tell unless a box starts at 0 or between pixels,
so all files of the folder are asked (some of them in a large one). Without a sign of
0 the official rule holds. Which was taken stands in the source of the boxes. The two
readings differ by one pixel at the left and upper edges.

Besides: polygons as Roboflow writes them, and the XML of Fluorescent Neuronal Cells
v2 (pixels as points of polygons, dots).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari_cellsets.core.annotation import Boxes, LabelImage
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.base import Container, Item, Opened
from napari_cellsets.formats.containers.gather import Gatherer
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    load_xml,
    number,
    ring_of,
    size_of,
)
from napari_cellsets.formats.containers.voc.names import class_table
from napari_cellsets.formats.containers.voc.planes import (
    is_voc_plane,
    open_plane,
    planes_of,
)
from napari_cellsets.formats.containers.voc.write import COUNTED

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.files import FileTree

_ASKED = 64
"""Files of a folder that are asked about their base."""
_FLAGS = ("truncated", "difficult", "occluded")
_SIDES = ("xmin", "ymin", "xmax", "ymax")
_BASES: WeakKeyDictionary[FileTree, dict[str, tuple[int, str]]] = WeakKeyDictionary()


def open_voc(tree: FileTree, name: str) -> Container:
    """Open an XML file of boxes, or one of the masks of a set.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Container
        One picture with its boxes and the masks of the same stem.

    Raises
    ------
    UnreadableFileError
        If it is no such XML, or no picture.
    """
    if is_voc_plane(name, tree.head(name, 8)):
        return open_plane(tree, name)
    root = load_xml(tree, name, "annotation")
    reader = _Reader(tree, name, root, Notes(name, tree.place(name)))
    size = root.find("size")
    stated = (
        None if size is None else size_of(_text(size, "height"), _text(size, "width"))
    )
    item = Item(_text(root, "filename").replace("\\", "/"), stated)
    return Opened(
        "voc",
        [item],
        reader.read,
        reader.classes,
        reader.colours,
        reader.notes.problems,
    )


class _Reader:
    """One XML file, parsed."""

    def __init__(self, tree: FileTree, name: str, root: Element, notes: Notes) -> None:
        self.notes = notes
        self._tree, self._name, self._root = tree, name, root
        labels = [_class_name(element) for element in root.iterfind("object")]
        table = class_table(tree, name, filter(None, labels))
        self.classes, self.colours = table.names, table.colours
        self._ids = {label: key for key, label in table.names.items()}

    def read(
        self, index: int, size: tuple[int, int] | None = None
    ) -> tuple[Annotation, ...]:
        if index:
            raise IndexError(index)
        base, why = base_of(self._tree, self._name, self._root)
        source = f"{self._name} (boxes counted from {base}: {why})"
        found = Gatherer(source, self.classes, self.colours, size=size)
        for at, element in enumerate(self._root.iterfind("object"), 1):
            try:
                self._add(found, element, base)
            except BadObject as error:
                self.notes.add(f"object {at}", error)
        marked = found.annotations()
        try:
            planes = planes_of(self._tree, self._name, self.classes, self.colours)
        except CellsetsError as error:
            self.notes.add("its mask is left out", error.problem)
            return marked
        return (*planes, *(a for a in marked if not _repeats(a, planes)))

    def _add(self, found: Gatherer, element: Element, base: int) -> None:
        label = _class_name(element)
        class_id = self._ids.get(label) if label else None
        kept = _properties(element)
        polygon, box = element.find("polygon"), element.find("bndbox")
        dot = element.find("dot")
        if polygon is not None:
            found.outline(((_polygon(polygon),),), class_id, kept)
        elif box is not None:
            found.box(_edges(box, base), class_id, kept)
        if dot is not None:
            place = number(_text(dot, "y"), "y"), number(_text(dot, "x"), "x")
            found.point(place, class_id, kept)
        elif polygon is None and box is None:
            raise BadObject("it has no box")


def base_of(tree: FileTree, name: str, root: Element) -> tuple[int, str]:
    """Tell whether the boxes of a file count from 0 or 1, and why.

    Parameters
    ----------
    tree, name, root
        The file, and its content.
    """
    said = root.findtext("source/annotation") or ""
    if COUNTED in said:
        return 1, "the file says so"
    own = _sign_of_zero(root)
    if own:
        return 0, own
    folder = name.rpartition("/")[0]
    known = _BASES.setdefault(tree, {})
    if folder not in known:
        known[folder] = _base_of_folder(tree, folder)
    return known[folder]


def _base_of_folder(tree: FileTree, folder: str) -> tuple[int, str]:
    files = [
        name
        for name in tree.under(folder)
        if name.lower().endswith(".xml") and name.rpartition("/")[0] == folder
    ]
    for name in files[:: max(1, len(files) // _ASKED)][:_ASKED]:
        try:
            sign = _sign_of_zero(load_xml(tree, name, "annotation"))
        except CellsetsError:
            continue
        if sign:
            return 0, f"{sign} in {name.rpartition('/')[2]}"
    return 1, "the official rule, no file says otherwise"


def _sign_of_zero(root: Element) -> str:
    for element in root.iterfind("object"):
        box = element.find("bndbox")
        if element.find("polygon/pt") is not None or element.find("dot") is not None:
            return "polygons and dots are pixels"
        if box is None:
            continue
        try:
            values = [number(_text(box, side)) for side in _SIDES]
        except BadObject:
            continue
        if min(values[:2]) == 0:
            return "a box starts at 0"
        if any(value != int(value) for value in values):
            return "a box lies between pixels"
    return ""


def _edges(box: Element, base: int) -> tuple[float, float, float, float]:
    left, top, right, low = (number(_text(box, side), side) for side in _SIDES)
    left, top = left - base - 0.5, top - base - 0.5
    right, low = right - 0.5, low - 0.5
    if right < left or low < top:
        raise BadObject("its box ends before it starts")
    return top, left, low, right


def _polygon(element: Element) -> Any:
    points = element.findall("pt")
    if points:  # pixels, as OpenCV traces them
        pairs = [(number(_text(p, "x")), number(_text(p, "y"))) for p in points]
        return ring_of(pairs, shift=0)
    pairs = []
    while element.find(f"x{len(pairs) + 1}") is not None:
        at = len(pairs) + 1
        pairs.append(
            (number(_text(element, f"x{at}")), number(_text(element, f"y{at}")))
        )
    return ring_of(pairs)


def _class_name(element: Element) -> str:
    names = ("name", "marked_structure", "marker")
    return next(filter(None, (_text(element, name) for name in names)), "")


def _properties(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {
        flag: True for flag in _FLAGS if _text(element, flag).lower() in ("1", "true")
    }
    pose = _text(element, "pose")
    if pose and pose.lower() != "unspecified":
        found["pose"] = pose
    return found


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _repeats(annotation: Annotation, planes: tuple[Annotation, ...]) -> bool:
    """Whether boxes say no more than the ends of the objects of a mask."""
    if not isinstance(annotation, Boxes) or annotation.properties:
        return False
    from napari_cellsets.formats.containers.convert import boxes_of, stack_of_labels

    for plane in planes:
        if isinstance(plane, LabelImage):
            own = boxes_of(stack_of_labels(plane)).yxyx.tolist()
            return sorted(own) == sorted(annotation.yxyx.tolist())
    return False
