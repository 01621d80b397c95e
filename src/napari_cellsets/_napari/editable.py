"""Whether labels can be edited now, and what to do where they cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels

from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from napari.components import ViewerModel


def refuse_if_locked(viewer: ViewerModel | None, layer: Labels) -> None:
    """Raise where a layer cannot be edited as it is shown now.

    Raises
    ------
    EditError
        With what to do about it.
    """
    name = f"“{layer.name}”"
    if not isinstance(layer.data, np.ndarray):
        raise EditError(
            f"the labels of {name} are read from disk piece by piece",
            advice="Edit a copy of the layer.",
        )
    if not layer.editable or not layer.data.flags.writeable:
        raise EditError(f"{name} is locked", advice="Unlock it, or edit a copy.")
    if not layer.visible:
        raise EditError(f"{name} is hidden", advice="Show the layer first.")
    if viewer is not None and viewer.dims.ndisplay != 2:
        raise EditError("the view is 3-D", advice="Go back to 2-D to edit.")
    if viewer is not None and viewer.dims.displayed != (
        viewer.dims.ndim - 2,
        viewer.dims.ndim - 1,
    ):
        raise EditError(
            "the image is seen from the side",
            advice="Roll the axes back, so that planes are seen.",
        )


def editable_copy(layer: Labels) -> Labels:
    """Return a layer of the same labels that is the person's own."""
    return Labels(
        np.array(layer.data),
        name=f"{layer.name} (to edit)",
        scale=tuple(layer.scale),
        translate=tuple(layer.translate),
        units=tuple(layer.units),
        axis_labels=tuple(layer.axis_labels),
    )
