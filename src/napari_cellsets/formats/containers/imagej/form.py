"""ImageJ: ROIs, one by one or in a zip a picture."""

from __future__ import annotations

import struct

from napari_cellsets.core.annotation import Boxes, Points, Polygons
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.imagej.read import EMPTY_ZIP, open_imagej
from napari_cellsets.formats.containers.imagej.write import write_imagej


def _sniff(name: str, head: bytes) -> bool:
    """Whether a file is a ROI, or a zip whose first member is one, or an empty zip."""
    small = name.lower()
    if small.endswith(".roi"):
        return head[:4] == b"Iout"
    if small.endswith(".zip") and head[:4] == EMPTY_ZIP:
        return True
    if not small.endswith(".zip") or head[:4] != b"PK\x03\x04" or len(head) < 30:
        return False
    (length,) = struct.unpack("<H", head[26:28])
    return head[30 : 30 + length].lower().endswith(b".roi")


FORM = Form(
    key="imagej",
    title="ImageJ ROIs",
    kinds=(Polygons, Boxes, Points),
    per_image=True,
    sniff=_sniff,
    open=open_imagej,
    write=write_imagej,
)
