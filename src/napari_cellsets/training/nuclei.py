"""The recipe of the shipped nuclei model, and its five folds on DSB 2018.

``python -m napari_cellsets.training.nuclei DSB --out RUN [--fold K] [--start RUN]``

DSB holds ``images/ID.png`` (grey) and ``labels/ID.png`` (instances). Without a fold
the network learns from every picture. What a fold begins with must not have seen the
pictures that it leaves out: random weights, or a run on simulated fields alone.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from napari_cellsets.training.cresunet import CResUnet
from napari_cellsets.training.data import Batch
from napari_cellsets.training.loop import Loop, Schedule
from napari_cellsets.training.map_task import MapTask
from napari_cellsets.training.neurons import begin_with, run
from napari_cellsets.training.sources import (
    DSB_HELD_OUT,
    dsb_pairs,
    folds_of,
    split_by_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellsets.training.sources import Pair

logger = logging.getLogger(__name__)

#: How pictures are stretched before the network; in the model's metadata too.
STRETCH: dict[str, Any] = {
    "kind": "percentile",
    "low": 1.0,
    "high": 99.8,
    "floor": 0.03,
}
FOLDS = 5
#: Pixels around the gap of two nuclei weigh more, the others alike.
GAP_WEIGHT = 6.0
#: Spread of the scale at which nuclei are shown (logarithm).
ZOOM = 0.3


@dataclass(frozen=True)
class Nuclei:
    """One picture, stretched: (y, x) float32, with its instances (y, x) int32."""

    image: NDArray[np.float32]
    labels: NDArray[np.int32]


def load_nuclei(pair: Pair) -> Nuclei:
    """Read a pair and stretch its grey levels as the engine will."""
    picture, labels = pair.load()
    grey = picture.max(axis=2).astype(np.float32)
    low, high = np.percentile(grey, (STRETCH["low"], STRETCH["high"]))
    span = max(float(high - low), float(STRETCH["floor"]) * 255)
    return Nuclei(((grey - low) / span).astype(np.float32), labels)


class NucleiTask(MapTask):
    """Batches of varied crops of nuclei."""

    def __init__(
        self, nuclei: Sequence[Nuclei], *, seed: int, size: int = 8, crop: int = 192
    ) -> None:
        self.nuclei, self.seed, self.size, self.crop = nuclei, seed, size, crop
        # crowded pictures hold most nuclei and most mistakes
        crowds = np.sqrt([max(1, int(one.labels.max())) for one in nuclei])
        self.chances = crowds / crowds.sum()

    def batch(self, step: int) -> Batch:
        """Make the batch of a step, as images (n, 3, y, x)."""
        rng = np.random.default_rng([self.seed, step])
        images, targets, weights = [], [], []
        for index in rng.choice(len(self.nuclei), self.size, p=self.chances):
            grey, labels = crop_nuclei(rng, self.nuclei[index], self.crop)
            images.append(vary_light(rng, grey))
            target, weight = target_and_weight(labels)
            targets.append(target[None])
            weights.append(weight[None])
        return Batch(np.stack(images), np.stack(targets), np.stack(weights))


def crop_nuclei(
    rng: np.random.Generator, nuclei: Nuclei, crop: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Turn, mirror, scale and cut: grey and labels, both (crop, crop)."""
    height, width = nuclei.image.shape
    zoom, angle = float(np.exp(rng.normal(0, ZOOM))), rng.uniform(0, 2 * np.pi)
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    reach = crop / zoom / 2
    middle = [
        rng.uniform(min(reach, side / 2), max(side - reach, side / 2))
        for side in (width, height)
    ]
    cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
    matrix = np.array([[cos * mirror, -sin, 0.0], [sin * mirror, cos, 0.0]])
    matrix[:, 2] = crop / 2 - matrix[:, :2] @ middle
    border = cv2.BORDER_REFLECT_101
    grey = cv2.warpAffine(
        nuclei.image, matrix, (crop, crop), flags=cv2.INTER_LINEAR, borderMode=border
    )
    # up to 2**24 labels survive float32, which the warp needs
    labels = cv2.warpAffine(
        nuclei.labels.astype(np.float32), matrix, (crop, crop),
        flags=cv2.INTER_NEAREST, borderMode=border,
    )  # fmt: skip
    return grey, labels.astype(np.int32)


def vary_light(
    rng: np.random.Generator, grey: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Change exposure, gamma, focus, noise, shading and colour; (3, y, x)."""
    grey = grey * np.float32(np.exp(rng.normal(0, 0.25))) + np.float32(
        rng.normal(0, 0.04)
    )
    if rng.random() < 0.5:
        power = np.float32(np.exp(rng.normal(0, 0.3)))
        grey = np.sign(grey) * np.abs(grey) ** power
    if rng.random() < 0.3:
        grey = cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(0.4, 1.5)))
    if rng.random() < 0.4:
        noise = rng.standard_normal(grey.shape, dtype=np.float32)
        grey = grey + noise * np.float32(rng.uniform(0.01, 0.08))
    if rng.random() < 0.2:
        slope = rng.normal(0, 0.3, 2)
        y, x = np.mgrid[
            -0.5 : 0.5 : grey.shape[0] * 1j, -0.5 : 0.5 : grey.shape[1] * 1j
        ]
        grey = grey * (1 + slope[0] * y + slope[1] * x).astype(np.float32)
    gains = np.ones(3)
    if rng.random() < 0.3:
        # one colour bright, the others dim or dark
        gains = rng.uniform(0, 0.5, 3)
        gains[rng.integers(3)] = 1.0
    return np.asarray(grey[None] * gains[:, None, None], np.float32)


def target_and_weight(
    labels: NDArray[np.int32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return 1 in nuclei but not where two touch, and the weight of every pixel."""
    target = (labels > 0) & ~_between(labels, 3)
    weight = np.where(_between(labels, 5), GAP_WEIGHT, 1.0)
    return target.astype(np.float32), weight.astype(np.float32)


def _between(labels: NDArray[np.int32], reach: int) -> NDArray[np.bool_]:
    """Pixels with two different nuclei in the square of ``reach`` px around."""
    square = np.ones((reach, reach), np.uint8)
    numbers = labels.astype(np.float32)
    largest = cv2.dilate(numbers, square)
    none = np.float32(2**24)
    smallest = cv2.erode(np.where(numbers > 0, numbers, none), square)
    return np.asarray((smallest < none) & (largest != smallest), np.bool_)


def main(arguments: list[str] | None = None) -> None:
    """Run as ``python -m napari_cellsets.training.nuclei``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsb", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="leave it out")
    parser.add_argument("--start", type=Path, help="a run's best.pt to begin with")
    parser.add_argument(
        "--hold-out", action="store_true", help="leave out what the base left out"
    )
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--crop", type=int, default=192)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(options.threads)
    pairs = dsb_pairs(options.dsb)
    if options.fold is not None:
        number = folds_of(pairs, FOLDS)
        pairs = [pair for pair in pairs if number[pair.name] != options.fold]
    if options.hold_out:
        pairs, _ = split_by_name(pairs, DSB_HELD_OUT)
    logger.info("%d pictures", len(pairs))
    task = NucleiTask(
        [load_nuclei(pair) for pair in pairs], seed=options.seed, crop=options.crop
    )
    torch.manual_seed(options.seed)
    schedule = Schedule(
        options.steps, None, options.rate, average=0.995, seed=options.seed
    )
    network = begin_with(CResUnet(), options.start)
    identity = {
        "fold": options.fold, "crop": options.crop, "steps": options.steps,
        "hold_out": options.hold_out, "start": options.start is not None,
    }  # fmt: skip
    run(Loop(options.out, network, task, schedule, identity))


if __name__ == "__main__":
    main()
