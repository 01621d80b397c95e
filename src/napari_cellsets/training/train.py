"""Train the c-ResUnet: ``python -m napari_cellsets.training.train --out RUN ...``.

A run is a folder: ``log.jsonl``, ``last.pt`` to go on from, ``best.pt`` to use. It
stops after ``--steps`` or ``--minutes``, and goes on where it stopped when started
again. The same seed gives the same weights, unless ``--minutes`` bends the schedule.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from napari_cellsets.training.cresunet import CResUnet
from napari_cellsets.training.data import Batch, Mixture, make_batch
from napari_cellsets.training.sources import (
    Pair,
    dsb_pairs,
    fnc_pairs,
    simulated_pairs,
    split_by_name,
)
from napari_cellsets.training.validate import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

DSB_HELD_OUT = 0.1
#: Pictures of each kind that a check looks at; more would cost minutes a run.
CHECKED = 8


@dataclass(frozen=True)
class Recipe:
    """How to train; every field is a command line option of the same name."""

    steps: int = 5000
    minutes: float = 0.0
    rate: float = 1.5e-3
    batch: int = 8
    crop: int = 256
    seed: int = 0
    average: float = 0.997
    check_every: int = 400
    save_every: int = 100
    width: int = 16
    fast: bool = True


def loss_of(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Weighted cross-entropy plus Dice over the whole batch, of float32 logits."""
    entropy = functional.binary_cross_entropy_with_logits(logits, target, weight)
    probability = torch.sigmoid(logits)
    overlap = (probability * target).sum()
    dice = 1 - (2 * overlap + 100) / (probability.sum() + target.sum() + 100)
    return entropy + 0.5 * dice


class Trainer:
    """One run in one folder: network, its running average, optimiser, step, best."""

    def __init__(self, out: Path, recipe: Recipe, start: Path | None = None) -> None:
        self.out, self.recipe = out, recipe
        out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(recipe.seed)
        self.model = CResUnet(recipe.width)
        if start is not None:
            state = torch.load(start, weights_only=True)
            self.model.load_state_dict(state.get("average", state["model"]))
        self.model.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).eval()
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), recipe.rate, weight_decay=1e-4
        )
        self.step, self.elapsed, self.best = 0, 0.0, -1.0
        if (out / "last.pt").exists():
            self._restore()

    def _restore(self) -> None:
        """Go on from the last save of this folder."""
        state = torch.load(self.out / "last.pt", weights_only=True)
        if state["recipe"]["seed"] != self.recipe.seed:
            raise ValueError(
                f"{self.out.name!r} was begun with seed {state['recipe']['seed']}, "
                f"not {self.recipe.seed}: choose another folder or the same seed"
            )
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed = int(state["step"]), float(state["elapsed"])
        self.best = float(state["best"])

    def save(self) -> None:
        """Keep everything needed to go on."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "elapsed": self.elapsed,
            "best": self.best,
            "recipe": asdict(self.recipe),
        }
        _write(self.out / "last.pt", state)

    def progress(self) -> float:
        """Share of the run that is done, by steps or by the clock."""
        done = self.step / self.recipe.steps
        if self.recipe.minutes:
            done = max(done, self.elapsed / 60 / self.recipe.minutes)
        return min(done, 1.0)

    def rate(self) -> float:
        """Learning rate now: a short rise, then half a cosine down to a hundredth."""
        rise = min(1.0, (self.step + 1) / min(200, max(1, self.recipe.steps // 10)))
        fall = 0.01 + 0.99 * (1 + math.cos(math.pi * self.progress())) / 2
        return self.recipe.rate * rise * fall

    def learn(self, batch: Batch) -> float:
        """Take one step; return its loss."""
        image, target, weight = (
            torch.from_numpy(array)
            for array in (batch.image, batch.target, batch.weight)
        )
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate()
        self.model.train()
        image = image.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.fast):
            logits = self.model(image)
        loss = loss_of(logits.float(), target, weight)
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        return float(loss.detach())

    def _follow(self) -> None:
        """Move the running average of weights and statistics a little."""
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        theirs = self.model.state_dict()
        for name, mine in self.average.state_dict().items():
            if mine.is_floating_point():
                mine.lerp_(theirs[name].detach(), 1 - keep)
            else:
                mine.copy_(theirs[name])

    def check(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        """Validate the average; keep it when its mean F1 is the best so far."""
        scores = validate(self.average, pairs)
        f1 = sum(score.f1 for score in scores.values()) / max(len(scores), 1)
        if f1 >= self.best:
            self.best = f1
            _write(
                self.out / "best.pt",
                {"model": self.average.state_dict(), "step": self.step, "f1": f1},
            )
        parts = {
            kind: {"f1": round(score.f1, 4), "mae": round(score.mae, 3)}
            for kind, score in scores.items()
        }
        return {"f1": round(f1, 4), "best": round(self.best, 4), **parts}


def _write(path: Path, state: dict[str, Any]) -> None:
    """Save so that a stop in the middle leaves the former file whole."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def run(
    trainer: Trainer, mixture: Mixture, checks: Sequence[Pair] = ()
) -> list[dict[str, Any]]:
    """Train to the end of the recipe; return what was logged."""
    recipe, logged = trainer.recipe, []
    total, since, clock = 0.0, 0, time.monotonic()

    def batch_of(step: int) -> Batch:
        return make_batch(
            mixture, recipe.seed, step, size=recipe.batch, crop=recipe.crop
        )

    with ThreadPoolExecutor(1) as pool, (trainer.out / "log.jsonl").open("a") as log:
        ahead = pool.submit(batch_of, trainer.step)
        while trainer.progress() < 1:
            batch = ahead.result()
            ahead = pool.submit(batch_of, trainer.step + 1)
            total, since = total + trainer.learn(batch), since + 1
            trainer.elapsed += time.monotonic() - clock
            clock = time.monotonic()
            last = trainer.progress() >= 1
            if trainer.step % recipe.save_every and not last:
                continue
            entry = {
                "step": trainer.step,
                "seconds": round(trainer.elapsed, 1),
                "loss": round(total / since, 5),
                "rate": round(trainer.rate(), 7),
            }
            if checks and (last or trainer.step % recipe.check_every == 0):
                entry |= trainer.check(checks)
            total, since = 0.0, 0
            trainer.save()
            logged.append(entry)
            log.write(json.dumps(entry) + "\n")
            log.flush()
            logger.info("%s", entry)
    return logged


def mixture_of(
    simulated: Path, dsb: Path | None, fnc: Sequence[Pair], shares: Sequence[float]
) -> tuple[Mixture, list[Pair]]:
    """Groups to train on and the DSB pairs held out."""
    groups, weights = [tuple(simulated_pairs(simulated))], [shares[0]]
    held: list[Pair] = []
    if dsb is not None:
        kept, held = split_by_name(dsb_pairs(dsb), DSB_HELD_OUT)
        groups.append(tuple(kept))
        weights.append(shares[1])
    if fnc:
        groups.append(tuple(fnc))
        weights.append(shares[2])
    return Mixture(tuple(groups), tuple(weights)), held


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--simulated", type=Path, required=True)
    parser.add_argument("--checks", type=Path, help="simulated fields to validate on")
    parser.add_argument("--dsb", type=Path)
    parser.add_argument("--shared", type=Path, help="folder that holds samples/")
    parser.add_argument("--fnc", nargs="*", default=[], help="FNC pairs to train on")
    parser.add_argument("--shares", type=float, nargs=3, default=(0.75, 0.25, 0.0))
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--threads", type=int, default=2)
    for name, value in asdict(Recipe()).items():
        if isinstance(value, bool):
            parser.add_argument(
                f"--{name}", action=argparse.BooleanOptionalAction, default=value
            )
        else:
            option = f"--{name.replace('_', '-')}"
            parser.add_argument(option, type=type(value), default=value)
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    recipe = Recipe(**{name: getattr(options, name) for name in asdict(Recipe())})
    fnc = []
    if options.fnc:
        fnc = [pair for pair in fnc_pairs(options.shared) if pair.name in options.fnc]
    mixture, held = mixture_of(options.simulated, options.dsb, fnc, options.shares)
    checks = [*held[:CHECKED]]
    if options.checks is not None:
        checks += simulated_pairs(options.checks)[:CHECKED]
    run(Trainer(options.out, recipe, options.start), mixture, checks)


if __name__ == "__main__":
    main()
