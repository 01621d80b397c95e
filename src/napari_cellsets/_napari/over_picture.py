"""Layers of ours that lie over whatever picture is shown, and have its units."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_OVER: weakref.WeakSet[Layer] = weakref.WeakSet()


def lies_over_picture(layer: Layer) -> None:
    """Give a layer scale and units of each picture that is shown from now on.

    What it shows may be of the picture before: napari draws without units, and warns,
    where those of any layer differ, of a hidden one too.
    """
    _OVER.add(layer)


def layers_over(viewer: ViewerModel) -> tuple[Layer, ...]:
    """Return the layers of a viewer for which `lies_over_picture` was called."""
    return tuple(layer for layer in viewer.layers if layer in _OVER)
