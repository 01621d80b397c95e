from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.samples import SamplesWidget
from small_sets import write_set

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from pytestqt.qtbot import QtBot

    from napari_cellsets._napari.session import Session

pytestmark = pytest.mark.gui


@pytest.fixture
def session(viewer: Viewer) -> Session:
    return get_session(viewer)


@pytest.fixture
def dock(
    viewer: Viewer, session: Session, set_path: Path, qtbot: QtBot
) -> SamplesWidget:
    """The dock in a window with the small set open, the keyboard in its list."""
    session.open(set_path)
    widget = SamplesWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Samples (Cell sets)")
    viewer.show()
    widget.window().activateWindow()
    widget.view.setFocus()
    qtbot.waitUntil(widget.view.hasFocus)
    return widget


def change(dock: SamplesWidget, name: str, key: str) -> bool:
    """Write a key where a double click lets a person write it."""
    model = dock.key_map.model
    at = model.index(model.names.index(name), 1)
    assert model.flags(at) & Qt.ItemFlag.ItemIsEditable
    return model.setData(at, key)


def test_one_key_shows_the_keys_where_the_list_was(dock: SamplesWidget) -> None:
    QTest.keyClick(dock.view, Qt.Key.Key_H)
    assert not dock.key_map.isHidden()
    assert dock.view.isHidden()
    dock.steps.keys.click()
    assert dock.key_map.isHidden()
    assert not dock.view.isHidden()


def test_the_list_is_back_with_the_next_set(
    dock: SamplesWidget, session: Session, tmp_path: Path
) -> None:
    dock.steps.keys.click()
    session.open(write_set(tmp_path / "another"))
    assert dock.key_map.isHidden()
    assert not dock.view.isHidden()


def test_a_changed_key_walks_from_the_list(
    dock: SamplesWidget, session: Session, qtbot: QtBot
) -> None:
    assert change(dock, "on", "Ctrl+J")
    QTest.keyClick(dock.view, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: session.index == 1, timeout=10_000)
    assert session.heading == 1


def test_a_changed_key_walks_on_the_canvas(
    dock: SamplesWidget, viewer: Viewer, session: Session, qtbot: QtBot
) -> None:
    assert change(dock, "on", "F8")
    canvas = viewer.__wrapped__.window._qt_viewer.canvas.native
    QTest.keyClick(canvas, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: session.index == 1, timeout=10_000)


def test_tooltips_tell_the_present_keys(dock: SamplesWidget) -> None:
    assert dock.steps.on.toolTip() == "Next sample of the set (PageDown)"
    assert change(dock, "on", "F8")
    assert dock.steps.on.toolTip() == "Next sample of the set (F8)"


def test_a_key_that_is_taken_is_refused_in_words(dock: SamplesWidget) -> None:
    assert not change(dock, "on", "Ctrl+R")
    assert "napari uses Ctrl+R itself" in dock.message.text.text()
