"""The runs behind the shipped neuron model, one after the other; each goes on.

`python -m benchmarks.accuracy.train RUNS [--stage fields simulator base folds final]`

About three hours on two CPU cores. `simulator` sees simulated fields alone; `base`
sees DSB 2018 nuclei too, in two rounds; a fold starts there and sees three of the four
published pictures; the final network sees all four.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.accuracy.folds import fold_name
from benchmarks.accuracy.pairs import real_pairs, shared_root
from napari_cellsets.training import neurons
from napari_cellsets.training.prepare import prepare_fields

STAGES = ("fields", "simulator", "base", "folds", "final")
FIELDS, CHECKS = 880, 16


def simulator(runs: Path) -> None:
    """Learn from simulated fields alone."""
    speed = ["--rate", "2e-3", "--average", "0.99", "--steps", "600"]
    _train(runs, "simulator", speed)


def base(runs: Path) -> None:
    """Learn from simulated fields and nuclei: a long round, and a second one."""
    mixed = ["--dsb", str(_dsb()), "--checks", str(runs / "simulated_val")]
    _train(runs, "first", [*mixed, "--steps", "2360"])
    again = ["--rate", "1.2e-3", "--average", "0.995", "--steps", "900", "--seed", "5"]
    start = ["--start", str(runs / "first" / "last.pt")]
    _train(runs, "base", [*mixed, *again, *start])


def fine_tune(runs: Path, name: str, pictures: list[str]) -> None:
    """Go on gently from the base with published pictures in nearly half the crops."""
    shares = ["--dsb", str(_dsb()), "--shares", "0.45", "0.1", "0.45"]
    gentle = ["--rate", "4e-4", "--average", "0.99", "--steps", "200"]
    start = ["--start", str(runs / "base" / "last.pt")]
    _train(runs, name, [*shares, *gentle, *start, "--fnc", *pictures])


def _dsb() -> Path:
    return shared_root() / "training" / "dsb2018_fluorescence"


def _train(runs: Path, name: str, more: list[str]) -> None:
    common = ["--out", str(runs / name), "--simulated", str(runs / "simulated")]
    neurons.main([*common, "--shared", str(shared_root()), *more])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--stage", nargs="*", choices=STAGES, default=STAGES)
    options = parser.parse_args()
    names = [pair.name for pair in real_pairs()]
    if "fields" in options.stage:
        prepare_fields(options.runs / "simulated", FIELDS, seed=1, workers=2)
        prepare_fields(options.runs / "simulated_val", CHECKS, seed=99, workers=2)
    if "simulator" in options.stage:
        simulator(options.runs)
    if "base" in options.stage:
        base(options.runs)
    if "folds" in options.stage:
        for pair in real_pairs():
            others = [name for name in names if name != pair.name]
            fine_tune(options.runs, fold_name(pair), others)
    if "final" in options.stage:
        fine_tune(options.runs, "final", names)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
