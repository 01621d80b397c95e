"""Write small sets of single cells, as people have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PBC_CELLS = (
    "basophil/BA_100102.jpg",
    "eosinophil/EO_225902.jpg",
    "ig/MMY_2.jpg",
    "ig/PMY_1.jpg",
    "monocyte/MO_1.jpg",
    "neutrophil/BNE_191112.jpg",
    "neutrophil/SNE_1.jpg",
)


def write_cells(
    root: Path,
    names: Iterable[str] = PBC_CELLS,
    size: tuple[int, int] = (36, 40),
) -> Path:
    """Write a picture under each name, in the format that its suffix says.

    `size` is (width, height).
    """
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (200, 100, 150)).save(file)
    return root
