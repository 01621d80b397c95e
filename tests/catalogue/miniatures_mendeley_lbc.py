"""Mendeley LBC as downloaded: four folders, odd names, a stray table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SIZE = (2048, 1536)
FILES = {
    "High squamous intra-epithelial lesion": ("HSIL_2 (10).jpg", "HSIL_2 (9).jpg"),
    "Low squamous intra-epithelial lesion": ("LSIL_4 (37).jpg",),
    "Negative for Intraepithelial malignancy": ("NL_10_ (5).jpg", "NL_3 (1).jpg"),
    "Squamous cell carcinoma": ("scc_1 (21).jpg", "SCC_1 (3).jpg", "SCC_3 (11).jpg"),
}
CODES = dict(zip(FILES, ("HSIL", "LSIL", "NILM", "SCC"), strict=True))


def write_mendeley_lbc(root: Path, folders: Mapping[str, str] | None = None) -> Path:
    """Write the set; `folders` gives other names for the folders."""
    for folder, files in FILES.items():
        place = root / (folders or {}).get(folder, folder)
        place.mkdir(parents=True)
        for number, file in enumerate(files):
            pixels = np.full((SIZE[1], SIZE[0], 3), 100 + number, np.uint8)
            Image.fromarray(pixels).save(place / file)
        (place / "Results.csv").write_text(" ,Label,Area\n1,HSIL_2 (10).jpg,3145728\n")
    return root
