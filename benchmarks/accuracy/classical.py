"""The baseline without learning: background off, Otsu, distance watershed.

Its settings are chosen, for every picture, on the other pictures: as much help as
the network's settings get.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from benchmarks.accuracy.pairs import compare
from napari_cellsets.counting import CountSettings, labels_from_probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.accuracy.pairs import Compared
    from napari_cellsets.training.sources import Pair


@dataclass(frozen=True)
class Classical:
    """Settings of the baseline, lengths in px."""

    background: float = 50.0
    factor: float = 1.0
    min_area: int = 300
    split_distance: float = 15.0


GRID = [
    Classical(*values)
    for values in product((40.0, 100.0), (0.8, 1.0, 1.3), (200, 500), (15.0, 25.0))
]


def count_classically(image: np.ndarray, settings: Classical) -> np.ndarray:
    """Labels (y, x) of a picture (y, x, 3)."""
    grey = image.max(axis=2).astype(np.float32)
    light = ndimage.gaussian_filter(grey, 1.5)
    light -= ndimage.gaussian_filter(grey, settings.background)
    mask = light > settings.factor * threshold_otsu(light)
    rules = CountSettings(
        threshold=0.5,
        fill_holes_px=600,
        min_area_px=settings.min_area,
        split_distance_px=settings.split_distance,
    )
    return labels_from_probability(mask.astype(np.float32), rules)


@lru_cache(maxsize=512)
def _result(pair: Pair, settings: Classical) -> Compared:
    return compare(count_classically(pair.load()[0], settings), pair)


def tuned_on(pairs: Sequence[Pair]) -> Classical:
    """Settings with the best mean F1 (40 px and IoU) over the pairs."""
    return max(
        GRID,
        key=lambda settings: np.mean(
            [
                _result(pair, settings).found.f1
                + _result(pair, settings).found.by_iou.f1
                for pair in pairs
            ]
        ),
    )


def leave_one_out(pairs: Sequence[Pair]) -> dict[str, Compared]:
    """Every picture counted with settings tuned on the others."""
    return {
        pair.name: _result(pair, tuned_on([p for p in pairs if p != pair]))
        for pair in pairs
    }
