"""Pascal VOC: boxes in XML, objects and classes in palette PNGs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.annotation import Boxes, ClassMask, LabelImage
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.traits import TURNED, why_not, why_not_pixels
from napari_cellsets.formats.containers.voc.planes import VOID, is_voc_plane
from napari_cellsets.formats.containers.voc.read import open_voc
from napari_cellsets.formats.containers.voc.splits import splits_of_lists
from napari_cellsets.formats.containers.voc.write import MOST, write_voc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Annotation

_SIGNS = (b"<bndbox", b"<size>", b"<segmented", b"<dot>", b"<folder", b"<filename")
_NOT_OURS = (b"<deleted>", b"LabelMe", b"<segm>", b"<imagesize>")


def _refuses(annotation: Annotation) -> str:
    most = VOID if isinstance(annotation, ClassMask) else MOST
    ends = f"its masks end at {most}"
    why = why_not_pixels(annotation, "a mask of VOC", most, ends)
    return why or why_not(annotation, "VOC", TURNED)


def _crowded(annotations: Sequence[Annotation]) -> str:
    labels = [one for one in annotations if isinstance(one, LabelImage)]
    classes = [one for one in annotations if isinstance(one, ClassMask)]
    several = len(labels) + len(classes)
    if several < 2:
        return ""
    if len(labels) == len(classes) == 1 and _agree(labels[0], classes[0]):
        return ""
    number = "two" if several == 2 else f"{several}"
    return f"{number} masks cannot share the files of one picture"


def _agree(labels: LabelImage, classes: ClassMask) -> bool:
    """Whether a class mask says no more than the classes of the objects."""
    if labels.labels.shape != classes.classes.shape:
        return False
    values, at = np.unique(labels.labels, return_inverse=True)
    known = np.array([labels.class_of.get(value, 0) for value in values.tolist()])
    same = {*known.tolist()} - {0}
    named = all(labels.class_names.get(k) == classes.class_names.get(k) for k in same)
    drawn = known[at].reshape(classes.classes.shape)
    return named and bool((drawn == classes.classes).all())


def _sniff(name: str, head: bytes) -> bool:
    if is_voc_plane(name, head):
        return True
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return (
        start.startswith(b"<")
        and (b"<annotation>" in head or b"<annotation " in head)
        and any(sign in head for sign in _SIGNS)
        and not any(sign in head for sign in _NOT_OURS)
    )


FORM = Form(
    key="voc",
    title="Pascal VOC",
    kinds=(LabelImage, ClassMask, Boxes),
    per_image=True,
    sniff=_sniff,
    open=open_voc,
    write=write_voc,
    refuses=_refuses,
    crowded=_crowded,
    splits=splits_of_lists,
    companions=(
        "labelmap.txt",
        "ImageSets/Main/*.txt",
        "class_names.txt",
        "*.xml",
        "SegmentationObject/**/{stem}.png",
        "SegmentationClass/**/{stem}.png",
    ),
)
