"""The picture that labels on screen lie over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image

from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray


def picture_under(
    viewer: ViewerModel | None, layer: Labels | None, *, whole: bool = False
) -> NDArray[Any]:
    """Return the picture under labels, (y, x) or (y, x, c).

    Parameters
    ----------
    viewer, layer
        Where the labels are.
    whole
        Whether the picture of all planes is wanted, axes as of the labels.

    Raises
    ------
    EditError
        If no image of the same size is shown.
    """
    if viewer is not None and layer is not None:
        for image in reversed(viewer.layers):
            seen = _seen_of(viewer, image, whole=whole)
            size = layer.data.shape if whole else layer.data.shape[-2:]
            if seen is not None and seen.shape[: len(size)] == size:
                return seen
    raise EditError(
        "no image of the size of the labels is shown", advice="Show the image."
    )


def _seen_of(viewer: ViewerModel, image: Any, *, whole: bool) -> NDArray[Any] | None:
    """Return the plane of an image layer that is on screen, None for other layers."""
    if not isinstance(image, Image) or not image.visible or image.multiscale:
        return None
    if type(image) is not Image and not isinstance(image.data, np.ndarray):
        return None
    shape = image.data.shape[:-1] if image.rgb else image.data.shape
    at = np.rint(image.world_to_data(viewer.dims.point))[: len(shape) - 2]
    most = np.array(shape[:-2]) - 1
    plane = () if whole else tuple(np.clip(at, 0, most).astype(int).tolist())
    seen: NDArray[Any] = image.data[plane] if plane else image.data
    return seen
