"""A part of a layer brought into view, or all that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

_ROOM = 3.0
"""Around an act that is shown again, the view holds so many times its size."""
_FAR = 20.0
_LEAST_PX = 60.0


def fit_view(viewer: ViewerModel) -> None:
    """Bring all that is visible into view; what is hidden may be of another image."""
    seen = [layer for layer in viewer.layers if layer.visible]
    # napari asks what is fitted for all axes of the viewer, those of hidden stacks too
    whole = any(layer.ndim == viewer.dims.ndim for layer in seen)
    viewer.reset_view(layers=seen if whole else None)


def show_box(
    viewer: ViewerModel,
    layer: Labels,
    box: tuple[slice, ...],
    *,
    far: float = _FAR,
    room: float = _ROOM,
) -> None:
    """Bring a part of a layer into view, its plane too.

    Parameters
    ----------
    viewer, layer, box
        What to show where.
    far
        The view is zoomed where it holds more than so many times the part.
    room
        How many times it holds it then.
    """
    start = np.array([side.start for side in box], float)
    stop = np.array([side.stop for side in box], float)
    # of a box over several planes the first one
    middle = np.array([*start[:-2], *((start[-2:] + stop[-2:] - 1) / 2)])
    world = np.asarray(layer.data_to_world(middle))
    for axis, at in enumerate(world[:-2], viewer.dims.ndim - layer.ndim):
        viewer.dims.set_point(axis, at)
    size = np.maximum(stop[-2:] - start[-2:], _LEAST_PX) * np.asarray(layer.scale)[-2:]
    camera = viewer.scene.camera
    canvas = np.asarray(viewer.canvas.size, float)
    seen = canvas / camera.zoom
    away = np.abs(world[-2:] - np.asarray(camera.center)[-2:])
    if (size > seen).any() or (size * far < seen).any():
        camera.zoom = float((canvas / (size * room)).min())
    elif not (away + size / 2 > seen / 2).any():
        return
    camera.center = (*tuple(camera.center)[:-2], *world[-2:])
