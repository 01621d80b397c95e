"""ONNX models: what they want, how they run, how they stop.

Metadata, sessions and providers, whole frames, strips and tiles, cancel inside
one call. Called by `counting` and everything above; calls only `core`,
onnxruntime and, where it is installed, OpenVINO. Shipped models lie in `models/`,
each with its card.
"""

from __future__ import annotations

from napari_cellsets.inference.choice import Choice, choose_for_set, choose_model
from napari_cellsets.inference.classifier import (
    ClassifierInfo,
    default_classifier,
    read_classifier_info,
    shipped_classifiers,
)
from napari_cellsets.inference.engine import predict
from napari_cellsets.inference.engines import (
    ENGINES,
    EngineChoice,
    engine_choice,
    use_engine,
)
from napari_cellsets.inference.metadata import (
    DivideBy,
    ModelInfo,
    PercentileStretch,
    default_model,
    model_hash,
    read_model_info,
    shipped_models,
)
from napari_cellsets.inference.own_models import own_models, own_models_folder
from napari_cellsets.inference.scoring import Scores, prepare_cell, score_cells
from napari_cellsets.inference.sessions import (
    engine_of,
    models_that_ran,
    release_sessions,
)
from napari_cellsets.inference.trust import IntervalRule, TrustRule

__all__ = [
    "ENGINES",
    "Choice",
    "ClassifierInfo",
    "DivideBy",
    "EngineChoice",
    "IntervalRule",
    "ModelInfo",
    "PercentileStretch",
    "Scores",
    "TrustRule",
    "choose_for_set",
    "choose_model",
    "default_classifier",
    "default_model",
    "engine_choice",
    "engine_of",
    "model_hash",
    "models_that_ran",
    "own_models",
    "own_models_folder",
    "predict",
    "prepare_cell",
    "read_classifier_info",
    "read_model_info",
    "release_sessions",
    "score_cells",
    "shipped_classifiers",
    "shipped_models",
    "use_engine",
]
