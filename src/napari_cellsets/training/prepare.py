"""Draw simulated fields once and keep them on disk, so that training never waits."""

from __future__ import annotations

import argparse
import json
import logging
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from napari_cellsets.simulate import simulate_neurons

logger = logging.getLogger(__name__)

COLOURS = ("yellow", "red", "green", "grey")
SHARES = (0.45, 0.27, 0.16, 0.12)


def prepare_field(index: int, folder: Path, shape: tuple[int, int], seed: int) -> int:
    """Draw field ``index`` into ``folder`` unless it is there; return its count."""
    target = folder / f"{index:05d}.image.npy"
    labels = folder / f"{index:05d}.labels.npy"
    if target.exists() and labels.exists():
        return -1
    rng = np.random.default_rng([seed, index])
    colour = str(rng.choice(COLOURS, p=SHARES))
    field = simulate_neurons(
        int(rng.integers(2**31)),
        shape,
        colour=colour,
        magnification=float(np.exp(rng.normal(0, 0.22))),
        gain=float(np.exp(rng.normal(0, 0.12))),
        noise=float(rng.uniform(0.6, 1.8)),
    )
    np.save(labels, field.labels.astype(np.uint16))
    # the picture last: its presence says that the pair is whole
    partial_path = folder / f"{index:05d}.partial.npy"
    np.save(partial_path, field.image)
    partial_path.replace(target)
    return field.count


def prepare_fields(
    folder: Path,
    count: int,
    *,
    shape: tuple[int, int] = (768, 1024),
    seed: int = 0,
    workers: int = 1,
) -> None:
    """Draw ``count`` fields of mixed colours, (y, x, 3) uint8 with uint16 labels."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = partial(prepare_field, folder=folder, shape=shape, seed=seed)
    if workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            counts = list(pool.map(draw, range(count), chunksize=4))
    else:
        counts = [draw(index) for index in range(count)]
    drawn = [value for value in counts if value >= 0]
    logger.info("%s", json.dumps({"drawn": len(drawn), "cells": sum(drawn)}))


def main(arguments: list[str] | None = None) -> None:
    """Run as ``python -m napari_cellsets.training.prepare``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    prepare_fields(
        options.out, options.count, seed=options.seed, workers=options.workers
    )


if __name__ == "__main__":
    main()
