"""One neuron at a time: its outline, its body as a patch of light, its dendrites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.simulate._splat import smooth_noise, wander

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.simulate._splat import SplatCanvas

_TURN = 2 * np.pi


@dataclass(frozen=True)
class Cell:
    """What one soma looks like; lengths in px, brightness in grey levels."""

    centre: tuple[float, float]
    radius: float
    brightness: float
    blur: float
    granular: float
    counted: bool


@dataclass(frozen=True)
class Patch:
    """A soma rendered in its own box: light and depth below its outline."""

    origin: tuple[int, int]
    light: NDArray[np.float32]
    depth: NDArray[np.float32]
    dendrites: tuple[tuple[float, float], ...]


def _outline(
    rng: np.random.Generator, radius: float, theta: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Radius for every angle, and the angles at which dendrites leave."""
    kind = rng.choice(["round", "pyramidal", "spindle"], p=[0.4, 0.35, 0.25])
    lean = rng.uniform(0, _TURN)
    low, high = {"round": (1, 1.35), "pyramidal": (1, 1.4), "spindle": (1.5, 2.6)}[kind]
    aspect = rng.uniform(low, high)
    across = theta - lean
    shape = 1 / np.sqrt(np.cos(across) ** 2 / aspect + np.sin(across) ** 2 * aspect)
    for order in range(2, 6):
        swing = rng.normal(0, 0.11 / order)
        shape = shape * (1 + swing * np.cos(order * theta + rng.uniform(0, _TURN)))
    if kind == "spindle":
        angles = lean + np.array([0, np.pi]) + rng.normal(0, 0.15, 2)
    else:
        count = int(rng.integers(3, 5)) if kind == "pyramidal" else int(rng.integers(3))
        first = rng.uniform(0, _TURN)
        angles = first + np.arange(count) * _TURN / max(count, 1)
        angles = angles + rng.normal(0, 0.3, count)
    for angle in angles:
        turn = np.angle(np.exp(1j * (theta - angle)))
        corner = rng.uniform(0.1, 0.8) if kind != "round" else rng.uniform(0.05, 0.4)
        shape = shape + corner * np.exp(-np.abs(turn) / rng.uniform(0.12, 0.4))
    return (radius * shape).astype(np.float32), angles


def _profile(
    rng: np.random.Generator, cell: Cell, depth: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Light by depth below the outline, and the outline itself as 0..1."""
    dome = np.clip(depth / (0.8 * cell.radius), 0, 1)
    if rng.random() < 0.3:
        # a bright core in a dim skirt, as thick somata filled with tracer look
        edge = np.clip(depth / rng.uniform(2.0, 5.0) + 0.5, 0, 1)
        core = dome ** rng.uniform(1.3, 2.4)
        return edge * (0.2 + rng.uniform(2.0, 4.0) * core), edge
    edge = np.clip(depth / rng.uniform(2.5, 9.0) + 0.5, 0, 1)
    swell = dome ** rng.uniform(0.6, 1.6)
    return edge * (0.4 + rng.uniform(0.1, 2.0) * swell), edge


def _body(
    rng: np.random.Generator, cell: Cell, depth: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Light inside an outline: thickness, cytoplasm texture, nucleus, grains."""
    size = (depth.shape[0], depth.shape[1])
    light, edge = _profile(rng, cell, depth)
    shade = smooth_noise(rng, size, cell.radius * 0.9) * rng.uniform(0.1, 0.45)
    light *= np.clip(1 + shade, 0.25, None)
    grain = smooth_noise(rng, size, rng.uniform(2.0, 5.0))
    light *= np.clip(1 + grain * rng.uniform(0.05, 0.3), 0.2, None)
    if cell.granular > 0:
        dots = np.clip(smooth_noise(rng, size, rng.uniform(2.2, 4.0)) - 0.7, 0, None)
        light = light * (1 - 0.7 * cell.granular) + edge * dots * cell.granular * 1.6
    if rng.random() < 0.4:
        middle = np.array(size) / 2 + rng.normal(0, 0.2 * cell.radius, 2)
        rows, columns = np.ogrid[: size[0], : size[1]]
        far = np.hypot(rows - middle[0], columns - middle[1])
        hole = 1 / (1 + np.exp((far - cell.radius * rng.uniform(0.25, 0.5)) / 1.5))
        light *= 1 - hole * rng.uniform(0.2, 0.75)
    return np.asarray(light, np.float32)


def render_soma(rng: np.random.Generator, cell: Cell) -> Patch:
    """Draw one soma in its own box, blurred by its distance from the focal plane."""
    from scipy import ndimage

    half = int(2.4 * cell.radius + 3 * cell.blur) + 4
    corner = (int(cell.centre[0]) - half, int(cell.centre[1]) - half)
    rows, columns = np.mgrid[: 2 * half + 1, : 2 * half + 1].astype(np.float32)
    down, right = rows - half, columns - half
    theta = np.arctan2(down, right)
    reach, angles = _outline(rng, cell.radius, theta)
    depth = reach - np.hypot(down, right)
    if rng.random() < 0.15:
        side = rng.uniform(0, _TURN)
        bite = cell.radius * rng.uniform(0.3, 0.6)
        at = cell.radius * rng.uniform(0.9, 1.2)
        gap = np.hypot(down - at * np.sin(side), right - at * np.cos(side)) - bite
        depth = np.minimum(depth, gap)
    light = _body(rng, cell, depth)
    inside = depth > 0
    if inside.any():
        light *= cell.brightness / max(float(light[inside].mean()), 1e-3)
    light = ndimage.gaussian_filter(light, max(cell.blur, 0.4), truncate=3)
    # a soma is thicker than the focal plane: its own blur glows around it
    glow = ndimage.gaussian_filter(light, 0.3 * cell.radius, truncate=2.5)
    light += rng.uniform(0.0, 0.3) * glow
    ends = tuple((float(angle), cell.radius) for angle in angles)
    return Patch(corner, light, depth.astype(np.float32), ends)


def grow_dendrites(
    rng: np.random.Generator,
    canvas: SplatCanvas,
    cell: Cell,
    patch: Patch,
    *,
    strength: float,
    reach: float,
    trunk: tuple[float, float],
) -> None:
    """Add the tapering dendrites of a soma, beaded at times, to the canvas."""
    for angle, radius in patch.dendrites:
        length = int(reach * rng.uniform(0.5, 4.0) * radius)
        if length < 8:
            continue
        start = (
            cell.centre[0] + 0.8 * radius * np.sin(angle),
            cell.centre[1] + 0.8 * radius * np.cos(angle),
        )
        path = wander(rng, start, angle, length)
        along = np.arange(length, dtype=np.float32) / length
        stem = radius * rng.uniform(*trunk)
        width = max(cell.blur, 0.8) + stem * np.exp(-3 * along)
        glow = cell.brightness * strength * rng.uniform(0.3, 1.0) * np.exp(-3 * along)
        if rng.random() < 0.4:
            beads = rng.random(length) < 0.15
            glow = glow * np.where(beads, 2.5, 0.6)
        canvas.add(path, width.astype(np.float32), glow.astype(np.float32))
