"""Events as grids of space and time, ON and OFF apart: (t, 2, y, x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events, Geometry

CHANNELS = "OFF", "ON"
"""Names along the second axis: a polarity is its own place."""


def voxel_grid(
    events: Events, geometry: Geometry, first_us: int, step_us: float, bins: int
) -> NDArray[np.float32]:
    """Share each event between the two moments around it, bilinear in time.

    Zhu, Yuan, Chaney, Daniilidis: Unsupervised event-based learning of optical flow,
    depth, and egomotion (CVPR 2019), equation 2, with the weight max(0, 1 - |dt|) in
    units of `step_us`. There ON counts 1 and OFF -1 in one channel; here they are
    kept apart: ON less OFF is the paper's grid.

    Parameters
    ----------
    events
        Those further than a step from every bin count for nothing.
    geometry
        Size of the sensor; events must lie inside.
    first_us
        Moment of bin 0, on the events' clock.
    step_us
        Time from bin to bin. For the paper's normalised times: the span of the
        events divided by bins - 1.
    bins
        How many moments.

    Returns
    -------
    NDArray[np.float32]
        (bins, 2, y, x).

    Raises
    ------
    CellsetsError
        If bins or step are not positive.
    """
    if bins < 1 or step_us <= 0:
        raise CellsetsError(
            f"a grid needs bins and a step above 0, not {bins} bins of {step_us} us"
        )
    width, height = geometry
    grid = np.zeros((bins, len(CHANNELS), height, width), np.float32)
    for number, plane in enumerate(grid):
        add_shares(plane, events, geometry, first_us + number * step_us, step_us)
    return grid


def add_shares(
    plane: NDArray[np.float32],
    events: Events,
    geometry: Geometry,
    moment_us: float,
    step_us: float,
) -> None:
    """Add what one moment gets of events: max(0, 1 - |dt|), in units of `step_us`.

    Parameters
    ----------
    plane
        (2, y, x), C-contiguous, added to.
    events, geometry, step_us
        As for `voxel_grid`.
    moment_us
        The moment, on the events' clock.
    """
    shares = 1 - np.abs(events.t - moment_us) / step_us
    near = np.flatnonzero(shares > 0)
    places = pixel_places(events.take(near), geometry)
    np.add.at(plane.reshape(-1), places, shares[near].astype(np.float32))


def pixel_places(events: Events, geometry: Geometry) -> NDArray[np.intp]:
    """Return where each event lies in a flat (2, y, x) plane."""
    width, height = geometry
    rows = events.p.astype(np.intp) * height + events.y
    return rows * width + events.x
