"""ImageJ: a zip of ROIs for each picture, as the ROI Manager saves them."""

from __future__ import annotations

import json
import math
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.ellipses import ellipse_of
from napari_cellsets.formats.containers.imagej.paths import path_of_outline
from napari_cellsets.formats.containers.imagej.read import (
    LINES,
    OWN,
    SHAPES,
)
from napari_cellsets.formats.containers.things import (
    BOX,
    OPEN,
    POINT,
    Thing,
    things_of,
    together,
    unescaped,
)
from napari_cellsets.formats.containers.writing import pictures_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from roifile import ImagejRoi

    from napari_cellsets.core.annotation import Outline
    from napari_cellsets.formats.containers.base import Marked

_LOWEST, _HIGHEST = -5000, 60535
_MOST_GROUPS = 255
_NAME_LENGTH = 60


def write_imagej(
    items: Iterable[Marked], out: Path, *, classes: Mapping[int, str], with_images: bool
) -> list[Path]:
    """Write a zip of ROIs for each picture, the picture beside it.

    See `Form.write`. Class ids up to 255 become groups; class names and properties
    become lines of the ROI's own properties.

    Raises
    ------
    ExportError
        If ROIs cannot hold what is marked, or a file cannot be written.
    """
    written = []
    for marked, stem, _ in pictures_of(items, out, with_images=with_images):
        several = together(things_of(marked, FORMS["imagej"], classes))
        rois = [_roi(group) for group in several]
        path = out / f"{stem}.zip"
        with atomic_output(path) as aside:
            _write_zip(aside, rois)
        written.append(path)
    return written


def _write_zip(path: Path, rois: list[ImagejRoi]) -> None:
    taken: set[str] = set()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, roi in enumerate(rois, 1):
            name = "".join(c if c.isalnum() or c in "-_ " else "_" for c in roi.name)
            name = name[:_NAME_LENGTH].strip() or f"{index:04d}"
            name = f"{name}-{index}" if name.lower() in taken else name
            taken.add(name.lower())
            # a fixed date: the same objects give the same file
            entry = zipfile.ZipInfo(f"{name}.roi", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, roi.tobytes())


def _roi(several: list[Thing]) -> ImagejRoi:
    one = several[0]
    roi = _shape(several)
    known = one.properties
    roi.name = str(known.get("name", ""))
    for key in ("position", "c", "z", "t"):
        value = known.get(key)
        if isinstance(value, int) and 0 <= value < 1 << 31 - 1:
            field = key if key == "position" else f"{key}_position"
            setattr(roi, field, value + 1)
    colour = known.get("colour")
    if isinstance(colour, list) and len(colour) == 3:
        roi.stroke_color = bytes([255, *colour])
    width = known.get("width")
    if isinstance(width, int) and 0 < width < 1 << 15:
        roi.stroke_width = width
    if one.class_id is not None and 0 < one.class_id <= _MOST_GROUPS:
        roi.group = one.class_id
    lines = {"class": one.label} if one.label else {}
    lines |= {unescaped(k, OWN): _line(v) for k, v in known.items() if k not in OWN}
    pairs = ((key.replace(":", "_"), text) for key, text in lines.items())
    roi.props = "".join(f"{_line(key)}: {_line(text)}\n" for key, text in pairs)
    return roi


def _line(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return " ".join(text.split())


def _shape(several: list[Thing]) -> ImagejRoi:
    one = several[0]
    known = one.properties
    if one.kind == BOX:
        return _box(*one.shape)
    if one.kind == POINT:
        return _points(several)
    if one.kind == OPEN:
        kind = str(known.get("shape", ""))
        return _listed(one.shape, kind if kind in LINES else "polyline")
    ellipse = ellipse_of(one.shape, known)
    if ellipse is not None:
        return _ellipse(*ellipse)
    if len(one.shape) == 1 and len(one.shape[0]) == 1:
        kind = str(known.get("shape", ""))
        kind = kind if kind in SHAPES else "polygon"
        return _listed(one.shape[0][0] + 0.5, kind)
    return _composite(one.shape)


def _listed(yx: np.ndarray, kind: str) -> ImagejRoi:
    """ROI of a list of coordinates: whole numbers where they are so."""
    from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

    xy = yx[:, ::-1]
    whole = (xy == np.round(xy)).all() and (xy >= _LOWEST).all()
    whole = whole and (xy <= _HIGHEST).all() and kind != "line"
    roi = ImagejRoi.frompoints(xy.astype(np.int32) if whole else xy, name="")
    roi.options &= ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    roi.roitype = ROI_TYPE[kind.upper()]
    if kind == "line":
        (roi.x1, roi.y1), (roi.x2, roi.y2) = xy[0].tolist(), xy[-1].tolist()
        roi.integer_coordinates = roi.subpixel_coordinates = None
        roi.n_coordinates = 0
    return roi


def _box(edges: tuple[float, ...], angle: float) -> ImagejRoi:
    from roifile import ROI_TYPE

    if angle % 360:
        return _turned(edges, angle)
    return _bounded(ROI_TYPE.RECT, *(value + 0.5 for value in edges))


def _bounded(kind: int, top: float, left: float, low: float, right: float) -> ImagejRoi:
    from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

    edges = np.array([top, left, low, right])
    roi = ImagejRoi(roitype=ROI_TYPE(kind))
    roi.top, roi.left = math.floor(top), math.floor(left)
    roi.bottom, roi.right = math.ceil(low), math.ceil(right)
    if (edges != np.round(edges)).any():
        roi.options |= ROI_OPTIONS.SUB_PIXEL_RESOLUTION
        roi.xd, roi.yd = left, top
        roi.widthd, roi.heightd = right - left, low - top
    return roi


def _ellipse(
    row: float, column: float, down: float, right: float, angle: float
) -> ImagejRoi:
    from roifile import ROI_SUBTYPE, ROI_TYPE

    row, column = row + 0.5, column + 0.5
    if angle % 180 == 0:
        edges = row - down, column - right, row + down, column + right
        return _bounded(ROI_TYPE.OVAL, *edges)
    if down > right:  # ImageJ tells the long axis and the ratio
        down, right, angle = right, down, angle + 90
    return _by_axis(
        ROI_SUBTYPE.ELLIPSE, (row, column), 2 * right, angle, down / right, 2 * down
    )


def _turned(edges: tuple[float, ...], angle: float) -> ImagejRoi:
    from roifile import ROI_SUBTYPE

    top, left, low, right = edges
    middle = (top + low + 1) / 2, (left + right + 1) / 2
    across = low - top
    return _by_axis(
        ROI_SUBTYPE.ROTATED_RECT, middle, right - left, angle, across, across
    )


def _by_axis(
    kind: int,
    middle: tuple[float, float],
    length: float,
    angle: float,
    told: float,
    across: float,
) -> ImagejRoi:
    """ROI that is told by an axis and one more number, with its outline."""
    from roifile import ROI_SUBTYPE

    turn = math.radians(angle)
    along = np.array([math.sin(turn), math.cos(turn)]) * length / 2
    aside = np.array([math.cos(turn), -math.sin(turn)]) * across / 2
    steps = np.linspace(0, 2 * math.pi, 72, endpoint=False)[:, None]
    if kind == ROI_SUBTYPE.ROTATED_RECT:
        around = np.array([aside - along, along + aside, along - aside, -along - aside])
    else:
        around = np.cos(steps) * along + np.sin(steps) * aside
    roi = _listed(around + middle, "freehand")
    roi.subtype = ROI_SUBTYPE(kind)
    roi.y1, roi.x1 = (np.array(middle) - along).tolist()
    roi.y2, roi.x2 = (np.array(middle) + along).tolist()
    ratio, head, arc = struct.unpack(">BBh", struct.pack(">f", told))
    roi.arrow_style_or_aspect_ratio, roi.arrow_head_size = ratio, head
    roi.rounded_rect_arc_size = arc
    return roi


def _points(several: list[Thing]) -> ImagejRoi:
    roi = _listed(np.array([one.shape for one in several], np.float64), "point")
    counters = [one.properties.get("counter", 0) for one in several]
    if any(counters) and all(isinstance(c, int) and 0 <= c < 256 for c in counters):
        roi.counters = np.array(counters, np.uint8)
    return roi


def _composite(outline: Outline) -> ImagejRoi:
    from roifile import ROI_TYPE

    rings = np.concatenate([part[0] for part in outline]) + 0.5
    top, left = np.floor(rings.min(axis=0)).tolist()
    low, right = np.ceil(rings.max(axis=0)).tolist()
    roi = _bounded(ROI_TYPE.RECT, top, left, low, right)
    roi.multi_coordinates = path_of_outline(outline)
    roi.shape_roi_size = len(roi.multi_coordinates)
    return roi
