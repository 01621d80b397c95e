"""Scores of a network on whole pictures: cells found, cells missed, counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage, optimize
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from napari_cellsets.training.data import pad_to_multiple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.training.sources import Pair

#: Two centres closer than this, in px, are the same cell (published rule of FNC v2).
MATCH_DISTANCE = 40.0


@dataclass
class Score:
    """Matches pooled over pictures, and the counting error of each picture."""

    hits: int = 0
    false: int = 0
    missed: int = 0
    count_errors: tuple[int, ...] = ()

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 1 where there is nothing to find."""
        total = 2 * self.hits + self.false + self.missed
        return 2 * self.hits / total if total else 1.0

    @property
    def mae(self) -> float:
        """Mean absolute error of the counts."""
        return float(np.mean(np.abs(self.count_errors))) if self.count_errors else 0.0

    def add(self, found: NDArray[np.int32], truth: NDArray[np.int32]) -> None:
        """Match one picture's cells one to one by their centres and add them."""
        one, two = centres(found), centres(truth)
        matched = 0
        if len(one) and len(two):
            apart = np.linalg.norm(one[:, None] - two[None], axis=2)
            cost = np.where(apart <= MATCH_DISTANCE, apart, 1e6)
            rows, columns = optimize.linear_sum_assignment(cost)
            matched = int((apart[rows, columns] <= MATCH_DISTANCE).sum())
        self.hits += matched
        self.false += len(one) - matched
        self.missed += len(two) - matched
        self.count_errors += (len(one) - len(two),)


def centres(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """Centroids (n, 2) of the labels present."""
    present = np.unique(labels)
    present = present[present > 0]
    if not len(present):
        return np.empty((0, 2))
    return np.asarray(ndimage.center_of_mass(labels > 0, labels, present), np.float64)


def split_cells(
    probability: NDArray[np.float32],
    threshold: float = 0.5,
    *,
    min_area: int = 200,
    split_distance: int = 12,
) -> NDArray[np.int32]:
    """Return labels of a probability map: threshold, fill, distance watershed."""
    mask = ndimage.binary_fill_holes(probability > threshold)
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1.5)
    parts, _ = ndimage.label(mask)
    peaks = peak_local_max(
        depth, min_distance=split_distance, labels=parts, exclude_border=False
    )
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = watershed(-depth, markers, mask=mask)
    sizes = np.bincount(labels.ravel())
    labels[(sizes < min_area)[labels]] = 0
    return np.asarray(labels, np.int32)


def predict(
    model: torch.nn.Module, image: NDArray[np.uint8], *, fast: bool = True
) -> NDArray[np.float32]:
    """Probability (y, x) of a picture (y, x, 3) uint8, in bfloat16 when fast."""
    values = pad_to_multiple(image.astype(np.float32) / np.float32(255))
    batch = torch.from_numpy(values.transpose(2, 0, 1)[None].copy())
    batch = batch.to(memory_format=torch.channels_last)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=fast):
        probability = torch.sigmoid(model(batch).float())[0, 0].numpy()
    return np.asarray(probability[: image.shape[0], : image.shape[1]])


def validate(model: torch.nn.Module, pairs: Sequence[Pair]) -> dict[str, Score]:
    """Score a network on pairs, by kind of pair."""
    scores: dict[str, Score] = {}
    for pair in pairs:
        image, labels = pair.load()
        if pair.kind == "dsb":
            image, labels = _as_cells(image, labels, pair.diameter)
        found = split_cells(predict(model, image))
        scores.setdefault(pair.kind, Score()).add(found, labels)
    return scores


def _as_cells(
    image: NDArray[np.uint8], labels: NDArray[np.int32], diameter: float
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Enlarge and brighten a DSB picture so that its nuclei look like cells."""
    zoom = float(np.clip(32 / diameter, 1.0, 3.0))
    grey = image.max(axis=2).astype(np.float32)
    grey = ndimage.zoom(grey, zoom, order=1)
    grey *= 140 / max(float(np.percentile(grey, 99.5)), 25.0)
    large = ndimage.zoom(labels, zoom, order=0)
    picture = np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
    return picture, np.asarray(large, np.int32)
