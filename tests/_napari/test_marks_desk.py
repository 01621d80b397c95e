"""Corrections of marks in a session: stored, shown again, told to others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel

from annotated_sets import write_annotated_set
from mark_hands import click, drag, press
from napari_cellsets._napari.marks_begin import begin_marks, layers_for
from napari_cellsets._napari.others import Others
from napari_cellsets._napari.session import Session
from napari_cellsets.batch.convert import convert_dataset
from napari_cellsets.batch.corrected import corrected_annotations
from napari_cellsets.core.annotation import Boxes, Points, Polygons
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import Mark, MarkKey, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets._napari.marks_desk import MarkDesk


class Window:
    """A session without a window, with hands."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.viewer = ViewerModel()
        self.session = Session(self.viewer, store=str(store))
        self.session.open(folder)
        self.told: list[str] = []
        self.desk.told.connect(lambda text, _failed: self.told.append(text))

    @property
    def desk(self) -> MarkDesk:
        return self.session.annotations.desk

    def layer(self, name: str) -> Any:
        return self.session.annotations.marks[name][0]

    def unlocked(self, name: str) -> Any:
        self.desk.unlock(self.layer(name))
        return self.layer(name)

    def classes(self, name: str) -> list[str]:
        return list(self.session.annotations.marks[name][1].classes)

    def titles(self, name: str) -> list[tuple[str, bool]]:
        return [(act.title, act.done) for act in self.desk.log.of(self.layer(name))]

    @property
    def stored(self) -> dict[MarkKey, Mark]:
        dataset = self.session.dataset
        assert dataset is not None
        marks = self.session.project.marks(dataset.identity)
        return {key: kept.mark for key, kept in marks.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_annotated_set(tmp_path / "set")


@pytest.fixture
def window(folder: Path, tmp_path: Path) -> Window:
    """At the first picture: an outline of a nucleus, a box of another."""
    return Window(folder, tmp_path / "p.sqlite")


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A store that cannot be written while the block lasts."""

    def fail(*_: object, **__: object) -> str:
        raise StoreError("could not be written")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "record_marks", fail)
        yield patch


def test_marks_are_locked_until_a_person_asks(window: Window) -> None:
    assert not window.layer("boxes").editable
    window.desk.unlock(window.layer("boxes"))
    assert window.layer("boxes").editable
    assert not window.layer("outlines").editable
    assert window.layer("boxes").keymap
    window.desk.unlock(window.layer("boxes"), False)
    assert not window.layer("boxes").editable
    assert not window.layer("boxes").keymap
    assert window.desk.editor_of(window.layer("boxes")) is None


def test_an_act_is_on_disk_when_it_is_done(window: Window) -> None:
    layer = window.unlocked("boxes")
    layer.mode = "select"
    drag(layer, (11, 11), (12, 12), (13, 14))
    (key,), (mark,) = window.stored, window.stored.values()
    assert key == MarkKey("a", "boxes", 1)
    assert mark.place is not None
    # half a micrometre a pixel: (2, 3) micrometres are (4, 6) pixels
    assert np.allclose(mark.place, [23.5, 25.5, 28.5, 30.5, 0])
    assert mark.class_name == "nucleus"
    assert window.session.status == "All corrections are saved"
    assert window.titles("boxes") == [("Move box: nucleus", True)]


def test_the_file_of_the_set_stays_as_it_is(window: Window, folder: Path) -> None:
    before = (folder / "all.json").read_bytes()
    window.unlocked("boxes").remove([0])
    assert (folder / "all.json").read_bytes() == before


def test_undo_is_on_disk_and_in_the_history(window: Window) -> None:
    layer = window.unlocked("boxes")
    layer.remove([0])
    assert window.stored[MarkKey("a", "boxes", 1)].gone
    press(layer, "Control-Z")
    assert not window.stored[MarkKey("a", "boxes", 1)].gone
    assert window.titles("boxes") == [("Delete box: nucleus", False)]
    press(layer, "Control-Shift-Z")
    assert window.stored[MarkKey("a", "boxes", 1)].gone
    assert window.titles("boxes") == [("Delete box: nucleus", True)]


def test_the_store_knows_who_did_what(window: Window) -> None:
    window.unlocked("boxes").remove([0])
    press(window.layer("boxes"), "Control-Z")
    session = window.session
    assert session.dataset is not None
    acts = session.project.mark_acts(session.dataset.identity)
    titles = [act.provenance["act"] for act in acts]
    assert titles == ["Delete box: nucleus", "Undo: Delete box: nucleus"]
    assert {act.author for act in acts} == {session.project.author}


def test_a_key_gives_selected_marks_a_class(window: Window) -> None:
    layer = window.unlocked("boxes")
    layer.selected_data = {0}
    press(layer, "W")
    assert window.classes("boxes") == ["debris"]
    assert window.stored[MarkKey("a", "boxes", 1)].class_name == "debris"
    palette = window.session.annotations.colour_of("debris")
    seen = "#" + "".join(f"{round(255 * part):02x}" for part in layer.edge_color[0][:3])
    assert seen == palette
    assert window.desk.class_name == "debris"
    amounts = {e.name: e.details for e in window.session.annotations.entries}
    assert "boxes: 1" in amounts["debris"]


def test_what_is_added_has_the_class_in_hand_and_its_colour(window: Window) -> None:
    layer = window.unlocked("outlines")
    window.desk.choose_class("debris")
    layer.mode = "add_rectangle"
    drag(layer, (10, 10), (12, 12), (15, 15))
    assert window.classes("outlines") == ["nucleus", "debris"]
    assert layer.edge_color[0].tolist() != layer.edge_color[1].tolist()


def test_what_is_selected_has_no_say_in_what_is_added(window: Window) -> None:
    layer = window.unlocked("boxes")
    layer.selected_data = {0}
    press(layer, "W")
    layer.add([[[1, 1], [1, 5], [5, 5], [5, 1]]], shape_type="rectangle")
    window.desk.choose_class("nucleus")
    layer.selected_data = {0, 1}
    layer.mode = "add_rectangle"
    drag(layer, (10, 10), (12, 13), (15, 20))
    assert window.classes("boxes") == ["debris", "debris", "nucleus"]
    assert list(layer.features["class"]) == ["debris", "debris", "nucleus"]


def test_a_class_that_is_taken_in_hand_is_shown(window: Window) -> None:
    window.session.annotations.set_shown("debris", False)
    window.unlocked("boxes")
    window.desk.choose_class("debris", window.layer("boxes"))
    window.layer("boxes").selected_data = {0}
    press(window.layer("boxes"), "W")
    assert window.layer("boxes").edge_color[0][3] == 1


def test_corrections_are_shown_when_the_sample_comes_back(window: Window) -> None:
    layer = window.unlocked("boxes")
    layer.mode = "add_rectangle"
    drag(layer, (1, 1), (2, 2), (4, 4))
    window.session.step(1)
    window.session.step(-1)
    layer = window.layer("boxes")
    assert len(layer.data) == 2
    assert layer.editable
    assert window.titles("boxes") == []
    earlier = window.desk.earlier_acts(layer)
    assert [act.title for act in earlier] == ["Add box: nucleus"]
    assert earlier[0].box is not None
    # undo of the picture before is none of this one
    press(layer, "Control-Z")
    assert len(layer.data) == 2


def test_unlocked_stays_unlocked_with_the_tool_in_hand(window: Window) -> None:
    window.unlocked("boxes").mode = "add_rectangle"
    window.session.step(2)
    window.session.step(-2)
    assert window.layer("boxes").mode == "add_rectangle"


def test_points_are_begun_where_nobody_had_any(window: Window) -> None:
    session = window.session
    begin_marks(
        window.viewer, window.session.annotations, "points", (session.truth_layer,)
    )
    layer = window.layer("points")
    assert window.viewer.layers.selection.active is layer
    assert layer.mode == "add"
    click(layer, (5, 5))
    session.step(1)
    assert len(window.layer("points").data) == 0
    click(window.layer("points"), (6, 6))
    assert {key.sample for key in window.stored} == {"a", "b"}
    session.step(-1)
    assert window.layer("points").data.tolist() == [[10, 10]]


@pytest.mark.parametrize("kind", ["boxes", "polygons"])
def test_beginning_what_is_there_unlocks_it(window: Window, kind: str) -> None:
    name = "boxes" if kind == "boxes" else "outlines"
    before = window.layer(name)
    begin_marks(window.viewer, window.session.annotations, kind, (), name)
    assert window.layer(name) is before
    assert before.editable


def test_marking_goes_on_in_the_selected_layer_of_the_kind(window: Window) -> None:
    annotations = window.session.annotations
    begin_marks(window.viewer, annotations, "boxes", ())
    assert sorted(annotations.marks) == ["boxes", "boxes by hand", "outlines"]
    assert layers_for(window.viewer, annotations, "boxes") == ("boxes by hand",)
    window.viewer.layers.selection.active = window.layer("outlines")
    assert layers_for(window.viewer, annotations, "boxes") == ("boxes", "boxes by hand")
    assert layers_for(window.viewer, annotations, "points") == ()


def test_labels_of_the_same_name_are_left_alone(window: Window) -> None:
    labels = window.viewer.add_labels(np.ones((4, 4), np.int32), name="points")
    begin_marks(window.viewer, window.session.annotations, "points", ())
    assert window.layer("points by hand").mode == "add"
    assert labels in window.viewer.layers


def test_what_was_begun_is_there_in_a_new_window(
    window: Window, folder: Path, tmp_path: Path
) -> None:
    begin_marks(window.viewer, window.session.annotations, "points", ())
    window.desk.choose_class("debris")
    click(window.layer("points"), (5, 5))
    other = Window(folder, tmp_path / "p.sqlite")
    assert other.classes("points") == ["debris"]
    assert other.layer("points").data.tolist() == [[10, 10]]


def test_another_window_sees_the_correction_and_says_whose(
    window: Window, folder: Path, tmp_path: Path
) -> None:
    other = Window(folder, tmp_path / "p.sqlite")
    others = Others(other.session)
    question = others.question()
    assert question is not None
    window.unlocked("boxes").remove([0])
    project, identity, number = question
    said = others.take(identity, project.changed_since(identity, number))
    assert said.endswith("changed this image: it is shown as it is now.")
    assert other.classes("boxes") == []


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    window: Window, folder: Path, tmp_path: Path
) -> None:
    other = Window(folder, tmp_path / "p.sqlite")
    overtaken = []
    window.desk.overtaken.connect(lambda: overtaken.append(True))
    other.unlocked("boxes").remove([0])
    layer = window.unlocked("boxes")
    layer.selected_data = {0}
    press(layer, "W")
    assert window.stored[MarkKey("a", "boxes", 1)].gone
    assert overtaken == [True]
    assert window.told[0].startswith("Not kept: Class of box: debris (")
    assert "changed the same mark of 'a' in between" in window.told[0]
    window.session.reload()
    assert window.classes("boxes") == []
    assert not window.session.unsaved


def test_what_cannot_be_saved_waits_and_is_saved_later(
    window: Window, away: pytest.MonkeyPatch
) -> None:
    window.unlocked("boxes").remove([0])
    assert window.session.unsaved
    assert window.session.status.startswith("Not saved: could not be written")
    # shown as the person left it, though the store does not know
    window.session.step(1)
    window.session.step(-1)
    assert window.classes("boxes") == []
    assert window.stored == {}
    away.undo()
    assert window.session.save()
    assert window.stored[MarkKey("a", "boxes", 1)].gone
    assert window.session.status == "All corrections are saved"


def test_where_a_mark_comes_from_is_told(window: Window) -> None:
    layer = window.unlocked("boxes")
    editor = window.desk.editor_of(layer)
    assert editor is not None
    assert window.desk.origin_of(layer, editor.rows[0]) == "from the data set"
    layer.selected_data = {0}
    press(layer, "W")
    layer.mode = "add_rectangle"
    drag(layer, (1, 1), (2, 2), (4, 4))
    told = [window.desk.origin_of(layer, row) for row in editor.rows]
    author = window.session.project.author
    assert told[0].startswith(f"from the data set, corrected by {author}, ")
    assert told[1].startswith(f"drawn by hand, last by {author}, ")


def test_a_layer_that_a_person_removes_is_let_go(window: Window) -> None:
    layer = window.unlocked("boxes")
    window.viewer.layers.remove(layer)
    assert "boxes" not in window.session.annotations.marks
    layer.remove([0])
    assert window.stored == {}


def test_corrections_go_out_in_another_form(window: Window, tmp_path: Path) -> None:
    session = window.session
    layer = window.unlocked("outlines")
    layer.selected_data = {0}
    press(layer, "W")
    layer.mode = "add_rectangle"
    drag(layer, (10, 10), (12, 13), (15, 20))
    window.unlocked("boxes").remove([0])
    dataset, sample = session.dataset, session.sample
    assert dataset is not None
    assert sample is not None

    def source(of: Any) -> Any:
        found = corrected_annotations(dataset, session.project, of)
        return tuple(a for a in found if isinstance(a, Boxes | Points | Polygons))

    convert_dataset(
        dataset,
        "coco",
        tmp_path / "out",
        samples=[sample],
        annotations_of=source,
        lossy=True,
    )
    (file,) = (tmp_path / "out").rglob("*.json")
    found = json.loads(file.read_text())["annotations"]
    assert [one["category_id"] for one in found] == [2, 2]
    (top, left), (low, right) = layer.data[1].min(axis=0), layer.data[1].max(axis=0)
    assert found[1]["bbox"] == [left + 0.5, top + 0.5, right - left, low - top]


def test_overlapping_classes_keep_their_keys(window: Window) -> None:
    assert window.desk.classes == ("nucleus", "debris")
    assert window.desk.keys == ("Q", "W")
