"""SIPaKMeD as downloaded: fields and crops of each class with contours."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = (
    "Dyskeratotic",
    "Koilocytotic",
    "Metaplastic",
    "Parabasal",
    "Superficial-Intermediate",
)
FIELD = (2048, 1536)
CORNER = (700, 400)
"""Where the first crop lies in its field, x and y."""
CYTOPLASM = [(100.5, 10.0), (180.25, 90.5), (120.0, 170.0), (20.0, 140.0), (12.5, 60.0)]
OUTSIDE = [(60.0, 60.0), (90.0, 60.0), (90.0, 200.75), (-3.5, 95.0)]
"""Contours (x, y) of the first cell in its crop of 190 x 181; its nucleus leaves it."""
SECOND = [(5.0, 5.0), (50.0, 8.0), (40.0, 45.0)]
CROP = (190, 181)


def write_sipakmed(root: Path, *, nested: bool = False) -> Path:
    """Write five classes with one field of two cells each; overlapping outlines.

    With `nested`, each folder lies in a folder of its own name.
    """
    for number, name in enumerate(CLASSES):
        folder = root / f"im_{name}"
        write_class(folder / folder.name if nested else folder, number)
    return root


def write_class(folder: Path, number: int) -> Path:
    """One class: 001.bmp, its contours, and CROPPED."""
    crops = folder / "CROPPED"
    crops.mkdir(parents=True)
    _save(folder / "001.bmp", FIELD, 100 + number)
    x, y = CORNER
    for cell, rings in enumerate(((CYTOPLASM, OUTSIDE), (SECOND, SECOND)), start=1):
        for part, ring in zip(("cyt", "nuc"), rings, strict=True):
            in_field = [(a + x, b + y) for a, b in ring]
            _contour(folder / f"001_{part}{cell:02d}.dat", in_field)
            _contour(crops / f"001_{cell:02d}_{part}.dat", ring)
        _save(crops / f"001_{cell:02d}.bmp", CROP, 20 * cell + number)
    return folder


def write_features(folder: Path) -> Path:
    """Tables whose names end as those of contours do."""
    folder.mkdir(parents=True)
    for name in (*(c.upper() for c in CLASSES[:4]), "SUP_INT"):
        for part in ("CYTOPLASM", "NUCLEI"):
            line = "1,1," + ",".join(f"{v:.6f}" for v in np.linspace(0, 200, 26))
            (folder / f"{name}_{part}_FEAT.dat").write_text(f"{line}\n{line}\n")
    return folder


def write_as_downloaded(root: Path, work: Path) -> Path:
    """Five archives of classes and one of features, all 7z, in one folder."""
    from openings import seven_zipped

    write_sipakmed(work)
    for name in CLASSES:
        seven_zipped(work / f"im_{name}", root / f"im_{name}.7z")
    features = write_features(work / "Features_CELL")
    seven_zipped(features, root / "Features_CELL.7z")
    (root / "Description_of_Features.pdf").write_bytes(b"%PDF-1.4")
    shutil.rmtree(work)
    return root


def _contour(file: Path, ring: list[tuple[float, float]]) -> None:
    file.write_text("".join(f"{x:.7e},{y:.7e}\n" for x, y in ring))


def _save(file: Path, size: tuple[int, int], value: int) -> None:
    pixels = np.full((size[1], size[0], 3), value, np.uint8)
    Image.fromarray(pixels).save(file)
