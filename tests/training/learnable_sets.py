"""Sets that are small enough to be learnt from in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path


def discs(seed: int, shape: tuple[int, int] = (64, 80), number: int = 4):
    """Return a dark grey picture of bright discs, and its labels."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: shape[0], : shape[1]]
    labels = np.zeros(shape, np.uint16)
    places = rng.permutation(12)[:number]
    for label, place in enumerate(places, start=1):
        middle = 10 + 20 * (place // 4), 10 + 20 * (place % 4)
        radius = rng.uniform(5, 8)
        labels[(y - middle[0]) ** 2 + (x - middle[1]) ** 2 < radius**2] = label
    light = np.where(labels > 0, 150, 15) + rng.normal(0, 6, shape)
    return np.clip(light, 0, 255).astype(np.uint8), labels


def write_fields(folder: Path, number: int, *, suffix: str = "png") -> Path:
    """Write pictures and labels of discs as a plain set."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for index in range(number):
        image, labels = discs(index)
        Image.fromarray(image).save(folder / "images" / f"field{index}.{suffix}")
        Image.fromarray(labels).save(folder / "masks" / f"field{index}.png")
    return folder


def write_cells(folder: Path, number: int, side: int = 24) -> Path:
    """Write single cells in two class folders: red discs and blue squares."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    for name, colour in (("disc", (220, 60, 60)), ("square", (60, 60, 220))):
        (folder / name).mkdir(parents=True)
        for index in range(number):
            radius = rng.uniform(0.2, 0.35) * side
            round_ = np.hypot(y, x) < radius
            inside = round_ if name == "disc" else np.maximum(abs(y), abs(x)) < radius
            light = np.where(inside[..., None], colour, 230) + rng.normal(
                0, 12, (side, side, 3)
            )
            pixels = np.clip(light, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{name}_{index}.png")
    return folder
