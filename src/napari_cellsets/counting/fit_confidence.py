"""Fit the weights of confidence and the limits of counts on validation pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.confidence import (
    confidence,
    expected_count,
    object_features,
    weighable,
)
from napari_cellsets.counting.evaluate import evaluate
from napari_cellsets.counting.measure import measure
from napari_cellsets.inference.trust import FEATURES, IntervalRule, TrustRule

if TYPE_CHECKING:
    from collections.abc import Sequence

RIDGE = 1.0
"""Pulls weights of standardised features towards 0, in objects."""
_STEPS = 50


@dataclass(frozen=True, slots=True)
class Judged:
    """A validation picture: what was found, and which of it is right.

    Parameters
    ----------
    features
        From `object_features`.
    right
        bool, one an object.
    truth
        Number of true objects.
    """

    features: dict[str, np.ndarray]
    right: np.ndarray
    truth: int


def judge(
    labels: np.ndarray,
    probability: np.ndarray,
    truth: np.ndarray,
    *,
    by_iou: bool = False,
    radius_px: float = 40.0,
) -> Judged:
    """Return what was found in a picture the model never saw.

    Parameters
    ----------
    labels, probability, truth
        Objects found, the map they were found in, true objects; shape (y, x).
    by_iou
        Right is what overlaps by more than 0.5; else, what has its centre near.
    radius_px
        Greatest distance of centres.
    """
    found = evaluate(labels, truth, radius_px=radius_px)
    columns = measure(labels).columns
    pairs = found.by_iou if by_iou else found.by_centres
    right = np.isin(columns["label"], pairs.matched[:, 0])
    features = object_features(labels, probability, columns)
    return Judged(features, right, found.truth_count)


def fit_trust(
    pictures: Sequence[Judged], *, right: str, level: float = 0.8, spread: bool = True
) -> TrustRule:
    """Fit weights and limits.

    Parameters
    ----------
    pictures
        Of `judge`, all by models that did not learn from them.
    right
        When an object was right, for people to read.
    level
        Share of true counts that the limits should hold.
    spread
        Whether pictures may differ by more than chance.

    Raises
    ------
    CellsetsError
        If there are no two pictures, or no right or no wrong object to learn from.
    """
    sure = np.concatenate([p.right for p in pictures]) if pictures else np.zeros(0)
    if len(pictures) < 2 or sure.all() or not sure.any():
        raise CellsetsError(
            f"right and wrong objects of several pictures were expected, found"
            f" {int(sure.sum())} right of {sure.size} in {len(pictures)}",
            advice="Validate on more pictures.",
        )
    area = np.concatenate([p.features["log_area"][p.right] for p in pictures])
    log_area = float(area.mean())
    columns = [weighable(p.features, log_area) for p in pictures]
    matrix = np.stack(
        [np.concatenate([c[name] for c in columns]) for name in FEATURES], axis=1
    )
    bias, weights = _logistic(matrix, sure.astype(np.float64))
    rule = TrustRule(
        right=right,
        fitted_on=f"{len(pictures)} pictures, {sure.size} objects",
        log_area=log_area,
        bias=bias,
        weights=dict(zip(FEATURES, weights.tolist(), strict=True)),
    )
    limits = _limits(pictures, rule, level, spread)
    return rule.model_copy(update={"interval": limits})


def _logistic(matrix: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    """Logistic regression with a ridge, by Newton's method."""
    middle, scale = matrix.mean(axis=0), matrix.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    x = np.column_stack([np.ones(len(target)), (matrix - middle) / scale])
    ridge = RIDGE * np.eye(x.shape[1])
    ridge[0, 0] = 0.0
    beta = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        slope = x.T @ (target - p) - ridge @ beta
        curve = (x.T * (p * (1 - p) + 1e-9)) @ x + ridge
        step = np.linalg.solve(curve, slope)
        beta += np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-8:
            break
    weights = beta[1:] / scale
    return float(beta[0] - weights @ middle), weights


def _limits(
    pictures: Sequence[Judged], rule: TrustRule, level: float, spread: bool
) -> IntervalRule:
    """Quantiles of how far true counts lie from what is expected, in spreads."""
    sure = [confidence(p.features, rule) for p in pictures]
    hits = sum(int(p.right.sum()) for p in pictures)
    missed = max(0.0, sum(p.truth for p in pictures) / max(1, hits) - 1)
    bare = IntervalRule(level=level, missed=missed, low=0, high=0)
    truth = np.array([p.truth for p in pictures], np.float64)
    if spread:
        bare = bare.model_copy(update={"spread": _overspread(sure, truth, bare)})
    expected = np.array([expected_count(s, bare) for s in sure])
    off = (truth - expected[:, 0]) / expected[:, 1]
    # the same reach on both sides: a tail alone would rest on one or two pictures
    reach = _quantile(np.abs(off), level)
    return bare.model_copy(update={"low": reach, "high": reach})


def _overspread(sure: list[np.ndarray], truth: np.ndarray, rule: IntervalRule) -> float:
    """Relative spread that explains what chance alone does not."""
    expected = np.array([expected_count(s, rule) for s in sure])
    right = np.array([s.sum() for s in sure])
    surplus = (truth - expected[:, 0]) ** 2 - expected[:, 1] ** 2
    share = float((surplus * right**2).sum() / max(1.0, float((right**4).sum())))
    return float(np.sqrt(max(0.0, share)))


def _quantile(values: np.ndarray, share: float) -> float:
    """The conformal quantile: of n pictures the one of rank (n + 1) share."""
    rank = int(np.ceil((values.size + 1) * share))
    return float(np.sort(values)[min(rank, values.size) - 1])
