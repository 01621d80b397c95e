"""Comparison Detector in miniature: bitmaps, COCO boxes whose ids are file names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = (
    "ascus",
    "asch",
    "lsil",
    "hsil",
    "scc",
    "agc",
    "trichomonas",
    "candida",
    "flora",
    "herps",
    "actinomyces",
)
SIZE = (58, 117)
"""Height and width; published pictures are about 581 x 1175."""

TRAIN = {
    "00404": [(4, [10, 12, 30, 20]), (4, [25, 20, 40, 30]), (9, [60, 5, 1, 18])],
    "00405": [],  # pictures without any box exist
    "01210": [(11, [0, 0, 116, 57]), (8, [3, 4, 12, 1])],
}
TEST = {
    "00005": [(1, [100, 40, 17, 18]), (7, [5, 5, 8, 9])],
    "00008": [(10, [50, 20, 25, 25])],
}


def picture(name: str) -> np.ndarray:
    """RGB picture of one name."""
    rng = np.random.default_rng(int(name))
    return rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def document(
    marked: dict[str, list[tuple[int, list[int]]]], *, ids: str = "name"
) -> dict[str, Any]:
    """One of the two JSON files; ids of images are file names or numbers."""
    images, annotations = [], []
    for number, (stem, boxes) in enumerate(marked.items()):
        file = f"{stem}.bmp"
        image_id = file if ids == "name" else number
        size = {"height": SIZE[0], "width": SIZE[1]}
        images.append({"id": image_id, "file_name": file, **size})
        for category, box in boxes:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": category,
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
    categories = [
        {"id": number, "name": name, "supercategory": "none"}
        for number, name in enumerate(CLASSES, start=1)
    ]
    return {
        "images": images,
        "type": "instances",
        "annotations": annotations,
        "categories": categories,
    }


def write_comparison_detector(root: Path, *, ids: str = "name") -> Path:
    """Write the folder ``ComparisonDetectorDataset``."""
    folder = root / "ComparisonDetectorDataset"
    for split, marked in (("train", TRAIN), ("test", TEST)):
        (folder / split).mkdir(parents=True)
        for name in marked:
            Image.fromarray(picture(name)).save(folder / split / f"{name}.bmp")
        text = json.dumps(document(marked, ids=ids))
        (folder / f"{split}.json").write_text(text)
    return folder
