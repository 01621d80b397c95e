"""CISD in miniature: one JSON with row-major runs, planes beside the EDF."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

CATEGORIES = ["RED_BLOOD_CELL", "NEUTROPHIL", "SUPERFICIAL", "UROTHELIAL"]
PLANES = 21
NAMES = ("0241_BB_01471.jpg", "0241_BB_00007.jpg", "0102_AC_00003.jpg")
SIZES = ((40, 56), (48, 32), (30, 30))


def runs(mask: np.ndarray) -> list[int]:
    """Run lengths of rows one after another; the first one is of zeros."""
    flat = mask.ravel(order="C").astype(np.int8)
    edges = np.flatnonzero(np.diff(flat)) + 1
    lengths = np.diff([0, *edges, flat.size]).tolist()
    return [0, *lengths] if flat[0] else lengths


def box(mask: np.ndarray) -> list[int]:
    """First and last row and column, both inside."""
    rows, columns = np.nonzero(mask)
    found = [rows.min(), columns.min(), rows.max(), columns.max()]
    return [int(value) for value in found]


def masks_of(number: int) -> list[tuple[str, np.ndarray]]:
    """Objects of one sample: with a hole, in two parts, overlapping, from pixel 0."""
    height, width = SIZES[number]
    ring = np.zeros((height, width), bool)
    ring[4:20, 6:24] = True
    ring[8:12, 10:14] = False
    over = np.zeros_like(ring)
    over[10:28, 15:30] = True
    corner = np.zeros_like(ring)
    corner[0:5, 0:7] = True
    corner[20:22, 1:3] = True  # the second part
    found = [("UROTHELIAL", ring), ("SUPERFICIAL", over), ("NEUTROPHIL", corner)]
    return found[: 3 - number] if number < 2 else found[2:]


def entry(number: int) -> dict[str, Any]:
    """What CISD.json says of one sample."""
    data = [
        {
            "category_name": name,
            "bbox": box(mask),
            "mask": {"counts": runs(mask), "size": list(mask.shape)},
        }
        for name, mask in masks_of(number)
    ]
    return {
        "asset_id": 1000 + number,
        "file_name": NAMES[number],
        "set": "test" if number == 1 else "train",
        "annotations": [
            {
                "annotation_id": number,
                "annotator": "expert 1",
                "time_stamp": "2021-06-01 10:00:00",
                "data": data,
            }
        ],
    }


def document() -> dict[str, Any]:
    """All of CISD.json."""
    return {
        "info": {
            "dataset_name": "CISD",
            "dataset_type": "instance_segmentation",
            "version": "1.0",
            "time_stamp": "2022-02-01",
            "description": "Cell Instance Segmentation Dataset",
            "img_folder": "edf",
        },
        "categories": CATEGORIES,
        "assets": [entry(number) for number in range(len(NAMES))],
    }


def plane(number: int, at: int) -> np.ndarray:
    """One focal plane of a sample."""
    height, width = SIZES[number]
    rng = np.random.default_rng(100 * number + at)
    return rng.integers(0, 250, (height, width, 3), dtype=np.uint8)


def write_cisd(root: Path, inner: str = "img_{:03d}.png", planes: int = PLANES) -> Path:
    """Write the folder ``CISD``; names of planes are not published."""
    folder = root / "CISD"
    folder.mkdir(parents=True)
    (folder / "CISD.json").write_text(json.dumps(document()))
    for number, name in enumerate(NAMES):
        for kind in ("center_slice", "edf"):
            (folder / kind).mkdir(exist_ok=True)
            shown = plane(number, 10 if kind == "center_slice" else 90)
            Image.fromarray(shown).save(folder / kind / name, quality=95)
        stack = folder / "stack" / name.removesuffix(".jpg")
        stack.mkdir(parents=True)
        for at in range(planes):
            Image.fromarray(plane(number, at)).save(stack / inner.format(at))
    return folder
