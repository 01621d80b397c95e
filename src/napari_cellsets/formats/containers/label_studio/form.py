"""Label Studio: JSON of tasks."""

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
from napari_cellsets.formats.containers.label_studio.read import open_label_studio
from napari_cellsets.formats.containers.label_studio.write import write_label_studio
from napari_cellsets.formats.containers.traits import HOLES, LINES, PARTS, why_not

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Annotation

_MARKS = re.compile(
    rb'"(was_cancelled|completed_by|from_name|to_name|original_width|'
    rb'(rectangle|polygon|ellipse|keypoint|brush)labels)"'
)


def _sniff(name: str, head: bytes) -> bool:
    """Whether a file is an export of Label Studio."""
    if not name.lower().endswith(".json"):
        return False
    return head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"[", b"{") and bool(
        _MARKS.search(head)
    )


def _refuses(annotation: Annotation) -> str:
    return why_not(annotation, "Label Studio", HOLES, PARTS, LINES)


FORM = Form(
    key="label-studio",
    title="Label Studio JSON",
    kinds=(Polygons, MaskStack, Boxes, Points, ImageClass),
    per_image=False,
    sniff=_sniff,
    open=open_label_studio,
    write=write_label_studio,
    refuses=_refuses,
)
