"""Prediction beside bare onnxruntime on the same graph; strips; Cancel."""

from __future__ import annotations

import threading
import time

import numpy as np

from benchmarks.ratio import Ratio, best_in_turn, best_of
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.inference import default_model, predict, read_model_info
from napari_cellsets.inference.metadata import BYTES_PER_PIXEL

SHAPE = (1200, 1600)
CANCEL_LIMIT_S = 0.3


def run() -> list[Ratio]:
    import onnxruntime

    model = default_model()
    info = read_model_info(model)
    picture = np.random.default_rng(0).integers(0, 90, (*SHAPE, 3), dtype=np.uint8)
    bare = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    blob = np.ascontiguousarray(picture.transpose(2, 0, 1)[np.newaxis], np.float32)
    blob /= 255

    def ours() -> np.ndarray:
        return predict(picture, info, provider="CPUExecutionProvider")

    whole, reference = best_in_turn(
        ours, lambda: bare.run(None, {info.input: blob}), repeats=5
    )
    budget = SHAPE[0] * SHAPE[1] * BYTES_PER_PIXEL * 2 // 3
    strips = best_of(lambda: predict(picture, info, memory_budget=budget), 2)
    slowest = max(_cancel_latency(picture, whole * k / 8) for k in range(1, 8))
    return [
        Ratio("prediction 1600x1200", whole, "s", "bare onnxruntime, same graph",
              reference, "at most 1.05"),
        Ratio("prediction 1600x1200 in two thirds of the memory", strips, "s",
              "whole frame", whole, "at most 1.5"),
        Ratio("slowest of 7 cancels inside one call", slowest, "s", "limit",
              CANCEL_LIMIT_S, "at most 1"),
    ]  # fmt: skip


def _cancel_latency(picture: np.ndarray, after: float) -> float:
    """Seconds from pressing Cancel until the call is over."""
    token = CancelToken()
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.perf_counter())
        token.cancel()

    timer = threading.Timer(after, press)
    timer.start()
    try:
        predict(picture, default_model(), token=token)
    except CancelledError:
        return time.perf_counter() - pressed[0]
    finally:
        timer.join()
    return 0.0
