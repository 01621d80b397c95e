"""The recipe of the shipped neuron model.

``python -m napari_cellsets.training.neurons --out RUN --simulated FIELDS ...``

A run is a folder: ``log.jsonl``, ``last.pt`` to go on from, ``best.pt`` to use. It
stops after ``--steps`` or ``--minutes``, and goes on where it stopped when started
again. The same seed gives the same weights, unless ``--minutes`` bends the schedule.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.training.cresunet import CResUnet
from napari_cellsets.training.data import Batch, Mixture, make_batch
from napari_cellsets.training.loop import Loop, Schedule, read_state
from napari_cellsets.training.map_task import MapTask
from napari_cellsets.training.sources import (
    DSB_HELD_OUT,
    Pair,
    dsb_pairs,
    fnc_pairs,
    simulated_pairs,
    split_by_name,
)
from napari_cellsets.training.validate import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

    from napari_cellsets.training.request import Example

logger = logging.getLogger(__name__)

#: Pictures of each kind that a check looks at; more would cost minutes a run.
CHECKED = 8


class MixtureTask(MapTask):
    """Batches of several sources, scored on whole pictures where there are some."""

    score_name = "mean F1 by centres"

    def __init__(
        self,
        mixture: Mixture,
        checks: Sequence[Pair] = (),
        *,
        seed: int = 0,
        size: int = 8,
        crop: int = 256,
    ) -> None:
        self.mixture, self.checks = mixture, tuple(checks)
        self.seed, self.size, self.crop = seed, size, crop

    def batch(self, step: int) -> Batch:
        """Make the batch of a step."""
        return make_batch(self.mixture, self.seed, step, size=self.size, crop=self.crop)

    def check(self, network: nn.Module) -> tuple[float | None, Sequence[Example]]:
        """Mean over the kinds of pictures of their F1."""
        if not self.checks:
            return None, ()
        scores = validate(network, self.checks)
        logger.info("%s", {kind: round(one.f1, 4) for kind, one in scores.items()})
        return sum(one.f1 for one in scores.values()) / len(scores), ()


def begin_with(network: nn.Module, start: Path | None) -> nn.Module:
    """Give a network the averaged weights of a run."""
    if start is not None:
        state = read_state(start)
        network.load_state_dict(state.get("average", state["model"]))
    return network


def run(loop: Loop) -> None:
    """Learn to the end, telling the log."""
    loop.run(CancelToken(), lambda done, told: None, lambda point: None)


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
    add = parser.add_argument
    add("--out", type=Path, required=True)
    add("--simulated", type=Path, required=True)
    add("--checks", type=Path, help="simulated fields to validate on")
    add("--dsb", type=Path)
    add("--shared", type=Path, help="folder that holds samples/")
    add("--fnc", nargs="*", default=[], help="FNC pairs to train on")
    add("--shares", type=float, nargs=3, default=(0.75, 0.25, 0.0))
    add("--start", type=Path, help="a run's last.pt or best.pt to begin with")
    add("--steps", type=int, default=5000)
    add("--minutes", type=float, help="ends the run where it is reached first")
    add("--rate", type=float, default=1.5e-3)
    add("--average", type=float, default=0.997)
    add("--batch", type=int, default=8)
    add("--crop", type=int, default=256)
    add("--width", type=int, default=16)
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=2)
    return parser


def loop_of(options: argparse.Namespace) -> Loop:
    """Make the run that a command line asks for."""
    fnc = []
    if options.fnc:
        fnc = [pair for pair in fnc_pairs(options.shared) if pair.name in options.fnc]
    mixture, held = mixture_of(options.simulated, options.dsb, fnc, options.shares)
    checks = held[:CHECKED] if options.checks is not None else []
    if options.checks is not None:
        checks = [*checks, *simulated_pairs(options.checks)[:CHECKED]]
    task = MixtureTask(
        mixture, checks, seed=options.seed, size=options.batch, crop=options.crop
    )
    schedule = Schedule(
        options.steps,
        options.minutes,
        options.rate,
        average=options.average,
        seed=options.seed,
    )
    torch.manual_seed(options.seed)
    network = begin_with(CResUnet(options.width), options.start)
    identity: dict[str, Any] = {
        name: getattr(options, name)
        for name in ("seed", "batch", "crop", "width", "fnc")
    }
    return Loop(
        options.out, network, task, schedule, {**identity, "shares": [*options.shares]}
    )


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    run(loop_of(options))


if __name__ == "__main__":
    main()
