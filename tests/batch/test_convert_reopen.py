"""What `convert_dataset` writes opens again as the same set, form by form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.batch import convert_dataset
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import (
    Boxes,
    ClassMask,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.outlines import mask_of_outline
from small_sets import SHAPE, write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample

NAMES = {1: "nucleus", 2: "debris"}


def squares() -> np.ndarray:
    """Two objects that do not touch, one with a hole."""
    labels = np.zeros(SHAPE, np.int32)
    labels[4:14, 6:20], labels[7:9, 9:12] = 1, 0
    labels[24:36, 30:44] = 2
    return labels


def marked(kind: type, key: str = "") -> Annotation:
    """Two objects of two classes, in one kind of annotation."""
    ids = np.array([1, 2])
    if key == "binary-mask":
        return LabelImage(squares(), class_names=NAMES, class_of={1: 2, 2: 2})
    if kind is LabelImage:
        return LabelImage(squares(), class_names=NAMES, class_of={1: 1, 2: 2})
    if kind is ClassMask:
        return ClassMask(squares(), class_names=NAMES)
    if kind is MaskStack:
        masks = [np.ones((9, 9), bool), np.ones((9, 9), bool)]
        corners = np.array([[3, 3], [8, 8]])
        return MaskStack(masks, corners, SHAPE, class_names=NAMES, class_ids=ids)
    if kind is Polygons:
        triangle = np.array([[3.25, 4.25], [3.25, 20.75], [15.75, 4.25]])
        outlines = [((triangle,),), ((triangle + 20,),)]
        return Polygons(outlines, class_names=NAMES, class_ids=ids)
    if kind is Boxes:
        edges = np.array([[3.5, 4.5, 13.5, 20.5], [20.5, 7.5, 30.5, 11.5]])
        return Boxes(edges, class_names=NAMES, class_ids=ids)
    if kind is Points:
        places = np.array([[3.0, 4.0], [13.0, 40.0]])
        return Points(places, class_names=NAMES, class_ids=ids)
    return ImageClass("sick")


def said(annotations: tuple[Annotation, ...]) -> list[tuple[object, ...]]:
    """Each object with the name of its class, in an order of its own."""
    return sorted((one for a in annotations for one in _objects(a)), key=str)


def _objects(annotation: Annotation) -> list[tuple[object, ...]]:
    if isinstance(annotation, ImageClass):
        return [("picture", annotation.name)]
    names = annotation.class_names
    if isinstance(annotation, ClassMask):
        plane = annotation.classes
        there = np.unique(plane[plane > 0]).tolist()
        return [("pixels", names[n], (plane == n).tobytes()) for n in there]
    if isinstance(annotation, LabelImage):
        plane, of = annotation.labels, annotation.class_of
        alone = next(iter(names), 0)
        there = np.unique(plane[plane > 0]).tolist()
        return [
            ("mask", names.get(of.get(n, alone), ""), (plane == n).tobytes())
            for n in there
        ]
    kinds = [names.get(int(n), "") for n in _ids(annotation)]
    if isinstance(annotation, MaskStack):
        shapes = []
        for mask, (row, column) in zip(
            annotation.masks, annotation.corners, strict=True
        ):
            whole = np.zeros(annotation.shape, bool)
            whole[row : row + mask.shape[0], column : column + mask.shape[1]] = mask
            shapes.append(whole.tobytes())
        return [("mask", k, s) for k, s in zip(kinds, shapes, strict=True)]
    if isinstance(annotation, Polygons):
        shapes = [mask_of_outline(o, SHAPE).tobytes() for o in annotation.outlines]
        return [("mask", k, s) for k, s in zip(kinds, shapes, strict=True)]
    rows = annotation.yxyx if isinstance(annotation, Boxes) else annotation.yx
    return [
        (type(annotation).__name__, kind, tuple(np.round(row, 3).tolist()))
        for kind, row in zip(kinds, rows, strict=True)
    ]


def _ids(annotation: MaskStack | Polygons | Boxes | Points) -> list[int]:
    if annotation.class_ids is not None:
        return annotation.class_ids.tolist()
    columns = ("masks", "outlines", "yxyx", "yx")
    column = next(getattr(annotation, c) for c in columns if hasattr(annotation, c))
    return [next(iter(annotation.class_names), -1)] * len(column)


CASES = [(key, kind) for key, form in FORMS.items() for kind in form.kinds]


@pytest.fixture
def four(tmp_path: Path) -> Dataset:
    return open_dataset(write_set(tmp_path / "four"))


@pytest.mark.parametrize(("key", "kind"), CASES)
def test_folder_of_a_form_opens_with_the_same_objects(
    key: str, kind: type, four: Dataset, tmp_path: Path
) -> None:
    def annotations_of(sample: Sample) -> tuple[Annotation, ...]:
        return (marked(kind, key),)

    out = tmp_path / "out"
    report = convert_dataset(
        four, key, out, with_images=True, annotations_of=annotations_of
    )
    assert (report.converted, report.failed) == (4, [])
    again = open_dataset(out)
    assert len(again.samples) == 4
    for before, after in zip(four.samples, again.samples, strict=True):
        np.testing.assert_array_equal(
            again.read_picture(after).pixels, four.read_picture(before).pixels
        )
        assert said(again.read_annotations(after)) == said((marked(kind, key),))
    assert again.problems == []


# these hold something else than objects, or no holes and parts
EXACT = sorted(FORMS.keys() - {"points-csv", "class-mask", "via"})


@pytest.mark.parametrize("key", EXACT)
@pytest.mark.parametrize("name", ["fluorescent_neuronal_cells_v1", "dsb2018"])
def test_real_masks_come_back_pixel_by_pixel(
    name: str, key: str, real_samples: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(real_samples / name)
    report = convert_dataset(
        dataset, key, tmp_path / "out", samples=dataset.samples[:1], with_images=True
    )
    again = open_dataset(tmp_path / "out")
    (before,) = dataset.read_annotations(dataset.samples[0])
    (after,) = again.read_annotations(again.samples[0])
    assert report.failed == []
    assert isinstance(before, LabelImage)
    labels = before.labels
    masks = sorted((labels == n).tobytes() for n in range(1, labels.max() + 1))
    found = _whole(after, labels.shape)
    assert sorted(found) == masks


def _whole(annotation: Annotation, shape: tuple[int, int]) -> list[bytes]:
    if isinstance(annotation, Polygons):
        return [mask_of_outline(o, shape).tobytes() for o in annotation.outlines]
    return [one[2] for one in _objects(annotation)]
