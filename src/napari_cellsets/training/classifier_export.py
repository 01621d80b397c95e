"""Export a trained classifier: calibration, ONNX file, figures, card."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_cellsets.classify.job import cell_pixels
from napari_cellsets.classify.report import compare
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.inference.classifier import read_classifier_info
from napari_cellsets.inference.metadata import CLASSIFIER_PREFIX, model_hash
from napari_cellsets.inference.scoring import score_cells
from napari_cellsets.training import runs
from napari_cellsets.training.card import write_card
from napari_cellsets.training.cellnet import middle_of
from napari_cellsets.training.export_cells import (
    Familiar,
    NamedCells,
    calibrated_temperature,
    export_classifier,
    mean_features,
)
from napari_cellsets.training.request import TrainingResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.training.cell_batches import Cells
    from napari_cellsets.training.cell_sets import CellSet
    from napari_cellsets.training.loop import Loop
    from napari_cellsets.training.request import TrainingRequest
    from napari_cellsets.training.splits import Split

#: Cells that the distance from everything learnt is measured from; and those that
#: the figures at the end are measured on, at most.
REMEMBERED, MEASURED = 4000, 5000
#: Cells that go through the network between two looks at a cancelled token.
AT_ONCE = 16
#: Of held-out cells, this share and this many standard deviations lie within the
#: limit of what is known, whichever is farther: few cells say little of the tail.
WITHIN, SPREADS = 0.995, 4.0
#: Fewer held-out cells than this leave the confidence as it is.
CALIBRATED_FROM = 50


@dataclass(frozen=True)
class Plan:
    """A run that is ready to begin.

    Parameters
    ----------
    request, dataset, found, split
        What was asked, and what was found and dealt.
    start
        File to begin with; None from scratch.
    info
        How the network wants its cells.
    side
        Side of the middle that it looks at, px.
    name, folder
        Of the model and of the run.
    given
        Classes that people gave in place of the published ones, by sample.
    """

    request: TrainingRequest
    dataset: Dataset
    found: CellSet
    split: Split
    start: Path | None
    info: ClassifierInfo
    side: int
    name: str
    folder: Path
    given: Mapping[str, str]


@dataclass(frozen=True)
class Naming:
    """A network that is calibrated and knows what is strange to it.

    Parameters
    ----------
    network
        Ready for export.
    limit
        Distance beyond which a cell is not known; None where nothing was held out.
    """

    network: NamedCells
    limit: float | None

    @classmethod
    def learnt(
        cls,
        network: Any,
        learnt: Cells,
        held: Cells,
        side: int,
        token: CancelToken | None = None,
        progress: Progress = lambda fraction, text: None,
    ) -> Naming:
        """Measure features, temperature and distances.

        Parameters
        ----------
        network
            With norms folded.
        learnt, held
            Cells it was trained on, and held-out ones.
        side
            Side of the middle that it looks at, px.
        token
            Cancels within a few cells.
        progress
            Told how many cells were looked at: a deep network takes minutes.
        """
        step = max(1, -(-len(learnt) // REMEMBERED))
        some = learnt.part(np.arange(0, len(learnt), step))
        total = len(some) + len(held)

        def tell(done: int) -> None:
            progress(1.0, f"Looking once more at cell {done + 1:,} of {total:,}")

        features = _features(network, some, side, token, tell)
        familiar = Familiar.learnt(features, some.labels, len(learnt.classes))
        if not len(held):
            return cls(NamedCells(network, side, 1.0, familiar), None)
        with torch.no_grad():
            seen = torch.from_numpy(
                _features(
                    network, held, side, token, lambda done: tell(len(some) + done)
                )
            )
            logits = network.head(seen).numpy()
        temperature = 1.0
        if len(held) >= CALIBRATED_FROM:
            temperature = calibrated_temperature(logits, held.labels)
        place = seen.numpy() @ familiar.whiten
        apart = ((place[:, None] - familiar.means[None]) ** 2).sum(axis=2)
        far = np.sqrt(apart.min(axis=1))
        limit = max(
            float(np.quantile(far, WITHIN)), float(far.mean() + SPREADS * far.std())
        )
        return cls(NamedCells(network, side, temperature, familiar), limit)


def finish(
    plan: Plan, loop: Loop, naming: Naming, progress: Progress, *, stopped: bool
) -> TrainingResult:
    """Write the model and its card; measure it on held-out cells."""
    path = plan.folder / f"{CLASSIFIER_PREFIX}{runs.slug_of(plan.name)}.onnx"
    metadata = _metadata(plan, loop, naming)
    size = plan.info.size or plan.side
    export_classifier(naming.network, size, path, metadata)
    metrics = _metrics(plan, path, progress)
    if metrics:
        metadata["metrics"] = metrics["after"]
        export_classifier(naming.network, size, path, metadata)
    report = _report(plan, loop, naming, path, metadata, metrics, stopped=stopped)
    card = path.with_suffix(".md")
    write_card(card, report)
    if not stopped:
        runs.write_json(plan.folder / runs.REPORT, report)
    return TrainingResult(path, card, metrics.get("after", {}), stopped, report)


def measure_classifier(
    plan: Plan, path: Path, samples: list[Sample], progress: Progress
) -> dict[str, Any]:
    """Name held-out cells as everybody does and compare with their classes."""
    info = read_classifier_info(path)

    def pictures() -> Iterator[NDArray[Any]]:
        for number, sample in enumerate(samples):
            if number % 50 == 0:
                told = f"Measuring cell {number + 1:,} of {len(samples):,}"
                progress(1.0, told)
            yield cell_pixels(plan.dataset.read_picture(sample))

    scores = score_cells(pictures(), info)
    table = ClassTable.of([sample.name for sample in samples], scores, info)
    report = compare(table, [sample.facts["class"] for sample in samples])
    recalls = {one.name: one.recall for one in report.classes if one.support}
    worst = min(recalls, key=lambda name: recalls[name] or 0.0)
    low, high = report.accuracy_interval
    return {
        "cells": report.judged,
        "accuracy": _short(report.accuracy),
        "accuracy, 95 % interval": f"{low:.4f} to {high:.4f}",
        "mean recall": _short(float(np.mean([r or 0.0 for r in recalls.values()]))),
        "worst recall": _short(recalls[worst]),
        "worst class": worst,
        "calibration error": _short(report.calibration.ece),
        "not known": report.unknown,
    }


def _metrics(plan: Plan, path: Path, progress: Progress) -> dict[str, dict[str, Any]]:
    wanted = set(plan.split.test)
    samples = [sample for sample in plan.found.samples if sample.name in wanted]
    samples = samples[:: max(1, -(-len(samples) // MEASURED))]
    if not samples:
        return {}
    models = {"after": path}
    if plan.start is not None and plan.info.classes == plan.found.cells.classes:
        models = {"before": plan.start, **models}
    return {
        name: measure_classifier(plan, model, samples, progress)
        for name, model in models.items()
    }


def _features(
    network: Any,
    cells: Cells,
    side: int,
    token: CancelToken | None,
    tell: Callable[[int], None],
) -> NDArray[np.float32]:
    """Features (n, d) in float32; tells how many cells are done."""
    parts = []
    for start in range(0, len(cells), AT_ONCE):
        if token is not None:
            token.raise_if_cancelled()
        tell(start)
        pictures = np.ascontiguousarray(cells.pictures[start : start + AT_ONCE])
        blob = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            seen = mean_features(network.eval(), middle_of(blob, side))
        parts.append(seen.numpy())
    return np.concatenate(parts)


def source_of_plan(plan: Plan) -> dict[str, Any]:
    """Say what is learnt from, and how many of its classes people gave."""
    there = {sample.name for sample in plan.found.samples}
    given = len(plan.given.keys() & there)
    return runs.source_of(plan.dataset, plan.split, corrected=bool(given), given=given)


def _metadata(plan: Plan, loop: Loop, naming: Naming) -> dict[str, Any]:
    recipe, classes = plan.dataset.recipe, plan.found.cells.classes
    earlier = plan.info.training_data if plan.start else []
    known = [recipe.licence, plan.info.licence if plan.start else ""]
    titles = {
        name: title for name, title in recipe.class_titles.items() if name in classes
    }
    return {
        "name": plan.name,
        "version": "1",
        "architecture": plan.request.network,
        "cell_share": plan.info.cell_share,
        "distance_limit": None if naming.limit is None else round(naming.limit, 4),
        "classes": list(classes),
        "class_titles": titles,
        "unknown": "not a cell I know",
        "licence": "; ".join(dict.fromkeys(t for t in known if t)) or "not stated",
        "training_data": [
            source_of_plan(plan),
            *(earlier if isinstance(earlier, list) else [earlier] if earlier else []),
        ],
        "seed": plan.request.seed,
        "steps": loop.best_step,
        "began_with": model_hash(plan.start) if plan.start else "random weights",
        "metrics": {},
    }


def _report(
    plan: Plan,
    loop: Loop,
    naming: Naming,
    path: Path,
    metadata: dict[str, Any],
    metrics: dict[str, dict[str, Any]],
    *,
    stopped: bool,
) -> dict[str, Any]:
    return {
        "name": plan.name,
        "file": path.name,
        "version": metadata["version"],
        "hash": model_hash(path),
        "about": "Names single cells; trained with napari-cellsets.",
        "facts": _facts(plan, naming, metadata),
        "learnt_from": metadata["training_data"][0],
        "began_with": _began(plan),
        "split": list(plan.split.told),
        "metrics": metrics,
        "run": {
            "steps": loop.step,
            "best at step": loop.best_step,
            "minutes": round(loop.elapsed / 60, 2),
            "seed": plan.request.seed,
            "device": str(loop.device),
            "stopped by the person": "yes" if stopped else "no",
        },
        "notes": [
            *([] if plan.split.test else ["No figures: nothing could be held out."]),
            *(f"Left out: {problem}" for problem in plan.found.problems[:5]),
        ],
    }


def _facts(plan: Plan, naming: Naming, metadata: dict[str, Any]) -> dict[str, Any]:
    size, limit = plan.info.size, metadata["distance_limit"]
    return {
        "network": plan.request.network,
        "input": f"`cells`, float32 (n, 3, {size}, {size}), RGB by white",
        "normalisation": json.dumps({"kind": "divide", "value": 255}),
        "output": "`logits` (calibrated) and `distance`",
        "classes": metadata["classes"],
        "temperature": round(naming.network.temperature, 3),
        "not known beyond distance": "never" if limit is None else limit,
        "licence": metadata["licence"],
    }


def _began(plan: Plan) -> dict[str, Any]:
    if plan.start is None:
        return {"weights": "random"}
    return {
        "model": plan.info.name or plan.start.stem,
        "licence": plan.info.licence,
        "SHA-256": model_hash(plan.start),
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
