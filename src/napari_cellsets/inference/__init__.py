"""ONNX models: what they want, how they run, how they stop.

Metadata, sessions and providers, whole frames, strips and tiles, cancel inside
one call. Called by `counting` and everything above; calls only `core` and
onnxruntime. Shipped models lie in `models/`, each with its card.
"""

from __future__ import annotations

from napari_cellsets.inference.engine import predict
from napari_cellsets.inference.metadata import (
    DivideBy,
    ModelInfo,
    PercentileStretch,
    default_model,
    model_hash,
    read_model_info,
    shipped_models,
)
from napari_cellsets.inference.sessions import release_sessions

__all__ = [
    "DivideBy",
    "ModelInfo",
    "PercentileStretch",
    "default_model",
    "model_hash",
    "predict",
    "read_model_info",
    "release_sessions",
    "shipped_models",
]
