"""Write a small set of cells that overlap, as COCO with a mask for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.annotation import MaskStack
from napari_cellsets.core.image import Picture
from napari_cellsets.formats.containers.base import FORMS, Marked

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (400, 520)
CELLS = 14
CLASSES = {1: "cytoplasm", 2: "nucleus"}


def write_overlapping_cells(folder: Path) -> None:
    """Write two pictures of pale cells with dark nuclei."""
    pictures = (_marked(number) for number in (1, 2))
    FORMS["coco"].write(pictures, folder, classes=CLASSES, with_images=True)


def _marked(number: int) -> Marked:
    rng = np.random.default_rng(number)
    pixels = np.full((*SIZE, 3), (236, 232, 238), np.float64)
    masks, corners, kinds = [], [], []
    for _ in range(CELLS):
        cell = _blob(rng, rng.uniform(42, 62))
        at = [int(rng.integers(0, side - 130)) for side in SIZE]
        low = [at[axis] + cell.shape[axis] // 2 - 9 for axis in (0, 1)]
        for mask, corner, kind in ((cell, at, 1), (_blob(rng, 9), low, 2)):
            masks.append(mask)
            corners.append(corner)
            kinds.append(kind)
            y, x = corner
            part = pixels[y : y + mask.shape[0], x : x + mask.shape[1]]
            part[mask] -= (26, 14, 6) if kind == 1 else (90, 100, 60)
    pixels = np.clip(pixels + rng.normal(0, 3, pixels.shape), 0, 255).astype(np.uint8)
    stack = MaskStack(masks, np.array(corners), SIZE, "masks", CLASSES, np.array(kinds))
    picture = Picture(pixels, "yxc")
    return Marked(f"cells_{number}", SIZE, (stack,), lambda: picture)


def _blob(rng: np.random.Generator, radius: float) -> np.ndarray:
    """Return a round mask with a wavy outline."""
    side = int(radius * 1.2)
    y, x = np.mgrid[-side : side + 1, -side : side + 1]
    turn = np.arctan2(y, x)
    wave = sum(
        rng.uniform(0, 0.07) * np.cos(k * turn + rng.uniform(0, 6)) for k in (2, 3, 5)
    )
    return np.asarray(np.hypot(y, x) <= radius * (1 + wave))
