"""Masks as pictures: instances, one binary mask, classes with colours, stacks.

A mask cannot be told from a photograph by its first bytes, so only names that say it
are recognised (``..._labels.tif``); a person or a row may name the form instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.annotation import ClassMask, LabelImage, MaskStack
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.masks.read import (
    open_binary,
    open_classes,
    open_instances,
    open_stack,
)
from napari_cellsets.formats.containers.masks.write import (
    write_binary,
    write_class_masks,
    write_instances_png,
    write_instances_tiff,
    write_stacks,
)
from napari_cellsets.formats.containers.traits import one_alone, why_not_pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_cellsets.core.annotation import Annotation

_STARTS = (b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM")
_TIFF = _STARTS[1:5]
_MOST_IN_PNG = 65_535
_MOST_IN_PALETTE = 255


def _png_refuses(annotation: Annotation) -> str:
    ends = f"a 16-bit PNG ends at label {_MOST_IN_PNG:,}"
    return why_not_pixels(annotation, "a PNG", _MOST_IN_PNG, ends)


def _classes_refuses(annotation: Annotation) -> str:
    ends = f"a palette ends at class {_MOST_IN_PALETTE}"
    return why_not_pixels(annotation, "a PNG", _MOST_IN_PALETTE, ends)


def _binary_refuses(annotation: Annotation) -> str:
    """Why one binary mask cannot hold labels; empty if it can."""
    if not isinstance(annotation, LabelImage):
        return ""
    labels = annotation.labels
    why = why_not_pixels(annotation, "a PNG")
    if why:
        return why
    if len(set(annotation.class_of.values())) > 1:
        return "a binary mask knows one class"
    from scipy import ndimage

    regions, count = ndimage.label(labels > 0, np.ones((3, 3)))
    if count == 0:
        return ""
    every = range(1, count + 1)
    low, high = (f(labels, regions, every) for f in (ndimage.minimum, ndimage.maximum))
    if (np.asarray(low) != np.asarray(high)).any():
        return "a binary mask cannot hold objects that touch"
    if len(np.unique(labels[labels > 0])) < count:
        return "a binary mask cannot hold an object in several parts"
    return ""


def _named(
    ends: tuple[str, ...], starts: tuple[bytes, ...]
) -> Callable[[str, bytes], bool]:
    def sniff(name: str, head: bytes) -> bool:
        stem = name.rpartition("/")[2].rpartition(".")[0].lower()
        return stem.endswith(ends) and head.startswith(starts)

    return sniff


INSTANCES = Form(
    key="instances",
    title="instance masks (TIFF)",
    kinds=(LabelImage,),
    per_image=True,
    pictures=True,
    crowded=one_alone,
    sniff=_named(("_labels", "_instances", "_cp_masks"), _STARTS),
    open=open_instances,
    write=write_instances_tiff,
)
INSTANCES_PNG = Form(
    key="instances-png",
    title="instance masks (PNG)",
    kinds=(LabelImage,),
    per_image=True,
    pictures=True,
    crowded=one_alone,
    sniff=lambda name, head: False,  # read as instances, whatever the file
    open=open_instances,
    write=write_instances_png,
    refuses=_png_refuses,
)
BINARY_MASK = Form(
    key="binary-mask",
    title="binary masks (PNG)",
    kinds=(LabelImage,),
    per_image=True,
    pictures=True,
    crowded=one_alone,
    sniff=_named(("_binary", "_mask"), _STARTS),
    open=open_binary,
    write=write_binary,
    refuses=_binary_refuses,
)
CLASS_MASK = Form(
    key="class-mask",
    title="class masks (palette PNG)",
    kinds=(ClassMask,),
    per_image=True,
    pictures=True,
    crowded=one_alone,
    sniff=_named(("_classes", "_class_mask"), _STARTS),
    open=open_classes,
    write=write_class_masks,
    refuses=_classes_refuses,
)
MASK_STACK = Form(
    key="mask-stack",
    title="mask stack (TIFF)",
    kinds=(MaskStack,),
    per_image=True,
    pictures=True,
    crowded=one_alone,
    sniff=_named(("_stack", "_mask_stack"), _TIFF),
    open=open_stack,
    write=write_stacks,
)
