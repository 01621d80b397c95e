"""How sure each object is, and within which limits the true count should lie.

Seen of an object: the mean of the map inside, its drop across the outline, size,
roundness, and whether the picture's border cuts it. The weights come with the model,
fitted on validation pictures (`counting.fit_confidence`).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from napari_cellsets.counting.measure import ObjectTable, planes_of
from napari_cellsets.counting.runs import strips

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.core.cancel import CancelToken
    from napari_cellsets.inference.trust import IntervalRule, TrustRule

CONFIDENCE: Final = "confidence"
"""Name of the column."""
ACROSS_PX = 3
"""The drop is taken over this distance: about as wide as outlines are unsure."""


@dataclass(frozen=True, slots=True)
class CountInterval:
    """Limits of a true count.

    Parameters
    ----------
    low, high
        Whole numbers, both included; the count itself lies between them.
    level
        Share of pictures whose true count is meant to lie inside such limits.
    """

    low: int
    high: int
    level: float


def object_features(
    labels: np.ndarray,
    probability: np.ndarray,
    columns: Mapping[str, np.ndarray],
    token: CancelToken | None = None,
) -> dict[str, np.ndarray]:
    """Return what the map tells of every object.

    Parameters
    ----------
    labels
        Integer, shape (y, x) or (z, y, x).
    probability
        Floating 0..1, same shape.
    columns
        Of `measure(labels)`.
    token
        Cancels between strips.

    Returns
    -------
    dict of str to ndarray
        float64, one value a row of the table: ``mean`` probability inside; ``edge``,
        the mean drop of probability over 3 px outwards across the outline, also
        towards a neighbour; ``log_area``; ``round``, 1 for a disc and less for
        others; ``border``, 1 where the picture's border cuts the object.
    """
    rows = len(columns["label"])
    sums = {name: np.zeros(rows) for name in ("inside", "drop", "pairs", "cracks")}
    maps = [probability] if labels.ndim == 2 else list(probability)
    for z, plane in enumerate(planes_of(labels)):
        where = columns.get("plane")
        mine = np.arange(rows) if where is None else np.flatnonzero(where == z)
        if mine.size:
            _add_plane(plane, maps[z], columns["label"][mine], mine, sums, token)
    area = np.maximum(columns["area_px"], 1).astype(np.float64)
    height, width = labels.shape[-2:]
    cut = (columns["bbox_top"] == 0) | (columns["bbox_left"] == 0)
    cut |= (columns["bbox_bottom"] == height) | (columns["bbox_right"] == width)
    # a disc of radius r has 8 r sides of pixels around it
    around = np.maximum(sums["cracks"] * (np.pi / 4), 1)
    return {
        "mean": sums["inside"] / area,
        "edge": sums["drop"] / np.maximum(sums["pairs"], 1),
        "log_area": np.log(area),
        "round": np.minimum(4 * np.pi * area / around**2, 1),
        "border": cut.astype(np.float64),
    }


def confidence(features: Mapping[str, np.ndarray], rule: TrustRule) -> np.ndarray:
    """Return how likely each object is right, 0..1.

    Parameters
    ----------
    features
        From `object_features`.
    rule
        Of the model.

    Returns
    -------
    ndarray
        float64, one value an object.
    """
    matrix = weighable(features, rule.log_area)
    total = np.full(len(features["mean"]), rule.bias)
    for name, weight in rule.weights.items():
        total += weight * matrix[name]
    return np.asarray(1 / (1 + np.exp(-np.clip(total, -50, 50))))


def weighable(
    features: Mapping[str, np.ndarray], log_area: float
) -> dict[str, np.ndarray]:
    """Return the features with weights: size as what is too small or too large."""
    off = features["log_area"] - log_area
    return {
        "mean": features["mean"],
        "edge": features["edge"],
        "small": np.maximum(-off, 0),
        "large": np.maximum(off, 0),
        "round": features["round"],
        "border": features["border"],
    }


def expected_count(sure: np.ndarray, rule: IntervalRule) -> tuple[float, float]:
    """Return the true count to be expected, and its spread.

    Parameters
    ----------
    sure
        Confidence of every object.
    rule
        Of the model.

    Returns
    -------
    (float, float)
        Right objects and missed ones together; one standard deviation of false ones
        (each object is right or not), of missed ones (about as many as the right
        ones let expect) and of pictures that differ; never below one half.
    """
    right = float(sure.sum())
    by_chance = float((sure * (1 - sure)).sum()) + rule.missed * right
    spread = np.sqrt(by_chance + (rule.spread * right) ** 2 + 0.25)
    return right * (1 + rule.missed), float(spread)


def count_interval(sure: np.ndarray, rule: IntervalRule) -> CountInterval:
    """Return limits for the true count.

    Parameters
    ----------
    sure
        Confidence of every object.
    rule
        Of the model.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_cellsets.counting import count_interval
    >>> from napari_cellsets.inference import IntervalRule
    >>> rule = IntervalRule(level=0.8, missed=0.1, low=1.2, high=1.4)
    >>> count_interval(np.full(30, 0.9), rule)
    CountInterval(low=26, high=33, level=0.8)
    """
    middle, spread = expected_count(sure, rule)
    low = int(np.ceil(middle - rule.low * spread - 1e-9))
    high = int(np.floor(middle + rule.high * spread + 1e-9))
    return CountInterval(max(0, min(low, sure.size)), max(high, sure.size), rule.level)


@dataclass(frozen=True, slots=True)
class Trust:
    """Confidence by label and limits of the count, as they are kept with the labels.

    Parameters
    ----------
    labels, confidence
        Equally long: number of each object, and how likely it is right, 0..1.
    interval
        None where it says nothing: other settings than the model's, corrections.
    """

    labels: np.ndarray
    confidence: np.ndarray
    interval: CountInterval | None = None

    def column(self, labels: np.ndarray) -> np.ndarray:
        """Return the confidence of labels, not a number for those not found by it."""
        if not self.labels.size:
            return np.full(labels.size, np.nan)
        order = np.argsort(self.labels)
        at = np.searchsorted(self.labels, labels, sorter=order)
        row = order[np.minimum(at, order.size - 1)]
        known = self.labels[row] == labels
        return np.where(known, self.confidence[row], np.nan)

    def into(self, table: ObjectTable) -> ObjectTable:
        """Return the table with ``confidence`` as its last column."""
        column = self.column(table.columns["label"])
        return ObjectTable({**table.columns, CONFIDENCE: column})

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        limits = self.interval
        return {
            "labels": self.labels.tolist(),
            "confidence": np.round(self.confidence, 4).tolist(),
            "interval": None if limits is None else [*astuple(limits)],
        }

    @classmethod
    def from_json(cls, told: object) -> Self | None:
        """Return what `as_json` said; None where it is something else."""
        try:
            said: Any = told
            labels = np.array(said["labels"], np.int64)
            sure = np.array(said["confidence"], np.float64)
            limits = said["interval"]
            if labels.shape != sure.shape or labels.ndim != 1:
                return None
            return cls(
                labels,
                sure,
                None
                if limits is None
                else CountInterval(int(limits[0]), int(limits[1]), float(limits[2])),
            )
        except (KeyError, IndexError, TypeError, ValueError):
            return None


def trust_in(
    labels: np.ndarray,
    probability: np.ndarray,
    columns: Mapping[str, np.ndarray],
    rule: TrustRule | None,
    *,
    whole: bool = True,
    token: CancelToken | None = None,
) -> Trust | None:
    """Return how far the objects of a picture, and their number, can be trusted.

    Parameters
    ----------
    labels, probability
        The objects and the map they were found in, same shape.
    columns
        Of `measure(labels)`.
    rule
        Of the model; None for a model that was not measured, and None back.
    whole
        Whether all of a picture was counted with the model's own settings, for
        which alone the limits of the count were measured.
    token
        Cancels between strips.
    """
    if rule is None or labels.shape != probability.shape:
        return None
    features = object_features(labels, probability, columns, token)
    sure = confidence(features, rule)
    limits = None
    if whole and labels.ndim == 2 and rule.interval is not None:
        limits = count_interval(sure, rule.interval)
    return Trust(columns["label"], sure, limits)


def _add_plane(
    labels: np.ndarray,
    probability: np.ndarray,
    numbers: np.ndarray,
    rows: np.ndarray,
    sums: Mapping[str, np.ndarray],
    token: CancelToken | None,
) -> None:
    height, width = labels.shape
    for part in strips(height, width):
        if token is not None:
            token.raise_if_cancelled()
        _add_inside(labels[part], probability[part], numbers, rows, sums["inside"])
        for axis in (0, 1):
            # pairs that begin in this strip may end in the next one
            for reach, taken in ((ACROSS_PX, "drop"), (1, "cracks")):
                end = min(height, part.stop + reach) if axis == 0 else part.stop
                view = labels[part.start : end]
                values = probability[part.start : end] if taken == "drop" else None
                _add_pairs(view, values, axis, reach, numbers, rows, sums)


def _add_inside(
    labels: np.ndarray,
    probability: np.ndarray,
    numbers: np.ndarray,
    rows: np.ndarray,
    inside: np.ndarray,
) -> None:
    there = np.flatnonzero(labels)
    index = rows[np.searchsorted(numbers, labels.reshape(-1)[there])]
    weights = probability.reshape(-1)[there]
    inside += np.bincount(index, weights=weights, minlength=inside.size)


def _add_pairs(
    labels: np.ndarray,
    probability: np.ndarray | None,
    axis: int,
    reach: int,
    numbers: np.ndarray,
    rows: np.ndarray,
    sums: Mapping[str, np.ndarray],
) -> None:
    """Add pairs of pixels so far apart, of which one lies outside the other's object.

    With a map, its drop outwards and the number of pairs; without, their number alone.
    """
    near = (slice(None, -reach), slice(None))[:: 1 if axis == 0 else -1]
    far = (slice(reach, None), slice(None))[:: 1 if axis == 0 else -1]
    a, b = labels[near], labels[far]
    place = np.nonzero(a != b)
    drop = None
    if probability is not None:
        drop = probability[near][place].astype(np.float64) - probability[far][place]
    for side, sign in ((a, 1), (b, -1)):
        label = side[place]
        seen = label > 0
        index = rows[np.searchsorted(numbers, label[seen])]
        size = sums["drop"].size
        if drop is None:
            sums["cracks"][:] += np.bincount(index, minlength=size)
            continue
        sums["pairs"][:] += np.bincount(index, minlength=size)
        weights = sign * drop[seen]
        sums["drop"][:] += np.bincount(index, weights=weights, minlength=size)
