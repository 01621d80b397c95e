"""Whether a confidence of 90 % is right nine times of ten."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_cellsets.classify.intervals import Interval, wilson
from napari_cellsets.core.errors import CellsetsError

BINS = 15


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Confidence beside accuracy, in bins of about equally many cells.

    Parameters
    ----------
    edges
        float64, shape (bins + 1,): a bin holds its lower edge; the last one holds
        both.
    confidence, accuracy
        float64, shape (bins,): mean confidence, and share of right answers.
    count
        int, shape (bins,).
    ece
        Expected calibration error: mean distance of the two, weighted by count;
        None without cells.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray
    ece: float | None

    def __len__(self) -> int:
        """Return the number of bins."""
        return int(self.count.size)

    def interval(self, index: int) -> Interval:
        """Return Wilson's interval of the accuracy of a bin."""
        number = int(self.count[index])
        return wilson(round(float(self.accuracy[index]) * number), number)


def calibrate(
    confidence: np.ndarray, right: np.ndarray, bins: int = BINS
) -> Calibration:
    """Compare confidence with accuracy.

    The expected calibration error of Guo, Pleiss, Sun and Weinberger (2017), "On
    calibration of modern neural networks", ICML, but with bins of equal mass: a
    good classifier is nearly always nearly sure, and bins of equal width would hold
    a handful of cells each. Cells of one confidence are never parted, so that the
    result does not depend on their order; bins may be fewer than asked for, and of
    different size.

    Parameters
    ----------
    confidence
        Probability of the class that was named, 0..1, shape (n,).
    right
        bool, shape (n,): whether it was the true one.
    bins
        How many at most.

    Returns
    -------
    Calibration
        Without bins where there are no cells.

    Raises
    ------
    CellsetsError
        If the arrays are not of one length, or there is to be no bin.
    """
    sure = np.asarray(confidence, np.float64)
    good = np.asarray(right, np.float64)
    if sure.shape != good.shape or sure.ndim != 1 or bins < 1:
        raise CellsetsError(
            f"two rows of equal length and one bin at least were expected, found"
            f" {sure.shape}, {good.shape} and {bins} bins"
        )
    if not sure.size:
        nothing = np.zeros(0)
        return Calibration(nothing, nothing, nothing, np.zeros(0, np.intp), None)
    ordered = np.sort(sure)
    starts = ordered[np.arange(bins) * sure.size // bins]
    starts = np.unique(starts)
    place = np.searchsorted(starts, sure, side="right") - 1
    count = np.bincount(place, minlength=starts.size)
    mean = np.bincount(place, sure, starts.size) / count
    accuracy = np.bincount(place, good, starts.size) / count
    ece = float((count * np.abs(accuracy - mean)).sum() / sure.size)
    edges = np.append(starts, ordered[-1])
    return Calibration(edges, mean, accuracy, count, ece)
