"""A new object grown from a click, as far as the picture looks alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import EditError
from napari_cellsets.editing.edit import Edit, writes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.editing.objects import ObjectIndex

REACH_PX = 150
"""How far from the click an object may reach."""
USUAL_TOLERANCE = 0.15
_TRIED = (0.03, 0.05, 0.07, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.36, 0.42, 0.5, 0.6)
_TINY_PX = 12
"""Smaller objects say nothing of a tolerance: they are specks of noise."""


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
    seen = _look_around(picture, labels, point_yx, reach_px)
    return seen.box, _grown(seen, tolerance)


def likely_tolerance(
    picture: NDArray[np.generic],
    labels: NDArray[np.integer],
    point_yx: tuple[float, float],
    reach_px: int = REACH_PX,
) -> float:
    """Return the tolerance whose object ends at the strongest edges of the picture.

    Parameters
    ----------
    picture, labels, point_yx, reach_px
        As for `grown_from`.

    Returns
    -------
    float
        0..1; `USUAL_TOLERANCE` where every object runs out of reach or is tiny.

    Raises
    ------
    EditError
        As `grown_from`.
    """
    from scipy import ndimage

    seen = _look_around(picture, labels, point_yx, reach_px)
    steep = np.max(
        [
            ndimage.gaussian_gradient_magnitude(channel, 1.0)
            for channel in np.moveaxis(seen.values, -1, 0)
        ],
        axis=0,
    )
    best, best_edge = USUAL_TOLERANCE, 0.0
    for tolerance in _TRIED:
        mask = _grown(seen, tolerance)
        if np.count_nonzero(mask) < _TINY_PX:
            continue
        if runs_out(seen.box, mask, labels.shape) or mask.all():
            break
        rim = ndimage.binary_dilation(mask) & ~ndimage.binary_erosion(
            mask, border_value=1
        )
        edge = float(steep[rim].mean())
        if edge > best_edge:
            best, best_edge = tolerance, edge
    return best


def runs_out(
    box: tuple[slice, slice], mask: NDArray[np.bool_], shape: tuple[int, ...]
) -> bool:
    """Whether a mask ends where looking ended, and not at the edge of the picture."""
    (top, bottom), (left, right) = ((side.start, side.stop) for side in box)
    return bool(
        (top > 0 and mask[0].any())
        or (bottom < shape[0] and mask[-1].any())
        or (left > 0 and mask[:, 0].any())
        or (right < shape[1] and mask[:, -1].any())
    )


@dataclass(frozen=True, eq=False, slots=True)
class _Around:
    """What lies around a click: colours, how far from the click's, what is free."""

    box: tuple[slice, slice]
    place: tuple[int, int]
    values: NDArray[np.float64]
    differs: NDArray[np.float64]
    free: NDArray[np.bool_]


def _look_around(
    picture: NDArray[np.generic],
    labels: NDArray[np.integer],
    point_yx: tuple[float, float],
    reach_px: int,
) -> _Around:
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
    near = values[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    colour = near.reshape(-1, values.shape[-1]).mean(axis=0)
    span = float(values.max() - values.min()) or 1.0
    differs = np.abs(values - colour).max(axis=-1) / span
    free = np.asarray(labels[box] == 0)
    return _Around(box, (row, column), values, differs, free)


def _grown(seen: _Around, tolerance: float) -> NDArray[np.bool_]:
    from scipy import ndimage
    from skimage.measure import label as components

    alike = (seen.differs <= tolerance) & seen.free
    alike[seen.place] = True
    pieces = components(alike, connectivity=1)
    mask = ndimage.binary_fill_holes(pieces == pieces[seen.place])
    return np.asarray(mask & seen.free)


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
