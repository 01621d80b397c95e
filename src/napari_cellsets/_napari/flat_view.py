"""Keeps recordings in two dimensions: a volume would ask for all frames at once."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from napari.utils.notifications import show_info

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

WHY = (
    "A recording is shown as a film: drawn as a volume, all of its frames would have"
    " to be made at once. Its events can be seen in 3-D as a cloud of points."
)


class FlatView:
    """Takes back the 3-D toggle, and an order of axes that shows time as an edge.

    Parameters
    ----------
    viewer
        Held weakly.
    wanted
        Whether a recording is visible now.
    """

    def __init__(self, viewer: ViewerModel, wanted: Callable[[], bool]) -> None:
        self._viewer = weakref.ref(viewer)
        self._wanted = wanted
        events = viewer.dims.events
        events.ndisplay.connect(self._on_ndisplay_changed)
        events.order.connect(self._on_order_changed)

    def hold(self) -> None:
        """Go back to two dimensions before a recording is added."""
        viewer = self._viewer()
        if viewer is not None and viewer.dims.ndisplay != 2:
            viewer.dims.ndisplay = 2

    def _on_ndisplay_changed(self, *_: object) -> None:
        viewer = self._viewer()
        if viewer is not None and viewer.dims.ndisplay != 2 and self._wanted():
            viewer.dims.ndisplay = 2
            show_info(WHY)

    def _on_order_changed(self, *_: object) -> None:
        viewer = self._viewer()
        if viewer is None or not self._wanted():
            return
        dims = viewer.dims
        if dims.ndim - 3 in dims.displayed:
            dims.order = tuple(range(dims.ndim))
            show_info(WHY)
