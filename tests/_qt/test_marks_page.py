"""The page of the Edit dock for points, boxes and outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication, QWidget

from annotated_sets import write_annotated_set
from mark_hands import click, drag, press
from napari_cellsets._napari.edit_marks import DRAWN_NAME
from napari_cellsets._napari.marks_begin import begin_marks
from napari_cellsets._napari.session import Session, get_session
from napari_cellsets._qt.edit import EditWidget
from napari_cellsets.store import Mark, MarkKey, Project

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui


class Dock:
    """An Edit dock at the first picture of the annotated set."""

    def __init__(self, viewer: Viewer, folder: Path) -> None:
        self.viewer: Any = getattr(viewer, "__wrapped__", viewer)
        self.session: Session = get_session(self.viewer)
        self.widget = EditWidget(viewer)
        viewer.window.add_dock_widget(self.widget, name="Edit (Cell sets)")
        self.session.open(folder)
        self.page = self.widget.marks

    def select(self, name: str) -> Any:
        layer = self.session.annotations.marks[name][0]
        self.viewer.layers.selection.active = layer
        return layer

    def correct(self, name: str) -> Any:
        layer = self.select(name)
        self.page.correct.click()
        return layer

    @property
    def rows(self) -> list[tuple[str, str, int]]:
        return [(r.name, r.key, r.many) for r in self.page.classes.model.rows]

    @property
    def history(self) -> list[str]:
        model = self.page.history.model
        return [str(model.data(model.index(row, 1))) for row in range(model.rowCount())]


@pytest.fixture
def dock(viewer: Viewer, tmp_path: Path) -> Dock:
    return Dock(viewer, write_annotated_set(tmp_path / "set"))


def test_the_page_is_there_while_a_layer_of_marks_is_selected(dock: Dock) -> None:
    dock.select("boxes")
    assert not dock.page.isHidden()
    assert dock.widget.work.isHidden()
    assert dock.page.title.text() == "Layer: boxes"
    dock.viewer.layers.selection.active = dock.session.image_layer
    assert dock.page.isHidden()
    assert not dock.widget.work.isHidden()


def test_a_locked_layer_says_how_to_correct_it(dock: Dock) -> None:
    layer = dock.select("boxes")
    assert dock.page.correct.text() == "Correct these boxes"
    assert not dock.page.correct.isChecked()
    assert "files stay as they are" in dock.page.hint.text()
    assert not dock.page.classes.isEnabled()
    dock.page.correct.click()
    assert layer.editable
    assert "Ctrl+Z undoes" in dock.page.hint.text()
    dock.page.correct.click()
    assert not layer.editable


def test_classes_are_listed_with_keys_and_numbers(dock: Dock) -> None:
    dock.correct("boxes")
    assert dock.rows == [("nucleus", "Q", 1), ("debris", "W", 0)]
    assert dock.page.classes.table.accessibleName() == "Class of marks"


def test_a_class_is_given_with_the_mouse(dock: Dock, qtbot: QtBot) -> None:
    layer = dock.correct("boxes")
    layer.selected_data = {0}
    table = dock.page.classes.table
    place = table.visualRect(table.model().index(1, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))
    assert dock.rows == [("nucleus", "Q", 0), ("debris", "W", 1)]
    assert dock.history == ["Class of box: debris"]
    assert table.currentIndex().row() == 1


def test_the_key_of_a_class_is_changed_in_the_list(dock: Dock) -> None:
    layer = dock.correct("boxes")
    model = dock.page.classes.model
    model.setData(model.index(1, 1), "k")
    assert [(name, key) for name, key, _ in dock.rows] == [
        ("nucleus", "Q"),
        ("debris", "K"),
    ]
    assert {"Q", "K"} <= {str(key) for key in layer.keymap}
    assert "W" not in {str(key) for key in layer.keymap}


def test_a_key_that_is_taken_is_refused_and_told(dock: Dock) -> None:
    dock.correct("boxes")
    model = dock.page.classes.model
    model.setData(model.index(1, 1), "Q")
    assert "is the key of “nucleus” already" in dock.widget.message.text.text()
    model.setData(model.index(1, 1), "H")
    assert not dock.widget.message.text.text()
    assert model.index(1, 1).data() == "H"


def test_only_keys_can_be_edited_in_the_list(dock: Dock) -> None:
    dock.correct("boxes")
    model = dock.page.classes.model
    editable = Qt.ItemFlag.ItemIsEditable
    assert [bool(model.index(0, at).flags() & editable) for at in range(3)] == [
        False,
        True,
        False,
    ]


def test_the_history_strikes_out_what_is_undone(dock: Dock) -> None:
    layer = dock.correct("boxes")
    layer.remove([0])
    press(layer, "Control-Z")
    assert dock.history == ["Delete box: nucleus (undone)"]


def test_an_act_is_shown_where_it_was(dock: Dock, qtbot: QtBot) -> None:
    layer = dock.correct("boxes")
    layer.remove([0])
    dock.viewer.scene.camera.zoom = 0.01
    (act,) = dock.session.annotations.desk.log.of(layer)
    dock.page.history.chosen.emit(act)
    assert dock.viewer.scene.camera.zoom > 1
    assert len(dock.viewer.layers[DRAWN_NAME].data) == 4
    assert dock.page.layer is layer
    qtbot.waitUntil(lambda: not len(dock.viewer.layers[DRAWN_NAME].data))


def test_selected_marks_say_what_they_are(dock: Dock) -> None:
    layer = dock.correct("boxes")
    layer.selected_data = {0}
    said = dock.page.selected.text()
    assert said == "1 is selected: nucleus, from the data set."
    layer.mode = "add_rectangle"
    drag(layer, (1, 1), (2, 3), (4, 8))
    layer.selected_data = {0, 1}
    assert dock.page.selected.text() == "2 boxes are selected."
    layer.selected_data = set()
    assert dock.page.selected.text().startswith("Nothing is selected")


def test_what_is_not_kept_is_said(dock: Dock) -> None:
    layer = dock.correct("outlines")
    layer.mode = "add_line"
    drag(layer, (10, 10), (12, 12), (14, 12))
    assert "encloses nothing; it was not kept" in dock.widget.message.text.text()
    layer.remove([0])
    assert not dock.widget.message.text.text()


def test_marking_begins_with_a_button(dock: Dock) -> None:
    dock.widget.start.buttons["points"].click()
    layer = dock.viewer.layers.selection.active
    assert layer.name == "points"
    click(layer, (5, 5))
    assert dock.page.title.text() == "Layer: points"
    assert dock.history == ["Add point: nucleus"]
    assert dock.widget.saved.text() == "All corrections are saved"


def test_marking_goes_on_in_the_only_layer_whatever_its_name(dock: Dock) -> None:
    annotations = dock.session.annotations
    dock.widget.start.buttons["polygons"].click()
    assert dock.viewer.layers.selection.active is annotations.marks["outlines"][0]
    assert sorted(annotations.marks) == ["boxes", "outlines"]


def test_of_several_layers_the_person_is_asked_which(dock: Dock) -> None:
    annotations = dock.session.annotations
    begin_marks(dock.viewer, annotations, "boxes", ())
    dock.select("outlines")
    dock.widget.start.buttons["boxes"].click()
    menu = dock.widget.start.menu
    words = [act.text() for act in menu.actions() if not act.isSeparator()]
    assert words == ["In boxes", "In boxes by hand (boxes)", "In a new layer"]
    menu.actions()[0].trigger()
    menu.close()
    assert dock.viewer.layers.selection.active is annotations.marks["boxes"][0]
    dock.select("outlines")
    dock.widget.start.buttons["boxes"].click()
    menu.actions()[-1].trigger()
    menu.close()
    assert list(annotations.marks)[-1] == "boxes by hand 2"


def test_nothing_can_be_marked_without_a_picture(viewer: Viewer) -> None:
    widget = EditWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Edit (Cell sets)")
    assert widget.start.isHidden()


def test_another_ones_change_is_shown_in_place_of_ones_own(
    dock: Dock, qtbot: QtBot
) -> None:
    layer = dock.correct("boxes")
    dataset = dock.session.dataset
    assert dataset is not None
    with Project.open(dock.session.project.place, author="bob") as other:
        gone = {MarkKey("a", "boxes", 1): Mark("boxes", gone=True)}
        other.record_marks(dataset.identity, gone, {})
    layer.selected_data = {0}
    press(layer, "W")
    qtbot.waitUntil(
        lambda: len(dock.session.annotations.marks["boxes"][1].classes) == 0
    )
    said = dock.widget.message.text.text()
    assert "Not kept: Class of box: debris (bob changed the same mark" in said


def test_every_part_has_a_name_for_screen_readers(dock: Dock) -> None:
    dock.correct("boxes")
    parts = (dock.page.title, dock.page.hint, dock.page.selected)
    assert all(part.accessibleName() for part in parts)
    buttons = dock.widget.start.buttons.values()
    assert [button.accessibleName() for button in buttons] == [
        "Mark points by hand",
        "Mark boxes by hand",
        "Mark outlines by hand",
    ]


def test_the_page_fits_beside_the_picture_at_720_lines(dock: Dock) -> None:
    dock.correct("outlines")
    QApplication.processEvents()
    assert dock.page.minimumSizeHint().width() <= 320
    assert isinstance(dock.page, QWidget)
    assert dock.page.sizeHint().height() < 620


def test_a_closed_dock_hears_no_more(dock: Dock) -> None:
    dock.widget.stop()
    layer = dock.session.annotations.marks["boxes"][0]
    before = dock.page.layer
    dock.viewer.layers.selection.active = layer
    assert dock.page.layer is before
