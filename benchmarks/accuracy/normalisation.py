"""How pixels should become numbers: divided by white, or stretched by percentiles.

`python -m benchmarks.accuracy.normalisation [--model FILE] [--out JSON]`

Simulated fields at full and at reduced exposure, as 16-bit pictures, and without a
single counted cell; F1 at 40 px, and cells found where there are none.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.image import Picture
from napari_cellsets.counting import (
    CountRequest,
    count_from_probability,
    evaluate,
    predict_probability,
    summarise,
)
from napari_cellsets.inference.metadata import default_model, read_model_info
from napari_cellsets.simulate import SimulatedField, simulate_neurons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.inference.metadata import ModelInfo

HERE = Path(__file__).parent
SHAPE = (600, 800)
RULES = {
    "divide by 255": {"kind": "divide", "value": 255},
    "percentiles 1..99.8, floor 0.1": {
        "kind": "percentile",
        "low": 1,
        "high": 99.8,
        "floor": 0.1,
    },
    "percentiles 1..99.8, floor 0.3": {
        "kind": "percentile",
        "low": 1,
        "high": 99.8,
        "floor": 0.3,
    },
}


def pictures(count: int) -> Iterator[tuple[str, np.ndarray, SimulatedField]]:
    """Condition, pixels and truth."""
    for seed in range(count):
        colour = ("yellow", "red", "green", "grey")[seed % 4]
        field = simulate_neurons(7000 + seed, SHAPE, 8, colour=colour)
        yield "as published", field.image, field
        twelve_bits = field.image.astype(np.uint16) * 16
        yield "12 bits in uint16", twelve_bits, field
        dim = simulate_neurons(7000 + seed, SHAPE, 8, colour=colour, gain=0.5)
        yield "half the light", dim.image, dim
        empty = simulate_neurons(8000 + seed, SHAPE, 0, colour=colour)
        yield "no cells", empty.image, empty


def figures(info: ModelInfo, count: int) -> dict[str, Any]:
    """F1 and cells found by condition."""
    found: dict[str, list[Any]] = {}
    for condition, pixels, field in pictures(count):
        request = CountRequest(Picture(pixels, "yxc"), info)
        result = count_from_probability(predict_probability(request), request)
        evaluation = evaluate(result.labels, field.labels)
        found.setdefault(condition, []).append(evaluation)
    rows = {}
    for condition, evaluations in found.items():
        summary = summarise(evaluations)
        rows[condition] = {
            "f1_40px": round(summary.f1 or 0.0, 4),
            "predicted": summary.predicted,
            "truth": summary.truth,
        }
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--out", type=Path, default=HERE / "normalisation.json")
    options = parser.parse_args()
    info = read_model_info(options.model or default_model())
    results = {
        name: figures(info.replace(normalisation=rule), options.count)
        for name, rule in RULES.items()
    }
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
