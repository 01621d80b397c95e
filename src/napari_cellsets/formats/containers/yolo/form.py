"""YOLO: a text a picture, coordinates as shares of its width and height."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import Boxes, Polygons
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.yolo.names import PLAIN_NAMES
from napari_cellsets.formats.containers.yolo.read import open_yolo
from napari_cellsets.formats.containers.yolo.splits import SPLIT_NAMES, splits_of_yolo
from napari_cellsets.formats.containers.yolo.write import write_yolo

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Annotation

_NO_LABELS = re.compile(r"(classes|readme|train|test|val|valid|labels|requirements)\.")
_LOOKED_AT = 20


def _refuses(annotation: Annotation) -> str:
    """Why YOLO cannot hold an annotation of one of its kinds; empty if it can."""
    if not isinstance(annotation, Polygons):
        return ""
    if annotation.open is not None and annotation.open.any():
        return "it holds no open lines"
    empty = not all(annotation.outlines)
    return "it cannot hold an object without outline" if empty else ""


def _sniff(name: str, head: bytes) -> bool:
    base = name.rpartition("/")[2].lower()
    if not base.endswith(".txt") or _NO_LABELS.match(base) or b"\0" in head:
        return False
    lines = head.decode("utf-8", "replace").splitlines()
    if len(head) > 1 << 15:
        lines = lines[:-1]  # the last may be cut
    rows = [line.split() for line in lines if line.strip()][:_LOOKED_AT]
    if not rows:
        return "labels" in name.lower().split("/")[:-1]
    return all(_looks_right(row) for row in rows)


def _looks_right(words: list[str]) -> bool:
    if len(words) < 5 or not words[0].isdecimal():
        return False
    try:
        return all(-0.5 <= float(word) <= 2 for word in words[1:])
    except ValueError:
        return False


FORM = Form(
    key="yolo",
    title="YOLO text",
    kinds=(Polygons, Boxes),
    per_image=True,
    sniff=_sniff,
    open=open_yolo,
    write=write_yolo,
    refuses=_refuses,
    splits=splits_of_yolo,
    companions=("*.yaml", "*.yml", "*.names", *PLAIN_NAMES, *SPLIT_NAMES),
)
