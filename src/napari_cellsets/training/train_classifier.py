"""Train the classifier of single cells on a set of class folders.

``python -m napari_cellsets.training.train_classifier CELLS --out RUN [--epochs N]``

A run is a folder: ``split.json`` (which cell was used for what), ``log.jsonl``,
``last.pt`` to go on from, ``best.pt``. The same seed gives the same weights.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from torch.nn import functional

from napari_cellsets.training.cell_batches import (
    Cells,
    make_cell_batch,
    near_duplicate_groups,
    sampling_weights,
    split_cells,
)
from napari_cellsets.training.cellnet import MIDDLE, CellNet, middle_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

AHEAD = 4
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class CellRecipe:
    """How to train; every field is a command line option of the same name."""

    epochs: float = 30
    batch: int = 64
    rate: float = 3e-3
    decay: float = 0.02
    smoothing: float = 0.05
    size: int = 160
    validation: float = 0.05
    test: float = 0.15
    seed: int = 0
    average: float = 0.998
    save_every: int = 100


def read_cells(folder: Path, size: int) -> Cells:
    """Read class folders, each cell resized to ``size`` x ``size``."""
    classes = tuple(sorted(place.name for place in folder.iterdir() if place.is_dir()))
    files = [
        (path, label)
        for label, name in enumerate(classes)
        for path in sorted((folder / name).iterdir())
        if path.suffix.lower() in PICTURES
    ]
    with ThreadPoolExecutor() as pool:
        pictures = list(pool.map(lambda file: _read(file[0], size), files))
    kept = [place for place, picture in enumerate(pictures) if picture is not None]
    names = tuple(f"{classes[files[i][1]]}/{files[i][0].name}" for i in kept)
    labels = np.array([files[i][1] for i in kept], np.int64)
    return Cells(np.stack([pictures[i] for i in kept]), labels, names, classes)


def _read(path: Path, size: int) -> NDArray[np.uint8] | None:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        logger.warning("%s is no picture, left out", path)
        return None
    shrinks = min(picture.shape[:2]) > size
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size, size), interpolation=how), np.uint8)


class CellTrainer:
    """One run in one folder: network, its running average, optimiser, step, best."""

    def __init__(
        self, out: Path, recipe: CellRecipe, train: Cells, validation: Cells
    ) -> None:
        self.out, self.recipe = out, recipe
        self.train_cells, self.validation = train, validation
        self.side = 16 * round(recipe.size * MIDDLE / 16)
        torch.manual_seed(recipe.seed)
        self.model = CellNet(len(train.classes))
        self.model.to(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.model).eval()
        plain = [p for p in self.model.parameters() if p.ndim < 2]
        decayed = [p for p in self.model.parameters() if p.ndim >= 2]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed}, {"params": plain, "weight_decay": 0.0}],
            recipe.rate,
            weight_decay=recipe.decay,
        )
        self.steps = max(1, int(recipe.epochs * len(train) / recipe.batch))
        self.step, self.best, self.elapsed = 0, -1.0, 0.0
        if (out / "last.pt").exists():
            self._restore()

    def run(self) -> None:
        """Train to the end of the schedule, saving and checking on the way."""
        chances = sampling_weights(
            self.train_cells.labels, len(self.train_cells.classes)
        )
        recipe, started = self.recipe, time.monotonic() - self.elapsed

        def batch(step: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
            return make_cell_batch(
                self.train_cells, chances, recipe.seed, step, recipe.batch, self.side
            )

        losses = []
        with ThreadPoolExecutor(AHEAD) as pool:
            last = min(self.step + AHEAD, self.steps)
            coming = [pool.submit(batch, step) for step in range(self.step, last)]
            while self.step < self.steps:
                images, labels = coming.pop(0).result()
                if self.step + AHEAD < self.steps:
                    coming.append(pool.submit(batch, self.step + AHEAD))
                losses.append(self._one_step(images, labels))
                self.elapsed = time.monotonic() - started
                if self.step % recipe.save_every == 0 or self.step == self.steps:
                    self._check(float(np.mean(losses)))
                    losses.clear()

    def _one_step(
        self, images: NDArray[np.float32], labels: NDArray[np.int64]
    ) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        self.model.train()
        blob = torch.from_numpy(images).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(blob)
        loss = functional.cross_entropy(
            logits.float(),
            torch.from_numpy(labels),
            label_smoothing=self.recipe.smoothing,
        )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.detach())

    def _rate(self) -> float:
        """Rise over the first twentieth of the steps, then fall as a cosine."""
        done = (self.step + 1) / self.steps
        if done < 0.05:
            return self.recipe.rate * done / 0.05
        return (
            self.recipe.rate * 0.5 * (1 + float(np.cos(np.pi * (done - 0.05) / 0.95)))
        )

    def _follow(self) -> None:
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            pairs = zip(
                self.averaged.state_dict().values(),
                self.model.state_dict().values(),
                strict=True,
            )
            for mean, value in pairs:
                if mean.dtype.is_floating_point:
                    mean.lerp_(value, 1 - keep)
                else:
                    mean.copy_(value)

    def _check(self, loss: float) -> None:
        found = logits_of(self.averaged, self.validation, self.side).argmax(axis=1)
        right = found == self.validation.labels
        recalls = [
            float(right[self.validation.labels == label].mean())
            for label in np.unique(self.validation.labels)
        ]
        score = float(right.mean())
        if score >= self.best:
            self.best = score
            torch.save({"model": self.averaged.state_dict()}, self.out / "best.pt")
        told = {
            "step": self.step, "steps": self.steps, "seconds": round(self.elapsed, 1),
            "loss": round(loss, 4), "accuracy": round(score, 4),
            "worst_recall": round(min(recalls), 4), "best": round(self.best, 4),
        }  # fmt: skip
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(told) + "\n")
        self._save()

    def _save(self) -> None:
        state = {
            "model": self.model.state_dict(), "average": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(), "step": self.step,
            "best": self.best, "elapsed": self.elapsed, "recipe": asdict(self.recipe),
            "classes": list(self.train_cells.classes), "side": self.side,
        }  # fmt: skip
        partial = self.out / "last.partial"
        torch.save(state, partial)
        partial.replace(self.out / "last.pt")

    def _restore(self) -> None:
        state = torch.load(self.out / "last.pt", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.best = state["step"], state["best"]
        self.elapsed = state["elapsed"]


def logits_of(
    model: CellNet, cells: Cells, side: int, *, fast: bool = True
) -> NDArray[np.float32]:
    """Logits (n, classes) of cells as they are, in bfloat16 when fast."""
    model.eval()
    parts = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=fast):
        for start in range(0, len(cells), 128):
            pictures = cells.pictures[start : start + 128]
            blob = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
            blob = middle_of(blob, side).contiguous(memory_format=torch.channels_last)
            parts.append(model(blob).float().numpy())
    return np.concatenate(parts)


def main(arguments: list[str] | None = None) -> None:
    """Run as ``python -m napari_cellsets.training.train_classifier``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cells", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    for name, value in asdict(CellRecipe()).items():
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=type(value), default=value)
    options = vars(parser.parse_args(arguments))
    folder, out = options.pop("cells"), options.pop("out")
    recipe = CellRecipe(**options)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out.mkdir(parents=True, exist_ok=True)
    cells = read_cells(folder, recipe.size)
    groups = near_duplicate_groups(cells.pictures)
    shares = (recipe.validation, recipe.test)
    parts = split_cells(cells.labels, groups, shares, recipe.seed)
    _write_split(out / "split.json", cells, parts)
    logger.info(
        "%d cells, %d alike another, split %s",
        len(cells), len(cells) - len(np.unique(groups)), [len(p) for p in parts],
    )  # fmt: skip
    CellTrainer(out, recipe, cells.part(parts[0]), cells.part(parts[1])).run()


def _write_split(path: Path, cells: Cells, parts: tuple[NDArray[np.intp], ...]) -> None:
    told: dict[str, Any] = {
        name: [cells.names[i] for i in part]
        for name, part in zip(("train", "validation", "test"), parts, strict=True)
    }
    path.write_text(json.dumps(told, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
