"""Leave-one-image-out: four networks, each scored on the picture it never saw.

`python -m benchmarks.accuracy.folds RUNS --simulated FOLDER [--out JSON]`

RUNS holds `base` (trained without any published picture of neurons) and one folder
a picture, `without_yellow_...`, fine-tuned on the other three. `--simulator` is a run
that saw simulated fields and nothing else: what it finds measures how real they are.
Settings of counting are tuned on pictures that the network was allowed to see, never
on the one left out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.accuracy.pairs import Compared, compare, real_pairs, report
from benchmarks.accuracy.tune import tune
from napari_cellsets.counting import labels_from_probability
from napari_cellsets.training.export import load_checkpoint
from napari_cellsets.training.sources import Pair, simulated_pairs
from napari_cellsets.training.validate import predict

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import torch

    from napari_cellsets.counting import CountSettings

HERE = Path(__file__).parent


def fold_name(pair: Pair) -> str:
    """Folder of the run that never saw a pair."""
    return "without_" + pair.name.replace("/", "_")


def maps_of(
    model: torch.nn.Module, pairs: Sequence[Pair]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Probability and truth of every pair."""
    return [
        (predict(model, image, fast=False), truth)
        for image, truth in (pair.load() for pair in pairs)
    ]


def run(runs: Path, pairs: Sequence[Pair], simulated: Sequence[Pair]) -> dict[str, Any]:
    """Figures of the folds, with the settings that each one used."""
    found, used = {}, {}
    for pair in pairs:
        model = load_checkpoint(runs / fold_name(pair) / "last.pt")
        seen = [other for other in real_pairs() if other != pair]
        chosen = tune([maps_of(model, simulated), maps_of(model, seen)])
        (left_out,) = maps_of(model, [pair])
        found[pair.name] = compare(labels_from_probability(left_out[0], chosen), pair)
        used[pair.name] = chosen.model_dump()
    return {**report(found), "settings": used}


def run_unseen(
    run: Path, pairs: Sequence[Pair], simulated: Sequence[Pair]
) -> dict[str, Any]:
    """Figures of a network, its settings tuned on simulated fields alone."""
    model = load_checkpoint(run / "last.pt")
    chosen = tune([maps_of(model, simulated)])
    found = {pair.name: count_with(model, pair, chosen) for pair in pairs}
    return {**report(found), "settings": chosen.model_dump()}


def count_with(model: torch.nn.Module, pair: Pair, settings: CountSettings) -> Compared:
    """One picture counted and compared."""
    probability = predict(model, pair.load()[0], fast=False)
    return compare(labels_from_probability(probability, settings), pair)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--simulated", type=Path, required=True)
    parser.add_argument("--simulator", type=Path, metavar="RUN")
    parser.add_argument("--count", type=int, default=5, help="simulated fields used")
    parser.add_argument("--only", default="", help="pictures whose name begins so")
    parser.add_argument("--out", type=Path, default=HERE / "folds.json")
    options = parser.parse_args()
    simulated = simulated_pairs(options.simulated)[-options.count :]
    pairs = [pair for pair in real_pairs() if pair.name.startswith(options.only)]
    results = {
        "left out": run(options.runs, pairs, simulated),
        "base, no published picture seen": run_unseen(
            options.runs / "base", pairs, simulated
        ),
    }
    if options.simulator is not None:
        results["simulated fields alone seen"] = run_unseen(
            options.simulator, pairs, simulated
        )
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, figures in results.items():
        print(name, json.dumps(figures["pooled"], indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
