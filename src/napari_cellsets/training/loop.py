"""The loop of learning: batches, running average, checks, best so far, going on.

A run is a folder: ``log.jsonl``, ``last.pt`` to go on from, ``best.pt`` to use. Every
batch follows from the seed and its number, so that a run that was stopped goes on as
if it had not been.
"""

from __future__ import annotations

import copy
import json
import math
import time
import zipfile
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

from napari_cellsets.core.errors import CancelledError, TrainingError
from napari_cellsets.training.devices import autocast, best_device, repeatable
from napari_cellsets.training.request import Example, TrainingPoint
from napari_cellsets.training.stopping import leaving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.training.request import Watch

#: Batches made ahead; and steps between two points of the curve of losses.
AHEAD, POINT_EVERY = 3, 10
CHECKS = 10


class Task(Protocol):
    """What is learnt; the loop knows nothing of cells."""

    score_name: str

    def batch(self, step: int) -> Any:
        """Make the batch of a step; called from another thread."""

    def loss(self, network: nn.Module, batch: Any, device: torch.device) -> Any:
        """Loss of a batch, float32."""

    def prepare(self, network: nn.Module) -> None:
        """Change what `network.train()` has set; called before every step."""

    def check(self, network: nn.Module) -> tuple[float | None, Sequence[Example]]:
        """Score on held-out pictures, None where there are none, and examples."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    Parameters
    ----------
    steps, minutes
        What is reached first ends the run; one may be None.
    rate, decay
        Highest learning rate, and weight decay, of AdamW.
    average
        Share of the running average that a step keeps, at most.
    seed
        Of everything that is drawn while learning.
    """

    steps: int | None
    minutes: float | None
    rate: float
    decay: float = 1e-4
    average: float = 0.99
    seed: int = 0


class Loop:
    """One run in one folder.

    Parameters
    ----------
    folder
        Of the run; made when absent. A run that is there is gone on with.
    network
        With the weights to begin with.
    task, schedule
        What to learn, how long.
    identity
        What must be the same to go on in this folder.
    """

    def __init__(
        self,
        folder: Path,
        network: nn.Module,
        task: Task,
        schedule: Schedule,
        identity: Mapping[str, Any],
    ) -> None:
        self.folder, self.task, self.schedule = folder, task, schedule
        self.identity = dict(identity)
        self.device = best_device()
        self.network = network.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).eval()
        self.optimiser = torch.optim.AdamW(
            _in_groups(self.network, schedule.decay), schedule.rate
        )
        self.step, self.elapsed = 0, 0.0
        self.best: float | None = None
        self.best_step = 0
        self._losses: list[float] = []
        self._check_took, self._checked_at = 0.0, 0.0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "last.pt").exists():
            self._restore()

    @property
    def fraction(self) -> float:
        """Share of the run that is done, by steps or by the clock."""
        done = 0.0
        if self.schedule.steps:
            done = self.step / self.schedule.steps
        if self.schedule.minutes:
            done = max(done, self.elapsed / 60 / self.schedule.minutes)
        return min(done, 1.0)

    def run(self, token: CancelToken, progress: Progress, watch: Watch) -> bool:
        """Learn to the end; return whether the person stopped it before.

        Raises
        ------
        CancelledError
            If it was stopped before the first step, or left at once.
        """
        left = leaving(token)
        hooks = [
            network.register_forward_pre_hook(lambda *_: left.raise_if_cancelled())
            for network in (self.network, self.average)
        ]
        try:
            with repeatable(self.schedule.seed), ThreadPoolExecutor(2) as pool:
                return self._run(pool, token, progress, watch)
        except CancelledError:
            if self.step:
                self._save()
            raise
        finally:
            for hook in hooks:
                hook.remove()

    def best_network(self) -> nn.Module:
        """The network with the best weights so far, in float32 on the CPU."""
        state = torch.load(self.folder / "best.pt", weights_only=True)
        best = copy.deepcopy(self.average).cpu()
        best.load_state_dict(state["model"])
        return best.eval()

    def _run(
        self,
        pool: ThreadPoolExecutor,
        token: CancelToken,
        progress: Progress,
        watch: Watch,
    ) -> bool:
        coming: deque[Future[Any]] = deque()
        if self.step == 0:
            self._check(watch)
        try:
            self._learn_on(coming, pool, token, progress, watch)
        finally:
            for batch in coming:
                batch.cancel()
        if self.step == 0:
            raise CancelledError
        if token.cancelled and self._losses:
            self._check(watch)
            self._save()
        return token.cancelled and self.fraction < 1

    def _learn_on(
        self,
        coming: deque[Future[Any]],
        pool: ThreadPoolExecutor,
        token: CancelToken,
        progress: Progress,
        watch: Watch,
    ) -> None:
        """Take step after step until time, steps or patience are at their end."""
        clock = time.monotonic()
        while self.fraction < 1 and not token.cancelled:
            while len(coming) < AHEAD:
                coming.append(pool.submit(self.task.batch, self.step + len(coming)))
            self._losses.append(self._learn(coming.popleft().result()))
            self.elapsed += time.monotonic() - clock
            clock = time.monotonic()
            progress(self.fraction, self._told())
            if self._check_is_due():
                self._check(watch)
                self._save()
            elif self.step % POINT_EVERY == 0:
                watch(self._point(None))

    def _learn(self, batch: Any) -> float:
        # what a network draws (dropout) follows from the step too
        torch.manual_seed(self.schedule.seed * 1_000_003 + self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate()
        self.network.train()
        self.task.prepare(self.network)
        loss = self.task.loss(self.network, batch, self.device)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._follow()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"the loss is {value} after {self.step} steps",
                advice="Check the pictures and their truth, or take another seed.",
            )
        return value

    def _rate(self) -> float:
        """Rise over the first twentieth, then fall as a cosine to a hundredth."""
        done = self.fraction
        if self.step < 20:
            return self.schedule.rate * (self.step + 1) / 20
        return self.schedule.rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _follow(self) -> None:
        """Move the running average of weights and statistics a little."""
        keep = min(self.schedule.average, (1 + self.step) / (10 + self.step))
        theirs = self.network.state_dict()
        for name, mine in self.average.state_dict().items():
            if mine.is_floating_point():
                mine.lerp_(theirs[name], 1 - keep)
            else:
                mine.copy_(theirs[name])

    def _check_is_due(self) -> bool:
        """Ten times a run by steps; by the clock also never a fifth of the time."""
        if self.fraction >= 1:
            return True
        if self.schedule.steps:
            return self.step % max(1, self.schedule.steps // CHECKS) == 0
        limit = 60 * (self.schedule.minutes or 1)
        pause = max(limit / CHECKS, 4 * self._check_took)
        return self.elapsed - self._checked_at >= pause

    def _check(self, watch: Watch) -> None:
        """Score the average; keep it when it is the best so far."""
        before = time.monotonic()
        score, examples = self.task.check(self.average)
        self._check_took = time.monotonic() - before
        self._checked_at = self.elapsed
        if score is None or self.best is None or score >= self.best:
            self.best, self.best_step = score, self.step
            _write(
                self.folder / "best.pt",
                {"model": self.average.state_dict(), "step": self.step},
            )
        point = self._point(score)
        self._losses.clear()
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(_logged(point)) + "\n")
        watch(point)
        for example in examples:
            watch(example)

    def _point(self, score: float | None) -> TrainingPoint:
        losses = self._losses
        return TrainingPoint(
            step=self.step,
            steps=self.schedule.steps,
            seconds=self.elapsed,
            loss=sum(losses) / len(losses) if losses else None,
            score_name=self.task.score_name,
            score=score,
            best=self.best,
            fraction=self.fraction,
        )

    def _told(self) -> str:
        best = "" if self.best is None else f", best {self.best:.3f}"
        return f"Step {self.step}, loss {self._losses[-1]:.3f}{best}"

    def _save(self) -> None:
        state = {
            "model": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "elapsed": self.elapsed,
            "best": self.best,
            "best_step": self.best_step,
            "identity": self.identity,
        }
        _write(self.folder / "last.pt", state)

    def _restore(self) -> None:
        """Go on from the last save of this folder."""
        path = self.folder / "last.pt"
        state = read_state(path)
        if state["identity"] != self.identity:
            known = {**state["identity"], **self.identity}
            differs = [
                name
                for name in known
                if state["identity"].get(name) != self.identity.get(name)
            ]
            raise TrainingError(
                f"another run is in this folder: other {', '.join(differs)}",
                path=self.folder,
                advice="Choose another folder, or ask for the same run to go on.",
            )
        self.network.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.elapsed = int(state["step"]), float(state["elapsed"])
        self.best, self.best_step = state["best"], int(state["best_step"])
        self._checked_at = self.elapsed


def read_state(path: Path) -> dict[str, Any]:
    """Read a saved run.

    Raises
    ------
    TrainingError
        If the file is damaged.
    """
    try:
        # what is no zip would be read as a pickle of old; its errors are of any kind
        if not zipfile.is_zipfile(path):
            raise ValueError("it is cut short, or no saved run")
        state: dict[str, Any] = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise TrainingError(
            f"the saved run cannot be read ({str(error).partition(chr(10))[0]})",
            path=path,
            advice="Delete the folder to begin anew.",
        ) from error
    return state


def learn_in_halves(
    device: torch.device, compute: Callable[[], torch.Tensor]
) -> torch.Tensor:
    """Run a network in bfloat16 where that helps; the answer is float32."""
    with autocast(device):
        return compute().float()


def _in_groups(network: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Weights decay; biases and norms do not."""
    learning = [p for p in network.parameters() if p.requires_grad]
    return [
        {"params": [p for p in learning if p.ndim >= 2], "weight_decay": decay},
        {"params": [p for p in learning if p.ndim < 2], "weight_decay": 0.0},
    ]


def _logged(point: TrainingPoint) -> dict[str, Any]:
    def short(value: float | None) -> float | None:
        return None if value is None else round(value, 5)

    return {
        "step": point.step,
        "seconds": round(point.seconds, 1),
        "loss": short(point.loss),
        "score": short(point.score),
        "best": short(point.best),
    }


def _write(path: Path, state: dict[str, Any]) -> None:
    """Save so that a stop in the middle leaves the former file whole."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
