"""Mendeley BTTFA as its one reader describes it: nuclei dark on white."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (192, 256)
NUCLEI = {"1": [(40, 60, 20), (120, 180, 30)], "2": [(90, 90, 12)], "3": []}
"""Row, column and radius of each nucleus."""


def write_mendeley_bttfa(root: Path) -> Path:
    """Write three pictures; grey edges of masks are not nucleus from 156 on."""
    top = root / "dataset_forsubmit"
    for stem, nuclei in NUCLEI.items():
        truth = mask_of(nuclei)
        grey = np.where(truth, 30, 255).astype(np.uint8)
        grey[0, 0], grey[0, 2] = 155, 156
        _save(top / "GroundTruth", stem, grey)
        _save(top / "groundtruth_mask", stem, np.where(truth, 255, 0).astype(np.uint8))
        colour = np.where(truth[..., None], (90, 60, 120), (220, 210, 230))
        _save(top / "imgbmp", stem, colour.astype(np.uint8))
    return top


def mask_of(nuclei: list[tuple[int, int, int]]) -> np.ndarray:
    """Filled circles."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    found = np.zeros(SHAPE, bool)
    for row, column, radius in nuclei:
        found |= (y - row) ** 2 + (x - column) ** 2 <= radius**2
    return found


def _save(folder: Path, stem: str, pixels: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(folder / f"{stem}.bmp")
