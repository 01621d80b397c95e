"""VIA: JSON of a project, or of annotations alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import Boxes, ImageClass, Points, Polygons
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.traits import HOLES, PARTS, TURNED, why_not
from napari_cellsets.formats.containers.via.read import open_via
from napari_cellsets.formats.containers.via.write import write_via

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Annotation

_MARKS = re.compile(
    rb'"(_via_img_metadata|_via_settings|shape_attributes|file_attributes|fid_list|'
    rb'config"\s*:\s*\{\s*"file"\s*:\s*\{\s*"loc_prefix)"'
)


def _sniff(name: str, head: bytes) -> bool:
    """Whether a file is JSON of VIA."""
    return name.lower().endswith(".json") and _MARKS.search(head) is not None


def _refuses(annotation: Annotation) -> str:
    return why_not(annotation, "VIA", HOLES, PARTS, TURNED)


FORM = Form(
    key="via",
    title="VIA JSON",
    kinds=(Polygons, Boxes, Points, ImageClass),
    per_image=False,
    sniff=_sniff,
    open=open_via,
    write=write_via,
    refuses=_refuses,
)
