"""Settings of counting that suit a network, chosen on pictures it may see."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.counting import CountSettings, evaluate, labels_from_probability

if TYPE_CHECKING:
    from collections.abc import Sequence

THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94)
PEAKS = (0.0, 0.9, 0.95, 0.98)
AREAS = (200, 350, 450, 600)
DISTANCES = (15.0, 22.0)
FILL = 600


def settings_grid() -> list[CountSettings]:
    """Every combination that is tried."""
    return [
        CountSettings(
            threshold=threshold,
            least_peak=peak,
            min_area_px=area,
            split_distance_px=distance,
            fill_holes_px=FILL,
        )
        for threshold, peak, area, distance in product(
            THRESHOLDS, PEAKS, AREAS, DISTANCES
        )
    ]


def quality(
    probability: np.ndarray,
    truth: np.ndarray,
    settings: CountSettings,
    outlines: float = 0.5,
) -> float:
    """F1 by centres and, weighed by ``outlines``, F1 by IoU."""
    found = evaluate(labels_from_probability(probability, settings), truth)
    return (1 - outlines) * found.f1 + outlines * found.by_iou.f1


def tune(
    groups: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]], outlines: float = 0.5
) -> CountSettings:
    """Settings best on average; every group of pictures weighs the same.

    A threshold is judged with its neighbours, so that one lucky value does not win.

    Parameters
    ----------
    groups
        Groups of (probability, truth), both (y, x).
    outlines
        Weight of F1 by IoU against F1 by centres, 0..1.
    """
    grid = settings_grid()
    scores = np.mean(
        [
            np.mean(
                [[quality(p, t, one, outlines) for one in grid] for p, t in group],
                axis=0,
            )
            for group in groups
        ],
        axis=0,
    )
    cube = scores.reshape(len(THRESHOLDS), -1, len(DISTANCES))
    padded = np.pad(cube, ((1, 1), (0, 0), (0, 0)), mode="edge")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    # of equals the one that splits least
    best = np.unravel_index(smooth[..., ::-1].argmax(), smooth.shape)
    return grid[
        int(np.ravel_multi_index((*best[:2], len(DISTANCES) - 1 - best[2]), cube.shape))
    ]
