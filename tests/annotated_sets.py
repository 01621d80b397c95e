"""A small set with every kind of annotation, read by a row of a person's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_cellsets.core.places import data_home

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (40, 50)
ROW = """
key = "annotated"
title = "Annotated fields"
classes = ["nucleus", "debris"]
class_colours = { nucleus = [255, 0, 0] }
pixel_size_um = 0.5
images = "pictures/{stem}.png"

[[annotations]]
word = "container"
form = "coco"
file = "all.json"

[[annotations]]
word = "class-mask"
file = "classes/{stem}.png"

[[annotations]]
word = "mask-files"
file = "objects/{stem}/{object}.png"

[[beside]]
title = "stack"
kind = "stack"
images = "stacks/{stem}_{plane#}.png"
"""


def write_annotated_set(root: Path) -> Path:
    """Write three pictures; the second has no marks, the third no stack."""
    rows = data_home() / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    (rows / "annotated.toml").write_text(ROW, encoding="utf-8")
    for number, stem in enumerate(("a", "b", "c")):
        pixels = np.full((*SIZE, 3), 40 * number, np.uint8)
        pixels[..., 0] += 7
        _save(root / f"pictures/{stem}.png", pixels)
        if stem != "b":
            classes = np.zeros(SIZE, np.uint8)
            classes[:10, :25], classes[20:30, :25] = 1, 2
            _save(root / f"classes/{stem}.png", classes)
            for part in range(3):  # each overlaps the next
                mask = np.zeros(SIZE, np.uint8)
                mask[5:15, 8 * part : 8 * part + 12] = 255
                _save(root / f"objects/{stem}/{part}.png", mask)
        if stem != "c":
            for plane in range(4):
                _save(root / f"stacks/{stem}_{plane}.png", pixels + plane)
    (root / "all.json").write_text(json.dumps(_coco()), encoding="utf-8")
    return root


def _save(file: Path, pixels: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def _coco() -> dict:
    images = [
        {"id": n, "file_name": f"{stem}.png", "height": SIZE[0], "width": SIZE[1]}
        for n, stem in enumerate("abc", start=1)
    ]
    ring = [2.0, 2.0, 12.0, 2.0, 12.0, 12.0, 2.0, 14.0]
    found = [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [2, 2, 10, 12]},
        {"id": 2, "image_id": 3, "category_id": 2, "bbox": [2, 2, 10, 12]},
        {"id": 3, "image_id": 1, "category_id": 1, "bbox": [20, 20, 5, 5]},
    ]
    found[0]["segmentation"] = found[1]["segmentation"] = [ring]
    for one in found:
        one |= {"area": 100, "iscrowd": 0}
    names = [{"id": 1, "name": "nucleus"}, {"id": 2, "name": "debris"}]
    return {"images": images, "annotations": found, "categories": names}
