"""Scores of a network on whole pictures: cells found, cells missed, counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from scipy import ndimage

from napari_cellsets.counting import CountSettings, evaluate, labels_from_probability
from napari_cellsets.training.data import pad_to_multiple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.training.sources import Pair

#: How probabilities are counted while a run is watched; shipped values are tuned.
SETTINGS = CountSettings(
    threshold=0.6, fill_holes_px=600, min_area_px=200, split_distance_px=15
)


@dataclass
class Score:
    """Matches by centres pooled over pictures, and the counting errors."""

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
        result = evaluate(found, truth)
        self.hits += result.true_positives
        self.false += result.false_positives
        self.missed += result.false_negatives
        self.count_errors += (result.count_error,)


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
        found = labels_from_probability(predict(model, image), SETTINGS)
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
