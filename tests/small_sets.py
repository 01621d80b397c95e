"""Write small sets of coloured pictures with masks, as people have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (48, 64)
NAMES = ("a1", "a2", "a10", "b1")


def labels_of(number: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """Two squares whose place tells the picture."""
    labels = np.zeros(shape, np.int32)
    labels[4:12, 4 + number : 14 + number] = 1
    labels[24:36, 30:44] = 2
    return labels


def write_set(
    root: Path, *, last_shape: tuple[int, int] = SHAPE, last_grey: bool = False
) -> Path:
    """Write four pictures; the last one has no mask and may differ in kind."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for number, name in enumerate(NAMES):
        last = name == NAMES[-1]
        shape = last_shape if last else SHAPE
        rng = np.random.default_rng(number)
        size = shape if last and last_grey else (*shape, 3)
        pixels = rng.integers(0, 200, size, dtype=np.uint8)
        cv2.imwrite(str(root / "images" / f"{name}.png"), pixels)
        if not last:
            mask = labels_of(number).astype(np.uint16)
            cv2.imwrite(str(root / "masks" / f"{name}.png"), mask)
    return root
