"""Layers leave the viewer without taking what still has to be drawn with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.components import ViewerModel
    from napari.layers import Layer


def take_away(viewer: ViewerModel, layers: Iterable[Layer | None]) -> None:
    """Remove layers that are there; in a window, draw once before.

    Mesa's software OpenGL loses the vertex shader in use where all programs of one
    drawing are deleted in the next, and reads through a null pointer in the one
    after. So what takes the place of the layers has to be in the viewer already: it
    is drawn together with them, and only then do they go.

    Parameters
    ----------
    viewer
        With a window or without.
    layers
        None and layers that are not in the viewer are skipped.
    """
    there = [layer for layer in layers if layer is not None and layer in viewer.layers]
    if not there:
        return
    draw_now(viewer)
    for layer in there:
        viewer.layers.remove(layer)


def draw_now(viewer: ViewerModel) -> None:
    """Have the canvas drawn at once, unseen; nothing without a window."""
    screenshot = getattr(viewer, "screenshot", None)
    if screenshot is not None:
        screenshot(canvas_only=True, flash=False)
