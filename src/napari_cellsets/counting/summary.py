"""How well a whole set was counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.evaluate import Evaluation, score

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class SetSummary:
    """Figures over the images of a set.

    Parameters
    ----------
    images, empty_images
        Number of images, and of those without a true object.
    predicted, truth
        Numbers of objects over all images.
    precision, recall, f1
        Pooled: pairs and objects of all images are added up first. None where only
        counts were given.
    f1_by_iou, published_f1
        The same by overlap and by the published rule.
    mae, medae
        Mean and median of the absolute error of the count.
    mpe
        Mean of (predicted - true) / true over the `mpe_images` images with a true
        object; None without any.
    bias, limit_low, limit_high
        Bland-Altman: mean difference predicted - true, and bias ± 1.96 standard
        deviations; the limits are None for fewer than two images.
    correlation
        Lin's concordance of the counts; None where it is not defined.
    """

    images: int
    empty_images: int
    predicted: int
    truth: int
    precision: float | None
    recall: float | None
    f1: float | None
    f1_by_iou: float | None
    published_f1: float | None
    mae: float
    medae: float
    mpe: float | None
    mpe_images: int
    bias: float
    limit_low: float | None
    limit_high: float | None
    correlation: float | None


def summarise(
    results: Sequence[Evaluation] | Sequence[tuple[int, int]],
) -> SetSummary:
    """Summarise the images of a set.

    Parameters
    ----------
    results
        One `Evaluation` an image, or one pair (predicted, true) of counts.

    Returns
    -------
    SetSummary
        Relative errors leave out images without a true object, whose relative error
        has no meaning; `mpe_images` tells how many are left.

    Raises
    ------
    CellsetsError
        If there is no image at all.
    """
    if not results:
        raise CellsetsError(
            "a summary needs one image with truth or more",
            advice="Count images that have ground truth first.",
        )
    evaluations = [r for r in results if isinstance(r, Evaluation)]
    pairs = [
        (r.predicted_count, r.truth_count) if isinstance(r, Evaluation) else r
        for r in results
    ]
    predicted, truth = np.array(pairs, np.float64).T
    error = predicted - truth
    some = truth > 0
    spread = float(error.std(ddof=1)) * 1.96 if error.size > 1 else None
    bias = float(error.mean())
    pooled = _pooled(evaluations) if len(evaluations) == len(pairs) else _NO_MATCHES
    return SetSummary(
        images=error.size,
        empty_images=int((~some).sum()),
        predicted=int(predicted.sum()),
        truth=int(truth.sum()),
        precision=pooled[0],
        recall=pooled[1],
        f1=pooled[2],
        f1_by_iou=pooled[3],
        published_f1=pooled[4],
        mae=float(np.abs(error).mean()),
        medae=float(np.median(np.abs(error))),
        mpe=float((error[some] / truth[some]).mean()) if some.any() else None,
        mpe_images=int(some.sum()),
        bias=bias,
        limit_low=None if spread is None else bias - spread,
        limit_high=None if spread is None else bias + spread,
        correlation=_concordance(predicted, truth),
    )


_Pooled = tuple[float | None, float | None, float | None, float | None, float | None]
_NO_MATCHES: _Pooled = (None, None, None, None, None)


def _pooled(evaluations: Sequence[Evaluation]) -> _Pooled:
    predicted = sum(e.predicted_count for e in evaluations)
    truth = sum(e.truth_count for e in evaluations)
    found = [
        score(sum(matches), predicted, truth)
        for matches in (
            [e.by_centres.true_positives for e in evaluations],
            [e.by_iou.true_positives for e in evaluations],
            [e.published.true_positives for e in evaluations],
        )
    ]
    return (*found[0], found[1][2], found[2][2])


def _concordance(predicted: np.ndarray, truth: np.ndarray) -> float | None:
    """Lin's coefficient with n in the denominators."""
    spread = predicted.var() + truth.var() + (predicted.mean() - truth.mean()) ** 2
    if spread == 0:
        return None
    shared = ((predicted - predicted.mean()) * (truth - truth.mean())).mean()
    return float(2 * shared / spread)
