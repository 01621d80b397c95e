"""A new object grown from a click, as far as the picture looks alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.edit import Edit, writes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.editing.objects import ObjectIndex

REACH_PX = 150
"""How far from the click an object may reach."""


def grown_from(
    picture: NDArray[np.generic],
    labels: NDArray[np.integer],
    point_yx: tuple[float, float],
    tolerance: float,
    reach_px: int = REACH_PX,
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """Return what hangs together with a pixel and looks like it, for a preview too.

    The colour to compare with is the mean of the 3 x 3 pixels around the click, the
    distance is the largest of the channels, holes are filled.

    Parameters
    ----------
    picture
        (y, x) or (y, x, c).
    labels
        (y, x): an object grows where it is 0.
    point_yx
        The click, pixel centres at integers.
    tolerance
        0..1: how far a pixel may differ, as a share of the range of values seen in
        the crop.
    reach_px
        Size of the crop to each side.

    Returns
    -------
    box, mask
        Where it lies, and which pixels of it.

    Raises
    ------
    EditError
        If the click lies outside of the picture, or on an object.
    """
    from scipy import ndimage
    from skimage.measure import label as components

    y, x = round(point_yx[0]), round(point_yx[1])
    height, width = picture.shape[:2]
    if not (0 <= y < height and 0 <= x < width):
        raise EditError("the click lies outside of the picture")
    if labels[y, x]:
        raise EditError(
            "there is an object already", advice="Click where there is none."
        )
    box = (
        slice(max(y - reach_px, 0), min(y + reach_px + 1, height)),
        slice(max(x - reach_px, 0), min(x + reach_px + 1, width)),
    )
    values = np.asarray(picture[box], np.float64)
    values = values[..., None] if values.ndim == 2 else values
    row, column = y - box[0].start, x - box[1].start
    around = values[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].reshape(
        -1, values.shape[-1]
    )
    span = float(values.max() - values.min()) or 1.0
    differs = np.abs(values - around.mean(axis=0)).max(axis=-1)
    free = np.asarray(labels[box] == 0)
    alike = (differs <= tolerance * span) & free
    alike[row, column] = True
    pieces = components(alike, connectivity=1)
    mask = ndimage.binary_fill_holes(pieces == pieces[row, column])
    return box, np.asarray(mask & free)


def add_from_click(
    objects: ObjectIndex,
    picture: NDArray[np.generic],
    point_yx: tuple[float, float],
    tolerance: float = 0.1,
    reach_px: int = REACH_PX,
) -> Edit:
    """Return the edit that adds what `grown_from` finds as a new object.

    Raises
    ------
    EditError
        As `grown_from`; or the picture has another size than the labels.
    """
    image = objects.labels
    if picture.shape[:2] != image.shape:
        raise EditError(f"the picture is {picture.shape[:2]}, the labels {image.shape}")
    box, mask = grown_from(picture, image, point_yx, tolerance, reach_px)
    part = writes(image.shape, box, mask, objects.next_label())
    return Edit.of("add object", image, [part])
