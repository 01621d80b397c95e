"""YOLO, written: labels/, images/ and data.yaml as training programs want them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.annotation import Boxes
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.convert import corners_of_boxes
from napari_cellsets.formats.containers.things import BOX, things_of
from napari_cellsets.formats.containers.writing import (
    Categories,
    pictures_of,
    write_text,
)
from napari_cellsets.formats.containers.yolo.bridges import joined
from napari_cellsets.formats.containers.yolo.names import write_yaml_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Marked
    from napari_cellsets.formats.containers.things import Thing


def write_yolo(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write ``labels/<picture>.txt``, ``data.yaml`` and, if wanted, ``images/``.

    Classes are numbered 0, 1, ... in the order of their ids. Holes and further
    parts of an object are joined to its outline by bridges of no width.

    Parameters
    ----------
    items, out, classes, with_images
        As of `Form.write`.

    Raises
    ------
    ExportError
        If YOLO cannot hold an annotation, or a file cannot be written.
    """
    table = Categories(classes, first=0)
    written = []
    pictures = pictures_of(items, out / "images", with_images=with_images)
    for marked, stem, _ in pictures:
        lines = []
        for thing in things_of(marked, FORMS["yolo"], classes):
            number = table.id_of(thing.class_id, thing.label)
            lines.append(_line(thing, number, marked))
        text = "".join(f"{line}\n" for line in lines)
        written.append(write_text(out / "labels" / f"{stem}.txt", text))
    head = "path: .\ntrain: images\nval: images\n"
    written.append(write_text(out / "data.yaml", head + write_yaml_names(table.names)))
    return written


def _line(thing: Thing, number: int, marked: Marked) -> str:
    height, width = marked.size
    if thing.kind == BOX and not thing.shape[1]:
        top, left, low, right = thing.shape[0]
        values = [
            ((left + right) / 2 + 0.5) / width,
            ((top + low) / 2 + 0.5) / height,
            (right - left) / width,
            (low - top) / height,
        ]
    else:
        yx = _corners(thing.shape) if thing.kind == BOX else _closed(thing.shape)
        shares = (yx[:, ::-1] + 0.5) / (width, height)
        values = shares.ravel().tolist()
    if "score" in thing.properties:
        values.append(thing.properties["score"])
    return " ".join([str(number), *(_short(value) for value in values)])


def _corners(shape: Any) -> np.ndarray:
    edges, angle = shape
    corners = corners_of_boxes(Boxes(np.array([edges]), angles=np.array([angle])))
    return np.asarray(corners[0])


def _closed(outline: Any) -> np.ndarray:
    """One ring; of three or four corners closed, lest it be read as something else."""
    ring = joined(outline)
    return np.concatenate([ring, ring[:1]]) if len(ring) <= 4 else ring


def _short(value: float) -> str:
    return f"{value:.12f}".rstrip("0").rstrip(".")
