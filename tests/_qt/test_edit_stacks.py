"""The Edit dock on masks that overlap and on masks of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from history_docks import PATIENCE_MS

from annotated_sets import write_annotated_set
from napari_cellsets._napari.edit_marks import OTHERS_NAME, SELECTED_NAME
from napari_cellsets._napari.history_acts import Act
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.edit import EditWidget
from napari_cellsets._qt.objects import ObjectsWidget
from small_sets import write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot


@pytest.fixture
def dock(viewer: Viewer, tmp_path: Path) -> EditWidget:
    """The dock, with the masks of the annotated set selected."""
    get_session(viewer).open(write_annotated_set(tmp_path / "annotated"))
    dock = EditWidget(viewer)
    dock.tabs.setCurrentWidget(dock.all)  # nobody reads the history
    viewer.window.add_dock_widget(dock, name="Edit (Cell sets)")
    viewer.layers.selection.active = viewer.layers["masks"]
    return dock


def test_locked_masks_are_unlocked_by_a_button(
    dock: EditWidget, viewer: Viewer
) -> None:
    assert not dock.layer.unlock.isHidden()
    assert not dock.stack.buttons["new"].isEnabled()
    dock.layer.unlock.click()
    assert viewer.layers["masks"].editable
    assert dock.layer.unlock.isHidden()
    assert dock.stack.buttons["new"].isEnabled()


def test_what_only_overlapping_masks_need_is_hidden_for_others(
    dock: EditWidget, viewer: Viewer
) -> None:
    assert not dock.stack.isHidden()
    assert dock.layer.stack.isHidden()
    viewer.layers.selection.active = viewer.layers["class mask"]
    assert dock.stack.isHidden()
    assert dock.classes.box.count() == 2


def test_objects_of_all_planes_are_outlined_until_told_otherwise(
    dock: EditWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: OTHERS_NAME in viewer.layers)
    assert len(viewer.layers[OTHERS_NAME].data) == 12
    dock.layer.unlock.click()
    dock.desk.editor.select([2])
    dock.desk.perform("delete")
    qtbot.waitUntil(lambda: len(viewer.layers[OTHERS_NAME].data) == 8)
    dock.stack.all.setChecked(False)
    assert not len(viewer.layers[OTHERS_NAME].data)


def test_an_object_gets_its_own_plane_by_a_button(
    dock: EditWidget, viewer: Viewer
) -> None:
    dock.layer.unlock.click()
    assert not dock.stack.buttons["apart"].isEnabled()
    dock.desk.editor.select([1])
    dock.stack.buttons["apart"].click()
    masks = viewer.layers["masks"]
    assert masks.data.shape[0] == 3
    assert (masks.data[2] == 1).any()
    assert "set apart" in dock.desk.acts[-1].title


def test_the_class_in_hand_is_chosen_from_a_list_or_by_key(
    dock: EditWidget, viewer: Viewer
) -> None:
    layer = viewer.layers.selection.active = viewer.layers["class mask"]
    dock.layer.unlock.click()
    names = [dock.classes.box.itemText(at) for at in range(2)]
    assert names == ["nucleus", "debris"]
    dock.classes.box.setCurrentIndex(1)
    dock.classes.box.activated.emit(1)
    assert layer.selected_label == 2
    assert dock.desk.options.label == 2
    dock._act("class")
    assert layer.selected_label == 1
    layer.selected_label = 2
    assert dock.classes.box.currentText() == "debris"


def test_a_corrected_layer_of_the_set_is_said_to_be_saved(
    dock: EditWidget, viewer: Viewer
) -> None:
    dock.layer.unlock.click()
    assert dock.saved.text() == "All corrections are saved"


def test_the_objects_dock_offers_to_correct_what_is_locked(
    dock: EditWidget, viewer: Viewer
) -> None:
    objects = ObjectsWidget(viewer)
    viewer.window.add_dock_widget(objects, name="Objects (Cell sets)")
    dock.desk.editor.select([1])
    objects._perform("delete")
    assert "locked" in objects.message.text.text()
    objects._on_unlock_wanted()
    assert viewer.layers["masks"].editable
    assert "“masks” can be corrected now" in objects.message.text.text()


def test_painting_with_a_class_of_the_set_is_seen(
    dock: EditWidget, viewer: Viewer
) -> None:
    layer = viewer.layers.selection.active = viewer.layers["class mask"]
    dock.layer.unlock.click()
    dock.classes.box.activated.emit(1)
    layer.fill((0, 0), layer.selected_label)
    assert (np.asarray(layer.data)[:10, :25] == 2).all()
    entries = {e.name: e.amount for e in get_session(viewer).annotations.entries}
    assert "class mask" not in entries.get("nucleus", "")


def test_lines_take_the_units_of_the_next_set_with_the_layers(
    dock: EditWidget, viewer: Viewer, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: OTHERS_NAME in viewer.layers)
    lines = viewer.layers[OTHERS_NAME]
    assert [str(unit) for unit in lines.units] == ["micrometer"] * 2
    get_session(viewer).open(write_set(tmp_path / "other"))
    assert not len(lines.data)
    assert {str(u) for one in viewer.layers for u in one.units[-2:]} == {"pixel"}


def test_labels_of_the_next_set_are_not_called_the_persons_own(
    dock: EditWidget, viewer: Viewer, tmp_path: Path
) -> None:
    session = get_session(viewer)
    session.open(write_set(tmp_path / "other"))
    session.open(write_annotated_set(tmp_path / "annotated"))
    target = dock.desk.target
    assert target is not None
    assert session.place_of(target) is not None
    assert dock.saved.text() == "All corrections are saved"


def test_outlines_are_those_of_the_time_that_is_seen(
    dock: EditWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    dock.layer.unlock.click()
    dock.desk.editor.select([2])
    dock.desk.perform("delete")
    qtbot.waitUntil(lambda: OTHERS_NAME in viewer.layers)
    lines = viewer.layers[OTHERS_NAME]
    qtbot.waitUntil(lambda: len(lines.data) == 8)
    dock.tabs.setCurrentWidget(dock.history)
    first = Act("as in the data set", "", 0.0, None, revision=1)
    dock.past.show_then(first)
    qtbot.waitUntil(lambda: len(lines.data) == 12, timeout=PATIENCE_MS)
    dock.past.leave()
    qtbot.waitUntil(lambda: len(lines.data) == 8)


def test_objects_selected_now_are_not_outlined_on_earlier_labels(
    dock: EditWidget, viewer: Viewer, qtbot: QtBot
) -> None:
    dock.layer.unlock.click()
    dock.desk.editor.select([2])
    dock.desk.perform("grow")
    assert len(viewer.layers[SELECTED_NAME].data)
    dock.past.show_then(Act("as in the data set", "", 0.0, None, revision=1))
    qtbot.waitUntil(
        lambda: not len(viewer.layers[SELECTED_NAME].data), timeout=PATIENCE_MS
    )
    dock.past.leave()
    assert len(viewer.layers[SELECTED_NAME].data)
