"""Export a trained segmenter: settings, ONNX file, figures, card."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellsets.inference import DivideBy, ModelInfo, model_hash
from napari_cellsets.training import held_out, runs
from napari_cellsets.training.card import write_card
from napari_cellsets.training.export import export_onnx
from napari_cellsets.training.request import TrainingResult

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import Progress
    from napari_cellsets.counting import CountSettings
    from napari_cellsets.training.cresunet import CResUnet
    from napari_cellsets.training.loop import Loop
    from napari_cellsets.training.pictures import FieldSource, Gathered
    from napari_cellsets.training.request import TrainingRequest
    from napari_cellsets.training.splits import Split

#: Whole pictures that the figures at the end are measured on, at most.
MEASURED = 60
#: The same where a person stopped the run and waits.
MEASURED_IN_HASTE = 8


@dataclass(frozen=True)
class Plan:
    """A run that is ready to begin.

    Parameters
    ----------
    request, dataset, source, gathered, split
        What was asked, and what was found and dealt.
    start
        File to begin with; None from scratch.
    why
        Why it is that file.
    info
        How the model wants its pixels, and what is known of the one begun with.
    name, folder
        Of the model and of the run.
    """

    request: TrainingRequest
    dataset: Dataset
    source: FieldSource
    gathered: Gathered
    split: Split
    start: Path | None
    why: str
    info: ModelInfo
    name: str
    folder: Path

    @property
    def diameter(self) -> float:
        """Typical diameter of the cells that are learnt from, px."""
        return self.gathered.typical_diameter(self.split.train)


@dataclass(frozen=True)
class Learnt:
    """What a run came to.

    Parameters
    ----------
    loop
        The run, over or stopped.
    network
        The best of it.
    settings, chosen_on
        Settings of counting, and what they were chosen on.
    stopped
        Whether the person stopped it.
    """

    loop: Loop
    network: CResUnet
    settings: CountSettings
    chosen_on: str
    stopped: bool


def finish(plan: Plan, learnt: Learnt, progress: Progress) -> TrainingResult:
    """Write the model and its card; measure it on held-out pictures."""
    path = plan.folder / f"{runs.slug_of(plan.name)}.onnx"
    metadata = _metadata(plan, learnt)
    export_onnx(learnt.network, path, metadata)
    most = MEASURED_IN_HASTE if learnt.stopped else MEASURED
    metrics = _metrics(plan, path, progress, most)
    if metrics:
        metadata["metrics"] = metrics["after"]
        export_onnx(learnt.network, path, metadata)
    report = _report(plan, learnt, path, metadata, metrics)
    card = path.with_suffix(".md")
    write_card(card, report)
    if not learnt.stopped:
        runs.write_json(plan.folder / runs.REPORT, report)
    after = metrics.get("after", {})
    return TrainingResult(path, card, after, learnt.stopped, report)


def _metadata(plan: Plan, learnt: Learnt) -> dict[str, Any]:
    recipe, info, settings = plan.dataset.recipe, plan.info, learnt.settings
    rule = info.normalisation or DivideBy()
    return {
        "format": 1,
        "name": plan.name,
        "version": "1",
        "task": "segmentation",
        "layout": "nchw",
        "channels": 3,
        "channel_order": "rgb",
        "normalisation": rule.model_dump(),
        "output_kind": "probability",
        "output_channel": 0,
        "multiple_of": 8,
        "halo": 96,
        "threshold": settings.threshold,
        "least_peak": settings.least_peak,
        "min_area": settings.min_area_px,
        "fill_holes": settings.fill_holes_px,
        "split_distance": settings.split_distance_px if settings.split_touching else 0,
        "split_by": settings.split_by,
        "split_depth": settings.split_depth,
        "split_level": settings.split_level,
        "pixel_size_um": recipe.pixel_size_um,
        "classes": list(recipe.classes[:1]),
        "licence": _licence(plan),
        "training_data": [
            runs.source_of(plan.dataset, plan.split, corrected=plan.request.corrected),
            *_earlier(info),
        ],
        "seed": plan.request.seed,
        "steps": learnt.loop.best_step,
        "began_with": model_hash(plan.start) if plan.start else "random weights",
        "metrics": {},
    }


def _earlier(info: ModelInfo) -> list[Any]:
    """What the model that was begun with had learnt from."""
    told = info.training_data
    if not told:
        return []
    return list(told) if isinstance(told, list) else [told]


def _licence(plan: Plan) -> str:
    """Licences that bear on the weights: of the set, and of what was begun with."""
    known = [plan.dataset.recipe.licence, plan.info.licence]
    return "; ".join(dict.fromkeys(text for text in known if text)) or "not stated"


def _metrics(
    plan: Plan, path: Path, progress: Progress, most: int
) -> dict[str, dict[str, Any]]:
    """Figures of the model, and of the one it began with, on held-out pictures."""
    samples = plan.gathered.only(plan.split.test)
    samples = samples[:: max(1, -(-len(samples) // most))]
    if not samples:
        return {}
    radius = held_out.radius_for(plan.diameter)
    models = {"after": path}
    if plan.start is not None:
        models = {"before": plan.start, **models}
    return {
        name: held_out.measure_model(
            model,
            plan.source,
            samples,
            radius,
            lambda at: progress(1.0, f"Measuring picture {at + 1} of {len(samples)}"),
        )
        for name, model in models.items()
    }


def _report(
    plan: Plan,
    learnt: Learnt,
    path: Path,
    metadata: dict[str, Any],
    metrics: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    notes = [
        f"Cells were about {plan.diameter:.0f} px wide; scale other pictures to that.",
        *([] if plan.split.test else ["No figures: nothing could be held out."]),
        *(f"Left out: {problem}" for problem in plan.gathered.problems[:5]),
    ]
    return {
        "name": plan.name,
        "file": path.name,
        "version": metadata["version"],
        "hash": model_hash(path),
        "about": "Finds cells in fields; trained with napari-cellsets.",
        "facts": _facts(metadata, learnt.chosen_on),
        "learnt_from": metadata["training_data"][0],
        "began_with": _began(plan),
        "split": list(plan.split.told),
        "metrics": metrics,
        "run": {
            "steps": learnt.loop.step,
            "best at step": learnt.loop.best_step,
            "minutes": round(learnt.loop.elapsed / 60, 2),
            "seed": plan.request.seed,
            "device": str(learnt.loop.device),
            "stopped by the person": "yes" if learnt.stopped else "no",
        },
        "notes": notes,
    }


def _began(plan: Plan) -> dict[str, Any]:
    if plan.start is None:
        return {"weights": "random"}
    return {
        "model": plan.info.name or plan.start.stem,
        "why": plan.why,
        "version": plan.info.version,
        "licence": plan.info.licence,
        "SHA-256": model_hash(plan.start),
        "learnt from": json.dumps(plan.info.training_data, ensure_ascii=False),
    }


def _facts(metadata: dict[str, Any], chosen_on: str) -> dict[str, Any]:
    return {
        "network": "c-ResUnet (Morelli et al., Sci Rep 11, 22920, 2021)",
        "input": "`image`, float32 (n, 3, y, x), sides multiples of 8",
        "normalisation": json.dumps(metadata["normalisation"]),
        "output": "`probability`, float32 (n, 1, y, x)",
        "classes": metadata["classes"],
        "threshold": metadata["threshold"],
        "smallest cell": f"{metadata['min_area']} px²",
        "holes filled": f"up to {metadata['fill_holes']} px²",
        "touching cells": f"parted from {metadata['split_distance']} px"
        if metadata["split_distance"]
        else "not parted",
        "settings chosen on": chosen_on,
        "licence": metadata["licence"],
    }
