"""COCO JSON, and COCO panoptic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import (
    Boxes,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.coco.panoptic_read import MOST_ID, open_panoptic
from napari_cellsets.formats.containers.coco.panoptic_write import write_panoptic
from napari_cellsets.formats.containers.coco.read import open_coco
from napari_cellsets.formats.containers.coco.write import write_coco
from napari_cellsets.formats.containers.reading import load_json
from napari_cellsets.formats.containers.traits import one_alone, why_not_pixels

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree


def _open(tree: FileTree, name: str) -> Container:
    return open_coco(load_json(tree, name), tree, name)


def _open_panoptic(tree: FileTree, name: str) -> Container:
    return open_panoptic(load_json(tree, name), tree, name)


def _sniff(name: str, head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not name.lower().endswith(".json") or b'"_via_' in head:
        return False
    if start.startswith(b"["):
        said = (b'"bbox"', b'"segmentation"', b'"keypoints"', b'"category_id"')
        return b'"image_id"' in head and any(word in head for word in said)
    pairs = (
        (b'"images"', b'"file_name"'),
        (b'"images"', b'"annotations"'),
        (b'"annotations"', b'"image_id"'),
        (b'"info"', b'"licenses"'),
        (b'"categories"', b'"supercategory"'),
    )
    return start.startswith(b"{") and any(a in head and b in head for a, b in pairs)


def _sniff_panoptic(name: str, head: bytes) -> bool:
    return name.lower().endswith(".json") and b'"segments_info"' in head


def _refuses(annotation: Annotation) -> str:
    """Why COCO cannot hold an annotation of one of its kinds; empty if it can."""
    if isinstance(annotation, Boxes):
        turned = annotation.angles is not None and bool(annotation.angles.any())
        return "it holds no turned boxes" if turned else ""
    if not isinstance(annotation, Polygons):
        return ""
    if annotation.open is not None and annotation.open.any():
        return "it holds no open lines"
    holes = any(len(part) > 1 for outline in annotation.outlines for part in outline)
    return "its polygons have no holes" if holes else ""


def _panoptic_refuses(annotation: Annotation) -> str:
    holder, ends = "a picture of segments", f"its ids end at {MOST_ID:,}"
    return why_not_pixels(annotation, holder, MOST_ID, ends)


COCO = Form(
    key="coco",
    title="COCO JSON",
    kinds=(MaskStack, Polygons, Boxes, Points),
    per_image=False,
    sniff=_sniff,
    open=_open,
    write=write_coco,
    refuses=_refuses,
)
COCO_PANOPTIC = Form(
    key="coco-panoptic",
    title="COCO panoptic",
    kinds=(LabelImage,),
    per_image=False,
    sniff=_sniff_panoptic,
    open=_open_panoptic,
    write=write_panoptic,
    refuses=_panoptic_refuses,
    crowded=one_alone,
    companions=("{stem}/*.png", "{stem}/*/*.png"),
)
