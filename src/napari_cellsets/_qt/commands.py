"""What napari's menus and its command palette call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import napari.viewer  # noqa: TC002  # napari finds the viewer to pass by this name
from qtpy.QtCore import QTimer

from napari_cellsets._napari.docks import open_dock, shown_dock
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.shown_box import fit_view
from napari_cellsets._qt.opening import ask_file, ask_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: By then the first frame of a recording has been drawn.
_SOON_MS = 150


def open_folder(viewer: napari.viewer.Viewer) -> None:
    """Ask for a folder and open it as a data set; napari asks for no reader."""
    path = ask_folder(get_session(viewer), None)
    if path is not None:
        open_dock(viewer, "Samples").open_path(path)


def open_file(viewer: napari.viewer.Viewer) -> None:
    """Ask for an archive or an image and open the set that it is or belongs to."""
    path = ask_file(get_session(viewer), None)
    if path is not None:
        open_dock(viewer, "Samples").open_path(path)


def draw_cells(viewer: napari.viewer.Viewer) -> None:
    """Add an empty cells layer to draw in, kept like all corrections."""
    session = get_session(viewer)
    session.start_cells()
    if session.cells_layer is not None:
        viewer.layers.selection.active = session.cells_layer


def open_docks_soon(viewer: napari.viewer.Viewer, names: Sequence[str]) -> None:
    """Open docks for a recording once its first frame is drawn.

    Parameters
    ----------
    viewer
        With a window.
    names
        Display names of widgets in the manifest, the one to be in front last.
    """
    viewer = getattr(viewer, "__wrapped__", viewer)
    _later(viewer, _SOON_MS, partial(_open_docks, viewer, names))


def _open_docks(viewer: napari.viewer.Viewer, names: Sequence[str]) -> None:
    # a window that is being closed has no recording any more
    if get_session(viewer).film.recording is None:
        return
    missing = [name for name in names if shown_dock(viewer, name) is None]
    for name in missing:
        open_dock(viewer, name)
    if missing:
        # once the window has made room for them
        _later(viewer, _SOON_MS, partial(fit_view, viewer))


def _later(viewer: napari.viewer.Viewer, ms: int, act: Callable[[], object]) -> None:
    """Call a function after a while, unless the window is gone by then."""
    # napari has no public name for what dies with the window, and timers with it
    window = getattr(viewer.window, "_qt_window", None)
    timer = QTimer(window, singleShot=True, interval=ms)
    timer.timeout.connect(act)
    timer.timeout.connect(timer.deleteLater)
    timer.start()
