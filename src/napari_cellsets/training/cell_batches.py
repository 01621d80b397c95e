"""Single cells for training: read once, split, and varied anew in every batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def sampling_weights(labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Chance of each cell to be drawn: rare classes more often, by the root."""
    counts = np.bincount(labels, minlength=classes)
    weights = 1 / np.sqrt(np.maximum(counts, 1))[labels]
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


def near_duplicate_groups(
    pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
) -> NDArray[np.intp]:
    """Number the groups of pictures that show the same cell.

    Two pictures belong together if, seen 16 x 16 px small, their colours are
    correlated above 0.998 and their levels differ by less than 3 of 255 on average.

    Returns
    -------
    ndarray
        int, shape (n,): pictures of equal number must stay on one side of a split.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    small = np.stack(
        [cv2.resize(p, (16, 16), interpolation=cv2.INTER_AREA) for p in pictures]
    )
    level = small.reshape(len(small), -1).astype(np.float32)
    unit = level - level.mean(axis=1, keepdims=True)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-6)
    rows, columns = [], []
    for start in range(0, len(unit), 1024):
        here, there = np.nonzero(unit[start : start + 1024] @ unit.T > 0.998)
        here = here + start
        near = (here < there) & (np.abs(level[here] - level[there]).mean(axis=1) < 3)
        rows.append(here[near])
        columns.append(there[near])
    row, column = np.concatenate(rows), np.concatenate(columns)
    links = coo_array((np.ones(len(row)), (row, column)), shape=(len(unit),) * 2)
    return np.asarray(connected_components(links, directed=False)[1], np.intp)


def split_cells(
    labels: NDArray[np.int64],
    groups: NDArray[np.intp],
    shares: tuple[float, float],
    seed: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Split whole groups into training, validation and test, each class alike.

    Parameters
    ----------
    labels, groups
        Class and group of every cell.
    shares
        Share of the cells for validation and for test.
    seed
        Of the order in which groups are dealt.
    """
    rng = np.random.default_rng(seed)
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    _, first = np.unique(groups, return_index=True)
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(int(group), []).append(index)
    for label in np.unique(labels):
        heads = first[labels[first] == label]
        heads = rng.permutation(heads)
        cuts = np.cumsum([round(share * len(heads)) for share in shares])
        dealt = (heads[cuts[1] :], heads[: cuts[0]], heads[cuts[0] : cuts[1]])
        for part, chosen in zip(parts, dealt, strict=True):
            for head in chosen:
                part.extend(members[int(groups[head])])
    train, validation, test = (np.array(sorted(part), np.intp) for part in parts)
    return train, validation, test
