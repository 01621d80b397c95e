"""Neuromorphic Cell Dataset in miniature: events of one window a file."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("RBC", "Neutrophil", "Lymphocyte", "Platelet", "HUVEC", "8 um Particle")
WINDOWS = (0, 6, 18)
EVENTS = 320


def event_type() -> np.dtype:
    """Fields t, x, y, p with three bytes of padding, as published."""
    return np.dtype(
        {
            "names": ["t", "x", "y", "p"],
            "formats": ["<i8", "<i2", "<i2", "u1"],
            "offsets": [0, 8, 10, 12],
            "itemsize": 16,
        }
    )


def events(number: int, window: int) -> np.ndarray:
    """Events of one window; the first time is not 0."""
    rng = np.random.default_rng(100 * number + window)
    found = np.zeros(EVENTS, event_type())
    start = 11_718_656 + 100 * window
    found["t"] = start + np.sort(rng.integers(0, 200, EVENTS))
    found["x"] = rng.integers(1, 224, EVENTS)
    found["y"] = rng.integers(0, 224, EVENTS)
    found["p"] = rng.integers(0, 2, EVENTS)
    return found


def content(array: np.ndarray) -> bytes:
    """Bytes of a ``.npy`` file."""
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def write_neuromorphic(root: Path) -> Path:
    """Write six archives, each with a folder of its class."""
    root.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(CLASSES):
        with zipfile.ZipFile(root / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as target:
            for window in WINDOWS:
                member = f"{name}/{window}00us.npy"
                target.writestr(member, content(events(number, window)))
    return root
