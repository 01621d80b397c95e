"""Small sets of somebody's own, for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (20, 30)
YOLO = "0 0.5 0.5 0.2 0.2\n"
VOC = (
    "<annotation><filename>{0}</filename><size><width>30</width><height>20</height>"
    "</size><object><name>cell</name><bndbox><xmin>2</xmin><ymin>3</ymin>"
    "<xmax>9</xmax><ymax>8</ymax></bndbox></object></annotation>"
)


def picture(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*SHAPE, 3), 90, np.uint8)).save(file)
    return file


def text(file: Path, content: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def coco(*names: str) -> str:
    images = [
        {"id": at, "file_name": name, "height": SHAPE[0], "width": SHAPE[1]}
        for at, name in enumerate(names)
    ]
    ring = [2, 3, 8, 3, 8, 9, 2, 9]
    objects = [
        {"id": at, "image_id": at, "category_id": 3, "segmentation": [ring]}
        for at in range(len(names))
    ]
    classes = [{"id": 3, "name": "cell"}]
    return json.dumps({"images": images, "annotations": objects, "categories": classes})
