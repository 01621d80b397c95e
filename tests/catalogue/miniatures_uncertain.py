"""Sets whose layout is not published, as they may lie: names alone are known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SIZE = (30, 40)

BMT_FLAT = (
    "HSIL 1 (2).JPG",
    "HSIL 10.jpg",
    "LSIL 3.JPG",
    "NIL 4 a.JPG",
    "NILM 7.jpg",
)
BMT_FOLDERS = ("HSIL/HSIL 1.JPG", "LSIL/LSIL 2.JPG", "NILM/NIL 3.JPG")
FNAC = ("B/1.jpg", "B/99.jpg", "M/1.jpg", "M/113.jpg")
BODY_FLAT = ("train/benign_1.png", "validation/malignant_2.png", "test/benign_10.png")
BODY_FOLDERS = ("benign/benign_1.png", "malignant/malignant_1.png")
BMCD = ("train/12/a.jpg", "train/4/b.JPG", "test/12/c.png")
BMCD_NAMES = ("myeloblast/1.png", "promyelocyte/2.png")
REPO = ("TP/Normal/1.jpg", "TP/Koilocyt/2.jpg", "nTP/L-Sil/3.jpg", "nTP/H-Sil/4.jpg")
BREAST = ("cytology/benign/1.jpg", "histology/G1/2.jpg", "3.jpg")


def write_pictures(root: Path, names: Iterable[str]) -> Path:
    """Write a small RGB picture under each name."""
    rng = np.random.default_rng(3)
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
        suffix = "PNG" if name.lower().endswith("png") else "JPEG"
        Image.fromarray(pixels).save(file, format=suffix)
    return root


def class_mask() -> np.ndarray:
    """Numbers of classes: 0 background, 1 and 2."""
    mask = np.zeros(SIZE, np.uint8)
    mask[3:9, 4:12] = 1
    mask[15:25, 20:30] = 2
    return mask


def write_ocpap(root: Path, *, coco: bool = False) -> Path:
    """Write folders as another set of the same laboratory has them."""
    for split in ("train", "val", "test"):
        write_pictures(root / split / "Images", [f"{split}_1.png"])
        folder = root / split / "SS_Labels"
        folder.mkdir(parents=True)
        Image.fromarray(class_mask()).save(folder / f"{split}_1.png")
        if coco:
            place = root / split / "OD_Labels"
            place.mkdir()
            (place / "labels.json").write_text(json.dumps(coco_of(split)))
    return root


def coco_of(split: str) -> dict[str, Any]:
    """One nucleus in the one picture of a split."""
    size = {"height": SIZE[0], "width": SIZE[1]}
    return {
        "images": [{"id": 1, "file_name": f"{split}_1.png", **size}],
        "annotations": [
            {
                "id": 1,
                "image_id": 1,
                "category_id": 7,
                "bbox": [4, 3, 8, 6],
                "area": 48,
                "iscrowd": 0,
                "segmentation": [[4, 3, 12, 3, 12, 9, 4, 9]],
            }
        ],
        "categories": [{"id": 7, "name": "abnormal"}],
    }


def write_aiccs(root: Path) -> Path:
    """Write Pascal VOC without a folder for the year, PNG in JPEGImages."""
    write_pictures(root / "JPEGImages", ["s1_1.png", "s1_2.png"])
    (root / "Annotations").mkdir()
    for stem, name in (("s1_1", "hsil"), ("s1_2", "candida")):
        text = (
            f"<annotation><folder>x</folder><filename>{stem}.png</filename><size>"
            f"<width>{SIZE[1]}</width><height>{SIZE[0]}</height><depth>3</depth></size>"
            f"<object><name>{name}</name><bndbox><xmin>5</xmin><ymin>6</ymin>"
            "<xmax>14</xmax><ymax>20</ymax></bndbox></object></annotation>"
        )
        (root / "Annotations" / f"{stem}.xml").write_text(text)
    sets = root / "ImageSets" / "Main"
    sets.mkdir(parents=True)
    (sets / "train.txt").write_text("s1_1\ns1_2\n")
    return root
