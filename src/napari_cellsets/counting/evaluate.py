"""Predicted objects against true ones, one to one, with the rule stated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.matching import (
    match_by_distance,
    match_greedily,
    most_matches,
)
from napari_cellsets.counting.measure import measure, planes_of
from napari_cellsets.counting.runs import joint_runs

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.counting.measure import ObjectTable

PUBLISHED_RADIUS_PX = 50.0
PUBLISHED_RULE = (
    f"bounding-box centres closer than {PUBLISHED_RADIUS_PX:g} px,"
    " greedy in raster order"
)
CHANCE_FIELDS = 20
CHANCE_POINTS = 300


@dataclass(frozen=True, slots=True)
class Matches:
    """Which predicted object was matched with which true one, under one rule.

    Parameters
    ----------
    rule
        The rule in words, with its radius or its IoU.
    predicted, truth
        Number of objects on either side.
    matched
        int64, shape (k, 2): predicted and true label of each pair.
    """

    rule: str
    predicted: int
    truth: int
    matched: np.ndarray

    @property
    def true_positives(self) -> int:
        """Pairs."""
        return len(self.matched)

    @property
    def false_positives(self) -> int:
        """Predicted objects without a partner."""
        return self.predicted - len(self.matched)

    @property
    def false_negatives(self) -> int:
        """True objects without a partner."""
        return self.truth - len(self.matched)

    @property
    def precision(self) -> float:
        """Share of predictions with a partner; see `score` for empty images."""
        return score(self.true_positives, self.predicted, self.truth)[0]

    @property
    def recall(self) -> float:
        """Share of true objects with a partner; see `score` for empty images."""
        return score(self.true_positives, self.predicted, self.truth)[1]

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; see `score` for empty images."""
        return score(self.true_positives, self.predicted, self.truth)[2]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One image: predicted against true objects.

    `precision`, `recall`, `f1`, `matched`, `missed`, `extra` are those by centres;
    `by_iou` and `published` hold the same for the other rules.

    Parameters
    ----------
    by_centres
        Centroids within `radius_px`, as many pairs as possible, then the nearest.
    by_iou
        Overlap over union above `iou`.
    published
        Rule of the code published with Fluorescent Neuronal Cells: centres of
        bounding boxes closer than 50 px, predictions in raster order each taking the
        nearest true object left. For comparison with published figures only.
    chance_f1
        F1 that as many random points would reach by centres on a field of this size.
    radius_px, iou
        As asked for.
    missed, extra
        True labels without a partner, and predicted ones, by centres.
    """

    by_centres: Matches
    by_iou: Matches
    published: Matches
    chance_f1: float
    radius_px: float
    iou: float
    missed: np.ndarray
    extra: np.ndarray

    @property
    def predicted_count(self) -> int:
        """Number of predicted objects."""
        return self.by_centres.predicted

    @property
    def truth_count(self) -> int:
        """Number of true objects."""
        return self.by_centres.truth

    @property
    def count_error(self) -> int:
        """Predicted minus true number; it hides misses that extras make up for."""
        return self.predicted_count - self.truth_count

    @property
    def matched(self) -> np.ndarray:
        """int64, shape (k, 2): predicted and true label of each pair, by centres."""
        return self.by_centres.matched

    @property
    def true_positives(self) -> int:
        """Pairs by centres."""
        return self.by_centres.true_positives

    @property
    def false_positives(self) -> int:
        """Predicted objects without a partner by centres."""
        return self.by_centres.false_positives

    @property
    def false_negatives(self) -> int:
        """True objects without a partner by centres."""
        return self.by_centres.false_negatives

    @property
    def precision(self) -> float:
        """Share of predictions with a partner, by centres."""
        return self.by_centres.precision

    @property
    def recall(self) -> float:
        """Share of true objects with a partner, by centres."""
        return self.by_centres.recall

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, by centres."""
        return self.by_centres.f1


def score(matched: int, predicted: int, truth: int) -> tuple[float, float, float]:
    """Return precision, recall and F1.

    Where neither side has an object all three are 1: nothing was to be found and
    nothing was. Where one side is empty, what would be 0 / 0 is 0.

    Parameters
    ----------
    matched, predicted, truth
        Numbers of pairs, of predicted and of true objects.
    """
    if predicted == 0 and truth == 0:
        return 1.0, 1.0, 1.0
    precision = matched / predicted if predicted else 0.0
    recall = matched / truth if truth else 0.0
    return precision, recall, 2 * matched / (predicted + truth)


def evaluate(
    predicted: np.ndarray,
    truth: np.ndarray,
    *,
    radius_px: float = 40.0,
    iou: float = 0.5,
    token: CancelToken | None = None,
) -> Evaluation:
    """Compare predicted with true objects, one to one.

    By centroids within a radius and by overlap over union; the published rule is
    computed beside them. Wide radii match by chance in dense fields: `chance_f1`
    tells how often. Where both images are empty, precision, recall and F1 are 1.

    Parameters
    ----------
    predicted, truth
        Integer label images of one shape (y, x) or (z, y, x). In a stack, objects are
        matched plane by plane.
    radius_px
        Greatest distance between matched centroids, px.
    iou
        Overlap over union that a match must exceed; 0.5 or more, which makes
        matches unique.
    token
        Cancels between steps.

    Returns
    -------
    Evaluation
        Matches under the three rules, labels missed and extra, chance level.

    Raises
    ------
    CellsetsError
        If the shapes differ, or radius or IoU have no meaning.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_cellsets.counting import evaluate
    >>> truth = np.zeros((200, 200), int)
    >>> truth[10:30, 10:30], truth[150:170, 150:170] = 1, 2
    >>> found = evaluate(np.where(truth == 1, 5, 0), truth)
    >>> found.precision, found.recall, found.missed.tolist()
    (1.0, 0.5, [2])
    """
    _check(predicted, truth, radius_px, iou)
    ours, theirs = measure(predicted, token=token), measure(truth, token=token)
    p, t = ours.columns["label"], theirs.columns["label"]
    apart = predicted.shape[-2] + 4 * max(radius_px, PUBLISHED_RADIUS_PX)
    near = match_by_distance(
        _centroids(ours, apart), _centroids(theirs, apart), radius_px
    )
    greedy = _match_as_published(ours, theirs, apart)
    overlap = _match_by_iou(predicted, truth, ours, theirs, iou, token)

    def matches(rule: str, pairs: np.ndarray) -> Matches:
        labels = np.stack([p[pairs[:, 0]], t[pairs[:, 1]]], axis=1)
        return Matches(rule, p.size, t.size, labels)

    planes = predicted.shape[0] if predicted.ndim == 3 else 1
    return Evaluation(
        by_centres=matches(f"centroids within {radius_px:g} px, one to one", near),
        by_iou=matches(f"IoU above {iou:g}, one to one", overlap),
        published=matches(PUBLISHED_RULE, greedy),
        chance_f1=chance_f1(
            round(p.size / planes),
            round(t.size / planes),
            predicted.shape[-2:],
            radius_px,
        ),
        radius_px=radius_px,
        iou=iou,
        missed=np.delete(t, near[:, 1]),
        extra=np.delete(p, near[:, 0]),
    )


@lru_cache(maxsize=512)
def chance_f1(
    predicted: int, truth: int, shape: tuple[int, int], radius_px: float
) -> float:
    """Return the mean F1 of random points against random points.

    Simulated on 20 fields with fixed seeds. Crowded fields are simulated on a
    smaller one of the same density.

    Parameters
    ----------
    predicted, truth
        Numbers of points.
    shape
        Height and width of the field in px.
    radius_px
        Greatest distance of a pair.
    """
    if not predicted or not truth:
        return score(0, predicted, truth)[2]
    share = min(1.0, CHANCE_POINTS / max(predicted, truth))
    field = np.asarray(shape, np.float64) * np.sqrt(share)
    n, m = max(1, round(predicted * share)), max(1, round(truth * share))
    rng = np.random.default_rng(0)
    found = [
        most_matches(rng.random((n, 2)) * field, rng.random((m, 2)) * field, radius_px)
        for _ in range(CHANCE_FIELDS)
    ]
    return float(2 * np.mean(found) / (n + m))


def _check(
    predicted: np.ndarray, truth: np.ndarray, radius_px: float, iou: float
) -> None:
    if predicted.shape != truth.shape:
        raise CellsetsError(
            f"predicted and true labels should have one size, found {predicted.shape}"
            f" and {truth.shape}",
            advice="Check that the mask belongs to this image.",
        )
    if radius_px <= 0 or not 0.5 <= iou < 1:
        raise CellsetsError(
            f"a radius above 0 and an IoU of 0.5 or more and below 1 were expected,"
            f" found {radius_px} and {iou}",
            advice="Below an IoU of 0.5 matches are not unique.",
        )


def _centroids(table: ObjectTable, apart: float) -> np.ndarray:
    """Centroids (y, x); planes lie so far apart that no pair reaches across."""
    c = table.columns
    y = c["centroid_y"] + apart * c.get("plane", np.zeros(len(table)))
    return np.stack([y, c["centroid_x"]], axis=1)


def _match_as_published(
    ours: ObjectTable, theirs: ObjectTable, apart: float
) -> np.ndarray:
    """Rows of both tables; numbers of edited labels say nothing of their order."""
    boxes = _box_centres(ours, apart)
    c = ours.columns
    plane = c.get("plane", np.zeros(len(ours)))
    raster = np.lexsort((c["bbox_left"], c["bbox_top"], plane))
    pairs = match_greedily(
        boxes[raster], _box_centres(theirs, apart), PUBLISHED_RADIUS_PX
    )
    pairs[:, 0] = raster[pairs[:, 0]]
    return pairs


def _box_centres(table: ObjectTable, apart: float) -> np.ndarray:
    c = table.columns
    y = (c["bbox_top"] + c["bbox_bottom"] - 1) / 2
    y = y + apart * c.get("plane", np.zeros(len(table)))
    return np.stack([y, (c["bbox_left"] + c["bbox_right"] - 1) / 2], axis=1)


def _match_by_iou(
    predicted: np.ndarray,
    truth: np.ndarray,
    ours: ObjectTable,
    theirs: ObjectTable,
    iou: float,
    token: CancelToken | None,
) -> np.ndarray:
    """Rows of both tables whose overlap exceeds the IoU, which makes them unique."""
    pairs = [np.zeros((0, 2), np.int64)]
    both = zip(planes_of(predicted), planes_of(truth), strict=True)
    for z, (a, b) in enumerate(both):
        mine, other = _rows_of_plane(ours, z), _rows_of_plane(theirs, z)
        runs, (p, t) = joint_runs((a, b), token)
        i = np.searchsorted(ours.columns["label"][mine], p)
        j = np.searchsorted(theirs.columns["label"][other], t)
        keys, where = np.unique(i * (other.size + 1) + j, return_inverse=True)
        shared = np.bincount(where, weights=runs.length, minlength=keys.size)
        i, j = mine[keys // (other.size + 1)], other[keys % (other.size + 1)]
        union = ours.columns["area_px"][i] + theirs.columns["area_px"][j] - shared
        good = shared > iou * union
        pairs.append(np.stack([i[good], j[good]], axis=1))
    return np.concatenate(pairs)


def _rows_of_plane(table: ObjectTable, z: int) -> np.ndarray:
    plane = table.columns.get("plane")
    return np.arange(len(table)) if plane is None else np.flatnonzero(plane == z)
