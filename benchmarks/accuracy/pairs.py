"""Published pictures with truth, and what is reported about each."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.counting import Evaluation, evaluate, summarise
from napari_cellsets.training.sources import Pair, fnc_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROJECT = Path(__file__).resolve().parents[2]
#: IoU above which an object counts as found, for average precision.
LEVELS = tuple(np.round(np.arange(0.5, 0.951, 0.05), 2))


@dataclass(frozen=True)
class Compared:
    """A picture compared with its truth.

    `levels` holds, for each of `LEVELS`, what is right and what is extra or missed.
    """

    found: Evaluation
    levels: np.ndarray


def shared_root() -> Path:
    """Folder that holds `samples/`."""
    root = Path(os.environ.get("CELLSETS_SHARED", PROJECT.parent / "shared"))
    if not (root / "samples").is_dir():
        raise SystemExit("set CELLSETS_SHARED to the folder that holds samples/")
    return root


def real_pairs() -> list[Pair]:
    """Four published pictures of Fluorescent Neuronal Cells with their masks."""
    return fnc_pairs(shared_root())


def compare(labels: np.ndarray, pair: Pair) -> Compared:
    """Labels against the pair's mask: 40 px, IoU 0.5 to 0.95, published rule."""
    truth = pair.load()[1]
    return Compared(evaluate(labels, truth), matches_by_level(labels, truth))


def matches_by_level(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Objects that are right, and those extra or missed, at each of `LEVELS`."""
    found = [evaluate(labels, truth, iou=level).by_iou for level in LEVELS]
    return np.array(
        [
            (one.true_positives, one.false_positives + one.false_negatives)
            for one in found
        ]
    )


def average_precision(levels: Iterable[np.ndarray]) -> list[float]:
    """TP / (TP + FP + FN) at each of `LEVELS`, pooled over pictures.

    As the Data Science Bowl and StarDist define it.
    """
    right, wrong = np.sum(list(levels), axis=0).T
    return [round(float(value), 4) for value in right / np.maximum(1, right + wrong)]


def report(compared: Mapping[str, Compared]) -> dict[str, Any]:
    """Figures of every picture, and pooled over yellow, red and all."""
    rows = {name: _row(one.found) for name, one in compared.items()}
    pooled = {}
    for group in ("yellow", "red", ""):
        chosen = [e for name, e in compared.items() if name.startswith(group)]
        if chosen:
            pooled[group or "all"] = _summary(chosen)
    return {"pictures": rows, "pooled": pooled}


def _row(found: Evaluation) -> dict[str, Any]:
    return {
        "truth": found.truth_count,
        "predicted": found.predicted_count,
        "precision": round(found.precision, 4),
        "recall": round(found.recall, 4),
        "f1_40px": round(found.f1, 4),
        "f1_iou50": round(found.by_iou.f1, 4),
        "f1_published_rule": round(found.published.f1, 4),
        "f1_by_chance_40px": round(found.chance_f1, 4),
    }


def _summary(compared: list[Compared]) -> dict[str, Any]:
    found = summarise([one.found for one in compared])
    precision = average_precision(one.levels for one in compared)
    return {
        "images": found.images,
        "precision": _rounded(found.precision),
        "recall": _rounded(found.recall),
        "f1_40px": _rounded(found.f1),
        "f1_iou50": _rounded(found.f1_by_iou),
        "f1_published_rule": _rounded(found.published_f1),
        "ap_50": precision[0],
        "ap_50_95": round(float(np.mean(precision)), 4),
        "count_mae": _rounded(found.mae),
        "count_medae": _rounded(found.medae),
        "count_mpe": _rounded(found.mpe),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
