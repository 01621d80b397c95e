"""Counting, recounting and describing one sample while a person looks at it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.image import Picture
from napari_cellsets.counting.evaluate import evaluate
from napari_cellsets.counting.job import (
    CountRequest,
    CountResult,
    predict_probability,
    trust_of,
)
from napari_cellsets.counting.labels import labels_from_probability
from napari_cellsets.counting.measure import measure
from napari_cellsets.counting.regions import centroids_inside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import LabelImage
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.counting.regions import Region


@dataclass(frozen=True, slots=True)
class Counted:
    """A count and the map it was made from.

    Parameters
    ----------
    probability
        float32, shape (y, x) or (z, y, x).
    result
        For the whole sample, also where one plane of it was counted.
    """

    probability: np.ndarray
    result: CountResult


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """A count of what is on screen.

    Parameters
    ----------
    count
        Picture, model, channel, settings, regions.
    plane
        Count this plane of a stack alone; None for everything.
    cells
        Labels on screen: those of the other planes stay. None for none.
    truth
        Ground truth of the whole picture, None where there is none.
    """

    count: CountRequest
    plane: int | None = None
    cells: np.ndarray | None = None
    truth: LabelImage | None = None

    def part(self) -> CountRequest:
        """Return the request for the plane alone."""
        if self.plane is None:
            return self.count
        whole = self.count.picture
        plane = Picture(
            whole.pixels[self.plane],
            whole.axes.removeprefix("z"),
            whole.channel_names,
            whole.pixel_size_um,
        )
        return replace(self.count, picture=plane)


def count_live(
    request: LiveRequest,
    probability: np.ndarray | None,
    token: CancelToken,
    progress: Progress,
) -> Counted:
    """Count what is on screen; runs the network only where the map is not known.

    Parameters
    ----------
    request
        What to count.
    probability
        The map of `request.part()`, None to compute it.
    token, progress
        As everywhere.

    Raises
    ------
    ModelError
        If the model cannot run on this picture.
    CancelledError
        If the token was cancelled.
    """
    part = request.part()
    if probability is None:
        probability = predict_probability(part, token, progress)
    labels = labels_from_probability(probability, part.chosen_settings(), token)
    if part.only_regions:
        labels = only_inside(labels, part.regions)
    if request.plane is not None:
        labels = put_plane(request.cells, labels, request.plane, request.count.picture)
    found = describe(labels, request, token)
    return Counted(
        probability, found.trusted(trust_of(found, probability, part, token))
    )


def put_plane(
    cells: np.ndarray | None, labels: np.ndarray, plane: int, picture: Picture
) -> np.ndarray:
    """Return the labels of a stack with those of one plane replaced.

    Parameters
    ----------
    cells
        int32, shape (z, y, x); None for an empty stack.
    labels
        int32, shape (y, x). They get numbers that no other plane uses.
    plane
        Which plane.
    picture
        Tells the size of the stack.
    """
    shape = (picture.pixels.shape[0], *picture.plane_shape)
    whole = np.zeros(shape, np.int32) if cells is None else cells.copy()
    whole[plane] = 0
    first_free = int(whole.max(initial=0))
    whole[plane] = np.where(labels > 0, labels + first_free, 0)
    return whole


def describe(
    labels: np.ndarray, request: LiveRequest, token: CancelToken | None = None
) -> CountResult:
    """Measure labels as they are, corrected by hand or not.

    Parameters
    ----------
    labels
        int32, shape (y, x) or (z, y, x).
    request
        Tells picture, regions and truth. Where regions alone were counted, they
        are compared with the true objects inside.
    token
        Cancels between steps.

    Raises
    ------
    CellsetsError
        If sizes differ.
    CancelledError
        If the token was cancelled.
    """
    count = request.count
    table = measure(labels, count.picture, token)
    inside = centroids_inside(table.columns, count.regions)
    counts = {name: int(rows.sum()) for name, rows in inside.items()}
    if token is not None:
        token.raise_if_cancelled()
    compared = None
    if request.truth is not None:
        true = np.asarray(request.truth.labels)
        if count.only_regions:
            true = only_inside(true, count.regions)
        compared = evaluate(labels, true, token=token)
    return CountResult(labels, table, counts, compared)


def only_inside(labels: np.ndarray, regions: Sequence[Region]) -> np.ndarray:
    """Return the labels whose centroid lies in a region; they keep their numbers.

    Parameters
    ----------
    labels
        Integer, shape (y, x) or (z, y, x).
    regions
        Polygons; without any, all labels stay.
    """
    if not regions:
        return labels
    columns = measure(labels).columns
    inside = centroids_inside(columns, regions)
    kept = np.zeros(int(labels.max(initial=0)) + 1, labels.dtype)
    ids = columns["label"][np.logical_or.reduce(list(inside.values()))]
    kept[ids] = ids
    return np.asarray(kept[labels])
