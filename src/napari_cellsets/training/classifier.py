"""Train a classifier of single cells on a set of class folders."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import TrainingError
from napari_cellsets.inference.classifier import (
    ClassifierInfo,
    default_classifier,
    read_classifier_info,
)
from napari_cellsets.inference.metadata import DivideBy
from napari_cellsets.training import runs
from napari_cellsets.training.cell_batches import (
    Cells,
    make_cell_batch,
    sampling_weights,
)
from napari_cellsets.training.cell_sets import (
    CellSet,
    corrected_classes,
    read_cells_of,
    samples_with_class,
)
from napari_cellsets.training.cellnet import MIDDLE, CellNet, middle_of
from napari_cellsets.training.classifier_export import Naming, Plan, finish
from napari_cellsets.training.densenet import SIZE, DenseNet121
from napari_cellsets.training.devices import keep_norms, repeatable
from napari_cellsets.training.export_cells import folded, mean_features
from napari_cellsets.training.loop import Loop, Schedule, learn_in_halves
from napari_cellsets.training.request import Example
from napari_cellsets.training.splits import split_samples
from napari_cellsets.training.start import (
    check_same_answer,
    load_layers,
    read_layers,
)
from napari_cellsets.training.stopping import leaving

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.training.request import (
        TrainingRequest,
        TrainingResult,
        Watch,
    )

COMPACT_SIZE = 160
BATCH, SMOOTHING = 32, 0.05
RATE_FROM_SCRATCH, RATE_GOING_ON, DECAY = 2e-3, 4e-4, 0.02
#: Rare classes are drawn more often, by the root of how rare they are.
BALANCE = 0.5
#: Held-out cells that are looked at while a run goes on, and shown.
CHECKED, EXAMPLES = 2000, 3


class ClassifierTask:
    """Batches, loss and score of a classifier.

    Parameters
    ----------
    plan
        The run.
    """

    score_name = "mean recall of the classes"

    def __init__(self, plan: Plan) -> None:
        cells = plan.found.cells
        self.learnt = cells.part(plan.found.indices(plan.split.train))
        held = plan.found.indices(plan.split.validation)
        self.held = cells.part(_spread(held, CHECKED))
        self.side, self.seed = plan.side, plan.request.seed
        self.folded = plan.start is not None
        self.chances = sampling_weights(self.learnt.labels, len(cells.classes), BALANCE)

    def batch(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Make the batch of a step."""
        return make_cell_batch(
            self.learnt, self.chances, self.seed, step, BATCH, self.side
        )

    def prepare(self, network: nn.Module) -> None:
        """Leave the norms of a folded network as they are."""
        if self.folded:
            keep_norms(network)

    def loss(self, network: nn.Module, batch: Any, device: torch.device) -> Any:
        """Cross-entropy with smoothed labels."""
        images, labels = (torch.from_numpy(array).to(device) for array in batch)
        images = images.contiguous(memory_format=torch.channels_last)
        logits = learn_in_halves(device, lambda: network(images))
        return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)

    def check(self, network: nn.Module) -> tuple[float | None, list[Example]]:
        """Mean recall over the classes that are held out."""
        if not len(self.held):
            return None, []
        found = logits_of(network, self.held, self.side).argmax(axis=1)
        right = found == self.held.labels
        recalls = [
            right[self.held.labels == label].mean()
            for label in np.unique(self.held.labels)
        ]
        wrong_first = np.argsort(right, kind="stable")[:EXAMPLES]
        examples = [
            Example(
                self.held.names[i],
                self.held.pictures[i],
                self.held.classes[self.held.labels[i]],
                self.held.classes[found[i]],
            )
            for i in wrong_first.tolist()
        ]
        return float(np.mean(recalls)), examples


def train_classifier(
    request: TrainingRequest, token: CancelToken, progress: Progress, watch: Watch
) -> TrainingResult:
    """Train, export and measure; see `api.train`."""
    plan = make_plan(request, token, progress)
    network, task = _network(plan), ClassifierTask(plan)
    scratch = plan.start is None
    schedule = Schedule(
        steps=request.steps,
        minutes=request.limit_minutes,
        rate=RATE_FROM_SCRATCH if scratch else RATE_GOING_ON,
        decay=DECAY,
        average=0.995 if scratch else 0.98,
        seed=request.seed,
    )
    identity = runs.identity_of(request, plan.dataset, plan.split, {**plan.given})
    runs.begin(plan.folder, identity, plan.split)
    loop = Loop(plan.folder, network, task, schedule, identity)
    stopped = loop.run(token, progress, watch)
    progress(1.0, "Exporting and measuring")
    best = loop.best_network()
    naming = Naming.learnt(
        best if plan.start is not None else folded(best),
        task.learnt,
        task.held,
        plan.side,
        leaving(token),
        progress,
    )
    return finish(plan, loop, naming, progress, stopped=stopped)


def make_plan(request: TrainingRequest, token: CancelToken, progress: Progress) -> Plan:
    """Open the set, read its cells, deal them, find the folder."""
    dataset = open_dataset(request.dataset, row=request.row)
    given = corrected_classes(request, dataset)
    samples = samples_with_class(dataset, request.samples, given)
    start = _start_of(request)
    info = _plain_info(request) if start is None else read_classifier_info(start)
    found = read_cells_of(dataset, samples, info, token, progress)
    progress(0.0, "Looking for near duplicates")
    split = split_samples(
        found.samples, found.prints, classes=found.classes_of(), seed=request.seed
    )
    _every_class_is_learnt(found, split.train)
    name = runs.name_of(request, dataset)
    identity = runs.identity_of(request, dataset, split, {**given})
    folder = runs.folder_of(request, name, identity)
    side = side_for(request.network, info.size or COMPACT_SIZE)
    return Plan(request, dataset, found, split, start, info, side, name, folder, given)


def side_for(network: str, size: int) -> int:
    """Side of the middle that a network looks at, px."""
    return size if network == "densenet121" else 16 * round(size * MIDDLE / 16)


def classifier_from_onnx(path: Path, info: ClassifierInfo) -> CellNet:
    """Folded compact network with the weights of an exported file.

    Raises
    ------
    TrainingError
        If the file holds another network, or answers differently.
    """
    layers = read_layers(path)
    kinds = [kind for kind, _ in layers]
    if kinds.count("Gemm") != 1 or info.size is None:
        raise TrainingError(
            "this model is not of the form that can be trained on",
            path=path,
            advice="Begin with the shipped model or with --from scratch.",
        )
    convolutions = [weights[0] for kind, weights in layers if kind == "Conv"]
    stem, blocks = convolutions[0], convolutions[1:]
    # of the three convolutions of a scale's first block and two of its second
    channels = (len(stem), *(len(weights) for weights in blocks[::5]))
    network = folded(CellNet(len(info.classes), channels))
    side = side_for("compact", info.size)
    load_layers(network, layers, torch.zeros(2, 3, side, side), path)
    image = np.random.default_rng(0).random(
        (2, 3, info.size, info.size), dtype=np.float32
    )
    answer = _Tempered(network, side, info.temperature or 1.0)
    check_same_answer(answer, path, image, info.output)
    return network


class _Tempered(nn.Module):  # type: ignore[misc]
    """Logits as the exported file gives them."""

    def __init__(self, network: CellNet, side: int, temperature: float) -> None:
        super().__init__()
        self.network, self.side, self.temperature = network, side, temperature

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """Logits by temperature."""
        features = mean_features(self.network, middle_of(cells, self.side))
        logits: torch.Tensor = self.network.head(features)
        return logits / self.temperature


def with_classes(
    network: CellNet, known: tuple[str, ...], wanted: tuple[str, ...]
) -> CellNet:
    """Give a network the classes of a set; those of the same names keep theirs."""
    if known == wanted:
        return network
    head = nn.Linear(network.head.in_features, len(wanted))
    with torch.no_grad():
        head.weight.mul_(0.1)
        head.bias.zero_()
        for index, name in enumerate(wanted):
            if name in known:
                head.weight[index] = network.head.weight[known.index(name)]
                head.bias[index] = network.head.bias[known.index(name)]
    network.head = head
    return network


def logits_of(network: nn.Module, cells: Cells, side: int) -> NDArray[np.float32]:
    """Logits (n, classes) of cells as they are."""
    device = next(network.parameters()).device
    parts = []
    for start in range(0, len(cells), 64):
        blob = blob_of(cells.pictures[start : start + 64], side).to(device)
        with torch.no_grad():
            logits = learn_in_halves(device, partial(network, blob))
        parts.append(logits.cpu().numpy())
    return np.concatenate(parts)


def blob_of(pictures: NDArray[np.uint8], side: int) -> torch.Tensor:
    """Middles of cells (n, y, x, 3) uint8 as the network takes them."""
    blob = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return middle_of(blob.float() / 255, side).contiguous(
        memory_format=torch.channels_last
    )


def _start_of(request: TrainingRequest) -> Path | None:
    """File to begin with; none ships for DenseNet-121, which begins from scratch."""
    if request.start == "scratch":
        return None
    if request.start == "shipped":
        return default_classifier() if request.network == "compact" else None
    if request.network != "compact":
        raise TrainingError(
            "only compact networks can go on from a file",
            path=request.start,
            advice="Leave out --from, or train --architecture compact.",
        )
    return Path(request.start)


def _plain_info(request: TrainingRequest) -> ClassifierInfo:
    return ClassifierInfo(
        path=Path("scratch"),
        input="cells",
        output="logits",
        size=SIZE if request.network == "densenet121" else COMPACT_SIZE,
        layout="nchw",
        channels=3,
        channel_order="rgb",
        normalisation=DivideBy(),
        output_kind="logit",
        classes=("any",),
    )


def _network(plan: Plan) -> nn.Module:
    """Network with the weights to begin with."""
    classes = plan.found.cells.classes
    with repeatable(plan.request.seed):
        if plan.start is not None:
            known = classifier_from_onnx(plan.start, plan.info)
            return with_classes(known, plan.info.classes, classes)
        if plan.request.network == "densenet121":
            return DenseNet121(len(classes))
        return CellNet(len(classes))


def _every_class_is_learnt(found: CellSet, train: tuple[str, ...]) -> None:
    labels = found.cells.labels[found.indices(train)]
    missing = set(range(len(found.cells.classes))) - set(labels.tolist())
    if missing:
        names = ", ".join(found.cells.classes[label] for label in sorted(missing))
        raise TrainingError(
            f"no cell of {names} is left to learn from when whole patients, slides"
            " and near duplicates are held out",
            advice="Add cells of these classes from others, or leave them out.",
        )


def _spread(indices: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """At most so many, evenly spread."""
    if len(indices) <= most:
        return indices
    return np.asarray(indices[np.linspace(0, len(indices) - 1, most).astype(int)])
