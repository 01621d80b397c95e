"""Nuclei of DSB 2018 held out: the network, and a baseline without learning.

`python -m benchmarks.accuracy.nuclei MAPS [--ship RUNS] [--out JSON]`

MAPS comes from `benchmarks.accuracy.maps --only nuclei nuclei_folds`: pictures that the
network never learnt from, in five folds. Settings of counting are tuned, for each fold,
on the pictures of the other four; the baseline's are too. RUNS/nuclei/held is written
as the shipped model, with the settings that suit all its held-out pictures.
"""

from __future__ import annotations

import argparse
import json
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from benchmarks.accuracy.maps import Map, load_maps
from benchmarks.accuracy.pairs import (
    average_precision,
    matches_by_level,
    shared_root,
)
from napari_cellsets.counting import (
    CountSettings,
    Evaluation,
    evaluate,
    labels_from_probability,
    summarise,
)
from napari_cellsets.inference.choice import SHIPPED
from napari_cellsets.training.export import export_onnx, load_checkpoint
from napari_cellsets.training.nuclei import STRETCH
from napari_cellsets.training.sources import Pair, dsb_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HERE = Path(__file__).parent
MODEL = SHIPPED["nuclei"]
#: Pictures that settings are chosen on, at most about twice as many.
LOOKED_AT = 40
#: Every combination of these is tried.
THRESHOLDS = (0.4, 0.5, 0.6, 0.7)
WAYS: tuple[dict[str, Any], ...] = (
    {"split_by": "shape", "split_distance_px": 5},
    {"split_by": "shape", "split_distance_px": 8},
    {"split_by": "map", "split_distance_px": 3, "split_depth": 0.15},
    {"split_by": "map", "split_distance_px": 3, "split_depth": 0.25},
    {"split_by": "map", "split_distance_px": 3, "split_depth": 0.4},
    {"split_by": "map", "split_distance_px": 6, "split_depth": 0.25},
)
AREAS = (15, 30, 45, 60)
PUBLISHED = {
    "StarDist, AP at IoU 0.5 on its own DSB test pictures (Schmidt 2018)": 0.864,
}


def grid() -> list[CountSettings]:
    """Every combination that is tried."""
    return [
        CountSettings(threshold=t, min_area_px=area, fill_holes_px=100, **way)
        for t, way, area in product(THRESHOLDS, WAYS, AREAS)
    ]


def matches(labels: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """True positives, false positives and false negatives by IoU > 0.5."""
    found = evaluate(labels, truth).by_iou
    return np.array(
        [found.true_positives, found.false_positives, found.false_negatives]
    )


def f1_of(counts: np.ndarray) -> float:
    """F1 of pooled counts (..., 3)."""
    hits, extra, missed = np.asarray(counts, np.float64).reshape(-1, 3).sum(axis=0)
    return float(2 * hits / max(1.0, 2 * hits + extra + missed))


def tuned(
    maps: Sequence[Map], ways: Sequence[Any], label: Callable[[Map, Any], np.ndarray]
) -> tuple[dict[int, Any], Any]:
    """Return the best way for each fold, chosen on the others, and the best on all.

    Of many pictures an even part is looked at to choose.
    """
    looked_at = maps[:: max(1, len(maps) // LOOKED_AT)]
    table = np.array(
        [[matches(label(one, way), one.truth) for one in looked_at] for way in ways]
    )
    fold = np.array([one.fold for one in looked_at])
    chosen = {}
    for left_out in sorted({one.fold for one in maps}):
        seen = table[:, fold != left_out] if len(set(fold)) > 1 else table
        chosen[int(left_out)] = ways[int(np.argmax([f1_of(row) for row in seen]))]
    return chosen, ways[int(np.argmax([f1_of(row) for row in table]))]


def figures(results: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, Any]:
    """F1, counts and AP of (labels, truth) pairs."""
    pairs = list(results)
    found = [evaluate(labels, truth) for labels, truth in pairs]
    summary = summarise(found)
    precision = average_precision(matches_by_level(*pair) for pair in pairs)
    return {
        "pictures": summary.images,
        "nuclei": summary.truth,
        "counted": summary.predicted,
        "f1_iou50": round(summary.f1_by_iou or 0.0, 4),
        "f1_10px": round(_f1_by_centres(pairs, 10.0), 4),
        "precision_iou50": round(_share(found, "false_positives"), 4),
        "recall_iou50": round(_share(found, "false_negatives"), 4),
        "ap_50": precision[0],
        "ap_50_95": round(float(np.mean(precision)), 4),
        "ap_by_iou": precision,
        "count_mae": round(summary.mae or 0.0, 3),
        "count_medae": round(summary.medae or 0.0, 3),
        "count_mpe": round(summary.mpe or 0.0, 4),
    }


def _share(found: Sequence[Evaluation], wrong: str) -> float:
    hits = sum(one.by_iou.true_positives for one in found)
    return hits / max(1, hits + sum(getattr(one.by_iou, wrong) for one in found))


def _f1_by_centres(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], radius: float
) -> float:
    rows = [evaluate(labels, truth, radius_px=radius) for labels, truth in pairs]
    hits = 2 * sum(one.true_positives for one in rows)
    wrong = sum(one.false_positives + one.false_negatives for one in rows)
    return hits / max(1, hits + wrong)


def by_network(one: Map, settings: CountSettings) -> np.ndarray:
    """Labels of a map."""
    return labels_from_probability(one.probability, settings)


@lru_cache(maxsize=1)
def _greys() -> dict[str, Pair]:
    pairs = dsb_pairs(shared_root() / "training" / "dsb2018_fluorescence")
    return {pair.name: pair for pair in pairs}


CLASSICAL = [
    (factor, area, distance)
    for factor, area, distance in product((0.7, 0.85, 1.0), (10, 25), (5.0, 9.0))
]


def by_otsu(one: Map, way: tuple[float, int, float]) -> np.ndarray:
    """Otsu of the smoothed picture, parted by distance; nothing is learnt."""
    factor, area, distance = way
    grey = _greys()[one.name].load()[0].max(axis=2).astype(np.float32)
    light = ndimage.gaussian_filter(grey, 1.0)
    mask = light > factor * threshold_otsu(light)
    rules = CountSettings(
        threshold=0.5, fill_holes_px=100, min_area_px=area, split_distance_px=distance
    )
    return labels_from_probability(mask.astype(np.float32), rules)


def ship(run: Path, settings: CountSettings, measured: dict[str, Any]) -> None:
    """Write the shipped model of nuclei."""
    told = {
        "format": 1,
        "name": "c-ResUnet nuclei",
        "version": "1.0",
        "task": "segmentation",
        "layout": "nchw",
        "channels": 3,
        "channel_order": "rgb",
        "normalisation": STRETCH,
        "output_kind": "probability",
        "output_channel": 0,
        "multiple_of": 8,
        "halo": 96,
        "bytes_per_pixel": 1000,
        "threshold": settings.threshold,
        "least_peak": settings.least_peak,
        "min_area": settings.min_area_px,
        "fill_holes": settings.fill_holes_px,
        "split_distance": settings.split_distance_px,
        "split_by": settings.split_by,
        "split_depth": settings.split_depth,
        "split_level": settings.split_level,
        "classes": ["nucleus"],
        "licence": "CC0 1.0",
        "training_data": "DSB 2018 fluorescence (CC0), simulated neurons",
        "metrics": {
            name: measured[name] for name in ("f1_iou50", "ap_50", "count_mae")
        },
    }
    export_onnx(load_checkpoint(run / "nuclei" / "held" / "last.pt"), MODEL, told)


def measured(maps: Sequence[Map]) -> dict[str, Any]:
    """Figures of a set of maps, every fold with the settings that the others chose."""
    settings, best = tuned(maps, grid(), by_network)
    ways, _ = tuned(maps, CLASSICAL, by_otsu)
    network = [(by_network(one, settings[one.fold]), one.truth) for one in maps]
    return {
        "network": figures(network),
        "otsu and distance, tuned alike": figures(
            (by_otsu(one, ways[one.fold]), one.truth) for one in maps
        ),
        "settings": {fold: one.model_dump() for fold, one in settings.items()},
        "for shipping": best.model_dump(),
        "by fold": {
            fold: round(
                f1_of(
                    [
                        matches(labels, truth)
                        for (labels, truth), one in zip(network, maps, strict=True)
                        if one.fold == fold
                    ]
                ),
                4,
            )
            for fold in settings
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--ship", type=Path, metavar="RUNS")
    parser.add_argument("--out", type=Path, default=HERE / "nuclei.json")
    options = parser.parse_args()
    results: dict[str, Any] = {
        "34 pictures held out": measured(load_maps(options.maps, "nuclei")),
        "published by others, not measured here": PUBLISHED,
    }
    folds = load_maps(options.maps, "nuclei_folds")
    if folds:
        results["five folds over all pictures"] = measured(folds)
    best = CountSettings(**results["34 pictures held out"]["for shipping"])
    if options.ship is not None:
        ship(options.ship, best, results["34 pictures held out"]["network"])
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
