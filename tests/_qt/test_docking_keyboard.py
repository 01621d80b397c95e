"""A dock is worked by the keyboard: what has it is seen, and Tab goes downwards."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtWidgets import QApplication, QWidget

from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.session import get_session

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from npe2 import PluginManifest
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.gui

#: Higher than so much is another row, px.
ROW = 14


def look_of(widget: QWidget) -> Any:
    place = QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())
    return widget.window().grab(place).toImage()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_has_the_keyboard_is_seen(
    theme: str, viewer: Viewer, manifest_known: PluginManifest, qtbot: QtBot
) -> None:
    viewer.theme = theme
    dock = open_dock(viewer, "Count")
    viewer.show()
    viewer.__wrapped__.window._qt_window.activateWindow()
    slider = dock.settings.threshold.inputs["threshold"].focusProxy()
    parts = [dock.buttons.image, dock.buttons.regions, dock.settings.map, dock.tabs]
    for part in parts if slider is None else [*parts, slider]:
        dock.export.folder.setFocus()
        dock.picker.setFocus()
        QApplication.processEvents()
        before = look_of(part)
        part.setFocus(Qt.FocusReason.TabFocusReason)
        qtbot.waitUntil(lambda part=part, before=before: look_of(part) != before)


@pytest.mark.parametrize(
    "name", ["Samples", "Count", "Edit", "Objects", "Classify", "Train"]
)
def test_tab_goes_downwards(
    name: str, viewer: Viewer, manifest_known: PluginManifest, set_path: Path
) -> None:
    get_session(viewer).open(set_path)
    dock = open_dock(viewer, name)
    viewer.show()
    QApplication.processEvents()
    heights, part = [], dock.nextInFocusChain()
    while dock.isAncestorOf(part):
        used = bool(part.focusPolicy() & Qt.FocusPolicy.TabFocus) and part.isEnabled()
        if used and part.isVisible():
            heights.append(part.mapTo(dock, QPoint(0, 0)).y())
        part = part.nextInFocusChain()
    assert len(heights) > 2
    up = [one - two for one, two in pairwise(heights)]
    assert max(up) < ROW, heights
