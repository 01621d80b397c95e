"""Labels of an earlier time, also of overlapping objects over a focal stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotated_sets import write_annotated_set
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.history_acts import Act
from napari_cellsets._napari.history_then import (
    EarlierLabels,
    Then,
    box_of_objects,
    earlier_acts,
    look_up,
)
from napari_cellsets._napari.stack_axes import flat
from napari_cellsets.core.errors import CellsetsError, EditError, StoreError
from napari_cellsets.store import Before, Project, StoredLabels

if TYPE_CHECKING:
    from pathlib import Path

    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_cellsets._napari.edits import Place
    from napari_cellsets._napari.session import Session


@pytest.fixture
def annotated(session: Session, tmp_path: Path) -> Session:
    session.open(write_annotated_set(tmp_path / "annotated"))
    return session


@pytest.fixture
def masks(annotated: Session, viewer: ViewerModel) -> Labels:
    """Three masks in two planes over a focal stack, one of them deleted just now."""
    layer: Labels = viewer.layers["masks"]
    annotated.annotations.corrections.set_locked(layer, False)
    viewer.layers.selection.active = layer
    desk = edit_desk(viewer)
    desk.editor.select([1])
    desk.perform("delete")
    return layer


def place_of(session: Session, layer: Labels) -> Place:
    place = session.place_of(layer)
    assert place is not None
    return place


def test_overlapping_objects_are_seen_and_restored(
    annotated: Session, viewer: ViewerModel, masks: Labels
) -> None:
    place = place_of(annotated, masks)
    acts, before = earlier_acts(annotated.project, place, Before(9), 10, {})
    assert [(act.title, act.revision) for act in acts][1:] == [("delete object", 2)]
    assert before is None
    earlier = EarlierLabels(edit_desk(viewer), annotated)
    earlier.show(masks, look_up(annotated.project, place, acts[0]))
    (shown,) = (layer for layer in viewer.layers if "as of" in layer.name)
    assert shown.data.shape == masks.data.shape
    assert 1 in shown.data
    assert "Ctrl+Z takes it back" in earlier.restore()
    assert 1 in masks.data
    stored = annotated.project.load_labels(*place)
    assert np.array_equal(stored.labels, flat(masks.data, 3))
    masks.undo()
    assert 1 not in masks.data


def test_an_act_on_overlapping_objects_is_shown_where_it_was(
    annotated: Session, viewer: ViewerModel, masks: Labels
) -> None:
    told: list[str] = []
    desk = edit_desk(viewer)
    desk.told.connect(lambda words, failed: told.append(words))
    acts, _ = earlier_acts(
        annotated.project, place_of(annotated, masks), Before(9), 10, {}
    )
    desk.reveal(acts[-1])
    assert told == []
    desk.reveal(acts[0])
    assert told == [f"“{acts[0].title}” is about the whole image."]


def test_pages_of_the_history_follow_each_other(
    annotated: Session, masks: Labels
) -> None:
    place = place_of(annotated, masks)
    newest, before = earlier_acts(annotated.project, place, Before(9), 1, {})
    assert before == Before(2)
    oldest, end = earlier_acts(annotated.project, place, before, 2, {})
    assert [act.revision for act in (*oldest, *newest)] == [1, 2]
    assert end is None


def test_an_act_of_now_is_found_by_its_name_and_time(
    annotated: Session, viewer: ViewerModel, masks: Labels
) -> None:
    (act,) = edit_desk(viewer).acts
    then = look_up(annotated.project, place_of(annotated, masks), act)
    assert then.stored.revision == 2
    assert then.since == {}


def test_an_act_without_pixels_is_found_by_its_time(
    annotated: Session, masks: Labels
) -> None:
    place = place_of(annotated, masks)
    last = annotated.project.label_history(*place)[-1]
    act = Act("comment of 1 object", "ada", last.time + 60, None)
    assert look_up(annotated.project, place, act).stored.revision == 2


def test_before_anything_was_stored_there_is_nothing(
    annotated: Session, masks: Labels
) -> None:
    act = Act("comment of 1 object", "ada", 60.0, None)
    with pytest.raises(CellsetsError, match="nothing was stored yet"):
        look_up(annotated.project, place_of(annotated, masks), act)


def test_without_earlier_labels_nothing_is_restored(
    annotated: Session, viewer: ViewerModel
) -> None:
    with pytest.raises(EditError, match="no earlier labels are shown"):
        EarlierLabels(edit_desk(viewer), annotated).restore()


def test_what_cannot_be_saved_is_not_restored_over(
    annotated: Session,
    viewer: ViewerModel,
    masks: Labels,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = place_of(annotated, masks)
    earlier = EarlierLabels(edit_desk(viewer), annotated)
    acts, _ = earlier_acts(annotated.project, place, Before(9), 10, {})
    then = look_up(annotated.project, place, acts[0])

    def fail(*_: object, **__: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(Project, "record", fail)
    edit_desk(viewer).editor.select([2])
    edit_desk(viewer).perform("delete")
    earlier.show(masks, then)
    with pytest.raises(EditError, match="disk is full"):
        earlier.restore()


@pytest.mark.parametrize(
    ("since", "words"),
    [
        ({}, "nothing was changed since."),
        ({"me": 1}, " 1 change was made since."),
        ({"me": 1200, "bob": 2, "": 1}, " 1,203 changes were made since (2 by bob, 1 "),
    ],
)
def test_what_was_done_since_is_told(since: dict[str, int], words: str) -> None:
    stored = StoredLabels(np.zeros((2, 2), np.int32), changed=1e9)
    assert words in Then(("set", "a", "cells"), stored, since).told("me")


def test_objects_of_a_stack_are_found_in_the_first_plane_that_has_any(
    viewer: ViewerModel,
) -> None:
    planes = np.zeros((3, 8, 9), np.int32)
    planes[1, 2:4, 3:7] = 5
    planes[2, 1:3, 1:3] = 6
    layer = viewer.add_labels(planes)
    editor = edit_desk(viewer).editor_of(layer)
    viewer.dims.set_point(0, 0)
    assert box_of_objects(editor, [5, 6]) == (slice(1, 2), slice(2, 4), slice(3, 7))
    viewer.dims.set_point(0, 2)
    assert box_of_objects(editor, [5, 6]) == (slice(2, 3), slice(1, 3), slice(1, 3))
    assert box_of_objects(editor, [7]) is None
