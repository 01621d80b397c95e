"""The shipped model and the classical baseline on the published pictures.

`python -m benchmarks.accuracy.run [--only classical|model] [--model FILE]`

The shipped model was fine-tuned on these four pictures: its figures here say that
file and code fit together. What it does on pictures it never saw is in `folds`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.accuracy.classical import leave_one_out
from benchmarks.accuracy.pairs import compare, real_pairs, report
from napari_cellsets.core.image import Picture
from napari_cellsets.counting import (
    CountRequest,
    count_from_probability,
    predict_probability,
)
from napari_cellsets.inference.metadata import default_model, model_hash

HERE = Path(__file__).parent


def with_model(path: Path) -> dict[str, object]:
    """Figures of a model with the settings that it recommends."""
    found = {}
    for pair in real_pairs():
        request = CountRequest(Picture(pair.load()[0], "yxc"), path)
        result = count_from_probability(predict_probability(request), request)
        found[pair.name] = compare(result.labels, pair)
    return {"sha256": model_hash(path), **report(found)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--only", choices=("classical", "model"))
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    options = parser.parse_args()
    results = {}
    if options.out.exists():
        results = json.loads(options.out.read_text(encoding="utf-8"))
    if options.only != "model":
        figures = report(leave_one_out(real_pairs()))
        results["classical, tuned on the other pictures"] = figures
    if options.only != "classical":
        figures = with_model(options.model or default_model())
        results["model, trained on these pictures"] = figures
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for name, figures in results.items():
        print(name, json.dumps(figures["pooled"], indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
