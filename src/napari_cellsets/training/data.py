"""Batches: crops, geometry, light and colour of training pictures, target and weight.

Every batch follows from ``(seed, step)`` alone, so that a resumed run goes on as if
it had never stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Channel gains of the stains; a batch paints one picture in another's colour.
TINTS = ((1.0, 0.85, 0.1), (1.0, 0.01, 0.005), (0.02, 1.0, 0.25), (1.0, 1.0, 1.0))
#: Weight of a cell pixel (published), and of the gap between two close cells.
CELL_WEIGHT = 1.5
GAP_WEIGHT = 5.0


class LabelledPicture(Protocol):
    """A picture of any source, with labels; see `sources.Pair`."""

    @property
    def kind(self) -> str:
        """Decides how light and colour are varied."""

    @property
    def diameter(self) -> float:
        """Typical object diameter in px, 0 when unknown."""

    def load(self) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """Return the picture (y, x, 3) and its labels (y, x)."""


@dataclass(frozen=True)
class Mixture:
    """Which pictures make a batch, and how often each group is drawn."""

    groups: tuple[tuple[LabelledPicture, ...], ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse groups and shares that do not match."""
        if len(self.groups) != len(self.shares) or not all(self.groups):
            raise ValueError(
                f"every group needs pictures and a share: {len(self.groups)} groups, "
                f"sizes {[len(group) for group in self.groups]}, shares {self.shares!r}"
            )


@dataclass(frozen=True)
class Batch:
    """Arrays of one step: image (n, 3, y, x), target and weight (n, 1, y, x)."""

    image: NDArray[np.float32]
    target: NDArray[np.float32]
    weight: NDArray[np.float32]


def make_batch(
    mixture: Mixture, seed: int, step: int, *, size: int = 8, crop: int = 256
) -> Batch:
    """Return the batch of a step, images as fractions of full scale in float32."""
    rng = np.random.default_rng([seed, step])
    shares = np.array(mixture.shares) / sum(mixture.shares)
    images, targets, weights = [], [], []
    for _ in range(size):
        group = mixture.groups[rng.choice(len(shares), p=shares)]
        pair = group[rng.integers(len(group))]
        image, labels = random_crop(rng, pair, crop)
        images.append(_relight(rng, image, pair.kind).transpose(2, 0, 1))
        target, weight = target_and_weight(labels)
        targets.append(target[None])
        weights.append(weight[None])
    return Batch(np.stack(images), np.stack(targets), np.stack(weights))


def random_crop(
    rng: np.random.Generator, pair: LabelledPicture, crop: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Cut, rotate, mirror and scale: (crop, crop, 3) float32 0..255 and labels."""
    image, labels = pair.load()
    zoom = float(np.exp(rng.normal(0, 0.2)))
    if pair.kind == "dsb":
        zoom = float(np.clip(rng.uniform(20, 50) / pair.diameter, 0.8, 4.0))
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.5 else 0.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn / zoom
    middle = _centre(rng, labels, crop / zoom)
    # only the part under the rotated crop is read, not the whole picture
    reach = int(crop / zoom * 0.75) + 3
    low = np.maximum(middle.astype(int) - reach, 0)
    high = np.minimum(middle.astype(int) + reach, labels.shape)
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    offset = middle - low - matrix @ np.full(2, (crop - 1) / 2)
    picture = np.stack(
        [
            ndimage.affine_transform(
                image[window][..., channel].astype(np.float32),
                matrix,
                offset,
                (crop, crop),
                order=1,
                mode="mirror",
            )
            for channel in range(3)
        ],
        axis=2,
    )
    marks = ndimage.affine_transform(
        labels[window], matrix, offset, (crop, crop), order=0, mode="mirror"
    )
    return _flip(rng, picture, marks)


def _centre(
    rng: np.random.Generator, labels: NDArray[np.int32], extent: float
) -> NDArray[np.float64]:
    """Middle of a crop, near a cell two times in three so that few are empty."""
    shape = np.array(labels.shape)
    middle = rng.random(2) * shape
    count = int(labels.max())
    if count and rng.random() < 0.65:
        chosen = labels == rng.integers(1, count + 1)
        at = ndimage.find_objects(chosen.astype(np.int8))
        if at:
            box = at[0]
            middle = np.array([(side.start + side.stop) / 2 for side in box])
            middle = middle + rng.uniform(-0.4, 0.4, 2) * extent
    margin = np.minimum(extent / 2, shape / 2)
    return np.asarray(np.clip(middle, margin, shape - margin), np.float64)


def _flip(
    rng: np.random.Generator, image: NDArray[np.float32], labels: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    for axis in (0, 1):
        if rng.random() < 0.5:
            image, labels = np.flip(image, axis), np.flip(labels, axis)
    return image, labels


def _relight(
    rng: np.random.Generator, image: NDArray[np.float32], kind: str
) -> NDArray[np.float32]:
    """Change exposure, gamma, focus, noise and colour; return fractions of 255."""
    if kind == "dsb" or rng.random() < 0.2:
        grey = image.max(axis=2)
        if kind == "dsb":
            # DSB exposures say nothing: give its nuclei the light of real cells
            top = max(float(np.percentile(grey, 99.5)), 25.0)
            grey = grey * rng.uniform(70, 220) / top
        tint = TINTS[rng.integers(len(TINTS))]
        image = np.stack([grey * gain for gain in tint], axis=2)
    # how bright a cell is decides whether people count it: exposure moves little
    gain = np.exp(rng.normal(0, 0.3 if kind == "dsb" else 0.09))
    balance = np.exp(rng.normal(0, 0.06, 3))
    image = (image * (gain * balance)).astype(np.float32)
    if rng.random() < 0.3:
        gamma = np.float32(rng.uniform(0.85, 1.2))
        image = np.asarray(255 * np.clip(image / 255, 0, 1) ** gamma, np.float32)
    if rng.random() < 0.2:
        image = image + np.float32(rng.uniform(-4, 8)) * (image.mean(axis=(0, 1)) > 1)
    if rng.random() < 0.15:
        width = rng.uniform(0.4, 1.2)
        image = ndimage.gaussian_filter(image, (width, width, 0))
    if rng.random() < 0.3:
        noise = rng.standard_normal(image.shape[:2], dtype=np.float32)[..., None]
        image = image + noise * np.float32(rng.uniform(0.5, 4)) * (image > 0.5)
    return np.asarray(np.clip(image, 0, 255) / 255, np.float32)


def target_and_weight(
    labels: NDArray[np.int32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return 1 inside cells but not where two touch, and the weight of every pixel.

    The published map weighs background by its nearness to two cells (sigma 25 px);
    here the gap itself is also cut out of the target, and weighs most.
    """
    inside = labels > 0
    target = inside & ~_between(labels, 3)
    weight = np.where(inside, CELL_WEIGHT, 1.0)
    weight = np.where(_between(labels, 9), GAP_WEIGHT, weight)
    return target.astype(np.float32), weight.astype(np.float32)


def _between(labels: NDArray[np.int32], reach: int) -> NDArray[np.bool_]:
    """Pixels with two different cells within ``reach`` px."""
    largest = ndimage.maximum_filter(labels, reach)
    empty = np.iinfo(np.int32).max
    smallest = ndimage.minimum_filter(np.where(labels > 0, labels, empty), reach)
    differ = (largest > 0) & (smallest < empty) & (largest != smallest)
    return np.asarray(differ, np.bool_)


def pad_to_multiple(
    image: NDArray[np.float32], multiple: int = 8
) -> NDArray[np.float32]:
    """Mirror (y, x, c) at the far edges so that height and width divide."""
    pads: Sequence[tuple[int, int]] = [
        (0, -image.shape[axis] % multiple) for axis in range(2)
    ]
    return np.pad(image, (*pads, (0, 0)), mode="reflect")
