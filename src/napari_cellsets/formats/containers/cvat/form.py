"""CVAT: XML 1.1 of pictures or of a film."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.cvat.read import open_cvat
from napari_cellsets.formats.containers.cvat.write import write_cvat
from napari_cellsets.formats.containers.traits import HOLES, PARTS, why_not

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Annotation


def _sniff(name: str, head: bytes) -> bool:
    """Whether a file is CVAT's XML."""
    if not name.lower().endswith(".xml"):
        return False
    return re.search(rb"<annotations[\s>]", head) is not None


def _refuses(annotation: Annotation) -> str:
    return why_not(annotation, "CVAT", HOLES, PARTS)


FORM = Form(
    key="cvat",
    title="CVAT XML",
    kinds=(Polygons, MaskStack, Boxes, Points, ImageClass),
    per_image=False,
    sniff=_sniff,
    open=open_cvat,
    write=write_cvat,
    refuses=_refuses,
)
