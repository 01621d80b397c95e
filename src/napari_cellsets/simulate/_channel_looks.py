"""What a pixel sees of a cell that flows past: where along it which events come.

A cell in phase contrast is a dark body in a bright halo. A pixel that it passes sees
one row of that picture, from the leading edge to the trailing one, and gives an
event whenever the logarithm of its light has changed by a threshold since the last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STEPS_PER_PX = 2
_THRESHOLD_ON, _THRESHOLD_OFF = 0.16, 0.2
_VARIANTS = 16


@dataclass(frozen=True)
class Looks:
    """How cells of a class look; lengths in um, light as logarithms.

    Parameters
    ----------
    diameter_um, scatter
        Mean size, and its relative standard deviation.
    body
        Darkness inside the outline.
    core, core_share
        Light that is added in the middle, within this share of the radius.
    grain
        Strength of granules.
    halo
        Brightness of the halo.
    oval
        Longest axis over the shortest, at most.
    share
        Part of all cells.
    """

    diameter_um: float
    scatter: float
    body: float
    halo: float
    core: float = 0.0
    core_share: float = 0.5
    grain: float = 0.0
    oval: float = 1.1
    share: float = 1.0


CHANNEL_CELLS: dict[str, Looks] = {
    "RBC": Looks(7.5, 0.06, 0.5, 0.35, core=0.4, core_share=0.55, share=3),
    "Neutrophil": Looks(12.5, 0.08, 0.45, 0.45, grain=0.22, share=2),
    "Lymphocyte": Looks(8.5, 0.08, 0.55, 0.4, grain=0.05, share=2),
    "Platelet": Looks(2.8, 0.15, 0.35, 0.25, oval=1.6, share=2),
    "HUVEC": Looks(17.0, 0.1, 0.4, 0.4, core=-0.2, grain=0.15, oval=1.4, share=1),
    "8 um Particle": Looks(8.0, 0.015, 0.8, 0.6, core=0.9, core_share=0.4, oval=1.0),
}


@dataclass(frozen=True)
class Passing:
    """What the pixels of a column do while one cell passes.

    Parameters
    ----------
    name
        Class of the cell.
    diameter_um
        Of the circle with its area.
    row
        int16, (n,): row of the pixel, from that of the cell's centre.
    ahead
        float32, (n,): how many px the pixel is ahead of the cell's centre when its
        event comes, the leading edge first.
    on
        uint8, (n,): 1 where it becomes lighter.
    """

    name: str
    diameter_um: float
    row: NDArray[np.int16]
    ahead: NDArray[np.float32]
    on: NDArray[np.uint8]


def passing_cells(
    rng: np.random.Generator, name: str, um_per_px: float
) -> tuple[Passing, ...]:
    """Draw some cells of a class and find out which events each gives.

    Parameters
    ----------
    rng
        Source of their differences.
    name
        One of `CHANNEL_CELLS`.
    um_per_px
        Width of a pixel.
    """
    looks = CHANNEL_CELLS[name]
    sizes = looks.diameter_um * (1 + looks.scatter * rng.normal(size=_VARIANTS))
    sizes = np.maximum(sizes, 0.6 * looks.diameter_um)
    reach = int(np.ceil(0.8 * sizes.max() * looks.oval / um_per_px)) + 4
    light = np.stack([_light(rng, looks, size / um_per_px, reach) for size in sizes])
    variant, row, ahead, on = _crossings(light)
    places = np.arange(reach, -reach, -1 / _STEPS_PER_PX, dtype=np.float32)
    return tuple(
        Passing(
            name,
            float(size),
            (row[variant == number] - reach).astype(np.int16),
            places[ahead[variant == number]],
            on[variant == number].astype(np.uint8),
        )
        for number, size in enumerate(sizes)
    )


def _light(
    rng: np.random.Generator, looks: Looks, diameter: float, reach: int
) -> NDArray[np.float32]:
    """Logarithm of a cell's light, (rows, steps): the leading edge comes first."""
    y = np.arange(-reach, reach + 1, dtype=np.float32)[:, None]
    x = np.arange(reach, -reach, -1 / _STEPS_PER_PX, dtype=np.float32)[None]
    turn, oval = rng.uniform(0, np.pi), np.sqrt(rng.uniform(1, looks.oval))
    along = (x * np.cos(turn) + y * np.sin(turn)) / oval
    across = (y * np.cos(turn) - x * np.sin(turn)) * oval
    radius = diameter / 2
    depth = radius - np.hypot(along, across)
    soft = max(0.8, 0.06 * radius)
    inside = 1 / (1 + np.exp(-np.clip(depth / (0.5 * soft), -30, 30)))
    halo = np.exp(-(((depth + 1.2 * soft) / (1.3 * soft)) ** 2))
    core = np.exp(-(np.clip((1 - depth / radius) / looks.core_share, 0, 6) ** 2))
    light = looks.halo * halo + inside * (looks.core * core - looks.body)
    if looks.grain:
        light += inside * looks.grain * _grains(rng, light.shape, radius)
    return np.asarray(light, np.float32)


def _grains(
    rng: np.random.Generator, shape: tuple[int, int], radius: float
) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    width = max(1.0, 0.09 * radius)
    noise = rng.normal(size=shape).astype(np.float32)
    smooth = gaussian_filter(noise, (width, width * _STEPS_PER_PX))
    return np.asarray(smooth / max(float(smooth.std()), 1e-6), np.float32)


def _crossings(light: NDArray[np.float32]) -> tuple[NDArray[np.int64], ...]:
    """Variant, row, step and polarity of every event of pictures (n, rows, steps)."""
    known = np.zeros(light.shape[:2], np.float32)
    found = []
    for step in range(light.shape[2]):
        change = light[:, :, step] - known
        for polarity, threshold in ((1, _THRESHOLD_ON), (0, _THRESHOLD_OFF)):
            sign = 1 if polarity else -1
            times = np.floor(sign * change / threshold).clip(0).astype(np.int64)
            known += (sign * threshold) * times.astype(np.float32)
            # a pixel needs time between two events: the second of a step is lost
            where = np.nonzero(times)
            if len(where[0]):
                full = np.full(len(where[0]), step)
                found.append((*where, full, np.full(len(full), polarity)))
    return tuple(np.concatenate(part) for part in zip(*found, strict=True))
