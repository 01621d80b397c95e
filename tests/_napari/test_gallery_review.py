"""Acts of a review are taken back in order, in parts where a part fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari.gallery_review import (
    GalleryReview,
    read_crops,
    read_samples,
)
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Mark, MarkKey, Project
from small_cells import write_cells

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.open(tmp_path / "project.sqlite", author="A") as project:
        yield project


@pytest.fixture
def review(tmp_path: Path, project: Project) -> GalleryReview:
    dataset = open_dataset(write_cells(tmp_path / "cells"))
    _items, found = read_samples(dataset, lambda: project)
    assert isinstance(found, GalleryReview)
    return found


def words(review: GalleryReview) -> list[str]:
    return [review.word(item) for item in range(3)]


def fail(*_: object, **__: object) -> None:
    raise StoreError("the disk is full")


def test_what_cannot_be_taken_back_now_can_be_later(
    review: GalleryReview, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    review.relabel([0, 1], "monocyte")
    with monkeypatch.context() as patch:
        patch.setattr(project, "record_marks", fail)
        with pytest.raises(StoreError, match="disk is full"):
            review.undo()
    assert words(review)[:2] == ["relabelled", "relabelled"]
    assert review.undo() == [0, 1]
    assert words(review) == ["", "", ""]


def test_act_that_fails_half_way_is_taken_back_as_far_as_it_went(
    review: GalleryReview, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    review.judge([0], "rejected")
    with monkeypatch.context() as patch:
        patch.setattr(project, "set_verdicts", fail)
        with pytest.raises(StoreError, match="disk is full"):
            review.relabel([0], "ig")
    assert review.classes is not None
    assert review.classes.word(0) == "relabelled"
    review.undo()
    assert (review.classes.word(0), review.word(0)) == ("", "rejected")
    review.undo()
    assert review.word(0) == ""
    assert review.undo() == []


def test_part_that_others_changed_is_left_to_them(
    review: GalleryReview, project: Project, tmp_path: Path
) -> None:
    review.relabel([0], "ig")
    review.relabel([0, 1], "monocyte")
    dataset = open_dataset(tmp_path / "cells")
    with Project.open(tmp_path / "project.sqlite", author="B") as other:
        key = MarkKey(dataset.samples[0].name)
        other.record_marks(dataset.identity, {key: Mark(class_name="neutrophil")}, {})
    review.undo()
    names = [row.mark.class_name for row in review.classes.said.values()]
    assert names == ["neutrophil"]
    with pytest.raises(StoreError, match="Somebody else gave another class"):
        review.undo()
    assert review.undo() == []


def test_new_act_forgets_what_was_taken_back(review: GalleryReview) -> None:
    review.judge([0], "accepted")
    review.undo()
    review.judge([1], "accepted")
    assert review.redo() == []
    assert words(review) == ["", "accepted", ""]


def test_many_are_relabelled_and_come_back(review: GalleryReview) -> None:
    every = list(range(7))
    for name in ("ig", "monocyte"):
        review.relabel(every, name)
    review.undo()
    assert {row.mark.class_name for row in review.classes.said.values()} == {"ig"}
    review.undo()
    assert review.classes.said == {}
    assert review.reviewed(np.arange(7)) == 0


def test_objects_are_of_no_class_to_change(project: Project, set_path: Path) -> None:
    dataset = open_dataset(set_path)
    read = read_crops(dataset, [0], lambda: project, CancelToken(), lambda *_: None)
    with pytest.raises(StoreError, match="have no class"):
        read[1].relabel([0], "ig")


@pytest.fixture
def fields(set_path: Path, project: Project) -> GalleryReview:
    """Of a set whose pictures have no class."""
    _items, found = read_samples(open_dataset(set_path), lambda: project)
    assert isinstance(found, GalleryReview)
    return found


def test_pictures_of_any_set_are_given_a_class_that_was_added(
    fields: GalleryReview,
) -> None:
    assert fields.classes.names == ()
    fields.add_class(" out of focus ")
    assert fields.classes.names == ("out of focus",)
    fields.relabel([0, 2], "out of focus")
    assert set(fields.classes.said) == {0, 2}
    assert words(fields) == ["", "", ""]  # it is no verdict


def test_a_class_leaves_the_verdict_where_the_set_has_none_to_judge(
    fields: GalleryReview,
) -> None:
    fields.add_class("out of focus")
    fields.judge([0], "rejected", "blurred")
    fields.relabel([0], "out of focus")
    assert words(fields)[0] == "rejected"
    fields.judge([0], "")
    assert (words(fields)[0], fields.classes.said) == ("", {})


def test_added_classes_are_taken_back_in_order(fields: GalleryReview) -> None:
    fields.add_class("out of focus")
    fields.relabel([0], "out of focus")
    assert fields.undo() == [0]
    assert fields.classes.said == {}
    assert fields.undo() == []
    assert fields.classes.names == ()
    fields.redo()
    assert fields.redo() == [0]
    assert fields.classes.names == ("out of focus",)
    assert fields.classes.of(0).mark.class_name == "out of focus"


def test_a_class_that_somebody_gave_meanwhile_stays(
    fields: GalleryReview, project: Project, set_path: Path
) -> None:
    fields.add_class("out of focus")
    dataset = open_dataset(set_path)
    given = {MarkKey(dataset.samples[1].name): Mark(class_name="out of focus")}
    project.record_marks(dataset.identity, given, {})
    with pytest.raises(StoreError, match="1 picture of this set still has the class"):
        fields.undo()
    assert fields.classes.names == ("out of focus",)
    assert fields.undo() == []  # not tried again


def test_a_class_of_the_set_is_not_added_again(review: GalleryReview) -> None:
    with pytest.raises(StoreError, match="there is a class “monocyte” already"):
        review.add_class("Monocyte")
    review.add_class("smudge cell")
    assert review.classes.names[-1] == "smudge cell"
    with pytest.raises(StoreError, match="there is a class “smudge cell” already"):
        review.add_class("smudge cell")


def test_objects_are_found_where_the_store_cannot_be_opened(set_path: Path) -> None:
    def refuse() -> Project:
        raise StoreError("the store cannot be opened")

    dataset = open_dataset(set_path)
    items, told = read_crops(dataset, [0], refuse, CancelToken(), lambda *_: None)
    assert len(items)
    assert isinstance(told, StoreError)


def test_objects_get_no_new_class_here(project: Project, set_path: Path) -> None:
    dataset = open_dataset(set_path)
    read = read_crops(dataset, [0], lambda: project, CancelToken(), lambda *_: None)
    with pytest.raises(StoreError, match="in the Objects dock"):
        read[1].add_class("artefact")
