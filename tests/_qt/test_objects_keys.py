from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from objects_docks import make_objects, objects
from qtpy.QtCore import Qt

from napari_cellsets._napari.object_keys import ObjectKeys

if TYPE_CHECKING:
    from objects_docks import ObjectsDesk
    from qtpy.QtWidgets import QWidget

__all__ = ["make_objects", "objects"]
pytestmark = pytest.mark.gui


def change(objects: ObjectsDesk, name: str, key: str) -> bool:
    """Write a key where a double click lets a person write it."""
    model = objects.dock.key_map.model
    at = model.index(model.names.index(name), 1)
    assert model.flags(at) & Qt.ItemFlag.ItemIsEditable
    return model.setData(at, key)


def focus(objects: ObjectsDesk, widget: QWidget) -> None:
    objects.dock.window().activateWindow()
    widget.setFocus()
    objects.wait(widget.hasFocus)


def test_one_key_shows_the_keys(objects: ObjectsDesk) -> None:
    focus(objects, objects.dock.table)
    objects.qtbot.keyClick(objects.dock.table, Qt.Key.Key_H)
    assert objects.dock.tabs.currentWidget() is objects.dock.key_map


def test_a_changed_key_works_and_the_one_before_no_more(objects: ObjectsDesk) -> None:
    dock = objects.dock
    assert change(objects, "merge", "J")
    dock.desk.editor.select((1, 2))
    focus(objects, dock.table)
    objects.qtbot.keyClick(dock.table, Qt.Key.Key_M)
    assert dock.table.objects.total == 5
    objects.qtbot.keyClick(dock.table, Qt.Key.Key_J)
    objects.measured(4)


def test_tooltips_tell_the_present_keys(objects: ObjectsDesk) -> None:
    dock = objects.dock
    buttons = {
        "show": dock.show_button,
        "merge": dock.merge,
        "delete": dock.delete,
        "before": dock.problems.before,
        "after": dock.problems.after,
    }
    for name, button in buttons.items():
        assert f"({dock.keys.keys[name]})" in button.toolTip()
        change(objects, name, f"Shift+{len(name)}")
        assert f"(Shift+{len(name)})" in button.toolTip()
        change(objects, name, "")
        assert "(" not in button.toolTip()


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("N", "next problem"),
        ("V", "napari uses"),
        ("PageUp", "previous sample"),
        ("?!", "no key"),
    ],
)
def test_a_taken_key_is_refused_and_the_dock_says_why(
    objects: ObjectsDesk, key: str, why: str
) -> None:
    assert not change(objects, "merge", key)
    assert why in objects.dock.message.text.text()
    assert objects.dock.keys.keys["merge"] == "M"


def test_keys_are_kept_for_the_next_dock(objects: ObjectsDesk) -> None:
    change(objects, "class 1", "A")
    assert ObjectKeys().keys["class 1"] == "A"
    objects.dock.key_map.reset.click()
    assert ObjectKeys().keys["class 1"] == "1"


def test_the_list_of_classes_tells_the_present_keys(objects: ObjectsDesk) -> None:
    box = objects.dock.class_box
    box.synchronize({"dead": "red", "living": "blue"})
    assert [box.itemText(n) for n in range(3)] == [
        "0  No class",
        "1  dead",
        "2  living",
    ]
    change(objects, "class 2", "L")
    assert box.itemText(2) == "L  living"
    heard: list[str] = []
    box.chosen.connect(heard.append)
    box.setEnabled(True)
    focus(objects, objects.dock.table)
    objects.qtbot.keyClick(objects.dock.table, Qt.Key.Key_L)
    assert heard == ["living"]
