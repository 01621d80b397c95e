"""Annotations as people have corrected them, in their own kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotated_sets import write_annotated_set
from napari_cellsets.batch.container_export import ContainerExport
from napari_cellsets.batch.convert import convert_dataset
from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import Boxes, ClassMask, LabelImage, MaskStack
from napari_cellsets.core.annotation_names import names_of
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.formats.packing import pack, unpack
from napari_cellsets.store import LabelDelta, Mark, MarkKey, Project, further_layer
from napari_cellsets.store.object_words import CLASSES, said_classes
from small_sets import write_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "p.sqlite", author="ada") as opened:
        yield opened


@pytest.fixture
def annotated(tmp_path: Path) -> Dataset:
    return open_dataset(write_annotated_set(tmp_path / "annotated"))


def masks_of(dataset: Dataset, sample: Sample) -> MaskStack:
    return next(
        one for one in dataset.read_annotations(sample) if isinstance(one, MaskStack)
    )


def correct(project: Project, dataset: Dataset, layer: str, labels: np.ndarray) -> None:
    """Save labels, then delete object 2 by an edit."""
    place = (dataset.identity, dataset.samples[0].name, layer)
    project.save_labels(*place, labels, {"source": "data set"})
    delta = LabelDelta.between(labels, np.where(labels == 2, 0, labels))
    assert delta is not None
    project.record(*place, delta, {"tool": "test"})


def test_without_corrections_everything_is_as_the_set_has_it(
    annotated: Dataset, project: Project
) -> None:
    for sample in annotated.samples:
        found = corrected_annotations(annotated, project, sample)
        before = annotated.read_annotations(sample)
        assert [type(one) for one in found] == [type(one) for one in before]


def test_a_corrected_stack_of_masks_keeps_its_overlaps(
    annotated: Dataset, project: Project
) -> None:
    sample = annotated.samples[0]
    stack = masks_of(annotated, sample)
    correct(project, annotated, further_layer("masks"), pack(stack).labels)
    found = corrected_annotations(annotated, project, sample)
    (after,) = (one for one in found if isinstance(one, MaskStack))
    assert len(after.masks) == len(stack.masks) - 1
    np.testing.assert_array_equal(after.masks[0], stack.masks[0])
    np.testing.assert_array_equal(after.corners[1], stack.corners[2])


def test_a_corrected_class_mask_keeps_its_classes(
    annotated: Dataset, project: Project
) -> None:
    before = annotated.read_annotations(annotated.samples[0])
    (mask,) = (one for one in before if isinstance(one, ClassMask))
    labels = mask.classes.astype(np.int32)
    correct(project, annotated, further_layer("class mask"), labels)
    found = corrected_annotations(annotated, project, annotated.samples[0])
    (after,) = (one for one in found if isinstance(one, ClassMask))
    assert set(np.unique(after.classes)) == {0, 1}
    assert after.class_names == mask.class_names


def test_a_corrected_ground_truth_takes_the_place_of_its_mask(
    tmp_path: Path, project: Project
) -> None:
    dataset = open_dataset(write_set(tmp_path / "set"))
    truth = dataset.read_truth(dataset.samples[0])
    assert truth is not None
    correct(project, dataset, "truth", truth.labels)
    (after,) = corrected_annotations(dataset, project, dataset.samples[0])
    assert isinstance(after, LabelImage)
    assert 2 not in after.labels
    assert 2 in truth.labels


def test_a_corrected_stack_is_converted_with_its_overlaps(
    annotated: Dataset, project: Project, tmp_path: Path
) -> None:
    sample = annotated.samples[0]
    stack = masks_of(annotated, sample)
    correct(project, annotated, further_layer("masks"), pack(stack).labels)
    convert_dataset(
        annotated,
        "coco",
        tmp_path / "out",
        samples=[sample],
        annotation="masks",
        annotations_of=lambda one: corrected_annotations(annotated, project, one),
    )
    (file,) = (tmp_path / "out").rglob("*.json")
    assert file.read_text().count('"segmentation"') == len(stack.masks) - 1


def test_classes_of_objects_are_those_that_people_said(
    annotated: Dataset, project: Project
) -> None:
    sample = annotated.samples[0]
    labels = pack(masks_of(annotated, sample)).labels
    place = (annotated.identity, sample.name, further_layer("masks"))
    said = {CLASSES: said_classes({1: 1, 2: 1, 3: 1})}
    project.save_labels(*place, labels, said)
    project.set_object_facts(*place, [3], {"class_id": 2})
    found = corrected_annotations(annotated, project, sample)
    (after,) = (one for one in found if isinstance(one, MaskStack))
    assert after.class_ids is not None
    assert after.class_ids.tolist() == [1, 1, 2]


def test_what_is_packed_is_unpacked_as_it_was(annotated: Dataset) -> None:
    stack = masks_of(annotated, annotated.samples[0])
    after = unpack(stack, pack(stack).labels, {})
    assert after.class_ids is None
    np.testing.assert_array_equal(after.corners, stack.corners)
    for one, other in zip(after.masks, stack.masks, strict=True):
        np.testing.assert_array_equal(one, other)


def test_new_objects_of_a_stack_have_no_properties(annotated: Dataset) -> None:
    stack = masks_of(annotated, annotated.samples[0])
    stack = replace(stack, properties={"score": [0.1, 0.2, 0.3], "label": [4, 5, 6]})
    labels = pack(stack).labels.copy()
    labels[labels == 5] = 9
    after = unpack(stack, labels, {9: 1})
    assert after.properties == {"score": [0.1, 0.3, None], "label": [4, 6, 9]}
    assert after.class_ids is not None
    assert after.class_ids.tolist() == [-1, -1, 1]


def test_corrected_boxes_and_masks_come_together(
    annotated: Dataset, project: Project
) -> None:
    sample = annotated.samples[0]
    correct(
        project,
        annotated,
        further_layer("masks"),
        pack(masks_of(annotated, sample)).labels,
    )

    def many(found: Iterable[Annotation]) -> tuple[int, int]:
        boxes = [len(one.yxyx) for one in found if isinstance(one, Boxes)]
        masks = [len(one.masks) for one in found if isinstance(one, MaskStack)]
        return sum(boxes), sum(masks)

    gone = {MarkKey(sample.name, "boxes", 1): Mark("boxes", None, "", gone=True)}
    project.record_marks(annotated.identity, gone, {"tool": "test"})
    boxes, masks = many(annotated.read_annotations(sample))
    after = corrected_annotations(annotated, project, sample)
    assert many(after) == (boxes - 1, masks - 1)


def test_new_objects_are_of_the_class_that_all_others_have(annotated: Dataset) -> None:
    stack = replace(
        masks_of(annotated, annotated.samples[0]), class_ids=np.array([1, 1, 1])
    )
    labels = pack(stack).labels.copy()
    labels[:, 30:, 40:] = 9
    after = unpack(stack, labels, {})
    assert after.class_ids is not None
    assert after.class_ids.tolist() == [1, 1, 1, 1]


def test_the_export_of_a_set_writes_what_was_corrected(
    annotated: Dataset, project: Project, tmp_path: Path
) -> None:
    sample = annotated.samples[0]
    stack = masks_of(annotated, sample)
    correct(project, annotated, further_layer("masks"), pack(stack).labels)
    said = ContainerExport("coco", lossy=True, annotation="masks").write(
        annotated, project, [sample], tmp_path / "out", CancelToken(), lambda *_: None
    )
    assert said == "COCO JSON of 1 image"
    (file,) = (tmp_path / "out").rglob("*.json")
    assert file.read_text().count('"segmentation"') == len(stack.masks) - 1


def test_an_export_of_several_annotations_says_that_they_are_in_one_list(
    annotated: Dataset, project: Project, tmp_path: Path
) -> None:
    sample = annotated.samples[0]
    *most, last = names_of(annotated.read_annotations(sample))
    said = ContainerExport("coco", lossy=True).write(
        annotated, project, [sample], tmp_path / "out", CancelToken(), lambda *_: None
    )
    assert said == f"COCO JSON of 1 image ({', '.join(most)} and {last} together)"
