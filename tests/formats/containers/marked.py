"""Small annotated pictures, and how to tell whether two annotations are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.image import Picture
from napari_cellsets.formats.containers.base import FORMS, Container, Marked, find_form
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (24, 32)
CLASSES = {1: "nucleus", 2: "cytoplasm", 3: "debris"}


def picture() -> Picture:
    rng = np.random.default_rng(0)
    return Picture(rng.integers(0, 256, (*SIZE, 3)).astype(np.uint8), "yxc")


def label_image() -> LabelImage:
    labels = np.zeros(SIZE, np.int32)
    labels[2:8, 3:9] = 1
    labels[4:6, 5:7] = 0  # a hole
    labels[10:14, 0:4] = 2
    labels[15, 5] = labels[16, 6] = 3  # two parts that touch at a corner
    labels[20:24, 28:32] = 4
    return LabelImage(labels, "", CLASSES, {1: 1, 2: 2, 3: 1, 4: 3})


def class_mask() -> ClassMask:
    classes = np.zeros(SIZE, np.int32)
    classes[2:8, 3:9] = 1
    classes[3:6, 5:7] = 2
    return ClassMask(classes, "", CLASSES, {1: (10, 20, 30), 2: (200, 0, 7)})


def mask_stack() -> MaskStack:
    ring = np.ones((6, 5), bool)
    ring[2:4, 1:3] = False
    return MaskStack(
        [ring, np.ones((3, 9), bool), np.ones((1, 1), bool)],
        np.array([[2, 3], [4, 0], [23, 31]]),
        SIZE,
        "",
        CLASSES,
        np.array([1, 3, 2]),
    )


def polygons() -> Polygons:
    first = np.array([[2.25, 3.5], [2.25, 9.75], [8.5, 6.0]])
    second = np.array([[10.5, 1.5], [10.5, 5.5], [14.5, 5.5], [14.5, 1.5]])
    return Polygons([((first,),), ((second,),)], "", CLASSES, np.array([2, 1]))


def boxes() -> Boxes:
    edges = np.array([[-0.5, -0.5, 0.5, 0.5], [3.5, 4.5, 10.5, 20.5], [2, 3.25, 9, 5]])
    return Boxes(edges, "", CLASSES, np.array([3, 1, 1]))


def turned_boxes() -> Boxes:
    edges = np.array([[3.5, 4.5, 10.5, 20.5], [12.0, 3.25, 19.0, 9.0]])
    return Boxes(edges, "", CLASSES, np.array([3, 1]), angles=np.array([30.0, 0.0]))


def points() -> Points:
    return Points(np.array([[0, 0], [2.5, 7.25]]), "", CLASSES, np.array([2, 1]))


def written(form: str, out: Path, *marked: Marked, images: bool = False) -> Container:
    """Write pictures, and open the first file that was written."""
    files = FORMS[form].write(marked, out, classes=CLASSES, with_images=images)
    tree = open_tree(out)
    name = files[0].relative_to(out).as_posix()
    return FORMS[form].open(tree, name)


def back(form: str, out: Path, *annotations: Any, images: bool = False) -> Any:
    """Write one picture in a form and read it again."""
    marked = Marked("train/a.png", SIZE, annotations, picture if images else None)
    return written(form, out, marked, images=images).read(0, SIZE)


def assert_same(found: Any, wanted: Any) -> None:
    """Compare two annotations by what they mark."""
    assert type(found) is type(wanted)
    assert names_of(found) == names_of(wanted)
    if isinstance(wanted, LabelImage):
        np.testing.assert_array_equal(found.labels, wanted.labels)
    elif isinstance(wanted, ClassMask):
        np.testing.assert_array_equal(found.classes, wanted.classes)
    elif isinstance(wanted, MaskStack):
        assert found.shape == wanted.shape
        np.testing.assert_array_equal(found.corners, wanted.corners)
        for mask, other in zip(found.masks, wanted.masks, strict=True):
            np.testing.assert_array_equal(mask, other)
    elif isinstance(wanted, Polygons):
        assert_same_outlines(found, wanted)
    elif isinstance(wanted, Boxes):
        np.testing.assert_allclose(found.yxyx, wanted.yxyx, atol=1e-6)
        turned = np.zeros(len(wanted.yxyx))
        one, other = (turned if b.angles is None else b.angles for b in (found, wanted))
        np.testing.assert_allclose(one, other, atol=1e-6)
    else:
        np.testing.assert_allclose(found.yx, wanted.yx, atol=1e-9)


def assert_same_outlines(found: Polygons, wanted: Polygons) -> None:
    for outline, other in zip(found.outlines, wanted.outlines, strict=True):
        assert [len(part) for part in outline] == [len(part) for part in other]
        for part, there in zip(outline, other, strict=True):
            for ring, ring_there in zip(part, there, strict=True):
                np.testing.assert_allclose(ring, ring_there, atol=1e-6)


def names_of(annotation: Any) -> Any:
    """Class name of each object, or of each pixel value."""
    names = annotation.class_names
    if isinstance(annotation, LabelImage):
        return {label: names[key] for label, key in annotation.class_of.items()}
    if isinstance(annotation, ClassMask):
        return {
            key: names[key] for key in np.unique(annotation.classes).tolist() if key
        }
    if annotation.class_ids is None:
        return None
    return [names[key] for key in annotation.class_ids.tolist()]


def sniffed(folder: Path, name: str) -> str | None:
    """Key of the form that a file is taken for."""
    form = find_form(open_tree(folder), name)
    return None if form is None else form.key
