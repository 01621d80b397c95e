"""Neuromorphic Cell Dataset in miniature: events of one window a file.

As the owners' scripts cut them: ticks of the whole recording, also in its windows,
with 4096 too many at each overflow of the low 12 bits; x from 1 on; 600 ticks from
window to window; a preview beside each where somebody kept it; turned and inverted
copies under longer names.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("RBC", "Neutrophil", "Lymphocyte", "Platelet", "HUVEC", "8 um Particle")
WINDOWS = (0, 6, 18)
COPIES = ("_inv_polar", "_90rotated", "_180rotated", "_270rotated")
EVENTS = 320
SIDE = 224
FIRST_TICK = 11_718_656


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
    start = FIRST_TICK + 100 * window
    found["t"] = start + np.sort(rng.integers(0, 200, EVENTS))
    found["x"] = rng.integers(1, SIDE, EVENTS)
    found["y"] = rng.integers(0, SIDE, EVENTS)
    found["p"] = rng.integers(0, 2, EVENTS)
    return found


def copied(array: np.ndarray, name: str) -> np.ndarray:
    """A copy as the owners made them, angles taken for radians; nothing is lost."""
    found = array.copy()
    if name == "_inv_polar":
        found["p"] = 1 - array["p"]
        return found
    angle = float(name[1:-7])
    x, y = array["x"] - SIDE / 2, array["y"] - SIDE / 2
    turned = (
        x * np.cos(angle) - y * np.sin(angle),
        x * np.sin(angle) + y * np.cos(angle),
    )
    for axis, value in zip("xy", turned, strict=True):
        found[axis] = np.clip(value + SIDE / 2, 0, SIDE - 1)
    return found


def drawn(array: np.ndarray) -> np.ndarray:
    """The slow and obvious way: event after event, the last one of a pixel wins."""
    shown = np.full((SIDE, SIDE), 128, np.uint8)
    for _, x, y, p in array.tolist():
        shown[y, x] = 255 if p else 0
    return shown


def content(array: np.ndarray) -> bytes:
    """Bytes of a ``.npy`` file."""
    held = io.BytesIO()
    np.save(held, array)
    return held.getvalue()


def preview(array: np.ndarray) -> bytes:
    """Bytes of the PNG that the owners drew of a window."""
    import cv2

    _, packed = cv2.imencode(".png", np.repeat(drawn(array)[..., None], 3, axis=2))
    return packed.tobytes()


def members(number: int, *, previews: bool, copies: bool) -> dict[str, bytes]:
    """Files of one class by name."""
    found = {}
    for window in WINDOWS:
        array = events(number, window)
        arrays = {"": array}
        if copies:
            arrays |= {name: copied(array, name) for name in COPIES}
        for name, each in arrays.items():
            found[f"{window}00us{name}.npy"] = content(each)
            if previews:
                found[f"{window}00us{name}.png"] = preview(each)
    return found


def write_neuromorphic(
    root: Path,
    *,
    previews: bool = False,
    copies: bool = False,
    inner: str = "{name}/",
) -> Path:
    """Write six archives, one a class.

    Parameters
    ----------
    root
        Folder to write to.
    previews, copies
        Whether previews and turned copies lie beside.
    inner
        Folders inside the archives.
    """
    root.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(CLASSES):
        files = members(number, previews=previews, copies=copies)
        with zipfile.ZipFile(root / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as target:
            for file, packed in files.items():
                target.writestr(inner.format(name=name) + file, packed)
    return root
