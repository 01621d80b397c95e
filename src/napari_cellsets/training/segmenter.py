"""Train a segmenter on a catalogued set or on corrected labels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from napari_cellsets.catalogue import Dataset, open_dataset
from napari_cellsets.core.errors import TrainingError
from napari_cellsets.counting import CountSettings
from napari_cellsets.inference import (
    DivideBy,
    ModelInfo,
    default_model,
    model_hash,
    read_model_info,
)
from napari_cellsets.store import Project
from napari_cellsets.training import held_out, runs
from napari_cellsets.training.card import write_card
from napari_cellsets.training.cresunet import CResUnet
from napari_cellsets.training.data import Batch, Mixture, make_batch
from napari_cellsets.training.devices import keep_norms
from napari_cellsets.training.export import export_onnx, fold
from napari_cellsets.training.loop import Loop, Schedule, learn_in_halves
from napari_cellsets.training.pictures import (
    FieldSource,
    Gathered,
    gather,
    pairs_of,
)
from napari_cellsets.training.request import Example, TrainingResult
from napari_cellsets.training.splits import Split, split_samples
from napari_cellsets.training.start import (
    check_same_answer,
    load_layers,
    read_layers,
)
from napari_cellsets.training.train import loss_of

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.training.request import TrainingRequest, Watch

BATCH, CROP = 8, 256
RATE_FROM_SCRATCH, RATE_GOING_ON = 1.5e-3, 5e-4
#: Whole pictures that the figures at the end are measured on, at most.
MEASURED = 60


@dataclass(frozen=True)
class Plan:
    """A run that is ready to begin."""

    request: TrainingRequest
    dataset: Dataset
    source: FieldSource
    gathered: Gathered
    split: Split
    start: Path | None
    info: ModelInfo | None
    name: str
    folder: Path

    @property
    def diameter(self) -> float:
        """Typical diameter of the cells that are learnt from, px."""
        return self.gathered.typical_diameter(self.split.train)


class SegmenterTask:
    """Batches, loss and score of a segmenter.

    Parameters
    ----------
    plan
        The run.
    info
        How the model wants its pixels.
    """

    score_name = "F1, mean of centres and IoU"

    def __init__(self, plan: Plan, info: ModelInfo) -> None:
        split, gathered = plan.split, plan.gathered
        pairs = pairs_of(plan.source, gathered, split.train, info)
        self.mixture = Mixture((pairs,), (1.0,))
        held = pairs_of(plan.source, gathered, split.validation, info)
        self.windows = held_out.windows_of(held) if held else []
        self.diameter = plan.diameter
        self.seed, self.folded = plan.request.seed, plan.start is not None
        areas = np.concatenate([gathered.areas[name] for name in split.train])
        self.settings = held_out.first_settings(self.diameter, areas)

    def batch(self, step: int) -> Batch:
        """Make the batch of a step."""
        return make_batch(self.mixture, self.seed, step, size=BATCH, crop=CROP)

    def prepare(self, network: nn.Module) -> None:
        """Leave the norms of a folded network as they are."""
        if self.folded:
            keep_norms(network)

    def loss(
        self, network: nn.Module, batch: Batch, device: torch.device
    ) -> torch.Tensor:
        """Weighted cross-entropy and Dice."""
        image, target, weight = (
            torch.from_numpy(array).to(device)
            for array in (batch.image, batch.target, batch.weight)
        )
        image = image.to(memory_format=torch.channels_last)
        logits = learn_in_halves(device, lambda: network(image))
        return loss_of(logits, target, weight)

    def check(self, network: nn.Module) -> tuple[float | None, list[Example]]:
        """Score windows of held-out pictures at their best threshold."""
        if not self.windows:
            return None, []
        maps = held_out.maps_of(network, self.windows)
        radius = held_out.radius_for(self.diameter)
        chosen, score = held_out.best_threshold(
            maps, self.windows, self.settings, radius
        )
        shown = zip(self.windows, maps, strict=True)
        examples = [
            held_out.example_of(window, probability, chosen)
            for (window, probability), _ in zip(
                shown, range(held_out.EXAMPLES), strict=False
            )
        ]
        return score, examples


def train_segmenter(
    request: TrainingRequest, token: CancelToken, progress: Progress, watch: Watch
) -> TrainingResult:
    """Train, export and measure; see `api.train`."""
    plan = make_plan(request, token, progress)
    info = plan.info or _plain_info()
    network = _network(plan)
    task = SegmenterTask(plan, info)
    scratch = plan.start is None
    schedule = Schedule(
        steps=request.steps,
        minutes=request.limit_minutes,
        rate=RATE_FROM_SCRATCH if scratch else RATE_GOING_ON,
        average=0.995 if scratch else 0.98,
        seed=request.seed,
    )
    identity = _identity(plan)
    runs.begin(plan.folder, identity, plan.split)
    loop = Loop(plan.folder, network, task, schedule, identity)
    stopped = loop.run(token, progress, watch)
    progress(1.0, "Choosing settings and exporting")
    return _finish(plan, info, loop, task, stopped=stopped, progress=progress)


def make_plan(request: TrainingRequest, token: CancelToken, progress: Progress) -> Plan:
    """Open the set, look at its pictures, deal them, find the folder."""
    dataset = open_dataset(request.dataset, row=request.row)
    project = Project.open(request.project) if request.corrected else None
    source = FieldSource(dataset, project, request.channel)
    candidates = source.candidates(request.samples)
    gathered = gather(source, candidates, token, progress)
    split = split_samples(gathered.samples, gathered.prints, seed=request.seed)
    start = _start_of(request, source, gathered)
    info = None if start is None else read_model_info(start)
    name = runs.name_of(request, dataset)
    identity = runs.identity_of(request, dataset, split, source.revisions)
    folder = runs.folder_of(request, name, identity)
    return Plan(request, dataset, source, gathered, split, start, info, name, folder)


def _identity(plan: Plan) -> dict[str, Any]:
    return runs.identity_of(
        plan.request, plan.dataset, plan.split, plan.source.revisions
    )


def _start_of(
    request: TrainingRequest, source: FieldSource, gathered: Gathered
) -> Path | None:
    """File to begin with; None from scratch."""
    if request.start == "scratch":
        return None
    if request.start == "shipped":
        return default_model()
    return Path(request.start)


def _plain_info() -> ModelInfo:
    """How a network from scratch wants its pixels: divided by white."""
    return ModelInfo(
        path=Path("scratch"),
        input="image",
        output="probability",
        layout="nchw",
        channels=3,
        channel_order="rgb",
        normalisation=DivideBy(),
        output_kind="probability",
        multiple_of=8,
    )


def _network(plan: Plan) -> CResUnet:
    """Network with the weights to begin with."""
    if plan.start is None:
        torch.manual_seed(plan.request.seed)
        return CResUnet()
    return segmenter_from_onnx(plan.start)


def segmenter_from_onnx(path: Path) -> CResUnet:
    """Folded c-ResUnet with the weights of an exported file.

    Raises
    ------
    TrainingError
        If the file holds another network, or answers differently.
    """
    layers = read_layers(path)
    shapes = [weights[0].shape for kind, weights in layers if kind == "Conv"]
    if len(shapes) < 2 or len(shapes[1]) != 4:
        raise TrainingError(
            "this model is not of the form that can be trained on",
            path=path,
            advice="Begin with the shipped model or with --from scratch.",
        )
    network = fold(CResUnet(int(shapes[1][0])))
    load_layers(network, layers, torch.zeros(1, 3, 32, 32), path)
    image = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    info = read_model_info(path)
    logit = info.output_kind == "logit"
    answer = network if logit else nn.Sequential(network, nn.Sigmoid())
    check_same_answer(answer, path, image, info.output)
    return network


def _finish(
    plan: Plan,
    info: ModelInfo,
    loop: Loop,
    task: SegmenterTask,
    *,
    stopped: bool,
    progress: Progress,
) -> TrainingResult:
    best = loop.best_network()
    settings, chosen_on = _settings(plan, task, best)
    path = plan.folder / f"{runs.slug_of(plan.name)}.onnx"
    metadata = _metadata(plan, info, settings, loop)
    export_onnx(best, path, metadata)
    metrics = _metrics(plan, path, progress)
    if metrics:
        metadata["metrics"] = metrics["after"]
        export_onnx(best, path, metadata)
    report = _report(plan, loop, path, metadata, metrics, chosen_on, stopped=stopped)
    card = path.with_suffix(".md")
    write_card(card, report)
    if not stopped:
        runs.write_json(plan.folder / runs.REPORT, report)
    return TrainingResult(path, card, metrics.get("after", {}), stopped, report)


def _settings(
    plan: Plan, task: SegmenterTask, network: nn.Module
) -> tuple[CountSettings, str]:
    """Settings of counting, and what they were chosen on."""
    if not task.windows:
        return task.settings, "the size of the cells; nothing was held out"
    maps = held_out.maps_of(network, task.windows, fast=False)
    settings = held_out.choose_settings(
        maps, task.windows, task.settings, task.diameter
    )
    return settings, f"{len(task.windows)} held-out pictures"


def _metadata(
    plan: Plan, info: ModelInfo, settings: CountSettings, loop: Loop
) -> dict[str, Any]:
    recipe = plan.dataset.recipe
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
        "min_area": settings.min_area_px,
        "fill_holes": settings.fill_holes_px,
        "split_distance": settings.split_distance_px if settings.split_touching else 0,
        "split_by": settings.split_by,
        "pixel_size_um": recipe.pixel_size_um,
        "classes": list(recipe.classes[:1]),
        "licence": _licence(plan),
        "training_data": [
            runs.source_of(plan.dataset, plan.split, corrected=plan.request.corrected),
            *_earlier(info),
        ],
        "seed": plan.request.seed,
        "steps": loop.best_step,
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
    known = [plan.dataset.recipe.licence, plan.info.licence if plan.info else ""]
    return "; ".join(dict.fromkeys(text for text in known if text)) or "not stated"


def _metrics(plan: Plan, path: Path, progress: Progress) -> dict[str, dict[str, Any]]:
    """Figures of the model, and of the one it began with, on held-out pictures."""
    samples = plan.gathered.only(plan.split.test)[:MEASURED]
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
    loop: Loop,
    path: Path,
    metadata: dict[str, Any],
    metrics: dict[str, dict[str, Any]],
    chosen_on: str,
    *,
    stopped: bool,
) -> dict[str, Any]:
    request = plan.request
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
        "facts": {
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
        },
        "learnt_from": metadata["training_data"][0],
        "began_with": _began(plan),
        "split": list(plan.split.told),
        "metrics": metrics,
        "run": {
            "steps": loop.step,
            "best at step": loop.best_step,
            "minutes": round(loop.elapsed / 60, 2),
            "seed": request.seed,
            "device": str(loop.device),
            "stopped by the person": "yes" if stopped else "no",
        },
        "notes": notes,
    }


def _began(plan: Plan) -> dict[str, Any]:
    if plan.start is None or plan.info is None:
        return {"weights": "random"}
    return {
        "model": plan.info.name or plan.start.stem,
        "version": plan.info.version,
        "licence": plan.info.licence,
        "SHA-256": model_hash(plan.start),
        "learnt from": json.dumps(plan.info.training_data, ensure_ascii=False),
    }
