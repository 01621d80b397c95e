"""Images that came into the viewer without a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_cellsets._napari.session import Session


def stray_image(
    viewer: ViewerModel, session: Session, own: tuple[str, ...] = ()
) -> Image | None:
    """Return the image that the person means but that no data set holds.

    That is the active layer, or without a data set the topmost image.

    Parameters
    ----------
    viewer, session
        Where to look, and whose image layer is none.
    own
        Names of other image layers that the package made.
    """
    from napari.layers import Image

    images = [
        layer
        for layer in viewer.layers
        if isinstance(layer, Image)
        and layer.visible
        and layer is not session.image_layer
        and layer.name not in own
    ]
    active = viewer.layers.selection.active
    if active in images:
        return active
    return images[-1] if images and session.picture is None else None


def file_of(layer: Image) -> Path | None:
    """Return the file that an image was opened from; None where there is none."""
    path = layer.source.path
    return Path(path) if path and Path(path).exists() else None
