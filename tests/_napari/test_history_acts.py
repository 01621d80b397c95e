from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets._napari.edit_desk import edit_desk

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

BOX = (slice(2, 5), slice(3, 9))


@pytest.fixture
def labels(viewer: ViewerModel) -> Labels:
    return viewer.add_labels(np.zeros((30, 40), np.int32))


def test_other_acts_stand_among_the_edits(viewer: ViewerModel, labels: Labels) -> None:
    desk = edit_desk(viewer)
    assert desk.acts == []
    labels.paint((4, 4), 3)
    desk.log.add(labels, "class of 1 object: platelet", BOX)
    labels.paint((20, 20), 3)
    titles = [act.title for act in desk.acts]
    assert titles == ["paint object 3", "class of 1 object: platelet", "paint object 3"]


def test_acts_of_another_layer_do_not(viewer: ViewerModel, labels: Labels) -> None:
    desk = edit_desk(viewer)
    points = viewer.add_points(np.zeros((1, 2)))
    desk.log.add(points, "point added")
    assert desk.acts == []
    assert [act.title for act in desk.log.of(points)] == ["point added"]


def test_an_act_after_an_undone_one_takes_its_place(
    viewer: ViewerModel, labels: Labels
) -> None:
    log = edit_desk(viewer).log
    kept, undone = log.add(labels, "first"), log.add(labels, "second")
    log.set_done(labels, undone, False)
    assert log.of(labels) == [kept, undone]
    third = log.add(labels, "third")
    assert log.of(labels) == [kept, third]


def test_acts_are_forgotten_with_the_labels(
    viewer: ViewerModel, labels: Labels
) -> None:
    desk = edit_desk(viewer)
    desk.editor_of(labels)
    desk.log.add(labels, "comment of 1 object")
    labels.data = np.ones((30, 40), np.int32)
    assert desk.acts == []
