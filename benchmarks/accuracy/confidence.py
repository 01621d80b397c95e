"""Does confidence rank errors, and do limits of counts hold?

`python -m benchmarks.accuracy.confidence MAPS [--only nuclei] [--model F] [--into F]`

MAPS is the folder of `benchmarks.accuracy.maps`. Weights and limits are fitted on all
folds but one and measured on that one. `neurons` fits on simulated fields and the
published pictures together; they are reported apart. Right means: centre within 40 px
of a true one (neurons), overlap over union above one half (nuclei).

Three limits are compared at 80 % and at 90 %: the Poisson-binomial distribution of
right objects plus a Poisson number of missed ones; a quantile of the error over the
square root of the count; quantiles in spreads of chance and of pictures
(`counting.fit_confidence`). `for shipping` is fitted on all pictures; `--into` writes
it into a model file, where the program finds it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.accuracy.maps import load_maps
from napari_cellsets.counting import (
    CountSettings,
    confidence,
    count_interval,
    fit_trust,
    judge,
    labels_from_probability,
)
from napari_cellsets.counting.confidence import weighable
from napari_cellsets.inference import TrustRule, default_model, read_model_info
from napari_cellsets.inference.metadata import METADATA_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from napari_cellsets.counting.fit_confidence import Judged

    Limits = Callable[[np.ndarray], tuple[int, int]]

HERE = Path(__file__).parent
LEVELS = (0.8, 0.9)
SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)
RIGHT = {"neurons": "centres within 40 px", "nuclei": "IoU above 0.5"}
SETS = {"neurons": ("real", "simulated"), "nuclei": ("nuclei",)}
DRAWS = 4000
PARTS = 5


class Seen:
    """A judged picture, the set it is of and the fold it is left out in."""

    def __init__(self, kind: str, fold: str, found: Judged) -> None:
        self.kind, self.fold, self.found = kind, fold, found


def read(folder: Path, task: str, settings: CountSettings) -> list[Seen]:
    """Judge every map of a task."""
    seen = []
    for kind in SETS[task]:
        for one in load_maps(folder, kind):
            labels = labels_from_probability(one.probability, settings)
            found = judge(labels, one.probability, one.truth, by_iou=task == "nuclei")
            seen.append(Seen(kind, f"{kind} {one.fold}", found))
    if len({one.fold for one in seen}) == 1:
        # one network alone was validated: parts of its pictures are the folds
        for at, one in enumerate(seen):
            one.fold = f"part {at % PARTS}"
    return seen


def auroc(score: np.ndarray, right: np.ndarray) -> float | None:
    """Chance that a right object scores above a wrong one; None without both."""
    from scipy.stats import rankdata

    good, bad = int(right.sum()), int((~right).sum())
    if not good or not bad:
        return None
    ranks = rankdata(score)
    return float((ranks[right].sum() - good * (good + 1) / 2) / (good * bad))


def curve(score: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Precision of the surest objects, by the share that is kept."""
    order = np.argsort(-score, kind="stable")
    kept = [max(1, round(share * score.size)) for share in SHARES]
    return {
        f"{share:g}": round(float(right[order[:n]].mean()), 4)
        for share, n in zip(SHARES, kept, strict=True)
    }


def calibration(score: np.ndarray, right: np.ndarray) -> float:
    """Mean distance of confidence and precision over ten bins, by objects."""
    place = np.minimum((score * 10).astype(int), 9)
    off = [
        abs(score[place == k].mean() - right[place == k].mean()) * (place == k).mean()
        for k in np.unique(place)
    ]
    return float(sum(off))


def by_chance(sure: np.ndarray, missed: float, level: float) -> tuple[int, int]:
    """Quantiles of right objects plus missed ones, drawn."""
    rng = np.random.default_rng(0)
    right = (rng.random((DRAWS, sure.size)) < sure).sum(axis=1)
    drawn = right + rng.poisson(missed * float(sure.sum()), DRAWS)
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, (tail, 1 - tail), method="inverted_cdf")
    return min(int(low), sure.size), max(int(high), sure.size)


def by_root(pictures: Sequence[Judged], level: float) -> Limits:
    """Limits of a width that grows with the root of the count alone."""
    count = np.array([p.right.size for p in pictures])
    truth = np.array([p.truth for p in pictures])
    off = np.sort(np.abs(truth - count) / np.sqrt(count + 1))
    reach = off[min(int(np.ceil((off.size + 1) * level)), off.size) - 1]

    def limits(sure: np.ndarray) -> tuple[int, int]:
        wide = reach * np.sqrt(sure.size + 1)
        return max(0, int(np.ceil(sure.size - wide))), int(sure.size + wide)

    return limits


def measured(seen: Sequence[Seen], right: str) -> dict[str, Any]:
    """Figures of every set, each picture by what was fitted without its fold."""
    scores: dict[int, np.ndarray] = {}
    held: dict[str, dict[int, tuple[int, int]]] = {}
    for fold in dict.fromkeys(one.fold for one in seen):
        rest = [one.found for one in seen if one.fold != fold]
        for level in LEVELS:
            rule = fit_trust(rest, right=right, level=level)
            root = by_root(rest, level)
            for at, one in enumerate(seen):
                if one.fold != fold:
                    continue
                sure = confidence(one.found.features, rule)
                scores[at] = sure
                for name, limits in _limits_of(sure, rule, root, level).items():
                    held.setdefault(name, {})[at] = limits
    return {
        kind: _figures([at for at, one in enumerate(seen) if one.kind == kind], seen,
                       scores, held)
        for kind in dict.fromkeys(one.kind for one in seen)
    }  # fmt: skip


def _limits_of(
    sure: np.ndarray, rule: TrustRule, root: Limits, level: float
) -> dict[str, tuple[int, int]]:
    if rule.interval is None:
        return {}
    spreads = count_interval(sure, rule.interval)
    missed = rule.interval.missed
    return {
        f"Poisson-binomial, {level:.0%}": by_chance(sure, missed, level),
        f"root of the count, {level:.0%}": root(sure),
        f"spreads, {level:.0%}": (spreads.low, spreads.high),
    }


def _figures(
    chosen: Iterable[int],
    seen: Sequence[Seen],
    scores: dict[int, np.ndarray],
    held: dict[str, dict[int, tuple[int, int]]],
) -> dict[str, Any]:
    mine = list(chosen)
    right = np.concatenate([seen[at].found.right for at in mine])
    sure = np.concatenate([scores[at] for at in mine])
    truth = np.array([seen[at].found.truth for at in mine])
    single = {
        name: np.concatenate(
            [weighable(seen[at].found.features, 0.0)[name] for at in mine]
        )
        for name in ("mean", "edge", "round")
    }
    return {
        "pictures": len(mine),
        "objects": int(right.size),
        "wrong": int((~right).sum()),
        "missed": int(truth.sum() - right.sum()),
        "auroc": _rounded(auroc(sure, right)),
        "auroc of one feature alone": {
            name: _rounded(auroc(values, right)) for name, values in single.items()
        },
        "precision by share kept": curve(sure, right),
        "calibration error": _rounded(calibration(sure, right)),
        "limits": {
            name: _held([limits[at] for at in mine], truth)
            for name, limits in held.items()
        },
    }


def _held(limits: list[tuple[int, int]], truth: np.ndarray) -> dict[str, Any]:
    low, high = np.array(limits).T
    inside = (low <= truth) & (truth <= high)
    return {
        "coverage": _rounded(float(inside.mean())),
        "mean width": round(float((high - low).mean()), 2),
        "median width": float(np.median(high - low)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def write_into(model: Path, rule: TrustRule) -> None:
    """Put weights and limits into the description inside a model file."""
    import onnx

    proto = onnx.load(str(model))
    for entry in proto.metadata_props:
        if entry.key == METADATA_KEY:
            told = {**json.loads(entry.value), "trust": rule.model_dump()}
            entry.value = json.dumps(told, sort_keys=True)
    aside = model.with_suffix(".partial")
    onnx.save(proto, str(aside))
    aside.replace(model)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--model", type=Path, help="whose settings count")
    parser.add_argument("--only", choices=tuple(SETS), default="neurons")
    parser.add_argument("--level", type=float, default=0.8, help="for shipping")
    parser.add_argument("--into", type=Path, help="model file that is to tell it")
    parser.add_argument("--out", type=Path, default=HERE / "confidence.json")
    options = parser.parse_args()
    info = read_model_info(options.model or default_model())
    settings = CountSettings.for_model(info)
    seen = read(options.maps, options.only, settings)
    right = RIGHT[options.only]
    rule = fit_trust([one.found for one in seen], right=right, level=options.level)
    results: dict[str, Any] = {}
    if options.out.exists():
        results = json.loads(options.out.read_text(encoding="utf-8"))
    results[options.only] = {
        "settings": settings.model_dump(),
        "right": right,
        "left out": measured(seen, right),
        "for shipping": rule.model_dump(),
    }
    text = json.dumps(results, indent=1)
    options.out.write_text(text + "\n", encoding="utf-8")
    print(json.dumps(results[options.only], indent=1))
    if options.into is not None:
        write_into(options.into, rule)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
