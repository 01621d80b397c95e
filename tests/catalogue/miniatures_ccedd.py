"""CCEDD in miniature: two label folders, labelme files with pictures in them."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

IDS = ("00000", "00003", "00477")
SIZE = (48, 64)
"""Height and width; published pictures have 1536 x 2048."""

CELLS: dict[str, list[tuple[str, list[list[float]]]]] = {
    "00000": [
        ("cell", [[4.0, 5.0], [30.5, 6.25], [28.0, 30.0], [3.0, 28.0]]),
        ("kernel", [[12.0, 12.0], [18.0, 12.0], [18.0, 19.0], [12.0, 19.0]]),
        ("cell", [[20.0, 20.0], [44.0, 22.0], [40.0, 44.0]]),
    ],
    "00003": [
        ("cell", [[-6.5, 10.0], [20.0, 8.0], [22.0, 52.0], [1.0, 40.0]]),
        ("kernel", [[2.0, 20.0], [8.0, 21.0], [7.0, 27.0]]),
        ("kernel", [[30.0, 30.0], [31.0, 31.0]]),  # of two points: no outline
    ],
    "00477": [("cell", [[10.0, 10.0], [60.0, 12.0], [58.0, 40.0]])],
}


def picture(name: str) -> np.ndarray:
    """RGB picture of one id."""
    rng = np.random.default_rng(int(name))
    return rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)


def outlines(name: str, folder: str) -> list[tuple[str, list[list[float]]]]:
    """Labelled outlines; those of the uncorrected folder lie half a pixel off."""
    shift = 0.5 if folder == "label_no_correct" else 0.0
    return [
        (label, [[x + shift, y + shift] for x, y in points])
        for label, points in CELLS[name]
    ]


def document(name: str, folder: str = "label_correct") -> dict[str, Any]:
    """One labelme file, with the whole picture in it."""
    held = io.BytesIO()
    Image.fromarray(picture(name)).save(held, format="PNG")
    return {
        "version": "4.2.9",
        "flags": {},
        "shapes": [
            {
                "label": label,
                "points": points,
                "group_id": None,
                "shape_type": "polygon",
                "flags": {},
            }
            for label, points in outlines(name, folder)
        ],
        "imagePath": f"..\\png\\{name}.png",
        "imageData": base64.b64encode(held.getvalue()).decode(),
        "imageHeight": SIZE[0],
        "imageWidth": SIZE[1],
    }


def edge_map(name: str, folder: str = "label_correct") -> np.ndarray:
    """Lines one pixel wide around cells and kernels alike; 0 and 255."""
    edges = np.zeros(SIZE, np.uint8)
    for _, points in outlines(name, folder):
        if len(points) > 2:
            ring = np.clip(np.asarray(points), 0, (SIZE[1] - 1, SIZE[0] - 1))
            cv2.polylines(edges, [ring.astype(np.int32)], True, 255, 1)
    return edges


def write_ccedd(
    root: Path, folders: tuple[str, ...] = ("label_correct", "label_no_correct")
) -> Path:
    """Write the folder ``CCEDD`` as it is after all archives are unpacked."""
    for folder in folders:
        for name in IDS:
            write_sample(root / "CCEDD" / folder, name, folder)
    return root / "CCEDD"


def write_sample(place: Path, name: str, folder: str) -> None:
    """Write picture, labelme file and edge map of one id."""
    for kind in ("png", "json", "edge"):
        (place / kind).mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(name)).save(place / "png" / f"{name}.png")
    (place / "json" / f"{name}.json").write_text(json.dumps(document(name, folder)))
    edges = Image.fromarray(edge_map(name, folder))
    edges.save(place / "edge" / f"{name}_edge.png")


def write_nested(root: Path) -> Path:
    """Write ``CCEDD.zip`` as downloaded: ``CCEDD/png.zip``, ``CCEDD/json.zip``."""
    place = root / "unpacked"
    for name in IDS:
        write_sample(place, name, "label_correct")
    with zipfile.ZipFile(root / "CCEDD.zip", "w") as outer:
        for kind in ("png", "json"):
            held = io.BytesIO()
            with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as inner:
                for file in sorted((place / kind).iterdir()):
                    inner.write(file, f"{kind}/{file.name}")
            outer.writestr(f"CCEDD/{kind}.zip", held.getvalue())
    return root / "CCEDD.zip"
