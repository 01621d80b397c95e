"""Train a segmenter on a catalogued set or on corrected labels."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import TrainingError
from napari_cellsets.counting import CountSettings
from napari_cellsets.inference import (
    DivideBy,
    ModelInfo,
    PercentileStretch,
    read_model_info,
)
from napari_cellsets.inference.choice import choose_for_set
from napari_cellsets.store import Project
from napari_cellsets.training import held_out, nuclei, runs
from napari_cellsets.training.cresunet import CResUnet
from napari_cellsets.training.data import Batch, Mixture, make_batch
from napari_cellsets.training.devices import keep_norms, repeatable
from napari_cellsets.training.loop import Loop, Schedule
from napari_cellsets.training.map_task import MapTask
from napari_cellsets.training.pictures import (
    FieldSource,
    Gathered,
    StretchedPairs,
    gather,
    pairs_of,
)
from napari_cellsets.training.segmenter_export import Learnt, Plan, finish
from napari_cellsets.training.splits import Split, split_samples
from napari_cellsets.training.start import (
    check_same_answer,
    load_layers,
    read_layers,
)
from napari_cellsets.training.stopping import leaving

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.training.request import (
        Example,
        TrainingRequest,
        TrainingResult,
        Watch,
    )

BATCH, CROP = 8, 256
RATE_FROM_SCRATCH, RATE_GOING_ON = 1.5e-3, 5e-4
#: Pictures that are looked at to choose what to begin with.
LOOKED_AT = 5


class SegmenterTask(MapTask):
    """Batches, loss and score of a segmenter.

    Parameters
    ----------
    plan
        The run.
    left
        Ends a check at once.
    """

    score_name = "F1, mean of centres and IoU"

    def __init__(self, plan: Plan, left: CancelToken | None = None) -> None:
        self.left = left
        split, gathered = plan.split, plan.gathered
        pairs = pairs_of(plan.source, gathered, split.train, plan.info)
        held = pairs_of(plan.source, gathered, split.validation, plan.info)
        self.windows = held_out.windows_of(held) if held else []
        self.diameter = plan.diameter
        self.seed, self.folded = plan.request.seed, plan.start is not None
        areas = np.concatenate([gathered.areas[name] for name in split.train])
        self.settings = held_out.first_settings(self.diameter, areas)
        self.mixture = Mixture((pairs,), (1.0,))
        self.grey: nuclei.NucleiTask | None = None
        if isinstance(plan.info.normalisation, PercentileStretch):
            self.grey = nuclei.NucleiTask(
                StretchedPairs(pairs), seed=self.seed, size=BATCH, crop=CROP
            )

    def batch(self, step: int) -> Batch:
        """Make the batch of a step, by the recipe of what was begun with."""
        if self.grey is not None:
            return self.grey.batch(step)
        return make_batch(self.mixture, self.seed, step, size=BATCH, crop=CROP)

    def prepare(self, network: nn.Module) -> None:
        """Leave the norms of a folded network as they are."""
        if self.folded:
            keep_norms(network)

    def check(self, network: nn.Module) -> tuple[float | None, list[Example]]:
        """Score windows of held-out pictures at their best threshold."""
        if not self.windows:
            return None, []
        maps = held_out.maps_of(network, self.windows)
        radius = held_out.radius_for(self.diameter)
        chosen, score = held_out.best_threshold(
            maps, self.windows, self.settings, radius, token=self.left
        )
        shown = islice(zip(self.windows, maps, strict=True), held_out.EXAMPLES)
        examples = [held_out.example_of(one, found, chosen) for one, found in shown]
        return score, examples


def train_segmenter(
    request: TrainingRequest, token: CancelToken, progress: Progress, watch: Watch
) -> TrainingResult:
    """Train, export and measure; see `api.train`."""
    plan = make_plan(request, token, progress)
    network, task = _network(plan), SegmenterTask(plan, leaving(token))
    scratch = plan.start is None
    schedule = Schedule(
        steps=request.steps,
        minutes=request.limit_minutes,
        rate=RATE_FROM_SCRATCH if scratch else RATE_GOING_ON,
        average=0.995 if scratch else 0.98,
        seed=request.seed,
    )
    identity = _identity(request, plan.source, plan.split)
    runs.begin(plan.folder, identity, plan.split)
    loop = Loop(plan.folder, network, task, schedule, identity)
    stopped = loop.run(token, progress, watch)
    progress(1.0, "Choosing settings of counting")
    best = loop.best_network()
    settings, chosen_on = _settings(plan, task, best)
    return finish(plan, Learnt(loop, best, settings, chosen_on, stopped), progress)


def make_plan(request: TrainingRequest, token: CancelToken, progress: Progress) -> Plan:
    """Open the set, look at its pictures, deal them, find the folder."""
    dataset = open_dataset(request.dataset, row=request.row)
    project = Project.open(request.project) if request.corrected else None
    source = FieldSource(dataset, project, request.channel)
    candidates = source.candidates(request.samples)
    gathered = gather(source, candidates, token, progress)
    split = split_samples(gathered.samples, gathered.prints, seed=request.seed)
    start, why = _start_of(request, source, gathered)
    info = _plain_info(source, gathered) if start is None else read_model_info(start)
    name = runs.name_of(request, dataset)
    folder = runs.folder_of(request, name, _identity(request, source, split))
    return Plan(
        request, dataset, source, gathered, split, start, why, info, name, folder
    )


def _identity(
    request: TrainingRequest, source: FieldSource, split: Split
) -> dict[str, Any]:
    return runs.identity_of(request, source.dataset, split, source.revisions)


def _start_of(
    request: TrainingRequest, source: FieldSource, gathered: Gathered
) -> tuple[Path | None, str]:
    """File to begin with and why; None from scratch."""
    if request.start == "scratch":
        return None, ""
    if request.start != "shipped":
        return Path(request.start), "named by the person"
    first = gathered.samples[:LOOKED_AT]
    choice = choose_for_set(source.read(sample).picture.pixels for sample in first)
    return choice.path, f"shipped; {choice.reason}"


def _plain_info(source: FieldSource, gathered: Gathered) -> ModelInfo:
    """How a network from scratch wants its pixels.

    Grey pictures are stretched, since their exposures say little; in colour ones the
    light itself may tell cells from others.
    """
    pixels = source.read(gathered.samples[0]).picture.pixels
    grey = bool((pixels == pixels[..., :1]).all())
    return ModelInfo(
        path=Path("scratch"),
        input="image",
        output="probability",
        layout="nchw",
        channels=3,
        channel_order="rgb",
        normalisation=PercentileStretch(floor=0.03) if grey else DivideBy(),
        output_kind="probability",
        multiple_of=8,
    )


def _network(plan: Plan) -> CResUnet:
    """Network with the weights to begin with."""
    if plan.start is not None:
        return segmenter_from_onnx(plan.start)
    with repeatable(plan.request.seed):
        return CResUnet()


def _settings(
    plan: Plan, task: SegmenterTask, network: CResUnet
) -> tuple[CountSettings, str]:
    """Settings of counting, and what they were chosen on."""
    known = CountSettings.for_model(plan.info)
    if not task.windows:
        chosen = task.settings if plan.start is None else known
        return chosen, "nothing: no picture was held out"
    tried = [task.settings] if plan.start is None else [task.settings, known]
    maps = held_out.maps_of(network, task.windows, fast=False, token=task.left)
    settings = held_out.choose_settings(
        maps, task.windows, tried, task.diameter, task.left
    )
    number = len(task.windows)
    return settings, f"{number} held-out picture{'' if number == 1 else 's'}"


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
    network = CResUnet(int(shapes[1][0]))
    load_layers(network, layers, torch.zeros(1, 3, 32, 32), path)
    image = np.random.default_rng(0).random((1, 3, 64, 64), dtype=np.float32)
    info = read_model_info(path)
    logit = info.output_kind == "logit"
    answer = network if logit else nn.Sequential(network, nn.Sigmoid())
    check_same_answer(answer, path, image, info.output)
    return network
