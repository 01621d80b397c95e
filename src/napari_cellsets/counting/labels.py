"""Probabilities to numbered objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.runs import (
    Runs,
    number_in_raster_order,
    paint,
    runs_of,
    strips,
)
from napari_cellsets.counting.split import part_touching

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.counting.settings import CountSettings


def labels_from_probability(
    probability: np.ndarray,
    settings: CountSettings,
    token: CancelToken | None = None,
) -> np.ndarray:
    """Turn a map of probabilities into numbered objects.

    Threshold, smoothing, filling of holes, removal of small and of unsure objects
    (pixels that share a corner belong together), parting of touching cells. Objects
    are numbered from 1 in raster order of their first pixel.

    Parameters
    ----------
    probability
        Shape (y, x), or (z, y, x) taken plane by plane with numbers that are
        unique over the stack. Floating, 0..1.
    settings
        What the person chose.
    token
        Cancels between strips and between objects.

    Returns
    -------
    ndarray
        int32, same shape; 0 is background.

    Raises
    ------
    CellsetsError
        If the map is neither a plane nor a stack.
    CancelledError
        If the token was cancelled.
    """
    if probability.ndim == 3:
        return _stack(probability, settings, token)
    if probability.ndim != 2:
        raise CellsetsError(
            f"a map (y, x) or (z, y, x) was expected, found {probability.shape}",
            advice="Give the probabilities of one plane or one stack.",
        )
    token = token or CancelToken()
    runs = _foreground(probability, settings, token)
    token.raise_if_cancelled()
    runs = _with_holes_filled(runs, settings.fill_holes_px)
    token.raise_if_cancelled()
    runs, group, areas = _chosen(runs, probability, settings, token)
    out = np.zeros(probability.shape, np.int32)
    paint(out, runs, group + np.int32(1), token)
    if settings.split_touching:
        last = part_touching(out, probability, runs, group, areas, settings, token)
        if last > len(areas):
            number_in_raster_order(out, runs, last, token)
    return out


def _stack(
    probability: np.ndarray, settings: CountSettings, token: CancelToken | None
) -> np.ndarray:
    out = np.zeros(probability.shape, np.int32)
    before = 0
    for plane, place in zip(probability, out, strict=True):
        labels = labels_from_probability(plane, settings, token)
        found = int(labels.max(initial=0))
        np.add(labels, before, out=place, where=labels > 0)
        before += found
    return out


def _foreground(
    probability: np.ndarray,
    settings: CountSettings,
    token: CancelToken,
    least: float = 0.0,
) -> Runs:
    """Runs above the threshold, smoothed; of these only pixels of at least `least`."""
    height, width = probability.shape

    def masks() -> Iterator[np.ndarray]:
        for rows in strips(height, width):
            token.raise_if_cancelled()
            mask = _mask_strip(probability, rows, settings)
            if least:
                mask &= probability[rows] >= probability.dtype.type(least)
            yield mask

    return runs_of(masks(), height, width)


def _mask_strip(
    probability: np.ndarray, rows: slice, settings: CountSettings
) -> np.ndarray:
    threshold = probability.dtype.type(settings.threshold)
    radius = settings.smooth_px
    if not radius:
        return np.asarray(probability[rows] >= threshold, np.bool_)
    import cv2

    # An opening reaches twice the radius, so strips share that many rows.
    top = max(0, rows.start - 2 * radius)
    mask = probability[top : rows.stop + 2 * radius] >= threshold
    size = 2 * radius + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    opened = cv2.morphologyEx(mask.view(np.uint8), cv2.MORPH_OPEN, disc)
    return np.asarray(opened[rows.start - top : rows.stop - top], np.bool_)


def _with_holes_filled(runs: Runs, largest: int) -> Runs:
    """Fill background that is enclosed by one object and small enough."""
    if largest <= 0:
        return runs
    outside = runs.outside()
    group, count = outside.components(diagonal=False)
    area = np.bincount(group, weights=outside.length, minlength=count)
    column = outside.start - outside.row * outside.stride
    at_border = (column == 0) | (column + outside.length == outside.width)
    at_border |= (outside.row == 0) | (outside.row == outside.height - 1)
    closed = area <= largest
    closed[group[at_border]] = False
    return runs.united(outside.chosen(closed[group]))


def _chosen(
    runs: Runs, probability: np.ndarray, settings: CountSettings, token: CancelToken
) -> tuple[Runs, np.ndarray, np.ndarray]:
    """Number what is connected; drop what is small or unsure; tell the areas."""
    group, count = runs.components(diagonal=True)
    area = np.bincount(group, weights=runs.length, minlength=count)
    keep = area >= settings.min_area_px
    if settings.least_peak > settings.threshold:
        peaks = _foreground(probability, settings, token, least=settings.least_peak)
        # pixels of a run of peaks are all of the one run that holds its first
        holder = np.searchsorted(runs.start, peaks.start, "right") - 1
        sure = np.zeros(count, np.bool_)
        sure[group[holder]] = True
        keep &= sure
    number = (np.cumsum(keep) - 1).astype(np.int32)
    kept = keep[group]
    return runs.chosen(kept), number[group[kept]], area[keep]
