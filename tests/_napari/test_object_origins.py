"""Where each object comes from stays true through merge, split, copy, paint, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets.core.people import account_name
from napari_cellsets.editing import joining, splitting
from napari_cellsets.store.object_words import (
    ObjectFacts,
    facts_words,
    origin_words,
)
from small_sets import SHAPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets._napari.session import Session

MODEL = {"source": "predicted", "model": "nuclei", "model_hash": "abc"}


@pytest.fixture
def cells(opened: Session) -> Labels:
    """Three predicted cells on screen."""
    labels = np.zeros(SHAPE, np.int32)
    labels[2:8, 2:8], labels[2:8, 8:16], labels[12:18, 4:14] = 1, 2, 3
    opened.set_cells(labels, MODEL)
    assert opened.cells_layer is not None
    return opened.cells_layer


@pytest.fixture
def editor(viewer: ViewerModel, cells: Labels) -> LabelEditor:
    return edit_desk(viewer).editor_of(cells)


def known(session: Session, label: int) -> ObjectFacts:
    assert session.cells_layer is not None
    place = session.place_of(session.cells_layer)
    assert place is not None
    return session.project.object_facts(*place).of(label)


def source(session: Session, label: int) -> tuple[str, bool]:
    """Where an object comes from, and whether somebody has corrected it."""
    facts = known(session, label)
    return str(facts.origin["source"]), facts.corrected_by == account_name()


def test_predicted_cells_have_model_and_parameters(
    opened: Session, cells: Labels
) -> None:
    assert known(opened, 1).origin == MODEL
    assert source(opened, 1) == ("predicted", False)


def test_a_merge_is_predicted_and_corrected_its_undo_is_not(
    opened: Session, editor: LabelEditor
) -> None:
    editor.do(lambda objects: joining.merge(objects, [1, 2]))
    assert source(opened, 1) == ("predicted", True)
    editor.layer.undo()
    assert source(opened, 2) == ("predicted", False)


def test_both_parts_of_a_split_are_predicted_and_corrected(
    opened: Session, editor: LabelEditor
) -> None:
    line = np.array([[0.0, 11.0], [47.0, 11.0]])
    editor.do(lambda objects: splitting.split_along(objects, line))
    new = max(editor.objects)
    assert source(opened, new) == source(opened, 2) == ("predicted", True)


def test_a_copy_says_from_which_object_of_which_layer(
    opened: Session, viewer: ViewerModel, cells: Labels
) -> None:
    desk = edit_desk(viewer)
    viewer.layers.selection.active = cells
    desk.source = opened.truth_layer
    desk.tools._copy((30.0, 36.0))
    assert opened.truth_layer is not None
    said = f"copied from {opened.truth_layer.name}, object 2"
    assert origin_words(known(opened, 4).origin) == said


def test_what_is_painted_is_drawn_by_hand(opened: Session, editor: LabelEditor) -> None:
    editor.layer.paint((40, 50), 9)
    assert source(opened, 9) == ("drawn by hand", False)


def test_painting_into_an_object_corrects_it(
    opened: Session, editor: LabelEditor
) -> None:
    editor.layer.paint((9, 5), 1)
    assert source(opened, 1) == ("predicted", True)
    assert known(opened, 1).corrected > 0


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ({}, "unknown"),
        ({"source": "data set"}, "data set"),
        ({"source": "data set", "files": ["a.png"]}, "data set: a.png"),
        ({"source": "drawn by hand", "act": "add object"}, "drawn by hand, add object"),
        ({"source": "copied", "layer": "truth"}, "copied from truth"),
        ({"source": "predicted"}, "predicted by a model"),
        (
            {**MODEL, "settings": {"threshold": 0.5, "split": True}},
            "predicted by nuclei (abc), threshold 0.5, split True",
        ),
    ],
)
def test_origins_are_told_in_words(origin: Mapping[str, Any], words: str) -> None:
    assert origin_words(origin) == words


def test_who_corrected_and_who_said_something_is_told() -> None:
    facts = ObjectFacts(3, "", "", MODEL, "ada", 1.7e9, "bob", 1.7e9)
    first, second, third = facts_words(facts)
    assert first == "predicted by nuclei (abc)"
    assert second.startswith("outline corrected by ada, ")
    assert third.startswith("last change by bob, ")
    assert facts_words(ObjectFacts()) == []
