"""Class, flag and comment are written in the table and kept in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from objects_docks import field, make_objects
from qtpy.QtCore import QItemSelectionModel, Qt
from qtpy.QtWidgets import QComboBox

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.editing.problems import ProblemKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from objects_docks import ObjectsDesk

    from napari_cellsets.store import LayerFacts

__all__ = ["make_objects"]

pytestmark = pytest.mark.gui

CLASSES = ("alive", "dead")


@pytest.fixture
def kept(make_objects: Callable[..., ObjectsDesk], set_path: Path) -> ObjectsDesk:
    """An Objects dock on the ground truth of a set with two classes."""
    desk = make_objects()
    dataset = desk.dock.session.open(set_path)
    for name in CLASSES:
        dataset.class_table.id_for(name)
    desk.measured(2)
    desk.wait(lambda: desk.dock.table.objects.column_of("comment") is not None)
    return desk


def stored(desk: ObjectsDesk) -> LayerFacts:
    session = desk.dock.session
    return session.project.object_facts(
        session.dataset.identity, session.sample.name, "truth"
    )


def write(desk: ObjectsDesk, label: int, name: str, text: str) -> None:
    model = desk.dock.table.objects
    index = model.index(desk.row(label), model.column_of(name))
    assert model.flags(index) & Qt.ItemFlag.ItemIsEditable
    assert model.setData(index, text)


def select(desk: ObjectsDesk, *labels: int) -> None:
    desk.dock.table.clearSelection()
    flag = QItemSelectionModel.SelectionFlag
    for label in labels:
        index = desk.dock.table.objects.index(desk.row(label), 0)
        desk.dock.table.selectionModel().select(index, flag.Select | flag.Rows)


def test_a_comment_is_written_in_place_and_kept(kept: ObjectsDesk) -> None:
    write(kept, 2, "comment", "half of it is out of focus")
    kept.wait(lambda: "half of it is out of focus" in kept.column("comment"))
    assert stored(kept).of(2).comment == "half of it is out of focus"
    assert stored(kept).of(1).comment == ""


def test_a_flag_is_written_in_place_and_taken_back(kept: ObjectsDesk) -> None:
    write(kept, 1, "flag", "blurred")
    kept.wait(lambda: kept.column("flag") == ["blurred", ""])
    write(kept, 1, "flag", "")
    kept.wait(lambda: kept.column("flag") == ["", ""])


def test_a_cell_of_a_selected_row_is_written_for_all_of_them(kept: ObjectsDesk) -> None:
    select(kept, 1, 2)
    write(kept, 1, "flag", "again")
    kept.wait(lambda: kept.column("flag") == ["again", "again"])


def test_words_written_one_after_the_other_are_all_kept(kept: ObjectsDesk) -> None:
    for text in ("one", "two", "three"):
        write(kept, 1, "comment", text)
        write(kept, 2, "flag", text)
    kept.wait(lambda: kept.column("comment") == ["three", ""])
    kept.wait(lambda: kept.column("flag") == ["", "three"])


def test_a_class_is_chosen_in_the_cell_of_the_table(kept: ObjectsDesk) -> None:
    table = kept.dock.table
    index = table.objects.index(kept.row(2), table.objects.column_of("class"))
    table.edit(index)
    box = table.findChild(QComboBox)
    assert [box.itemText(at) for at in range(box.count())] == ["", *CLASSES]
    box.setCurrentText("dead")
    box.activated.emit(2)
    kept.wait(lambda: kept.column("class") == ["", "dead"])
    number = {n: i for i, n in kept.dock.facts.classes.items()}["dead"]
    assert stored(kept).of(2).class_id == number


def test_all_selected_objects_get_a_class_by_one_key(kept: ObjectsDesk) -> None:
    select(kept, 1, 2)
    kept.dock.window().activateWindow()
    kept.dock.table.setFocus()
    kept.wait(kept.dock.table.hasFocus)
    kept.qtbot.keyClick(kept.dock.table, Qt.Key.Key_2)
    kept.wait(lambda: kept.column("class") == ["dead", "dead"])
    kept.qtbot.keyClick(kept.dock.table, Qt.Key.Key_0)
    kept.wait(lambda: kept.column("class") == ["", ""])


def test_classes_have_the_colours_of_the_legend(kept: ObjectsDesk) -> None:
    select(kept, 1)
    kept.dock.class_box.activated.emit(1)
    kept.wait(lambda: kept.column("class") == ["alive", ""])
    model = kept.dock.table.objects
    index = model.index(kept.row(1), model.column_of("class"))
    square = model.data(index, Qt.ItemDataRole.DecorationRole).toImage()
    colour = square.pixelColor(square.rect().center()).name()
    assert colour == kept.dock.session.annotations.colour_of("alive")


def test_facts_follow_a_merge_and_its_undo(kept: ObjectsDesk) -> None:
    kept.dock.session.correcting_truth = True
    write(kept, 2, "comment", "kept")
    kept.wait(lambda: kept.column("comment") == ["", "kept"])
    select(kept, 1, 2)
    kept.dock.merge.click()
    kept.wait(lambda: kept.column("comment") == [""])
    kept.labels.undo()
    kept.wait(lambda: kept.column("comment") == ["", "kept"])


def test_words_of_one_sample_are_not_shown_at_the_next(kept: ObjectsDesk) -> None:
    write(kept, 1, "comment", "of the first")
    kept.wait(lambda: kept.column("comment") == ["of the first", ""])
    kept.dock.session.step(1)
    kept.wait(lambda: kept.column("comment") == ["", ""])
    kept.dock.session.step(-1)
    kept.wait(lambda: kept.column("comment") == ["of the first", ""])


def test_a_filter_finds_words(kept: ObjectsDesk) -> None:
    write(kept, 2, "comment", "Out of focus")
    kept.wait(lambda: kept.column("comment") == ["", "Out of focus"])
    kept.dock.filter.setText("out of")
    assert kept.column("label") == ["2"]


def test_own_layers_have_no_place_for_words(
    make_objects: Callable[..., ObjectsDesk],
) -> None:
    desk = make_objects(field())
    desk.measured(5)
    model = desk.dock.table.objects
    assert [model.column_of(name) for name in ("class", "flag", "comment")] == [
        None
    ] * 3
    assert not desk.dock.class_box.isVisible()


def press(desk: ObjectsDesk, key: Qt.Key, *, shift: bool = False) -> None:
    modifiers = Qt.KeyboardModifier.ControlModifier
    if shift:
        modifiers |= Qt.KeyboardModifier.ShiftModifier
    desk.qtbot.keyClick(desk.dock.table, key, modifiers)


def test_the_keys_of_undo_take_a_class_back_and_give_it_again(
    kept: ObjectsDesk,
) -> None:
    select(kept, 1, 2)
    kept.dock.window().activateWindow()
    kept.dock.table.setFocus()
    kept.wait(kept.dock.table.hasFocus)
    kept.dock.class_box.activated.emit(2)
    kept.wait(lambda: kept.column("class") == ["dead", "dead"])
    press(kept, Qt.Key.Key_Z)
    kept.wait(lambda: kept.column("class") == ["", ""])
    press(kept, Qt.Key.Key_Z, shift=True)
    kept.wait(lambda: kept.column("class") == ["dead", "dead"])


def test_a_word_stands_in_the_history(kept: ObjectsDesk) -> None:
    write(kept, 2, "flag", "blurred")
    acts = kept.dock.desk.acts
    assert [act.title for act in acts] == ["flag “blurred” of object 2"]
    assert acts[0].box == kept.dock.desk.editor.objects.box(2)


def test_the_same_word_again_is_no_act(kept: ObjectsDesk) -> None:
    write(kept, 2, "flag", "blurred")
    kept.wait(lambda: kept.column("flag") == ["", "blurred"])
    select(kept, 2)
    kept.dock.facts.say((2,), "flag", "blurred")
    assert len(kept.dock.desk.acts) == 1


def test_words_of_very_many_objects_are_written_beside_the_window(
    kept: ObjectsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_cellsets._qt.objects_facts._AT_ONCE", 1)
    kept.dock.facts.say((1, 2), "flag", "again")
    kept.labels.undo()
    kept.labels.redo()
    kept.dock.facts.say((1,), "comment", "last")
    kept.wait(lambda: kept.column("comment") == ["last", ""])
    assert kept.column("flag") == ["again", "again"]


def test_undo_says_what_it_left_to_somebody_else(kept: ObjectsDesk) -> None:
    write(kept, 1, "flag", "blurred")
    session = kept.dock.session
    session.project.set_object_facts(
        session.dataset.identity, session.sample.name, "truth", [1], {"flag": "no"}
    )
    kept.labels.undo()
    assert "Left 1 object" in kept.dock.message.text.text()
    kept.wait(lambda: kept.column("flag") == ["no", ""])


def test_overlaps_of_classes_are_those_that_people_gave(kept: ObjectsDesk) -> None:
    session, facts = kept.dock.session, kept.dock.facts
    session.set_cells(np.array(kept.labels.data), {"source": "predicted"})
    session.save()
    facts.say((1, 2), "class", "dead")
    kept.viewer.layers.selection.active = session.cells_layer
    kept.wait(lambda: facts.layer is session.cells_layer and len(facts.theirs) == 2)
    facts.say((1, 2), "class", "alive")
    kept.dock.tabs.setCurrentWidget(kept.dock.problems)
    overlap = kept.dock.problems.boxes[ProblemKind.OVERLAP]
    kept.wait(lambda: overlap.text() == "Other class (2)")
    facts.say((2,), "class", "dead")
    kept.wait(lambda: overlap.text() == "Other class (1)")


def tooltip(desk: ObjectsDesk, label: int) -> str:
    model = desk.dock.table.objects
    found = model.data(model.index(desk.row(label), 0), Qt.ItemDataRole.ToolTipRole)
    return str(found or "")


def test_the_tooltip_of_a_row_says_where_its_object_comes_from(
    kept: ObjectsDesk,
) -> None:
    assert tooltip(kept, 1).startswith("data set: ")
    kept.dock.session.correcting_truth = True
    kept.labels.paint((12, 6), 1)
    kept.wait(lambda: "outline corrected by " in tooltip(kept, 1))
    assert "corrected" not in tooltip(kept, 2)


def test_words_too_long_for_their_column_stand_in_the_tooltip(
    kept: ObjectsDesk,
) -> None:
    text = "half of it is out of focus, and it touches the cell to the left of it"
    write(kept, 2, "comment", text)
    kept.wait(lambda: kept.column("comment") == ["", text])
    model, table = kept.dock.table.objects, kept.dock.table
    column = model.column_of("comment")
    found = model.data(model.index(kept.row(2), column), Qt.ItemDataRole.ToolTipRole)
    assert found.startswith(f"{text}\n")
    assert table.columnWidth(column) < table.fontMetrics().horizontalAdvance(text)


def test_a_filter_finds_objects_by_where_they_come_from(kept: ObjectsDesk) -> None:
    kept.dock.session.correcting_truth = True
    kept.labels.paint((40, 55), 7)
    kept.measured(3)
    kept.wait(lambda: "drawn by hand" in tooltip(kept, 7))
    kept.dock.filter.setText("drawn")
    assert kept.column("label") == ["7"]


def test_a_store_that_refuses_is_told(
    kept: ObjectsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.dock.facts.say((77,), "flag", "not there")
    kept.wait(lambda: "no object 77" in kept.dock.message.text.text())


def test_a_predicted_class_says_so_until_a_person_gives_one(kept: ObjectsDesk) -> None:
    session = kept.dock.session
    shares = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    table = ClassTable(("1", "2"), CLASSES, CLASSES, shares)
    object_classes(session).show(session.truth_layer, table)
    kept.wait(lambda: kept.column("class") == list(CLASSES))
    assert "class predicted: alive, 90.0%" in kept.dock.facts.about(1)
    write(kept, 1, "class", "dead")
    kept.wait(lambda: kept.column("class") == ["dead", "dead"])
    assert "predicted" not in kept.dock.facts.about(1)
    assert "class predicted: dead, 80.0%" in kept.dock.facts.about(2)
