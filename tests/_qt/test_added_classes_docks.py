"""Classes that a set does not have, added in the Objects and Edit docks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from objects_docks import make_objects
from qtpy.QtCore import Qt

from annotated_sets import write_annotated_set
from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.edit import EditWidget
from napari_cellsets.store import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.viewer import Viewer
    from objects_docks import ObjectsDesk
    from pytestqt.qtbot import QtBot

    from napari_cellsets._qt.class_adder import ClassAdder

__all__ = ["make_objects"]

pytestmark = pytest.mark.gui


@pytest.fixture
def objects(make_objects: Callable[..., ObjectsDesk], set_path: Path) -> ObjectsDesk:
    """An Objects dock on the ground truth of a set without classes."""
    desk = make_objects()
    desk.dock.session.open(set_path)
    desk.measured(2)
    desk.wait(lambda: desk.dock.table.objects.column_of("comment") is not None)
    desk.dock.session.correcting_truth = True
    return desk


@pytest.fixture
def edit(viewer: Viewer, tmp_path: Path) -> EditWidget:
    """An Edit dock at the first picture of the annotated set."""
    dock = EditWidget(viewer)
    viewer.window.add_dock_widget(dock, name="Edit (Cell sets)")
    dock.session.open(write_annotated_set(tmp_path / "set"))
    return dock


def write(adder: ClassAdder, qtbot: QtBot, name: str) -> None:
    """Write a name as a person does."""
    if not adder.button.isHidden():
        adder.button.click()
    adder.line.clear()
    qtbot.keyClicks(adder.line, name)
    qtbot.keyClick(adder.line, Qt.Key.Key_Return)


def correct(dock: EditWidget, name: str) -> Any:
    layer = dock.session.annotations.marks[name][0]
    viewer = dock.desk.viewer
    assert viewer is not None
    viewer.layers.selection.active = layer
    dock.marks.correct.click()
    return layer


def rows(dock: EditWidget) -> list[tuple[str, str, int]]:
    return [(row.name, row.key, row.many) for row in dock.marks.classes.model.rows]


def kept(dock: Any) -> list[str]:
    with Project.open() as project:
        found = project.added_classes(dock.session.dataset.identity)
    return [one.name for one in found]


def test_a_set_without_classes_is_given_one_and_what_is_selected_gets_it(
    objects: ObjectsDesk, qtbot: QtBot
) -> None:
    dock = objects.dock
    assert dock.class_box.isHidden()
    assert objects.dock.table.objects.column_of("class") is None
    dock.desk.editor.select((2,))
    write(dock.adder, qtbot, "artefact")
    assert kept(dock) == ["artefact"]
    objects.wait(lambda: dock.facts.class_words == {2: "artefact"})
    assert objects.column("class") == ["", "artefact"]
    assert not dock.class_box.isHidden()
    assert dock.class_box.itemText(1) == "1  artefact"
    assert dock.adder.line.isHidden()


def test_undo_takes_back_the_class_given_then_the_class_itself(
    objects: ObjectsDesk, qtbot: QtBot
) -> None:
    dock = objects.dock
    dock.desk.editor.select((2,))
    write(dock.adder, qtbot, "artefact")
    objects.wait(lambda: dock.facts.class_words == {2: "artefact"})
    objects.labels.undo()
    objects.wait(lambda: dock.facts.class_words == {})
    assert kept(dock) == ["artefact"]
    objects.labels.undo()
    objects.wait(lambda: not dock.facts.classes)
    assert kept(dock) == []
    assert dock.class_box.isHidden()
    objects.labels.redo()
    objects.labels.redo()
    objects.wait(lambda: dock.facts.class_words == {2: "artefact"})
    assert kept(dock) == ["artefact"]


def test_a_class_that_something_has_is_not_taken_back(
    objects: ObjectsDesk, qtbot: QtBot
) -> None:
    dock = objects.dock
    write(dock.adder, qtbot, "artefact")
    place = dock.session.place_of(objects.labels, stored=True)
    number = dock.session.dataset.class_table.find("artefact")
    dock.session.project.set_object_facts(*place, [1], {"class_id": number})
    objects.labels.undo()
    assert "1 object of this set still has the class “artefact”" in (
        dock.message.text.text()
    )
    assert kept(dock) == ["artefact"]


@pytest.mark.parametrize(
    ("name", "why"), [(" ", "needs a name"), ("ARTEFACT", "“artefact” already")]
)
def test_what_is_no_new_name_is_refused_where_it_was_written(
    objects: ObjectsDesk, qtbot: QtBot, name: str, why: str
) -> None:
    adder = objects.dock.adder
    write(adder, qtbot, "artefact")
    write(adder, qtbot, name)
    assert why in adder.why.text()
    assert adder.why.isVisible()
    assert adder.line.isVisible()
    qtbot.keyClick(adder.line, Qt.Key.Key_Escape)
    assert adder.line.isHidden()
    assert adder.why.isHidden()
    assert kept(objects.dock) == ["artefact"]


def test_a_layer_of_ones_own_has_no_place_for_classes(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    from objects_docks import field

    desk = make_objects(field())
    desk.measured(5)
    assert desk.dock.adder.isHidden()


def test_a_new_class_of_marks_has_colour_and_key_and_is_taken_in_hand(
    edit: EditWidget, qtbot: QtBot
) -> None:
    layer = correct(edit, "boxes")
    layer.selected_data = {0}
    write(edit.marks.adder, qtbot, "artefact")
    assert rows(edit) == [("nucleus", "Q", 0), ("debris", "W", 0), ("artefact", "G", 1)]
    colours = [row.colour for row in edit.marks.classes.model.rows]
    assert len(set(colours)) == 3
    assert edit.session.annotations.desk.class_name == "artefact"
    assert [e.name for e in edit.session.annotations.entries].count("artefact") == 1
    assert kept(edit) == ["artefact"]
    assert edit.session.status == "All corrections are saved"


def test_undo_of_marks_takes_the_new_class_back_in_order(
    edit: EditWidget, qtbot: QtBot
) -> None:
    layer = correct(edit, "boxes")
    layer.selected_data = {0}
    write(edit.marks.adder, qtbot, "artefact")
    editor = edit.session.annotations.desk.editor_of(layer)
    assert editor is not None
    editor.undo()
    assert rows(edit)[0] == ("nucleus", "Q", 1)
    assert kept(edit) == ["artefact"]
    editor.undo()
    assert [name for name, _, _ in rows(edit)] == ["nucleus", "debris"]
    assert kept(edit) == []
    editor.redo()
    editor.redo()
    assert rows(edit)[2] == ("artefact", "G", 1)


def test_a_new_class_of_marks_that_is_used_elsewhere_stays(
    edit: EditWidget, qtbot: QtBot
) -> None:
    boxes = correct(edit, "boxes")
    write(edit.marks.adder, qtbot, "artefact")
    outlines = correct(edit, "outlines")
    outlines.selected_data = {0}
    desk = edit.session.annotations.desk
    desk.choose_class("artefact", outlines)
    desk.editor_of(boxes).undo()
    assert kept(edit) == ["artefact"]
    assert "still has the class" in edit.message.text.text()


def test_a_new_class_of_a_mask_is_painted_at_once(
    edit: EditWidget, qtbot: QtBot
) -> None:
    viewer = edit.desk.viewer
    assert viewer is not None
    layer = next(one for one in viewer.layers if one.name == "class mask")
    viewer.layers.selection.active = layer
    edit.layer.unlock.click()
    write(edit.classes.adder, qtbot, "artefact")
    assert edit.classes.box.currentText() == "artefact"
    assert layer.selected_label == 3
    layer.paint((35, 40), layer.selected_label)
    entries = {one.name for one in edit.session.annotations.entries}
    assert "artefact" in entries
    layer.undo()
    layer.undo()
    assert edit.classes.box.findText("artefact") < 0
    assert kept(edit) == []


def test_a_class_that_another_window_adds_is_offered_here(edit: EditWidget) -> None:
    from napari_cellsets._napari.others import Others

    correct(edit, "boxes")
    others = Others(edit.session)
    question = others.question()
    assert question is not None
    with Project.open(author="bob") as project:
        project.add_class(edit.session.dataset.identity, "artefact", least=3)
    heard: list[None] = []
    object_classes(edit.session).listed.connect(lambda: heard.append(None))
    project, identity, number = question
    others.take(identity, project.changed_since(identity, number))
    assert [name for name, _, _ in rows(edit)] == ["nucleus", "debris", "artefact"]
    assert heard


def test_an_added_class_is_there_when_the_set_is_opened_again(
    edit: EditWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    correct(edit, "boxes")
    write(edit.marks.adder, qtbot, "artefact")
    path = edit.session.dataset.path
    again = get_session(viewer).open(path)
    assert again.class_table.given == {3: "artefact"}
    assert "artefact" in edit.session.annotations.desk.classes
