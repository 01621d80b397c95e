"""Read ROIs of ImageJ: single ones, and sets of them in a zip."""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.containers.base import Item, Opened
from napari_cellsets.formats.containers.ellipses import ELLIPSE, ellipse_ring
from napari_cellsets.formats.containers.gather import Gatherer
from napari_cellsets.formats.containers.imagej.paths import rings_of_path
from napari_cellsets.formats.containers.nesting import outline_of_rings
from napari_cellsets.formats.containers.reading import (
    FARTHEST,
    BadObject,
    Notes,
    ring_of,
)
from napari_cellsets.formats.containers.things import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from roifile import ImagejRoi

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree

SHAPES = ("polygon", "freehand", "traced")
LINES = ("polyline", "freeline", "angle", "line")
OWN = frozenset(
    {
        *("name", "colour", "position", "c", "z", "t", "shape", "set"),
        *("counter", "class", "group", "width", ELLIPSE),
    }
)
"""Properties that a ROI has fields for; all others are lines of its own properties."""
EMPTY_ZIP = b"PK\x05\x06"
"""How a zip without members begins."""
_ROI_BYTES = 64 << 20
_MOST_ROIS = 1_000_000
_TOTAL_BYTES = 2 << 30


def open_imagej(tree: FileTree, name: str) -> Container:
    """Open a ``.roi`` file, a zip of them, or all of them below a folder.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there. A zip is read as a file, or
        through the tree where the tree looks into it; an empty name stands for all
        ROIs of the tree.

    Returns
    -------
    Container
        One picture without name. The ``group`` of a ROI is its class; positions
        (``position``, ``c``, ``z``, ``t``) count from 0. Areas count from the corner
        of the first pixel, lines and points from its middle, as in ImageJ.

    Raises
    ------
    UnreadableFileError
        If it is no ROI and no zip that can be read.
    """
    place = tree.place(name)
    notes = Notes(name, place)
    rois: list[tuple[str, ImagejRoi]] = []
    found = list(_contents(tree, name, notes))
    for where, content in found:
        try:
            rois.append((where, _parsed(content)))
        except BadObject as error:
            notes.add(where, error)
    is_single = len(found) == 1 and name.lower().endswith(".roi")
    if not rois and (is_single or (not found and not _is_empty(tree, name))):
        raise UnreadableFileError(
            "there is no readable ROI of ImageJ",
            path=place,
            advice="Save the ROIs again from ImageJ's ROI Manager.",
        )
    classes, ids = _classes([roi for _, roi in rois])

    def decode(_: int, size: tuple[int, int] | None) -> tuple[Annotation, ...]:
        gathered = Gatherer(name, classes, size=size)
        for index, (where, roi) in enumerate(rois):
            try:
                _add(gathered, roi, ids[index], index, where)
            except BadObject as error:
                notes.add(where, error)
        return gathered.annotations()

    return Opened("imagej", [Item("")], decode, classes, problems=notes.problems)


def _is_empty(tree: FileTree, name: str) -> bool:
    """Whether this is a zip without members: a picture without objects."""
    return name.lower().endswith(".zip") and tree.head(name, 4) == EMPTY_ZIP


def _contents(tree: FileTree, name: str, notes: Notes) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of all ROIs."""
    if name.lower().endswith(".roi"):
        yield name, tree.read(name)
        return
    inner = [one for one in tree.under(name) if one.lower().endswith(".roi")]
    for one in inner[:_MOST_ROIS]:
        try:
            yield one, tree.read(one)
        except CellsetsError as error:
            notes.add(one, error.problem)
    if not inner:
        yield from _members(tree.read(name), tree.place(name), notes)


def _members(content: bytes, place: str, notes: Notes) -> Iterator[tuple[str, bytes]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFileError(
            "this zip is damaged", path=place, advice="Copy or download it again."
        ) from error
    room = _TOTAL_BYTES
    with archive:
        for entry in archive.infolist()[:_MOST_ROIS]:
            if not entry.filename.lower().endswith(".roi"):
                continue
            if entry.file_size > _ROI_BYTES or entry.file_size > room:
                notes.add(entry.filename, "it is too large to be a ROI")
                continue
            room -= entry.file_size
            try:
                yield entry.filename, archive.read(entry)
            except (*_DAMAGE, zipfile.BadZipFile, zlib.error, RuntimeError, OSError):
                notes.add(entry.filename, "it is damaged or encrypted")


_DAMAGE = (ValueError, TypeError, IndexError, OverflowError, struct.error, EOFError)


def _parsed(content: bytes) -> ImagejRoi:
    import logging

    from roifile import ImagejRoi

    logger = logging.getLogger("roifile")
    if not logger.handlers:  # what is wrong with a ROI is told as a problem
        logger.addHandler(logging.NullHandler())
    try:
        roi = ImagejRoi.frombytes(content)
    except (*_DAMAGE, AssertionError, MemoryError) as error:
        raise BadObject(f"it is damaged ({str(error)[:60]})") from error
    return roi


def _classes(rois: list[ImagejRoi]) -> tuple[dict[int, str], list[int | None]]:
    """Class names by group; names without group get the next free numbers."""
    classes: dict[int, str] = {}
    told = [_text(roi, "class") for roi in rois]
    for roi, name in zip(rois, told, strict=True):
        if roi.group:
            if name or roi.group not in classes:
                classes[roi.group] = name or f"group {roi.group}"
    numbers = {name: number for number, name in reversed(classes.items())}
    ids: list[int | None] = []
    free = max(classes, default=0) + 1
    for roi, name in zip(rois, told, strict=True):
        if roi.group:
            ids.append(roi.group)
        elif name:
            if name not in numbers:
                numbers[name], classes[free] = free, name
                free += 1
            ids.append(numbers[name])
        else:
            ids.append(None)
    return dict(sorted(classes.items())), ids


def _lines(roi: ImagejRoi) -> dict[str, str]:
    """The ROI's own properties: ``key: text`` lines."""
    pairs = (line.partition(":") for line in roi.props.splitlines()[:1000])
    return {key.strip(): text.strip() for key, colon, text in pairs if colon}


def _text(roi: ImagejRoi, key: str) -> str:
    return _lines(roi).get(key, "")


def _known(roi: ImagejRoi) -> dict[str, Any]:
    known: dict[str, Any] = {
        escaped(key, OWN): text for key, text in _lines(roi).items() if key != "class"
    }
    if roi.name:
        known["name"] = roi.name
    for key in ("position", "c_position", "z_position", "t_position"):
        value = getattr(roi, key)
        if value > 0:
            known[key.removesuffix("_position")] = int(value) - 1
    colour = _colour(roi.stroke_color)
    if colour:
        known["colour"] = list(colour)
    if roi.stroke_width > 0 and roi.roitype.name != "POINT":
        known["width"] = int(roi.stroke_width)
    return known


def _colour(argb: bytes) -> Colour | None:
    return (argb[1], argb[2], argb[3]) if any(argb) else None


def _add(
    gathered: Gatherer, roi: ImagejRoi, class_id: int | None, at: int, where: str
) -> None:
    known, kind = _known(roi), roi.roitype.name.lower()
    sub = roi.subtype.name.lower()
    if sub in ("text", "image"):
        raise BadObject(f"it is a {sub}, not an object")
    if roi.composite:
        rings = rings_of_path(roi.multi_coordinates)
        gathered.outline(outline_of_rings(rings), class_id, known)
    elif kind == "freehand" and sub in ("ellipse", "rotated_rect"):
        _add_turned(gathered, roi, sub, class_id, known)
    elif kind in SHAPES:
        known["shape"] = kind
        ring = ring_of(roi.coordinates())
        gathered.outline(((ring,),), class_id, known)
    elif kind == "rect":
        gathered.box(_edges(roi), class_id, known)
    elif kind == "oval":
        top, left, low, right = _edges(roi)
        middle = (top + low) / 2, (left + right) / 2
        known[ELLIPSE] = (*middle, (low - top) / 2, (right - left) / 2, 0.0)
        gathered.outline(((ellipse_ring(known[ELLIPSE]),),), class_id, known)
    elif kind in LINES:
        known["shape"] = kind
        ring = ring_of(roi.coordinates(), shift=0.0, least=2)
        gathered.outline(((ring,),), class_id, known, is_open=True)
    elif kind == "point":
        _add_points(gathered, roi, class_id, known, at)
    else:
        raise BadObject(f"its kind {kind!r} is not known")


def _edges(roi: ImagejRoi) -> list[float]:
    top, left, low, right = roi.top, roi.left, roi.bottom, roi.right
    if roi.subpixelrect:
        top, left = roi.yd, roi.xd
        low, right = roi.yd + roi.heightd, roi.xd + roi.widthd
    edges = [float(value) - 0.5 for value in (top, left, low, right)]
    if not all(abs(value) <= FARTHEST for value in edges):
        raise BadObject("its corners are not finite or far outside")
    if edges[2] < edges[0] or edges[3] < edges[1]:
        raise BadObject("its box has a negative size")
    return edges


def _add_turned(
    gathered: Gatherer,
    roi: ImagejRoi,
    sub: str,
    class_id: int | None,
    known: dict[str, Any],
) -> None:
    """Add an ellipse, told by the ends of its long axis, or a turned rectangle."""
    ends = ring_of([[roi.x1, roi.y1], [roi.x2, roi.y2]], least=2)
    bits = roi.arrow_style_or_aspect_ratio, roi.arrow_head_size
    packed = struct.pack(">BBh", *bits, roi.rounded_rect_arc_size)
    (across,) = struct.unpack(">f", packed)
    length = float(np.hypot(*(ends[1] - ends[0])))
    if not (0 < across <= FARTHEST) or not length > 0:
        raise BadObject("its axes are not above 0")
    row, column = ends.mean(axis=0).tolist()
    down, right = (ends[1] - ends[0]).tolist()
    angle = math.degrees(math.atan2(down, right))
    if sub == "ellipse":
        known[ELLIPSE] = (row, column, across * length / 2, length / 2, angle)
        gathered.outline(((ellipse_ring(known[ELLIPSE]),),), class_id, known)
    else:
        half = across / 2, length / 2
        low = [row - half[0], column - half[1], row + half[0], column + half[1]]
        gathered.box(low, class_id, known, angle=angle)


def _add_points(
    gathered: Gatherer,
    roi: ImagejRoi,
    class_id: int | None,
    known: dict[str, Any],
    at: int,
) -> None:
    places = ring_of(roi.coordinates(), shift=0.0, least=1)
    counters, planes = roi.counters, roi.counter_positions
    many = len(places) > 1
    for index, yx in enumerate(places.tolist()):
        own = {"set": at} if many else {}
        if counters is not None and counters.any():
            own["counter"] = int(counters[index])
        if planes is not None and planes[index]:
            own["position"] = int(planes[index]) - 1
        gathered.point(yx, class_id, {**known, **own})
