"""Single cells named: tables of classes, crops of objects, comparison with truth.

Functions from arrays to arrays. Called by `batch` and everything above; calls
`inference` and `core`.
"""

from __future__ import annotations

from napari_cellsets.classify.calibration import Calibration, calibrate
from napari_cellsets.classify.crops import Crops, crop_objects
from napari_cellsets.classify.intervals import wilson
from napari_cellsets.classify.job import ClassifyRequest, classify
from napari_cellsets.classify.order import by_disagreement, by_doubt, by_name
from napari_cellsets.classify.report import ClassReport, ClassScore, compare
from napari_cellsets.classify.table import ClassTable

__all__ = [
    "Calibration",
    "ClassReport",
    "ClassScore",
    "ClassTable",
    "ClassifyRequest",
    "Crops",
    "by_disagreement",
    "by_doubt",
    "by_name",
    "calibrate",
    "classify",
    "compare",
    "crop_objects",
    "wilson",
]
