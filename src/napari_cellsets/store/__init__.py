"""The project on disk: labels as a base and a journal of deltas, results, verdicts.

Ground truth files are never touched; what a person or a model adds lives in one
SQLite file (or any database with a SQLAlchemy URL). This room alone imports
SQLAlchemy, and does so inside functions.
"""

from __future__ import annotations

from napari_cellsets.store.changes import ChangedLabels, ChangedMarks, Changes
from napari_cellsets.store.classes import (
    AddedClass,
    ClassInUseError,
    ClassOf,
    refuse_known,
)
from napari_cellsets.store.delta import LabelDelta
from napari_cellsets.store.fact_history import ObjectsChange
from napari_cellsets.store.history import HISTORY_DAYS, StoredLabels
from napari_cellsets.store.history_list import Before, HistoryPage, LabelChange
from napari_cellsets.store.marks import (
    Mark,
    MarkAct,
    MarkChangedError,
    MarkKey,
    StoredMark,
)
from napari_cellsets.store.object_words import FactChange, LayerFacts, ObjectFacts
from napari_cellsets.store.opened import further_layer
from napari_cellsets.store.predictions import Prediction, PredictionKey
from napari_cellsets.store.project import Project
from napari_cellsets.store.verdicts import VERDICTS, Opinion, Subject, Verdict
from napari_cellsets.store.windows import Window

__all__ = [
    "HISTORY_DAYS",
    "VERDICTS",
    "AddedClass",
    "Before",
    "ChangedLabels",
    "ChangedMarks",
    "Changes",
    "ClassInUseError",
    "ClassOf",
    "FactChange",
    "HistoryPage",
    "LabelChange",
    "LabelDelta",
    "LayerFacts",
    "Mark",
    "MarkAct",
    "MarkChangedError",
    "MarkKey",
    "ObjectFacts",
    "ObjectsChange",
    "Opinion",
    "Prediction",
    "PredictionKey",
    "Project",
    "StoredLabels",
    "StoredMark",
    "Subject",
    "Verdict",
    "Window",
    "further_layer",
    "refuse_known",
]
