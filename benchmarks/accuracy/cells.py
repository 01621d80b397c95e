"""The classifier of blood cells: made from a run, and measured on cells it never saw.

`python -m benchmarks.accuracy.cells RUNS [--model FILE] [--out JSON]`

RUNS is the folder of `benchmarks.accuracy.train_cells`; its `split.json` says which
cells were learnt from. The temperature and the limit of distance are set on the
validation cells; every figure is of the test cells, scored through the ONNX file as
the product does. What is no blood cell comes from other published pictures, from
simulation and noise.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from benchmarks.accuracy.pairs import shared_root
from benchmarks.accuracy.train_cells import SIDE, SIZE, read_cells
from napari_cellsets.classify import ClassTable, compare
from napari_cellsets.inference.classifier import (
    DEFAULT_CLASSIFIER,
    read_classifier_info,
)
from napari_cellsets.inference.metadata import model_hash
from napari_cellsets.inference.scoring import score_cells
from napari_cellsets.simulate import simulate_neurons
from napari_cellsets.training.cellnet import CellNet, middle_of
from napari_cellsets.training.export_cells import (
    Familiar,
    NamedCells,
    calibrated_temperature,
    export_classifier,
    folded,
    mean_features,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.training.cell_batches import Cells

HERE = Path(__file__).parent
MODEL = (
    HERE.parents[1] / "src/napari_cellsets/inference/models/cell_classifier_pbc.onnx"
)
TITLES = {"ig": "immature granulocyte"}
#: Cells of the validation part that lie within the limit of distance, and how much is
#: added to it: pictures straight from the microscope lie a little farther.
WITHIN, SPARE = 0.998, 1.1
DESCRIPTION = {
    "name": "Blood cells (PBC, 8 classes)",
    "version": "1.0",
    "cell_share": 0.5,
    "class_titles": TITLES,
    "unknown": "not a blood cell I know",
    "licence": "CC BY 4.0",
    "training_data": "PBC, Acevedo et al., Data in Brief 30, 105474 (2020), CC BY 4.0",
}


def parts_of(runs: Path, cells: Cells) -> dict[str, Cells]:
    """Cells of the runs' training, validation and test parts."""
    split = json.loads((runs / "split.json").read_text(encoding="utf-8"))
    place = {name: index for index, name in enumerate(cells.names)}
    return {
        part: cells.part(np.array([place[name] for name in names]))
        for part, names in split.items()
    }


def features_of(network: CellNet, cells: Cells) -> np.ndarray:
    """Features of cells as they are, float32 (n, d)."""
    found = []
    with torch.no_grad():
        for start in range(0, len(cells), 128):
            pictures = torch.from_numpy(cells.pictures[start : start + 128])
            blob = pictures.permute(0, 3, 1, 2).float() / 255
            found.append(mean_features(network, middle_of(blob, SIDE)).numpy())
    return np.concatenate(found)


def make(runs: Path, parts: dict[str, Cells], path: Path) -> None:
    """Write the model of a run: the running average at its end, calibrated."""
    state = torch.load(runs / "two" / "last.pt", weights_only=True)
    network = CellNet(len(parts["train"].classes))
    network.load_state_dict(state["average"])
    network.eval()
    train, validation = parts["train"], parts["validation"]
    features = features_of(network, train)
    familiar = Familiar.learnt(features, train.labels, len(train.classes))
    named = NamedCells(folded(network), SIDE, 1.0, familiar)
    about = {**DESCRIPTION, "classes": list(train.classes)}
    export_classifier(named, SIZE, path, about)
    logits, distance = answers(path, validation)
    named.temperature = calibrated_temperature(logits, validation.labels)
    about["distance_limit"] = round(SPARE * float(np.quantile(distance, WITHIN)), 3)
    export_classifier(named, SIZE, path, about)


def answers(path: Path, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the probabilities, and distances, as the product sees them."""
    scores = score_cells(cells.pictures, read_classifier_info(path))
    if scores.distance is None:
        raise SystemExit(f"{path.name} tells no distance")
    return np.log(np.maximum(scores.probabilities, 1e-12)), scores.distance


def figures(path: Path, cells: Cells) -> dict[str, Any]:
    """Accuracy, recall and precision of classes, calibration."""
    info = read_classifier_info(path)
    scores = score_cells(cells.pictures, info)
    table = ClassTable.of(cells.names, scores, info)
    report = compare(table, [cells.classes[label] for label in cells.labels])
    worst = report.worst
    return {
        "cells": report.cells,
        "accuracy": round(report.accuracy or 0.0, 4),
        "accuracy_95": [round(float(v), 4) for v in report.accuracy_interval],
        "accuracy_all_named": round(
            float((scores.probabilities.argmax(axis=1) == cells.labels).mean()), 4
        ),
        "worst_recall": [worst.name, round(worst.recall or 0.0, 4)] if worst else None,
        "called_unknown": report.unknown,
        "expected_calibration_error": round(report.calibration.ece, 4),
        "classes": {
            one.name: {
                "cells": one.support,
                "precision": round(one.precision or 0.0, 4),
                "recall": round(one.recall or 0.0, 4),
                "recall_95": [round(float(v), 4) for v in one.recall_interval],
            }
            for one in report.classes
        },
        "confusion": report.confusion.tolist(),
    }


def strangers(shared: Path) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield groups of pictures that are no blood cells, RGB uint8."""
    rng = np.random.default_rng(0)
    samples, training = shared / "samples", shared / "training"
    neurons = [
        *samples.glob("fluorescent_neuronal_cells_v1/**/images/*.png"),
        *samples.glob("fluorescent_neuronal_cells_v2/**/images/*.png"),
    ]
    yield "neurons, published, cut to 360 px", list(_cuts(map(_read, neurons), 360))
    fields = [simulate_neurons(seed, (720, 720)).image for seed in range(12)]
    yield "neurons, simulated, cut to 360 px", list(_cuts(fields, 360))
    nuclei = sorted((training / "dsb2018_fluorescence/images").glob("*.png"))
    yield "nuclei, DSB 2018, whole fields", [_read(path) for path in nuclei]
    smears = [*samples.glob("ccagt/**/*.jpg"), *samples.glob("cric/**/*.png")]
    if smears:
        yield "cervical smears, cut to 360 px", list(_cuts(map(_read, smears), 360))
    crops = [*samples.glob("comparison_detector/**/*.bmp")]
    crops += [*samples.glob("comparison_detector/**/*.jpg")]
    if crops:
        yield "cervical cells, Comparison Detector", [_read(path) for path in crops]
    shape = (160, 160, 3)
    yield "noise", [rng.integers(0, 256, shape, dtype=np.uint8) for _ in range(200)]
    flat = (np.full(shape, rng.integers(0, 256, 3), np.uint8) for _ in range(200))
    yield "one colour", list(flat)


def _read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise SystemExit(f"{path} cannot be read")
    return picture


def _cuts(pictures: Iterable[np.ndarray], side: int) -> Iterator[np.ndarray]:
    for picture in pictures:
        for y in range(0, picture.shape[0] - side + 1, side):
            for x in range(0, picture.shape[1] - side + 1, side):
                yield picture[y : y + side, x : x + side]


def told_apart(info: ClassifierInfo, known: np.ndarray, shared: Path) -> dict[str, Any]:
    """Share of strangers called unknown, and how well distance ranks them (AUROC)."""
    limit = info.distance_limit or np.inf
    rows: dict[str, Any] = {
        "blood cells of the test part": {
            "pictures": len(known),
            "called_unknown": round(float((known > limit).mean()), 4),
        }
    }
    for name, pictures in strangers(shared):
        distance = score_cells(pictures, info).distance
        if distance is None:
            continue
        below = (known[:, None] < distance[None]).mean()
        rows[name] = {
            "pictures": len(pictures),
            "called_unknown": round(float((distance > limit).mean()), 4),
            "auroc": round(float(below), 4),
        }
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_CLASSIFIER)
    parser.add_argument("--keep", action="store_true", help="do not make it anew")
    parser.add_argument("--out", type=Path, default=HERE / "cells.json")
    options = parser.parse_args()
    shared = shared_root()
    parts = parts_of(options.runs, read_cells(shared / "training" / "pbc_160"))
    if not options.keep:
        make(options.runs, parts, options.model)
    info = read_classifier_info(options.model)
    results = {
        "sha256": model_hash(options.model),
        "temperature": info.temperature,
        "distance_limit": info.distance_limit,
        "validation": figures(options.model, parts["validation"]),
        "test": figures(options.model, parts["test"]),
        "strangers": told_apart(info, answers(options.model, parts["test"])[1], shared),
    }
    options.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
