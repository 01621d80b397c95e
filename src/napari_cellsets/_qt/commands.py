"""What napari's menus and its command palette call."""

from __future__ import annotations

import napari.viewer  # noqa: TC002  # napari finds the viewer to pass by this name

from napari_cellsets._napari.docks import open_dock
from napari_cellsets._napari.session import get_session
from napari_cellsets._qt.opening import ask_file, ask_folder


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
