"""CRIC as its exporter writes it: flat, ragged tables, two spellings of one key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (1376, 1020)
FIRST, SECOND = "a88f00847363c89e1960ade289b38612", "0123456789abcdef0123456789abcdef"
NAMES = {2: f"{FIRST}.png", 1: f"{SECOND}.png"}
DOI = "10.6084/m9.figshare.12230906.v2"
CELLS = {
    2: [
        (11, "Negative for intraepithelial lesion", 3, 1),
        (12, "ASC-US", 1278, 1019),
        (12, "ASC-US", 1278, 1019),
    ],
    1: [(13, "HSIL", 640, 20), (14, "SCC", 5, 900)],
}
"""cell_id, class, x, y (from 1); one cell was clicked twice."""

OUTLINES = {
    21: (
        2,
        "Célula escamosa, superficial",
        [(10, 10), (60, 10), (60, 50), (10, 50)],
        [(20, 20), (30, 20), (30, 30)],
    ),
    22: (2, "Flora", [(100, 100), (140, 100), (120, 150)], None),
    23: (
        1,
        "Metaplásica",
        [(1, 1), (40, 1), (40, 40)],
        [(5, 5), (9, 5), (9, 9), (5, 9)],
    ),
}
"""cell_id: picture, description, cytoplasm, nucleus (x, y from 1)."""

HEADER = "image_id,image_filename,image_doi,cell_id,{},{},{}\n"


def write_pictures(folder: Path, before: str = "") -> None:
    """Two pictures; people put a number before the name, or a folder around it."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in NAMES.items():
        pixels = np.full((SIZE[1], SIZE[0], 3), (180, 150 + number, 190), np.uint8)
        Image.fromarray(pixels).save(folder / f"{before}{name}", dpi=(149.99, 149.99))


def write_classifications(folder: Path, *, as_csv: bool = False) -> None:
    """Points: one line of JSON, or a table; the key of the name differs."""
    folder.mkdir(parents=True, exist_ok=True)
    if as_csv:
        lines = [
            f"{image},{NAMES[image]},{DOI},{cell},{text},{x},{y}\n"
            for image, cells in CELLS.items()
            for cell, text, x, y in cells
        ]
        head = HEADER.format("bethesda_system", "nucleus_x", "nucleus_y")
        (folder / "classifications.csv").write_text(head + "".join(lines))
        return
    content = [
        {
            "image_id": image,
            "image_doi": DOI,
            "image_name": NAMES[image],
            "classifications": [
                {"cell_id": cell, "bethesda_system": t, "nucleus_x": x, "nucleus_y": y}
                for cell, t, x, y in cells
            ],
        }
        for image, cells in CELLS.items()
    ]
    (folder / "classifications.json").write_text(json.dumps(content))


def write_outlines(folder: Path, kind: str) -> None:
    """Write outlines in one of six forms: ``segmentations.json``, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    stem, _, suffix = kind.rpartition(".")
    part = stem.removesuffix("-segmentations") if "-" in stem else ""
    text = {
        ("", "json"): lambda: json.dumps(_both()),
        ("", "csv"): _ragged,
    }.get((part, suffix))
    if text is None:
        text = (
            (lambda: json.dumps(_one(part)))
            if suffix == "json"
            else (lambda: _vertices(part))
        )
    (folder / kind).write_text(text(), encoding="utf-8")


def _points(ring: list[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"coord_x": x, "coord_y": y} for x, y in ring]


def _of_image(image: int) -> dict[str, object]:
    return {"image_id": image, "image_doi": DOI, "image_name": NAMES[image]}


def _both() -> list[dict[str, object]]:
    return [
        {
            **_of_image(image),
            "cells": [
                {
                    "cell_id": cell,
                    "description_id": text,
                    "cytoplasm": _points(cytoplasm),
                    "nucleus": None if nucleus is None else _points(nucleus),
                }
                for cell, (of, text, cytoplasm, nucleus) in OUTLINES.items()
                if of == image
            ],
        }
        for image in NAMES
    ]


def _one(part: str) -> list[dict[str, object]]:
    found = []
    for image in NAMES:
        cells = [
            {"cell_id": cell, "description_id": text, "coords": _points(ring)}
            for cell, (of, text, *rings) in OUTLINES.items()
            if of == image and (ring := rings[part == "nucleus"])
        ]
        found.append({**_of_image(image), f"{part}_segmentation_cells": cells})
    return found


def _ragged() -> str:
    """Two lines of names, then a line of cytoplasm and one of nucleus a cell."""
    lines = [
        "image_id,image_doi,image_filename,cell_id,description_id,cytoplasm_points",
        "image_id,image_doi,image_filename,cell_id,description_id,nucleus_points",
    ]
    for cell, (image, text, cytoplasm, nucleus) in OUTLINES.items():
        start = f"{image},{DOI},{NAMES[image]},{cell},{text},"
        for ring in (cytoplasm, nucleus or []):
            lines.append(start + "".join(f"{x},{y}," for x, y in ring))
    return "\n".join(lines) + "\n"


def _vertices(part: str) -> str:
    """One row a vertex; rows of nuclei have an empty field more than the header."""
    lines = [HEADER.format("bethesda_system", "x", "y")]
    gap = "," if part == "nucleus" else ""
    for cell, (image, text, *rings) in OUTLINES.items():
        for x, y in rings[part == "nucleus"] or ():
            lines.append(f"{image},{NAMES[image]},{DOI},{cell},{gap}{text},{x},{y}\n")
    return "".join(lines)
