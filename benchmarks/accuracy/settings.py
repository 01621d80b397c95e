"""Settings of counting that come with the neuron model.

`python -m benchmarks.accuracy.settings MAPS`

MAPS is the folder of `benchmarks.accuracy.maps`: the four published pictures, each by
the network that never saw it, and simulated fields. Both weigh the same, and so do F1
by centres and F1 by IoU. How these settings count on the same maps is a little too
kind; what they do on pictures that had no part in choosing is in `folds`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.accuracy.maps import load_maps
from benchmarks.accuracy.tune import tune
from napari_cellsets.counting import evaluate, labels_from_probability, summarise

HERE = Path(__file__).parent


def run(maps: Path) -> dict[str, Any]:
    """Choose, and say how the chosen settings count."""
    groups = {
        name: [(one.probability, one.truth) for one in load_maps(maps, name)]
        for name in ("real", "simulated")
    }
    chosen = tune(list(groups.values()))
    counted = {}
    for name, pairs in groups.items():
        found = summarise(
            [evaluate(labels_from_probability(p, chosen), t) for p, t in pairs]
        )
        counted[name] = {
            "pictures": found.images,
            "f1_40px": round(found.f1 or 0.0, 4),
            "f1_iou50": round(found.f1_by_iou or 0.0, 4),
            "count_mae": round(found.mae or 0.0, 3),
        }
    return {"settings": chosen.model_dump(), "counted": counted}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--out", type=Path, default=HERE / "settings.json")
    options = parser.parse_args()
    results = run(options.maps)
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
