"""The runs behind the shipped model, one after the other; each goes on where it was.

`python -m benchmarks.accuracy.train RUNS [--stage fields base folds final]`

About two and a half hours on two CPU cores. `base` sees simulated fields and DSB
2018 nuclei; a fold starts there and sees three of the four published pictures; the
final network sees all four.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.accuracy.folds import fold_name
from benchmarks.accuracy.pairs import real_pairs, shared_root
from napari_cellsets.training import neurons
from napari_cellsets.training.prepare import prepare_fields

STAGES = ("fields", "base", "folds", "final")
FIELDS, CHECKS = 640, 16


def base(runs: Path, minutes: float) -> None:
    _train(runs, "base", ["--minutes", str(minutes), "--check-every", "1000"])


def fine_tune(runs: Path, name: str, pictures: list[str], steps: int) -> None:
    """Go on gently from the base with published pictures in nearly half the crops."""
    shares = ["--shares", "0.45", "0.1", "0.45"]
    gentle = ["--rate", "4e-4", "--average", "0.99", "--steps", str(steps)]
    start = ["--start", str(runs / "base" / "last.pt"), "--check-every", "100000"]
    _train(runs, name, [*shares, *gentle, *start, "--fnc", *pictures])


def _train(runs: Path, name: str, more: list[str]) -> None:
    shared = shared_root()
    common = ["--out", str(runs / name), "--simulated", str(runs / "simulated")]
    common += ["--shared", str(shared), "--save-every", "50"]
    common += ["--dsb", str(shared / "training" / "dsb2018_fluorescence")]
    if name == "base":
        common += ["--checks", str(runs / "simulated_val"), "--steps", "100000"]
    neurons.main([*common, *more])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--stage", nargs="*", choices=STAGES, default=STAGES)
    parser.add_argument("--minutes", type=float, default=70)
    parser.add_argument("--steps", type=int, default=160, help="of each fine-tuning")
    options = parser.parse_args()
    names = [pair.name for pair in real_pairs()]
    if "fields" in options.stage:
        prepare_fields(options.runs / "simulated", FIELDS, seed=1, workers=2)
        prepare_fields(options.runs / "simulated_val", CHECKS, seed=99, workers=2)
    if "base" in options.stage:
        base(options.runs, options.minutes)
    # the shipped network before the red folds, so that it can be used the sooner
    yellow = [pair for pair in real_pairs() if pair.name.startswith("yellow")]
    red = [pair for pair in real_pairs() if pair not in yellow]
    for stage, pairs in (("folds", yellow), ("final", []), ("folds", red)):
        if stage not in options.stage:
            continue
        for pair in pairs:
            others = [name for name in names if name != pair.name]
            fine_tune(options.runs, fold_name(pair), others, options.steps)
        if stage == "final":
            fine_tune(options.runs, "final", names, options.steps)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
