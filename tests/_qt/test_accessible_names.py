"""Everything a person can use says what it is, for screen readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from npe2 import PluginManager
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)

from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.session import get_session

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer
    from npe2 import PluginManifest

pytestmark = pytest.mark.gui

USED = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)
#: Parts of these are Qt's own, and are named by what they belong to.
WHOLES = (QAbstractItemView, QAbstractSpinBox, QComboBox, QLineEdit, QTabBar)
DOCKS = (
    "Samples",
    "Gallery",
    "Count",
    "Edit",
    "Objects",
    "Classify",
    "Train",
    "Playback",
)


def is_part(widget: QWidget, dock: QWidget) -> bool:
    """Whether a widget lies inside of another that has a name."""
    parent = widget.parentWidget()
    while parent is not None and parent is not dock:
        if isinstance(parent, WHOLES):
            return True
        parent = parent.parentWidget()
    return False


def said_of(widget: QWidget) -> str:
    """What a screen reader says."""
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return str(widget.accessibleName() or text)


def nameless(dock: QWidget) -> list[str]:
    """Widgets of a dock that a screen reader cannot name.

    Those that are hidden get their words when they are shown.
    """
    return [
        f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
        for kind in USED
        for widget in dock.findChildren(kind)
        if not isinstance(widget, QScrollBar | QHeaderView)
        and not is_part(widget, dock)
        and not (widget.isHidden() or said_of(widget).strip())
    ]


@pytest.mark.parametrize("name", DOCKS)
def test_whatever_can_be_used_has_a_name(
    name: str, viewer: Viewer, manifest_known: PluginManifest, set_path: Path
) -> None:
    get_session(viewer).open(set_path)
    dock = open_dock(viewer, name)
    assert dock.findChildren(QWidget)
    assert nameless(dock) == []


def test_no_dock_is_left_out(manifest_known: PluginManifest) -> None:
    widgets = PluginManager.instance().iter_widgets()
    ours = {one.display_name for one in widgets if one.plugin_name == "napari-cellsets"}
    assert ours == set(DOCKS)
