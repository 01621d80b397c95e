"""Objects of a layer that is edited: of the plane on screen, and of all planes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets._napari.stack_axes import flat_box
from napari_cellsets._napari.stack_editor import planes_of
from napari_cellsets.editing.objects import ObjectIndex

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_cellsets.editing.edit import Edit
    from napari_cellsets.editing.objects import KnownObjects

    Box = tuple[slice, ...]


class EditorObjects:
    """Indices of the objects of a layer, looked for when somebody asks.

    A new label is free in both of them, whichever it is asked of.
    """

    def __init__(self, layer: Labels) -> None:
        self._layer = layer
        self._highest = 0
        self._whole: ObjectIndex | None = None
        self._plane: tuple[tuple[int, ...], ObjectIndex] | None = None

    def forget(self) -> None:
        """Look again when somebody asks."""
        self._whole = self._plane = None
        self._highest = 0

    def know(self, found: KnownObjects) -> None:
        """Take over what somebody found in a flat layer, so as not to look again."""
        if self._layer.ndim == 2 and self._whole is None:
            labels = np.asarray(self._layer.data)
            self._whole = ObjectIndex(labels, self._highest, found)
            self._highest = self._whole.highest

    def of_all(self) -> ObjectIndex:
        """Return the objects of all planes."""
        if self._whole is None:
            self._whole = ObjectIndex(planes_of(self._layer), self._highest)
            self._highest = self._whole.highest
        return self._whole

    def of_plane(self, at: tuple[int, ...]) -> ObjectIndex:
        """Return the objects of one plane."""
        if self._plane is None or self._plane[0] != at:
            data: NDArray[Any] = np.asarray(self._layer.data)
            if not self._highest:
                self._highest = int(data.max(initial=0))
            self._plane = at, ObjectIndex(data[at], self._highest)
        return self._plane[1]

    def note_edit(self, edit: Edit) -> None:
        """Take note of an edit that was applied, of the shape of the layer."""
        if self._whole is not None:
            self._whole.update(edit)
            self._highest = max(self._highest, self._whole.highest)
        if self._plane is not None:
            self._note_plane(edit.box)

    def note_box(self, box: Box) -> None:
        """Take note that anything may have changed inside a box of the layer."""
        if self._whole is not None:
            self._whole.changed(flat_box(box, self._whole.labels.ndim))
            self._highest = max(self._highest, self._whole.highest)
        if self._plane is not None:
            self._note_plane(box)
        elif self._whole is None and self._highest:
            inside = int(self._layer.data[box].max(initial=0))
            self._highest = max(self._highest, inside)

    def _note_plane(self, box: Box) -> None:
        if self._plane is None:
            return
        at, objects = self._plane
        touched = all(
            side.start <= one < side.stop for side, one in zip(box, at, strict=False)
        )
        if touched:
            objects.changed(box[-2:])
        if self._whole is None:
            inside = int(self._layer.data[box].max(initial=0))
            self._highest = max(self._highest, inside)
        self._highest = max(self._highest, objects.highest)
        objects.take(self._highest)
