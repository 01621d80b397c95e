"""Whether the picture on screen is bright, heard whenever it looks otherwise."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from psygnal import Signal

from napari_cellsets._napari.mark_colours import ground_is_bright

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

_HEARD = ("thumbnail", "visible", "blending")


class Ground:
    """Looks at the thumbnail of the uppermost image of a viewer.

    Attributes
    ----------
    bright
        Whether it is, as shown now.
    """

    changed = Signal(bool)

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self.bright = ground_is_bright(viewer)
        for layer in viewer.layers:
            self._hear(layer)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.events.reordered.connect(self._look)

    def _hear(self, layer: Layer) -> None:
        if isinstance(layer, Image):
            for name in _HEARD:
                layer.events[name].connect(self._look)

    def _on_inserted(self, event: Any) -> None:
        self._hear(event.value)
        self._look()

    def _on_removed(self, event: Any) -> None:
        if isinstance(event.value, Image):
            for name in _HEARD:
                event.value.events[name].disconnect(self._look)
        self._look()

    def _look(self, event: Any = None) -> None:
        viewer = self._viewer()
        bright = self.bright if viewer is None else ground_is_bright(viewer)
        if bright != self.bright:
            self.bright = bright
            self.changed.emit(bright)
