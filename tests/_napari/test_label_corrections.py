"""Masks that overlap and masks of classes, corrected in their own layers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.components import ViewerModel

from annotated_sets import write_annotated_set
from napari_cellsets._napari import label_corrections
from napari_cellsets._napari.object_source import classes_of
from napari_cellsets._napari.others import Others
from napari_cellsets._napari.session import Session, get_session
from napari_cellsets._napari.stack_axes import flat
from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.core.annotation import ClassMask, MaskStack
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import further_layer
from small_sets import write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Labels


@pytest.fixture
def annotated(session: Session, tmp_path: Path) -> Session:
    """A session with the annotated set open at its first picture."""
    session.open(write_annotated_set(tmp_path / "annotated"))
    return session


@pytest.fixture
def masks(annotated: Session, viewer: ViewerModel) -> Labels:
    """Three masks in two planes over a focal stack, unlocked."""
    return unlocked(annotated, viewer, "masks")


def unlocked(session: Session, viewer: ViewerModel, name: str) -> Labels:
    layer: Labels = viewer.layers[name]
    assert session.annotations.corrections.set_locked(layer, False)
    return layer


def delete(layer: Labels, label: int) -> None:
    layer.data_setitem(np.nonzero(layer.data == label), 0)


def kept(session: Session, name: str) -> np.ndarray | None:
    assert session.dataset is not None
    assert session.sample is not None
    place = (session.dataset.identity, session.sample.name, further_layer(name))
    stored = session.project.load_labels(*place)
    return None if stored is None else stored.labels


def digests(folder: Path) -> dict[str, str]:
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_annotations_are_locked_until_somebody_asks(
    annotated: Session, viewer: ViewerModel
) -> None:
    layer = viewer.layers["masks"]
    assert not layer.editable
    assert not layer.data.flags.writeable
    assert annotated.annotations.corrections.set_locked(layer, False)
    assert layer.editable
    assert layer.data.flags.writeable


def test_layers_of_others_are_not_unlocked(
    annotated: Session, viewer: ViewerModel
) -> None:
    own = viewer.add_labels(np.zeros((40, 50), np.int32))
    assert not annotated.annotations.corrections.set_locked(own, False)
    assert annotated.place_of(own) is None


def test_nothing_is_stored_before_something_is_corrected(
    annotated: Session, masks: Labels
) -> None:
    assert annotated.save()
    assert kept(annotated, "masks") is None


def test_a_correction_is_on_disk_at_once_and_the_files_stay(
    annotated: Session, masks: Labels, tmp_path: Path
) -> None:
    before = digests(tmp_path / "annotated")
    delete(masks, 2)
    stored = kept(annotated, "masks")
    assert stored is not None
    assert stored.shape == (2, 40, 50)
    assert sorted(np.unique(stored)) == [0, 1, 3]
    assert annotated.dataset is not None
    assert annotated.project.edited_samples(annotated.dataset.identity) == {"a"}
    assert digests(tmp_path / "annotated") == before


def test_a_correction_is_seen_at_every_plane_of_the_picture(masks: Labels) -> None:
    masks.data_setitem((np.array([0]), np.array([2]), np.array([1]), np.array([1])), 7)
    assert (masks.data[0, :, 1, 1] == 7).all()


def test_corrections_come_back_with_the_sample(
    annotated: Session, masks: Labels, viewer: ViewerModel
) -> None:
    delete(masks, 2)
    annotated.show(1)
    annotated.show(0)
    assert viewer.layers["masks"] is masks
    assert masks.editable
    assert sorted(np.unique(masks.data)) == [0, 1, 3]


def test_the_same_layer_is_used_for_the_next_sample_without_its_undo(
    annotated: Session, viewer: ViewerModel
) -> None:
    layer = unlocked(annotated, viewer, "class mask")
    annotated.show(2)
    before = layer.data.copy()
    layer.data_setitem((np.array([0]), np.array([0])), 2)
    annotated.show(0)
    layer.undo()
    annotated.show(2)
    assert viewer.layers["class mask"] is layer
    assert layer.data[0, 0] == 2
    np.testing.assert_array_equal(layer.data[1:], before[1:])


def test_undo_reaches_the_disk(annotated: Session, masks: Labels) -> None:
    before = flat(masks.data, 3).copy()
    delete(masks, 2)
    masks.undo()
    stored = kept(annotated, "masks")
    assert stored is not None
    np.testing.assert_array_equal(stored, before)


def test_another_window_sees_the_correction(
    annotated: Session, masks: Labels, tmp_path: Path
) -> None:
    delete(masks, 2)
    other = ViewerModel()
    get_session(other).open(tmp_path / "annotated")
    assert sorted(np.unique(other.layers["masks"].data)) == [0, 1, 3]
    assert not other.layers["masks"].editable


def test_a_plane_more_keeps_what_can_be_undone(
    annotated: Session, masks: Labels
) -> None:
    before = flat(masks.data, 3).copy()
    delete(masks, 2)
    overlay = annotated.annotations.corrections.overlay_of(masks)
    assert overlay is not None
    assert overlay.add_plane()
    assert masks.data.shape == (3, 4, 40, 50)
    masks.data_setitem((np.array([2]), np.array([0]), np.array([1]), np.array([1])), 9)
    masks.undo()
    masks.undo()
    stored = kept(annotated, "masks")
    assert stored is not None
    np.testing.assert_array_equal(stored[:2], before)
    assert not stored[2].any()


def test_locked_stacks_get_no_plane(annotated: Session, viewer: ViewerModel) -> None:
    overlay = annotated.annotations.corrections.overlay_of(viewer.layers["masks"])
    assert overlay is not None
    assert not overlay.add_plane()


def test_large_labels_are_left_to_whoever_has_a_thread(
    annotated: Session, masks: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_corrections, "_MOST_PX", 10)
    layers = annotated.annotations
    told: list[str] = []
    layers.large_changed.connect(told.append)
    before = layers.entries
    delete(masks, 1)
    assert set(told) == {"masks"}
    assert layers.entries == before
    layers.look_beside("masks")()()
    assert layers.entries != before


def test_what_is_found_late_is_not_shown_of_another_picture(
    annotated: Session, masks: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_corrections, "_MOST_PX", 10)
    delete(masks, 1)
    found = annotated.annotations.look_beside("masks")()
    annotated.show(2)
    there = annotated.annotations.entries
    found()
    assert annotated.annotations.entries == there


def test_the_legend_counts_what_is_there_now(annotated: Session, masks: Labels) -> None:
    amounts = {one.name: one.details for one in annotated.annotations.entries}
    delete(masks, 2)
    after = {one.name: one.details for one in annotated.annotations.entries}
    (name,) = (name for name, words in amounts.items() if "masks: 3" in words)
    assert "masks: 2" in after[name]


def test_a_mask_of_classes_is_painted_with_any_class_of_the_set(
    annotated: Session, viewer: ViewerModel
) -> None:
    layer = unlocked(annotated, viewer, "class mask")
    layer.data_setitem(np.nonzero(layer.data == 1), 2)
    assert annotated.dataset is not None
    assert annotated.sample is not None
    found = corrected_annotations(
        annotated.dataset, annotated.project, annotated.sample
    )
    (mask,) = (one for one in found if isinstance(one, ClassMask))
    assert set(np.unique(mask.classes)) == {0, 2}
    assert set(layer.colormap.color_dict) >= {0, 1, 2}


def test_strokes_on_a_mask_of_classes_are_told_by_the_name_of_the_class(
    annotated: Session, viewer: ViewerModel
) -> None:
    layer = unlocked(annotated, viewer, "class mask")
    names = {
        n: name for n, (name, _) in annotated.annotations.classes_in(layer).items()
    }
    number = min(names)
    layer.paint((30, 40), number)
    layer.paint((30, 40), 0)
    changes, _ = annotated.project.history(*annotated.place_of(layer))
    assert [one.title for one in changes[-2:]] == [f"paint {names[number]}", "erase"]


def test_what_is_corrected_goes_out_as_masks_that_overlap(
    annotated: Session, masks: Labels
) -> None:
    delete(masks, 1)
    assert annotated.dataset is not None
    assert annotated.sample is not None
    found = corrected_annotations(
        annotated.dataset, annotated.project, annotated.sample
    )
    (stack,) = (one for one in found if isinstance(one, MaskStack))
    assert len(stack.masks) == 2


def test_what_cannot_be_saved_waits_and_is_shown_again(
    annotated: Session, masks: Labels, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(type(annotated.project), "save_labels", refuse)
        delete(masks, 2)
        assert annotated.unsaved
        annotated.show(1)
    annotated.show(0)
    assert sorted(np.unique(masks.data)) == [0, 1, 3]
    assert annotated.save()
    assert kept(annotated, "masks") is not None


def test_a_stack_is_painted_without_taking_from_others(masks: Labels) -> None:
    assert masks.preserve_labels


def test_objects_that_are_given_a_class_are_seen_in_its_colour(
    annotated: Session, masks: Labels
) -> None:
    delete(masks, 3)
    place = annotated.place_of(masks)
    assert place is not None
    annotated.project.set_object_facts(*place, [2], {"class_id": 2})
    annotated.annotations.show_classes(masks)
    entries = {one.name: one for one in annotated.annotations.entries}
    assert "masks: 1" in entries["debris"].details
    colours = masks.colormap.color_dict
    assert not np.array_equal(colours[2], colours[1])


def test_classes_of_a_mask_are_known_to_the_table_of_objects(
    annotated: Session, viewer: ViewerModel
) -> None:
    known = classes_of(annotated, viewer.layers["class mask"])
    assert known == {1: "nucleus", 2: "debris"}
    assert classes_of(annotated, viewer.layers["masks"]) == {}


def test_an_open_window_is_shown_what_another_corrected(
    annotated: Session, viewer: ViewerModel, tmp_path: Path
) -> None:
    others = Others(annotated)
    question = others.question()
    assert question is not None
    elsewhere = ViewerModel()
    second = get_session(elsewhere)
    second.open(tmp_path / "annotated")
    delete(unlocked(second, elsewhere, "masks"), 2)
    project, identity, number = question
    said = others.take(identity, project.changed_since(identity, number))
    assert "changed this image" in said
    assert sorted(np.unique(viewer.layers["masks"].data)) == [0, 1, 3]


def test_layers_of_another_set_are_locked_again(
    annotated: Session, masks: Labels, viewer: ViewerModel, tmp_path: Path
) -> None:
    annotated.open(write_set(tmp_path / "other"))
    annotated.open(tmp_path / "annotated")
    assert not viewer.layers["masks"].editable
