"""Drive the real napari window from a script: open, wait, photograph."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import napari
from qtpy.QtWidgets import QApplication

from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.session import get_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_cellsets._qt.counting import CountWidget

PLUGIN = "napari-cellsets"
PATIENCE_S = 180.0


def wait_until(
    done: Callable[[], bool], what: str, patience_s: float = PATIENCE_S
) -> None:
    """Keep the window alive until `done`; raise `TimeoutError` after minutes."""
    end = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not finished after {patience_s:.0f} s")
        QApplication.processEvents()
        time.sleep(0.01)


def settle(seconds: float = 0.6) -> None:
    """Let timers fire and the canvas draw."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def open_viewer(width: int, height: int) -> napari.Viewer:
    """Return a new viewer whose window has this size in pixels."""
    viewer = napari.Viewer()
    viewer.window.resize(width, height)
    settle()
    return viewer


def open_sample_set(viewer: napari.Viewer) -> None:
    """File > Open Sample > Fluorescent neurons (simulated), and its dock."""
    viewer.open_sample(PLUGIN, "simulated_neurons")
    open_dock(viewer, "Samples")
    session = get_session(viewer)
    wait_until(lambda: session.picture is not None, "opening the sample set")
    viewer.reset_view()
    settle()


def count_on_screen(viewer: napari.Viewer) -> CountWidget:
    """Press *Count this image* and wait for the result; return the dock."""
    dock: CountWidget = open_dock(viewer, "Count")
    settle()
    dock.flow.count()
    wait_until(
        lambda: dock.flow.result is not None and not dock.runner.busy, "counting"
    )
    settle(1.5)
    return dock


def photograph(viewer: napari.Viewer, path: Path) -> None:
    """Save a picture of the whole window."""
    settle()
    path.parent.mkdir(parents=True, exist_ok=True)
    viewer.screenshot(str(path), canvas_only=False, flash=False)
