"""Everything in a field that is not a counted cell: tissue, webs, artefacts, camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.simulate._looks import TINTS
from napari_cellsets.simulate._splat import SplatCanvas, smooth_noise, wander

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.simulate._looks import Look

_TURN = 2 * np.pi


def tissue(
    rng: np.random.Generator, shape: tuple[int, int], look: Look, level: float
) -> NDArray[np.float32]:
    """Autofluorescence of the slice: slow gradients, mottle, holes, a slice edge."""
    mottle = rng.uniform(*look.mottle)
    light = 1 + 0.25 * smooth_noise(rng, shape, max(shape) / 5)
    light += mottle * 0.7 * smooth_noise(rng, shape, rng.uniform(25, 60))
    light += mottle * smooth_noise(rng, shape, rng.uniform(6, 16))
    slope = rng.normal(0, 0.35, 2)
    rows = np.linspace(-0.5, 0.5, shape[0], dtype=np.float32)[:, None]
    columns = np.linspace(-0.5, 0.5, shape[1], dtype=np.float32)[None]
    light *= np.clip(1 + slope[0] * rows + slope[1] * columns, 0.2, None)
    light = np.clip(light, 0.05, None) * level
    light *= np.clip(1 - _darkness(rng, shape, look), 0.03, 1)
    if rng.random() < 0.25:
        light *= _slice_edge(rng, shape, rows, columns)
    return np.asarray(light, np.float32)


def _darkness(
    rng: np.random.Generator, shape: tuple[int, int], look: Look
) -> NDArray[np.float32]:
    """Unstained cell bodies (dark spots) and vessels, as a fraction of light lost."""
    canvas = SplatCanvas(shape)
    area = shape[0] * shape[1] / (1200 * 1600)
    spots = int(rng.integers(*look.dark_spots) * area)
    at = (rng.random((spots, 2)) * shape).astype(np.float32)
    widths = rng.uniform(4, 9, spots).astype(np.float32)
    canvas.add(at, widths, rng.uniform(0.1, 0.5, spots), line=False)
    for _ in range(rng.poisson(1.5 * area)):
        start = tuple(rng.random(2) * shape)
        path = wander(rng, start, rng.uniform(0, _TURN), int(rng.uniform(40, 500)))
        canvas.add(path, rng.uniform(6, 25), rng.uniform(0.3, 0.9))
    return canvas.render()


def _slice_edge(
    rng: np.random.Generator,
    shape: tuple[int, int],
    rows: NDArray[np.float32],
    columns: NDArray[np.float32],
) -> NDArray[np.float32]:
    """A wavy border beyond which there is no tissue."""
    angle = rng.uniform(0, _TURN)
    across = np.sin(angle) * rows + np.cos(angle) * columns
    across = across + 0.06 * smooth_noise(rng, shape, max(shape) / 4)
    border = rng.uniform(0.15, 0.5)
    soft = rng.uniform(0.004, 0.03)
    inside = 1 / (1 + np.exp(np.clip((across - border) / soft, -30, 30)))
    return np.asarray(0.02 + 0.98 * inside, np.float32)


def add_webs(
    rng: np.random.Generator,
    canvas: SplatCanvas,
    shape: tuple[int, int],
    *,
    strength: float,
    brightness: float,
    focus: float,
    thick: tuple[float, float],
    attractors: NDArray[np.float64] | None,
) -> None:
    """Neurites that belong to no visible soma, thin and plenty or thick and few."""
    area = shape[0] * shape[1] / (1200 * 1600)
    for _ in range(rng.poisson((6 + 90 * strength) * area)):
        start = rng.random(2) * shape
        if attractors is not None and len(attractors) and rng.random() < 0.7:
            near = attractors[rng.integers(len(attractors))]
            start = near + rng.normal(0, 60, 2)
        length = int(rng.uniform(60, 500))
        path = wander(rng, (start[0], start[1]), rng.uniform(0, _TURN), length)
        along = np.linspace(-1, 1, length, dtype=np.float32)
        width = focus * rng.uniform(0.9, 2.0)
        glow = brightness * rng.uniform(0.03, 0.12 + 0.45 * strength)
        if rng.random() < 0.2:
            # a stout dendrite, swelling here and there as if it were a soma
            swell = 1 + 0.3 * np.sin(along * rng.uniform(2, 12))
            width = rng.uniform(*thick) * swell
            glow = brightness * rng.uniform(0.05, 0.3 + 0.45 * strength)
        fade = glow * (1 - along**2) * (0.6 + 0.8 * rng.random())
        canvas.add(path, width, fade.astype(np.float32))


def add_artefacts(
    rng: np.random.Generator,
    canvas: SplatCanvas,
    shape: tuple[int, int],
    brightness: float,
) -> None:
    """Bright things that are no cells: specks, debris, a fibre, a bubble's rim."""
    area = shape[0] * shape[1] / (1200 * 1600)
    specks = rng.poisson(rng.uniform(2, 40) * area)
    at = (rng.random((specks, 2)) * shape).astype(np.float32)
    peak = brightness * rng.uniform(0.1, 1.3, specks)
    canvas.add(at, rng.uniform(0.8, 2.4, specks), peak, line=False)
    for _ in range(rng.poisson(2.5 * area)):
        middle = rng.random(2) * shape
        count = int(rng.integers(4, 30))
        dust = middle + rng.normal(0, rng.uniform(3, 16), (count, 2))
        glow = brightness * rng.uniform(0.1, 0.6, count)
        canvas.add(dust.astype(np.float32), rng.uniform(0.8, 3.0), glow, line=False)
    if rng.random() < 0.25 * area:
        start = rng.random(2) * shape
        path = wander(rng, (start[0], start[1]), rng.uniform(0, _TURN), 700, bend=0.008)
        canvas.add(path, rng.uniform(1.5, 5), brightness * rng.uniform(0.3, 1.2))
    if rng.random() < 0.15 * area:
        radius = rng.uniform(12, 120)
        turn = np.linspace(0, rng.uniform(2, _TURN), int(radius * 5))
        ring = rng.random(2) * shape + radius * np.stack(
            [np.sin(turn), np.cos(turn)], axis=1
        )
        canvas.add(ring.astype(np.float32), 2.0, brightness * rng.uniform(0.1, 0.5))


def scatter(light: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """Light spread ``width`` px by the tissue, computed on every eighth pixel."""
    from scipy import ndimage

    rows, columns = (length // 8 * 8 for length in light.shape)
    small = light[:rows, :columns].reshape(rows // 8, 8, columns // 8, 8)
    soft = ndimage.gaussian_filter(small.mean(axis=(1, 3)), width / 8)
    wide = ndimage.zoom(
        soft, (light.shape[0] / soft.shape[0], light.shape[1] / soft.shape[1]), order=1
    )
    return np.asarray(wide, np.float32)


def expose(
    rng: np.random.Generator,
    light: NDArray[np.float32],
    colour: str,
    noise: float,
) -> NDArray[np.uint8]:
    """Turn light into an 8-bit RGB picture: shot and read noise, tint, clipping."""
    from scipy import ndimage

    read = noise * rng.uniform(0.4, 1.1)
    shot = noise * rng.uniform(0.02, 0.12)
    deviation = np.sqrt(np.clip(light, 0, None) * shot + read**2)
    spread = ndimage.gaussian_filter(
        rng.standard_normal(light.shape, dtype=np.float32), 0.55, truncate=2
    )
    common = light + 1.4 * deviation * spread
    picture = np.empty((*light.shape, 3), np.uint8)
    for channel, (gain, black) in enumerate(TINTS[colour]):
        if colour == "grey" and channel:
            picture[..., channel] = picture[..., 0]
            continue
        value = gain * common - black
        own = rng.standard_normal(light.shape, dtype=np.float32)
        value += own * np.float32(0.4 * noise)
        picture[..., channel] = np.clip(np.rint(value), 0, 255).astype(np.uint8)
    hot = rng.poisson(light.size / 250_000)
    at = (
        rng.integers(light.shape[0], size=hot),
        rng.integers(light.shape[1], size=hot),
    )
    if colour != "grey":
        picture[(*at, rng.integers(3, size=hot))] = rng.integers(60, 255, hot)
    return picture
