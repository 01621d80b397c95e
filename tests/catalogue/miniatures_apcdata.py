"""APCData as its readers describe it: two trees that disagree with each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (2048, 1532)
FOLDER = "APCData cervical cytology cells"
CLASSES = ("NILM", "ASCUS", "ASCH", "LSIL", "HSIL", "SCC")
PICTURES = ("0001 C1234", "0002 K 12", "0003 IMAGE_7", "0004 3141")
POINTS = {
    "0001": [(1, "Negative", 100, 200), (2, "HSIL", 2048, 1532)],
    "0002": [(3, "ASCUS", 7, 9)],
    "0003": [(4, "SCC", 1, 1)],
}
"""cell, class, x, y of each table; 0004 has none."""
BOXES = {
    "0001 C1234": [(0, 0.5, 0.5, 0.25, 0.5)],
    "0002 K 12": [(1, 0.1, 0.2, 0.1, 0.1), (4, 0.9, 0.9, 0.2, 0.2)],
    "0004 3141": [(5, 0.25, 0.75, 0.01, 0.02)],
}
"""class, middle x and y, width and height; 0003 has none."""


def write_apcdata(
    root: Path, *, exported: bool = True, as_json: bool = False, images: bool = False
) -> Path:
    """Write both trees.

    With `exported`, files of boxes have dashes and a hash in their names; with
    `images`, pictures lie beside the boxes too.
    """
    top = root / FOLDER
    points, yolo = top / "APCData_points", top / "APCData_YOLO"
    for stem in PICTURES:
        _picture(points / "images" / f"{stem}.jpg")
        if images:
            _picture(yolo / "images" / f"{stem}.jpg")
    for number, (stem, cells) in enumerate(POINTS.items(), start=1):
        _write_points(points / "labels", stem, number, cells, as_json)
    (yolo / "labels").mkdir(parents=True)
    (yolo / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    for place, (stem, boxes) in enumerate(BOXES.items()):
        name = f"{stem.replace(' ', '-')}_jpg.rf.{place:032x}" if exported else stem
        lines = [" ".join(map(str, box)) + "\n" for box in boxes]
        (yolo / "labels" / f"{name}.txt").write_text("".join(lines))
    return top


def _write_points(
    labels: Path,
    stem: str,
    number: int,
    cells: list[tuple[int, str, int, int]],
    as_json: bool,
) -> None:
    name = f"{number:016x}.png"  # of a file that does not exist
    file = labels / ("json" if as_json else "csv") / stem
    file.parent.mkdir(parents=True, exist_ok=True)
    if as_json:
        found = [
            {"cell_id": c, "bethesda_system": t, "nucleus_x": x, "nucleus_y": y}
            for c, t, x, y in cells
        ]
        one = {"image_id": number, "image_doi": "null", "image_name": name}
        content = json.dumps([{**one, "classifications": found}])
        file.with_name(f"{stem}.json").write_text(content)
        return
    head = (
        "image_id,image_filename,image_doi,cell_id,bethesda_system,nucleus_x,nucleus_y"
    )
    lines = [f"{number},{name},null,{c},{t},{x},{y}" for c, t, x, y in cells]
    content = "\n".join([head, *lines]) + "\n"
    file.with_name(f"{stem}.csv").write_bytes(b"\xef\xbb\xbf" + content.encode())


def _picture(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((SIZE[1], SIZE[0], 3), 180, np.uint8)).save(file)
