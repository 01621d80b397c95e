"""Cervix93 as the repository has it: EDF pictures, stacks, points, grades."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (1280, 960)
FOLDER = "cytology_dataset-master"
PLANES = {"frame000": 20, "frame031": 3, "frame077": 12}
GRADES = {"frame000": "H", "frame031": "L", "frame077": "N"}
SETS = {"frame000": "0", "frame031": "1", "frame077": "0"}
POINTS = {
    "frame000": [(12, 1191), (301, 14), (861, 640)],
    "frame031": [(1, 1), (960, 1280)],
    "frame077": [(77, 500)],
}
"""Row and column, counted from 1, sorted by row."""


def write_cervix93(root: Path) -> Path:
    """Write three frames; stacks have different numbers of planes."""
    top = root / FOLDER / "dataset"
    (top / "EDF").mkdir(parents=True)
    for number, (frame, planes) in enumerate(PLANES.items()):
        write_frame(top, frame, number, planes)
        lines = [f"{row},{column}\n" for row, column in POINTS[frame]]
        (top / "EDF" / f"{frame}.csv").write_text("".join(lines))
    rows = [f"{frame},{GRADES[frame]},{SETS[frame]}\n" for frame in PLANES]
    (top / "labels.csv").write_text("frame,label,set\n" + "".join(rows))
    (root / FOLDER / "README.md").write_text("# Cervix93\n")
    codes = root / FOLDER / "codes"
    codes.mkdir()
    (codes / "EvaluateDetection.m").write_text("% x, y\n")
    return root / FOLDER


def write_frame(top: Path, frame: str, number: int, planes: int) -> None:
    """Pictures of one frame: the one in focus throughout, and its planes."""
    (top / "EDF").mkdir(parents=True, exist_ok=True)
    _grey(200 + number).save(top / "EDF" / f"{frame}.png")
    stack = top / f"{frame}_stack"
    stack.mkdir()
    for plane in range(planes):
        _grey(plane).save(stack / f"fov{plane:03d}.png")


def _grey(value: int) -> Image.Image:
    return Image.fromarray(np.full((SIZE[1], SIZE[0]), value, np.uint8))
