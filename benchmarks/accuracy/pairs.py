"""Published pictures with truth, and what is reported about each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets.counting import Evaluation, evaluate, summarise
from napari_cellsets.training.sources import Pair, fnc_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

PROJECT = Path(__file__).resolve().parents[2]


def shared_root() -> Path:
    """Folder that holds `samples/`."""
    root = Path(os.environ.get("CELLSETS_SHARED", PROJECT.parent / "shared"))
    if not (root / "samples").is_dir():
        raise SystemExit("set CELLSETS_SHARED to the folder that holds samples/")
    return root


def real_pairs() -> list[Pair]:
    """Four published pictures of Fluorescent Neuronal Cells with their masks."""
    return fnc_pairs(shared_root())


def compare(labels: np.ndarray, pair: Pair) -> Evaluation:
    """Labels against the pair's mask: 40 px, IoU 0.5, published rule."""
    return evaluate(labels, pair.load()[1])


def report(evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    """Figures of every picture, and pooled over yellow, red and all."""
    rows = {name: _row(found) for name, found in evaluations.items()}
    pooled = {}
    for group in ("yellow", "red", ""):
        chosen = [e for name, e in evaluations.items() if name.startswith(group)]
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


def _summary(evaluations: list[Evaluation]) -> dict[str, Any]:
    found = summarise(evaluations)
    return {
        "images": found.images,
        "precision": _rounded(found.precision),
        "recall": _rounded(found.recall),
        "f1_40px": _rounded(found.f1),
        "f1_iou50": _rounded(found.f1_by_iou),
        "f1_published_rule": _rounded(found.published_f1),
        "count_mae": _rounded(found.mae),
        "count_medae": _rounded(found.medae),
        "count_mpe": _rounded(found.mpe),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
