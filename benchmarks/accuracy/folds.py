"""Leave-one-image-out: four networks, each scored on the picture it never saw.

`python -m benchmarks.accuracy.folds RUNS --simulated FOLDER [--out JSON]`

RUNS holds `base` (trained without any published picture) and one folder a picture,
`without_yellow_...`, fine-tuned on the other three. Settings of counting are tuned
on pictures the network was allowed to see, never on the one left out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.accuracy.pairs import compare, real_pairs, report
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


def score_fold(
    model: torch.nn.Module, seen: Sequence[Pair], simulated: Sequence[Pair]
) -> CountSettings:
    """Settings tuned on simulated fields and on the published pictures seen."""
    return tune([maps_of(model, simulated), maps_of(model, seen)])


def run(runs: Path, simulated: Sequence[Pair], which: str) -> dict[str, Any]:
    """Figures of the base, or of the folds, with the settings each one used."""
    pairs, found, used = real_pairs(), {}, {}
    base = load_checkpoint(runs / "base" / "last.pt")
    settings = score_fold(base, [], simulated) if which == "base" else None
    for pair in pairs:
        model, chosen = base, settings
        if chosen is None:
            model = load_checkpoint(runs / fold_name(pair) / "last.pt")
            seen = [other for other in pairs if other != pair]
            chosen = score_fold(model, seen, simulated)
        image, _ = pair.load()
        labels = labels_from_probability(predict(model, image, fast=False), chosen)
        found[pair.name] = compare(labels, pair)
        used[pair.name] = chosen.model_dump()
    return {**report(found), "settings": used}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--simulated", type=Path, required=True)
    parser.add_argument("--count", type=int, default=8, help="simulated fields used")
    parser.add_argument("--out", type=Path, default=HERE / "folds.json")
    parser.add_argument("--base-only", action="store_true")
    options = parser.parse_args()
    simulated = simulated_pairs(options.simulated)[-options.count :]
    names = ["base"] if options.base_only else ["base", "left out"]
    results = {name: run(options.runs, simulated, name) for name in names}
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, figures in results.items():
        print(name, json.dumps(figures["pooled"], indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
