"""Points, boxes and outlines as of a time, back to what the data set has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotated_sets import write_annotated_set
from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.batch.mark_restore import restore_marks
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.annotation import Boxes, ImageClass, Points, Polygons
from napari_cellsets.core.errors import StoreError
from napari_cellsets.editing.marked import own_marks
from napari_cellsets.store import Mark, MarkKey, Project
from napari_cellsets.store.object_words import PICTURE

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


def test_what_the_data_set_has_is_brought_back(tmp_path: Path) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "set"))
    sample = dataset.samples[0]
    kinds = {
        "boxes": [1.0, 1.0, 9.0, 9.0, 0.0],
        "outlines": [[[[1, 1], [9, 1], [9, 9]]]],
    }
    with Project.open(tmp_path / "p.sqlite") as project:
        for layer, place in kinds.items():
            kind = "polygons" if layer == "outlines" else layer
            marks = {
                MarkKey(sample.name, layer, 1): Mark(kind, place, "debris"),
                MarkKey(sample.name, layer, 10**15): Mark(kind, place),
            }
            project.record_marks(dataset.identity, marks, {})
            assert restore_marks(dataset, project, sample, layer, LONG_AGO) == 2
            assert restore_marks(dataset, project, sample, layer, LONG_AGO) == 0
        found = corrected_annotations(dataset, project, sample)
    before = dataset.read_annotations(sample)
    for one, was in zip(found, before, strict=True):
        assert type(one) is type(was)
        if isinstance(was, Boxes):
            np.testing.assert_array_equal(one.yxyx, was.yxyx)
            np.testing.assert_array_equal(one.class_ids, was.class_ids)
        if isinstance(was, Polygons):
            ring, old = one.outlines[0][0][0], was.outlines[0][0][0]
            np.testing.assert_array_equal(ring, old)


def test_revisions_and_marks_that_are_not_there_are_refused(tmp_path: Path) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "set"))
    sample = dataset.samples[0]
    with Project.open(tmp_path / "p.sqlite") as project:
        with pytest.raises(StoreError, match="nothing of boxes of 'a' was corrected"):
            restore_marks(dataset, project, sample, "boxes", LONG_AGO)
        whole = {MarkKey(sample.name): Mark(class_name="sick")}
        project.record_marks(dataset.identity, whole, {})
        with pytest.raises(StoreError, match="have no revisions"):
            restore_marks(dataset, project, sample, "", 2)


def test_marks_of_a_file_have_its_classes() -> None:
    classes = {1: "nucleus", 2: "debris"}
    yx = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    points = Points(yx, "", classes, np.array([2, -1, 7]))
    assert own_marks(points) == {
        1: Mark("points", [1.0, 2.0], "debris"),
        2: Mark("points", [3.0, 4.0], ""),
        3: Mark("points", [5.0, 6.0], "class 7"),
    }
    assert own_marks(Points(yx[:1], "", {1: "nucleus"}))[1].class_name == "nucleus"
    assert own_marks(ImageClass("sick")) == {}


def test_marks_that_are_brought_back_tell_the_picture_they_were_drawn_on(
    tmp_path: Path,
) -> None:
    dataset = open_dataset(write_annotated_set(tmp_path / "set"))
    sample = dataset.samples[0]
    key = MarkKey(sample.name, "boxes", 1)
    with Project.open(tmp_path / "p.sqlite") as project:
        for picture, right in (("first", 9.0), ("second", 8.0)):
            box = Mark("boxes", [1.0, 1.0, 9.0, right, 0.0], "debris")
            project.record_marks(dataset.identity, {key: box}, {PICTURE: picture})
            if picture == "first":
                then = datetime.now(UTC)
        assert restore_marks(dataset, project, sample, "boxes", then) == 1
        stored = project.marks(dataset.identity)[key]
    assert stored.mark.place == [1.0, 1.0, 9.0, 9.0, 0.0]
    assert stored.provenance[PICTURE] == "first"
