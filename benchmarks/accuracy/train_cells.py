"""The runs behind the shipped classifier of blood cells.

`python -m benchmarks.accuracy.train_cells RUNS [--stage one two]`

Stage one learns from scratch for 30 rounds, rare classes drawn more often; stage two
goes on for 16 rounds with the classes as they are. `RUNS/split.json` says which cell
was used for what. About forty minutes on two CPU cores that do nothing else.
"""

from __future__ import annotations

import argparse
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch.nn import functional

from benchmarks.accuracy.pairs import shared_root
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.training.cell_batches import (
    Cells,
    make_cell_batch,
    sampling_weights,
)
from napari_cellsets.training.cellnet import MIDDLE, CellNet
from napari_cellsets.training.classifier import logits_of
from napari_cellsets.training.loop import Loop, Schedule, learn_in_halves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

SIZE, BATCH, SMOOTHING = 160, 64, 0.05
SIDE = 16 * round(SIZE * MIDDLE / 16)
VALIDATION, TEST, SPLIT_SEED = 0.05, 0.15, 0


@dataclass(frozen=True)
class Stage:
    """Rounds over the training cells, rate, balance (0: classes as they are), seed."""

    rounds: int
    rate: float
    balance: float
    seed: int


STAGES = {"one": Stage(30, 3e-3, 0.5, 0), "two": Stage(16, 2e-3, 0.0, 1)}


def read_cells(folder: Path) -> Cells:
    """Read class folders, each cell brought to 160 x 160 px."""
    classes = tuple(sorted(place.name for place in folder.iterdir() if place.is_dir()))
    files = [
        (path, label)
        for label, name in enumerate(classes)
        for path in sorted((folder / name).glob("*.jpg"))
    ]
    with ThreadPoolExecutor() as pool:
        pictures = list(pool.map(lambda file: _read(file[0]), files))
    names = tuple(f"{classes[label]}/{path.name}" for path, label in files)
    labels = np.array([label for _, label in files], np.int64)
    return Cells(np.stack(pictures), labels, names, classes)


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise SystemExit(f"{path} cannot be read")
    return cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def groups_of_same_cells(pictures: np.ndarray) -> np.ndarray:
    """Number the groups of pictures that show the same cell.

    Two belong together if, seen 16 x 16 px small, their colours are correlated above
    0.998 and their levels differ by less than 3 of 255 on average.
    """
    small = [cv2.resize(p, (16, 16), interpolation=cv2.INTER_AREA) for p in pictures]
    level = np.stack(small).reshape(len(small), -1).astype(np.float32)
    unit = level - level.mean(axis=1, keepdims=True)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-6)
    links = []
    for start in range(0, len(unit), 1024):
        here, there = np.nonzero(unit[start : start + 1024] @ unit.T > 0.998)
        here = here + start
        near = np.abs(level[here] - level[there]).mean(axis=1) < 3
        links.append(np.stack([here[near], there[near]]))
    row, column = np.concatenate(links, axis=1)
    graph = coo_array((np.ones(len(row)), (row, column)), shape=(len(unit),) * 2)
    return connected_components(graph, directed=False)[1]


def split_cells(labels: np.ndarray, groups: np.ndarray) -> dict[str, np.ndarray]:
    """Deal whole groups to validation, test and training, each class alike."""
    rng = np.random.default_rng(SPLIT_SEED)
    _, first = np.unique(groups, return_index=True)
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(np.bincount(groups))
    members = np.split(order, ends[:-1])
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for label in np.unique(labels):
        heads = rng.permutation(first[labels[first] == label])
        cuts = np.cumsum([round(share * len(heads)) for share in (VALIDATION, TEST)])
        dealt = zip(("validation", "test", "train"), np.split(heads, cuts), strict=True)
        for part, chosen in dealt:
            for head in chosen:
                parts[part].extend(members[groups[head]].tolist())
    return {part: np.array(sorted(found)) for part, found in parts.items()}


class PbcTask:
    """Batches, loss and accuracy on the validation cells, for `Loop`."""

    score_name = "accuracy"

    def __init__(self, train: Cells, held: Cells, stage: Stage) -> None:
        self.train, self.held, self.seed = train, held, stage.seed
        self.chances = sampling_weights(train.labels, len(train.classes), stage.balance)

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Make the batch of a step."""
        return make_cell_batch(self.train, self.chances, self.seed, step, BATCH, SIDE)

    def prepare(self, network: nn.Module) -> None:
        """Leave all norms to learn."""

    def loss(self, network: nn.Module, batch: Any, device: torch.device) -> Any:
        """Cross-entropy with smoothed labels."""
        images, labels = (torch.from_numpy(array).to(device) for array in batch)
        images = images.contiguous(memory_format=torch.channels_last)
        logits = learn_in_halves(device, lambda: network(images))
        return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)

    def check(self, network: nn.Module) -> tuple[float | None, Sequence[Any]]:
        """Accuracy on cells held out for this."""
        found = logits_of(network, self.held, SIDE).argmax(axis=1)
        return float((found == self.held.labels).mean()), ()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--stage", nargs="*", choices=STAGES, default=list(STAGES))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    options.runs.mkdir(parents=True, exist_ok=True)
    cells = read_cells(shared_root() / "training" / "pbc_160")
    parts = split_cells(cells.labels, groups_of_same_cells(cells.pictures))
    names = {part: [cells.names[i] for i in found] for part, found in parts.items()}
    (options.runs / "split.json").write_text(json.dumps(names, indent=0) + "\n")
    train, held = cells.part(parts["train"]), cells.part(parts["validation"])
    for name in options.stage:
        stage = STAGES[name]
        torch.manual_seed(stage.seed)
        network = CellNet(len(cells.classes))
        if name == "two":
            state = torch.load(options.runs / "one" / "last.pt", weights_only=True)
            network.load_state_dict(state["average"])
        steps = stage.rounds * len(train) // BATCH
        schedule = Schedule(steps, None, stage.rate, 0.02, 0.998, stage.seed)
        task = PbcTask(train, held, stage)
        loop = Loop(options.runs / name, network, task, schedule, {"stage": name})
        loop.run(CancelToken(), lambda done, told: None, lambda point: None)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
