"""labelme: one JSON file a picture; also the XML of the older LabelMe web tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.labelme import web
from napari_cellsets.formats.containers.labelme.read import inner_picture, open_json
from napari_cellsets.formats.containers.labelme.write import write_labelme
from napari_cellsets.formats.containers.traits import HOLES, TURNED, why_not

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree


def _sniff(name: str, head: bytes) -> bool:
    """Whether a file is labelme's: JSON of shapes, or XML of the web tool."""
    if web.sniff(name, head):
        return True
    if not name.lower().endswith(".json"):
        return False
    return b'"imageData"' in head or (b'"shapes"' in head and b'"imagePath"' in head)


def _open(tree: FileTree, name: str) -> Container:
    if name.lower().endswith(".xml"):
        return web.open_web(tree, name)
    return open_json(tree, name)


def _refuses(annotation: Annotation) -> str:
    return why_not(annotation, "labelme", HOLES, TURNED)


FORM = Form(
    key="labelme",
    title="labelme JSON",
    kinds=(Polygons, MaskStack, Boxes, Points, ImageClass),
    per_image=True,
    sniff=_sniff,
    open=_open,
    write=write_labelme,
    refuses=_refuses,
    inner=inner_picture,
)
