"""Single cells for training: varied anew in every batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Spread of rotation, scale, shift and light; see `vary`.
ZOOM, SHIFT, EXPOSURE, STAIN, GAMMA = 0.12, 0.05, 0.10, 0.06, 0.12


@dataclass(frozen=True)
class Cells:
    """Pictures (n, side, side, 3) uint8 with a class index each, and their names."""

    pictures: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    classes: tuple[str, ...]

    def part(self, chosen: NDArray[np.intp]) -> Cells:
        """Return the chosen cells alone."""
        names = tuple(self.names[i] for i in chosen)
        return Cells(self.pictures[chosen], self.labels[chosen], names, self.classes)

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.labels)


def sampling_weights(
    labels: NDArray[np.int64], classes: int, balance: float
) -> NDArray[np.float64]:
    """Chance of each cell to be drawn.

    A balance of 0 draws classes as they are, 1 all alike, 0.5 halfway by the root.
    """
    counts = np.bincount(labels, minlength=classes)
    weights = np.maximum(counts, 1)[labels].astype(np.float64) ** -balance
    return np.asarray(weights / weights.sum(), np.float64)


def make_cell_batch(
    cells: Cells,
    chances: NDArray[np.float64],
    seed: int,
    step: int,
    size: int,
    side: int,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return varied middles (n, 3, side, side) float32 0..1 and their classes.

    A batch follows from ``(seed, step)`` alone, so that a resumed run goes on as
    if it had never stopped.
    """
    rng = np.random.default_rng([seed, step])
    chosen = rng.choice(len(cells), size, p=chances)
    images = np.empty((size, 3, side, side), np.float32)
    for place, index in enumerate(chosen):
        images[place] = vary(rng, cells.pictures[index], side).transpose(2, 0, 1)
    return images, cells.labels[chosen]


def vary(
    rng: np.random.Generator, picture: NDArray[np.uint8], side: int
) -> NDArray[np.float32]:
    """Turn, mirror, scale, shift, relight, restain and blur the middle of a cell.

    A cell has no up and no left, so all directions are alike; sizes and colours
    carry meaning and move little.

    Returns
    -------
    ndarray
        float32, shape (side, side, 3), 0..1.
    """
    height, width = picture.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    zoom = float(np.exp(rng.normal(0, ZOOM)))
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
    matrix = np.array([[cos * mirror, -sin, 0.0], [sin * mirror, cos, 0.0]])
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    middle += rng.normal(0, SHIFT, 2) * side
    matrix[:, 2] = (side - 1) / 2 - matrix[:, :2] @ middle
    cell = cv2.warpAffine(
        picture, matrix, (side, side), flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    ).astype(np.float32)  # fmt: skip
    return _restain(rng, cell / np.float32(255))


def _restain(
    rng: np.random.Generator, cell: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Change exposure, colour balance, saturation, gamma, focus and noise."""
    gains = np.exp(rng.normal(0, EXPOSURE) + rng.normal(0, STAIN, 3))
    cell = cell * gains.astype(np.float32)
    if rng.random() < 0.5:
        grey = cell.mean(axis=2, keepdims=True)
        cell = grey + (cell - grey) * np.float32(np.exp(rng.normal(0, 0.2)))
    if rng.random() < 0.3:
        power = np.float32(np.exp(rng.normal(0, GAMMA)))
        cell = np.clip(cell, 0, 1) ** power
    if rng.random() < 0.25:
        cell = cv2.GaussianBlur(cell, (0, 0), float(rng.uniform(0.3, 1.1)))
    if rng.random() < 0.25:
        noise = rng.standard_normal(cell.shape, dtype=np.float32)
        cell = cell + noise * np.float32(rng.uniform(0.005, 0.03))
    return np.asarray(np.clip(cell, 0, 1), np.float32)
