"""Smooth noise and blurred points: the brushes of every simulated picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Blur widths in px that a point may have; wide ones live on a coarser canvas.
LEVELS: tuple[tuple[float, int], ...] = (
    (0.9, 1),
    (1.8, 1),
    (3.5, 2),
    (6.0, 4),
    (12.0, 8),
    (25.0, 8),
)


def _interpolation(length: int, step: float) -> NDArray[np.float32]:
    """Rows of weights that spread coarse samples ``step`` px apart over ``length``."""
    coarse = int(np.ceil(length / step)) + 3
    at = np.arange(length, dtype=np.float32)[:, None] / step + 1.0
    distance = np.abs(at - np.arange(coarse, dtype=np.float32)[None])
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = np.clip(2 - distance, 0, None) ** 3 / 6
    return np.asarray(np.where(distance < 1, near, far), np.float32)


def enlarge(
    coarse: NDArray[np.float32], shape: tuple[int, int], step: float
) -> NDArray[np.float32]:
    """Spread a coarse grid over ``shape`` with cubic B-splines."""
    rows = _interpolation(shape[0], step)
    columns = _interpolation(shape[1], step)
    wide = rows @ coarse[: rows.shape[1], : columns.shape[1]] @ columns.T
    return np.asarray(wide, np.float32)


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int], scale: float
) -> NDArray[np.float32]:
    """Noise of zero mean and unit variance whose features are ``scale`` px wide."""
    from scipy import ndimage

    step = max(1.0, scale / 2)
    size = [int(np.ceil(length / step)) + 3 for length in shape]
    coarse = rng.standard_normal(size, dtype=np.float32)
    coarse = ndimage.gaussian_filter(coarse, max(0.5, scale / step / 2))
    coarse /= max(float(coarse.std()), 1e-6)
    return enlarge(coarse, shape, step)


class SplatCanvas:
    """Collects points of given width and peak height, then renders all at once.

    A blurred point costs nothing until ``render``, which blurs each level once:
    ten thousand neurite points are as cheap as ten.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape
        self._layers: dict[int, NDArray[np.float32]] = {}

    def add(
        self,
        points: NDArray[np.float32],
        sigma: NDArray[np.floating] | float,
        peak: NDArray[np.floating] | float,
        *,
        line: bool = True,
    ) -> None:
        """Add points (n, 2) in (y, x) px; on a line they are taken as 1 px apart."""
        widths = np.broadcast_to(np.asarray(sigma, np.float32), len(points))
        peaks = np.broadcast_to(np.asarray(peak, np.float32), len(points))
        table = np.log([level[0] for level in LEVELS])
        nearest = np.abs(np.log(widths)[:, None] - table[None]).argmin(axis=1)
        for index in np.unique(nearest):
            chosen = nearest == index
            blur, step = LEVELS[index]
            mass = blur * np.sqrt(2 * np.pi)
            weight = peaks[chosen] * (mass if line else mass**2) / step**2
            self._deposit(int(index), points[chosen] / step, weight, step)

    def _deposit(
        self,
        index: int,
        points: NDArray[np.float32],
        weight: NDArray[np.float32],
        step: int,
    ) -> None:
        size = tuple(int(np.ceil(length / step)) + 3 for length in self._shape)
        layer = self._layers.setdefault(index, np.zeros(size, np.float32))
        # enlarge() puts sample 1 at pixel 0
        cell = np.round(points).astype(np.intp) + (1 if step > 1 else 0)
        inside = ((cell >= 0) & (cell < np.array(size))).all(axis=1)
        np.add.at(layer, (cell[inside, 0], cell[inside, 1]), weight[inside])

    def render(self) -> NDArray[np.float32]:
        """Sum of all points as an image (y, x) float32."""
        from scipy import ndimage

        image = np.zeros(self._shape, np.float32)
        for index, layer in self._layers.items():
            blur, step = LEVELS[index]
            soft = ndimage.gaussian_filter(layer, blur / step, truncate=3)
            if step == 1:
                image += soft[: self._shape[0], : self._shape[1]]
            else:
                image += enlarge(soft, self._shape, step)
        return image


def wander(
    rng: np.random.Generator,
    start: tuple[float, float],
    angle: float,
    length: int,
    *,
    bend: float = 0.018,
) -> NDArray[np.float32]:
    """Path (length, 2) in (y, x), 1 px a step, that turns slowly as a neurite does."""
    from scipy import ndimage

    turns = ndimage.gaussian_filter1d(rng.normal(0, bend, length), 6) * 4
    heading = angle + np.cumsum(turns)
    steps = np.stack([np.sin(heading), np.cos(heading)], axis=1)
    return np.asarray(np.asarray(start) + np.cumsum(steps, axis=0), np.float32)
