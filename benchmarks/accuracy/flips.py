"""Whether averaging over flips (four runs instead of one) counts better.

`python -m benchmarks.accuracy.flips RUNS [--out JSON]`

The four published pictures, each through the network that never saw it, with the
settings of counting that `folds.json` tuned without it: once as it is, once as the
mean of the picture and its three mirror images.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.accuracy.folds import fold_name
from benchmarks.accuracy.pairs import compare, real_pairs, report
from napari_cellsets.counting import CountSettings, labels_from_probability
from napari_cellsets.inference import predict
from napari_cellsets.training.export import export_onnx, load_checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
METADATA = {
    "format": 1,
    "layout": "nchw",
    "channels": 3,
    "channel_order": "rgb",
    "normalisation": {"kind": "divide", "value": 255},
    "output_kind": "probability",
    "multiple_of": 8,
}
FLIPS: Sequence[tuple[int, ...]] = ((), (0,), (1,), (0, 1))


def averaged(image: np.ndarray, model: Path) -> list[np.ndarray]:
    """Probability of the picture as it is, and the mean over its mirror images."""
    maps = [
        np.flip(predict(np.ascontiguousarray(np.flip(image, axes)), model), axes)
        for axes in FLIPS
    ]
    return [maps[0], np.mean(maps, axis=0, dtype=np.float32)]


def run(runs: Path, folds: Path) -> dict[str, Any]:
    """Figures without and with averaging."""
    tuned = json.loads(folds.read_text(encoding="utf-8"))["left out"]["settings"]
    found: dict[str, dict[str, Any]] = {"as it is": {}, "mean of four flips": {}}
    with tempfile.TemporaryDirectory() as folder:
        for pair in real_pairs():
            path = Path(folder) / f"{fold_name(pair)}.onnx"
            export_onnx(
                load_checkpoint(runs / fold_name(pair) / "last.pt"), path, METADATA
            )
            settings = CountSettings.model_validate(tuned[pair.name])
            maps = averaged(pair.load()[0], path)
            for name, probability in zip(found, maps, strict=True):
                labels = labels_from_probability(probability, settings)
                found[name][pair.name] = compare(labels, pair)
    return {name: report(rows) for name, rows in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--folds", type=Path, default=HERE / "folds.json")
    parser.add_argument("--out", type=Path, default=HERE / "flips.json")
    options = parser.parse_args()
    results = run(options.runs, options.folds)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, figures in results.items():
        print(name, json.dumps(figures["pooled"], indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
