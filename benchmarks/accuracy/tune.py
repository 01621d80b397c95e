"""Settings of counting that suit a network, chosen on pictures it may see."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.counting import CountSettings, evaluate, labels_from_probability

if TYPE_CHECKING:
    from collections.abc import Sequence

THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94)
AREAS = (200, 350)
DISTANCES = (15.0, 22.0)
FILL = 600


def settings_grid() -> list[CountSettings]:
    """Every combination that is tried."""
    return [
        CountSettings(
            threshold=threshold,
            min_area_px=area,
            split_distance_px=distance,
            fill_holes_px=FILL,
        )
        for threshold, area, distance in product(THRESHOLDS, AREAS, DISTANCES)
    ]


def quality(
    probability: np.ndarray, truth: np.ndarray, settings: CountSettings
) -> float:
    """Mean of F1 by centres and F1 by IoU: found, and with the right outline."""
    found = evaluate(labels_from_probability(probability, settings), truth)
    return (found.f1 + found.by_iou.f1) / 2


def tune(groups: Sequence[Sequence[tuple[np.ndarray, np.ndarray]]]) -> CountSettings:
    """Settings best on average; every group of pictures weighs the same.

    A threshold is judged with its neighbours, so that one lucky value does not win.

    Parameters
    ----------
    groups
        Groups of (probability, truth), both (y, x).
    """
    grid = settings_grid()
    scores = np.mean(
        [
            np.mean(
                [[quality(p, t, one) for one in grid] for p, t in group],
                axis=0,
            )
            for group in groups
            if group
        ],
        axis=0,
    )
    cube = scores.reshape(len(THRESHOLDS), len(AREAS), len(DISTANCES))
    padded = np.pad(cube, ((1, 1), (0, 0), (0, 0)), mode="edge")
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return grid[int(smooth.argmax())]
