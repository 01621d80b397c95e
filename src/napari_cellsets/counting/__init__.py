"""Probabilities to labels, measures, confidence, and the comparison with truth.

Pure functions from arrays to arrays; opencv, scipy and scikit-image are loaded
inside them. Called by `batch` and everything above; calls `inference` and `core`.
"""

from __future__ import annotations

from napari_cellsets.counting.confidence import (
    CountInterval,
    confidence,
    count_interval,
    object_features,
)
from napari_cellsets.counting.evaluate import Evaluation, Matches, evaluate
from napari_cellsets.counting.fit_confidence import fit_trust, judge
from napari_cellsets.counting.job import (
    CountRequest,
    CountResult,
    count_from_probability,
    predict_probability,
    segment,
)
from napari_cellsets.counting.labels import labels_from_probability
from napari_cellsets.counting.measure import ObjectTable, count, measure
from napari_cellsets.counting.regions import Region, count_in_regions
from napari_cellsets.counting.settings import ChannelChoice, CountSettings
from napari_cellsets.counting.summary import SetSummary, summarise

__all__ = [
    "ChannelChoice",
    "CountInterval",
    "CountRequest",
    "CountResult",
    "CountSettings",
    "Evaluation",
    "Matches",
    "ObjectTable",
    "Region",
    "SetSummary",
    "confidence",
    "count",
    "count_from_probability",
    "count_in_regions",
    "count_interval",
    "evaluate",
    "fit_trust",
    "judge",
    "labels_from_probability",
    "measure",
    "object_features",
    "predict_probability",
    "segment",
    "summarise",
]
