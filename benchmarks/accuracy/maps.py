"""Maps of pictures that the network never saw, kept for what is measured on them.

`python -m benchmarks.accuracy.maps MAPS --runs RUNS [--only SET ...]`

RUNS is the folder of `benchmarks.accuracy.train`: `real` are the four published
pictures, each by the network fine-tuned on the other three; `simulated` are fields of
seeds that no network learnt from, by the shipped one. `nuclei` are the pictures of
DSB 2018 that were held out from the base and from the network of nuclei
(RUNS/nuclei/held). `nuclei_folds` are all of them, each by the network of the fold
that left it out (RUNS/nuclei/fold_K), which began with simulated fields alone.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.accuracy.folds import fold_name
from benchmarks.accuracy.pairs import real_pairs, shared_root
from napari_cellsets.inference import default_model
from napari_cellsets.inference import predict as run_model
from napari_cellsets.simulate import simulate_neurons
from napari_cellsets.training.export import load_checkpoint
from napari_cellsets.training.sources import (
    DSB_HELD_OUT,
    Pair,
    dsb_pairs,
    folds_of,
    split_by_name,
)
from napari_cellsets.training.validate import predict

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

SETS = ("real", "simulated", "nuclei", "nuclei_folds")
FIELDS = 20
FIELD_SEED = 900_000
COLOURS = ("yellow", "red", "green", "grey")
FOLDS = 5


@dataclass(frozen=True)
class Map:
    """One picture: probability float32 and truth int32, both (y, x), and its fold."""

    name: str
    probability: np.ndarray
    truth: np.ndarray
    fold: int


def load_maps(folder: Path, kind: str) -> list[Map]:
    """Maps of a set in the order of their names."""
    found = []
    for path in sorted((folder / kind).glob("*.npz")):
        with np.load(path) as file:
            probability = file["probability"].astype(np.float32) / 65535
            truth = file["truth"].astype(np.int32)
            found.append(Map(path.stem, probability, truth, int(file["fold"])))
    return found


def draw_field(index: int) -> tuple[np.ndarray, np.ndarray]:
    """Simulated picture (y, x, 3) and labels of a seed that nothing learnt from."""
    rng = np.random.default_rng([FIELD_SEED, index])
    field = simulate_neurons(
        FIELD_SEED + index,
        (768, 1024),
        colour=COLOURS[index % len(COLOURS)],
        magnification=float(np.exp(rng.normal(0, 0.22))),
        gain=float(np.exp(rng.normal(0, 0.12))),
        noise=float(rng.uniform(0.6, 1.8)),
    )
    return field.image, field.labels


def simulated(_runs: Path, done: set[str]) -> Iterator[Map]:
    """Every fifth field is of one fold."""
    for index in range(FIELDS):
        name = f"field_{index:03d}"
        if name not in done:
            image, labels = draw_field(index)
            probability = run_model(image, default_model())
            yield Map(name, probability, labels, index % FOLDS)


def real(runs: Path, done: set[str]) -> Iterator[Map]:
    """Each picture is a fold."""
    for fold, pair in enumerate(real_pairs()):
        name = pair.name.replace("/", "_")
        if name not in done:
            model = load_checkpoint(runs / fold_name(pair) / "last.pt")
            image, truth = pair.load()
            yield Map(name, predict(model, image, fast=False), truth, fold)


def nuclei(runs: Path, done: set[str]) -> Iterator[Map]:
    """Pictures that neither the base nor the network of nuclei learnt from.

    They are cut into folds for what is tuned on some of them and measured on others.
    """
    pairs = dsb_pairs(shared_root() / "training" / "dsb2018_fluorescence")
    _, held = split_by_name(pairs, DSB_HELD_OUT)
    model = load_checkpoint(runs / "nuclei" / "held" / "last.pt")
    for index, pair in enumerate(held):
        if pair.name not in done:
            yield _map_of_nuclei(model, pair, index % FOLDS)


def nuclei_folds(runs: Path, done: set[str]) -> Iterator[Map]:
    """Every picture, by the network of the fold that left it out."""
    pairs = dsb_pairs(shared_root() / "training" / "dsb2018_fluorescence")
    number = folds_of(pairs, FOLDS)
    for fold in range(FOLDS):
        model = load_checkpoint(runs / "nuclei" / f"fold_{fold}" / "last.pt")
        for pair in pairs:
            if number[pair.name] == fold and pair.name not in done:
                yield _map_of_nuclei(model, pair, fold)


def _map_of_nuclei(model: torch.nn.Module, pair: Pair, fold: int) -> Map:
    from napari_cellsets.training.nuclei import load_nuclei

    # the network of nuclei takes stretched grey; `predict` divides by 255
    grey = np.repeat(load_nuclei(pair).image[..., None] * 255, 3, axis=2)
    return Map(pair.name, predict(model, grey, fast=False), pair.load()[1], fold)


def save(folder: Path, one: Map) -> None:
    """Write a map; whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{one.name}.partial"
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            probability=np.rint(one.probability * 65535).astype(np.uint16),
            truth=one.truth.astype(np.uint16),
            fold=one.fold,
        )
    partial.replace(folder / f"{one.name}.npz")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("maps", type=Path)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=SETS, default=SETS)
    options = parser.parse_args()
    ways = {
        "real": real,
        "simulated": simulated,
        "nuclei": nuclei,
        "nuclei_folds": nuclei_folds,
    }
    for kind in options.only:
        folder = options.maps / kind
        done = {path.stem for path in folder.glob("*.npz")}
        for one in ways[kind](options.runs, done):
            save(folder, one)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
