"""Where there is nothing to work on, every dock says in a sentence what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from PIL import Image
from qtpy.QtWidgets import QApplication, QLabel

from event_files import write_recordings
from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.docking import dock_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("manifest_known")]

FIRST = "Open an image or a data set in the Samples dock first."
RECORDING = "open an image to work on its cells here."


def said(dock: Any) -> str:
    """All words of a dock that can be read."""
    labels = [one for one in dock.findChildren(QLabel) if one.isVisibleTo(dock)]
    return "\n".join(label.text() for label in labels)


def opened(viewer: Viewer, name: str) -> Any:
    dock = open_dock(viewer, name)
    viewer.show()
    QApplication.processEvents()
    return dock


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Samples", "Drop a folder"),
        ("Gallery", "No data set is open"),
        ("Count", FIRST),
        ("Edit", FIRST),
        ("Objects", FIRST),
        ("Classify", FIRST),
        ("Train", "open a data set with ground truth"),
        ("Playback", "Drop a recording"),
    ],
)
def test_with_nothing_open_a_dock_says_what_to_open(
    viewer: Viewer, name: str, words: str
) -> None:
    assert words in said(opened(viewer, name))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Count", "press Count this image"),
        ("Edit", "Count the image, or draw cells by hand"),
        ("Objects", "Count the image, or draw cells by hand"),
        ("Classify", "count them or draw them by hand first"),
        ("Train", "correct the cells of some of its pictures"),
    ],
)
def test_with_an_image_only_a_dock_says_how_to_begin(
    viewer: Viewer, tmp_path: Path, name: str, words: str
) -> None:
    dock = opened(viewer, name)
    path = tmp_path / "alone" / "field.png"
    path.parent.mkdir()
    Image.fromarray(np.full((40, 50, 3), 30, np.uint8)).save(path)
    get_session(viewer).open(path)
    assert words in said(dock)


@pytest.mark.parametrize("name", ["Count", "Edit", "Objects", "Classify"])
def test_beside_a_recording_a_dock_says_where_it_is_played(
    viewer: Viewer, tmp_path: Path, name: str
) -> None:
    get_session(viewer).open(write_recordings(tmp_path / "runs"))
    assert RECORDING in said(opened(viewer, name))


def test_an_image_of_no_set_can_be_counted_at_once(viewer: Viewer) -> None:
    dock = opened(viewer, "Count")
    viewer.add_image(np.zeros((8, 8)))
    assert "press Count this image" in said(dock)


def test_a_tab_bears_the_name_of_its_dock_alone(viewer: Viewer) -> None:
    made = opened(viewer, "Edit")
    dock: Any = dock_of(made)
    assert dock.windowTitle() == "Edit"
    assert dock.name == dock.toggleViewAction().text() == "Edit (Cell sets)"
