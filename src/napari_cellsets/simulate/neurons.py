"""Fluorescence fields of neurons with the exact truth of every counted cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.simulate._cells import Cell, grow_dendrites, render_soma
from napari_cellsets.simulate._looks import CROWDED, LOOKS, Look
from napari_cellsets.simulate._scene import (
    add_artefacts,
    add_webs,
    expose,
    scatter,
    tissue,
)
from napari_cellsets.simulate._splat import SplatCanvas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

#: Smallest visible part of a soma, in px, that still counts as a cell.
MIN_VISIBLE = 150


@dataclass(frozen=True)
class SimulatedField:
    """A simulated picture and its truth.

    Attributes
    ----------
    image : numpy.ndarray
        (y, x, 3) uint8 RGB.
    labels : numpy.ndarray
        (y, x) int32, 0 is background, 1..n are the counted cells.
    centres : numpy.ndarray
        (n, 2) float64, centroid of label i + 1 in (y, x) px, pixel centres at integers.
    parameters : Mapping[str, object]
        What the field was drawn with, seed included: enough to draw it again.
    """

    image: NDArray[np.uint8]
    labels: NDArray[np.int32]
    centres: NDArray[np.float64]
    parameters: Mapping[str, object] = field(repr=False)

    @property
    def count(self) -> int:
        """Number of counted cells."""
        return len(self.centres)


def simulate_neurons(
    seed: int,
    shape: tuple[int, int] = (1200, 1600),
    n_cells: int | None = None,
    *,
    colour: str = "yellow",
    crowding: float | None = None,
    magnification: float = 1.0,
    gain: float = 1.0,
    noise: float = 1.0,
) -> SimulatedField:
    """Draw a field of fluorescent neurons, the same for the same arguments.

    Counted are somata in focus and bright enough; blurred or dim ones are drawn
    but are not in the truth, as in the published annotation of the Fluorescent
    Neuronal Cells sets, whose brightness, sizes and colours the field imitates.

    Parameters
    ----------
    seed : int
        Seed of everything random.
    shape : tuple of int
        Height and width in px, at least 64 each.
    n_cells : int, optional
        Somata to place; where they cover each other or leave the field fewer are
        counted. By default drawn from the range of the colour, scaled by area.
    colour : {"yellow", "red", "green", "grey"}
        Stain and filter the picture imitates.
    crowding : float, optional
        0 spreads the cells evenly, 1 packs all of them into clusters over a bright
        haze. By default mostly low, at times high.
    magnification : float
        Scale of the somata, 1 for 200x fields of 1600 px.
    gain : float
        Exposure: factor on all light.
    noise : float
        Factor on shot and read noise, 0 for none.

    Returns
    -------
    SimulatedField
        The picture, its labels, centres and parameters.

    Raises
    ------
    ValueError
        If the colour is unknown, or the shape, crowding or count out of range.

    Examples
    --------
    >>> field = simulate_neurons(1, shape=(256, 320), n_cells=3)
    >>> field.image.shape, field.labels.dtype.name
    ((256, 320, 3), 'int32')
    """
    _check(shape, n_cells, colour, crowding)
    rng = np.random.default_rng(seed)
    if crowding is None:
        # of its own stream: the parameters told must draw the same field again
        own = np.random.default_rng([seed, 1])
        crowding = float(own.choice([0.0, 0.25, 0.9], p=[0.55, 0.25, 0.2]))
    look = CROWDED if crowding > 0.5 else LOOKS[colour]
    scene = _set_scene(rng, shape, look, crowding, magnification)
    cells = _place(rng, scene, n_cells, magnification)
    light, labels = _paint(rng, scene, cells)
    image = expose(rng, light * np.float32(gain), colour, noise)
    labels, centres = _truth(labels)
    parameters = {
        "seed": seed,
        "shape": shape,
        "n_cells": n_cells,
        "colour": colour,
        "crowding": crowding,
        "magnification": magnification,
        "gain": gain,
        "noise": noise,
        "placed": sum(cell.counted for cell in cells),
    }
    return SimulatedField(image, labels, centres, parameters)


def _check(
    shape: tuple[int, int], n_cells: int | None, colour: str, crowding: float | None
) -> None:
    """Refuse arguments no field can be drawn from."""
    if colour not in LOOKS:
        raise ValueError(f"colour must be one of {sorted(LOOKS)}, not {colour!r}")
    if len(shape) != 2 or min(shape) < 64:
        raise ValueError(f"shape must be (y, x) of at least 64 px each, not {shape!r}")
    if n_cells is not None and n_cells < 0:
        raise ValueError(f"n_cells must not be negative, not {n_cells!r}")
    if crowding is not None and not 0 <= crowding <= 1:
        raise ValueError(f"crowding must lie between 0 and 1, not {crowding!r}")


@dataclass(frozen=True)
class _Scene:
    """What all cells of a field share."""

    shape: tuple[int, int]
    look: Look
    crowding: float
    clusters: NDArray[np.float64]
    spread: float
    gain: float


def _set_scene(
    rng: np.random.Generator,
    shape: tuple[int, int],
    look: Look,
    crowding: float,
    magnification: float,
) -> _Scene:
    """Choose where clusters lie and how bright the field is."""
    count = max(1, round(3 * _area(shape, magnification) * rng.random()))
    clusters = rng.random((count, 2)) * shape
    spread = rng.uniform(60, 170) * magnification
    return _Scene(shape, look, crowding, clusters, spread, rng.uniform(0.8, 1.25))


def _area(shape: tuple[int, int], magnification: float) -> float:
    """Tissue in view, as a share of a published 1600 x 1200 field at 200x."""
    return shape[0] * shape[1] / (1200 * 1600) / magnification**2


def _place(
    rng: np.random.Generator,
    scene: _Scene,
    n_cells: int | None,
    magnification: float,
) -> list[Cell]:
    """Choose cells and where they lie: counted ones apart, the rest anywhere."""
    look, area = scene.look, _area(scene.shape, magnification)
    if n_cells is None:
        low, high = look.cells
        n_cells = round((low + (high - low) * rng.random() ** 2) * area)
    cells: list[Cell] = []
    for _ in range(n_cells):
        radius = rng.uniform(*look.radius) * magnification
        at = _free_spot(rng, scene, radius, cells)
        bright = rng.uniform(*look.cell_brightness) * scene.gain
        blur = rng.uniform(*look.focus) + (rng.random() < 0.25) * rng.uniform(0.5, 2.0)
        grain = rng.uniform(0, 0.6) * (rng.random() < 0.5)
        cells.append(Cell(at, radius, bright, blur, grain, counted=True))
    for _ in range(round(int(rng.integers(*look.dim_cells)) * area)):
        radius = rng.uniform(*look.radius) * magnification * 0.9
        at = _free_spot(rng, scene, radius, cells)
        cells.append(_uncounted(rng, scene, at, radius))
    return cells


def _uncounted(
    rng: np.random.Generator, scene: _Scene, at: tuple[float, float], radius: float
) -> Cell:
    """A soma out of focus, or in focus but too dim or too small to be counted."""
    bright = scene.look.cell_brightness[0] * scene.gain
    if scene.look is CROWDED:
        bright *= 1.3
    kind = rng.random()
    if kind < 0.5:
        blur = rng.uniform(4.5, 13)
        return Cell(at, radius, bright * rng.uniform(0.1, 1.0), blur, 0.0, False)
    blur, grain = rng.uniform(*scene.look.focus), rng.uniform(0.1, 1.0)
    if kind < 0.8:
        dim = bright * rng.uniform(0.1, 0.75)
        return Cell(at, radius * rng.uniform(0.6, 1), dim, blur, grain, False)
    # a piece of a cell, bright but too small
    bright *= rng.uniform(0.3, 1.3)
    return Cell(at, radius * rng.uniform(0.25, 0.42), bright, blur, grain, False)


def _free_spot(
    rng: np.random.Generator, scene: _Scene, radius: float, cells: list[Cell]
) -> tuple[float, float]:
    """A place where the soma touches others at most; the least bad of 20 tries."""
    best, least = (0.0, 0.0), -np.inf
    for _ in range(20):
        at = rng.random(2) * scene.shape
        if rng.random() < scene.crowding:
            middle = scene.clusters[rng.integers(len(scene.clusters))]
            at = middle + rng.normal(0, scene.spread, 2)
            at = np.clip(at, 0, np.array(scene.shape) - 1)
        room = min(
            (
                np.hypot(at[0] - cell.centre[0], at[1] - cell.centre[1])
                - 0.85 * (radius + cell.radius)
                for cell in cells
            ),
            default=np.inf,
        )
        if room > least:
            best, least = (float(at[0]), float(at[1])), room
        if room > 0:
            break
    return best


def _paint_cells(
    rng: np.random.Generator, scene: _Scene, cells: list[Cell], canvas: SplatCanvas
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Light of the somata and the labels of counted ones; dendrites go on canvas."""
    light = np.zeros(scene.shape, np.float32)
    labels = np.zeros(scene.shape, np.int32)
    deepest = np.full(scene.shape, -np.inf, np.float32)
    strength = rng.uniform(*scene.look.dendrites)
    for number, cell in enumerate(cells, start=1):
        patch = render_soma(rng, cell)
        field_box, patch_box = _overlap(scene.shape, patch.origin, patch.light.shape)
        under, above = light[field_box], patch.light[patch_box]
        # tissue is transparent, but two bodies seldom share the focal plane
        light[field_box] = np.maximum(under, above) + 0.3 * np.minimum(under, above)
        if cell.counted:
            depth = patch.depth[patch_box]
            won = (depth > 0) & (depth > deepest[field_box])
            labels[field_box][won] = number
            deepest[field_box][won] = depth[won]
        reach = rng.uniform(0.3, 3.0)
        grow_dendrites(
            rng,
            canvas,
            cell,
            patch,
            strength=strength,
            reach=reach,
            trunk=scene.look.trunk,
        )
    return light, labels


def _paint(
    rng: np.random.Generator, scene: _Scene, cells: list[Cell]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Light of the whole field before the camera, and the labels of counted cells."""
    from scipy import ndimage

    shape, look = scene.shape, scene.look
    canvas = SplatCanvas(shape)
    light, labels = _paint_cells(rng, scene, cells, canvas)
    typical = float(np.mean(look.cell_brightness))
    add_webs(
        rng,
        canvas,
        shape,
        strength=rng.uniform(*look.web),
        brightness=typical,
        focus=rng.uniform(*look.focus),
        thick=look.thick,
        attractors=scene.clusters if look is CROWDED else None,
    )
    add_artefacts(rng, canvas, shape, typical)
    light += canvas.render()
    light += rng.uniform(*look.haze) * scatter(light, rng.uniform(16, 60))
    light += tissue(rng, shape, look, rng.uniform(*look.background))
    ceiling = np.float32(rng.uniform(170, 280))
    # the camera's shoulder: bright cells level off below full scale
    light = ceiling * (1 - np.exp(-light / ceiling)) if rng.random() < 0.5 else light
    return ndimage.gaussian_filter(light, 0.6, truncate=2), labels


def _overlap(
    shape: tuple[int, int], origin: tuple[int, int], size: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where a patch lies in the field, and which part of the patch that is."""
    field_box, patch_box = [], []
    for length, start, extent in zip(shape, origin, size, strict=True):
        low, high = max(start, 0), max(min(start + extent, length), 0)
        high = max(low, high)
        field_box.append(slice(low, high))
        patch_box.append(slice(low - start, high - start))
    return (field_box[0], field_box[1]), (patch_box[0], patch_box[1])


def _truth(
    labels: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Drop cells hardly visible, number the rest without gaps, find their centres."""
    from scipy import ndimage

    sizes = np.bincount(labels.ravel())
    kept = np.flatnonzero(sizes >= MIN_VISIBLE)
    kept = kept[kept > 0]
    table = np.zeros(len(sizes), np.int32)
    table[kept] = np.arange(1, len(kept) + 1)
    labels = table[labels]
    if not len(kept):
        return labels, np.empty((0, 2))
    centres = ndimage.center_of_mass(labels > 0, labels, range(1, len(kept) + 1))
    return labels, np.asarray(centres, np.float64)
