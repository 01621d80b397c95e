"""Opening a large COCO file, beside parsing its JSON and doing nothing else."""

from __future__ import annotations

import gc
import json
import tempfile
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.ratio import Ratio, best_in_turn, best_of
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.outlines import polygons_of_mask
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from napari_cellsets.formats.files import FileTree

PICTURES, OBJECTS, SIDE = 2000, 100, 1024
"""200,000 objects."""
REPEATS = 2


def run() -> list[Ratio]:
    """Measure with a file of polygons and run lengths, half and half."""
    with tempfile.TemporaryDirectory() as folder:
        write_coco(Path(folder) / "annotations.json")
        return [*_opening(open_tree(folder)), *_tracing()]


def write_coco(path: Path) -> None:
    """Write round cells; every second one as run lengths."""
    rng = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    annotations = []
    for number in range(PICTURES * OBJECTS):
        x, y, radius = rng.integers(40, SIDE - 40, 3) % (SIDE - 80) + 40
        radius = 8 + int(radius) % 20
        entry = {"id": number, "image_id": number // OBJECTS, "category_id": 1}
        if number % 2:
            ring = np.stack(
                [x + radius * np.cos(angles), y + radius * np.sin(angles)], 1
            )
            entry["segmentation"] = [ring.round(2).ravel().tolist()]
        else:
            entry["segmentation"] = {
                "size": [SIDE, SIDE],
                "counts": _runs(x, y, radius),
            }
        entry |= {"bbox": [int(x), int(y), radius, radius], "area": 9, "iscrowd": 0}
        annotations.append(entry)
    images = [
        {"id": at, "file_name": f"{at}.png", "height": SIDE, "width": SIDE}
        for at in range(PICTURES)
    ]
    categories = [{"id": 1, "name": "cell"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(content), encoding="utf-8")


def _runs(x: int, y: int, radius: int) -> list[int]:
    counts, last = [], 0
    for column in range(-radius, radius + 1):
        half = int((radius**2 - column**2) ** 0.5)
        start = int((x + column) * SIDE + y - half)
        counts += [start - last, 2 * half + 1]
        last = start + 2 * half + 1
    return [*counts, SIDE * SIDE - last]


def _opening(tree: FileTree) -> list[Ratio]:
    content = tree.read("annotations.json")
    form = FORMS["coco"]

    def ours() -> object:
        gc.collect()
        container = form.open(tree, "annotations.json")
        return container.read(0)

    def bare() -> object:
        gc.collect()
        return json.loads(tree.read("annotations.json"))

    open_s, json_s = best_in_turn(ours, bare, REPEATS)
    container = form.open(tree, "annotations.json")
    pictures = iter(range(1, PICTURES))
    one_s = best_of(lambda: container.read(next(pictures)), 20)
    name = f"{PICTURES * OBJECTS:,} objects, {len(content) >> 20} MB"
    tracemalloc.start()
    container.read(0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return [
        Ratio(
            f"open a COCO file and decode its first picture, {name}",
            open_s,
            "s",
            "json.loads of the same file",
            json_s,
            "at most 2",
        ),
        Ratio(
            f"decode the {OBJECTS} objects of one picture more",
            one_s * 1e3,
            "ms",
            "json.loads of the whole file",
            json_s * 1e3,
            "far below 1",
        ),
        Ratio(
            "memory that decoding one picture takes",
            peak / 1e6,
            "MB",
            "all masks of the file at full size",
            PICTURES * OBJECTS * SIDE * SIDE / 1e6,
            "far below 1",
        ),
    ]


def _tracing() -> list[Ratio]:
    """Trace the cells of one picture, beside OpenCV, which rounds holes and corners."""
    import cv2

    rng = np.random.default_rng(1)
    ys, xs = np.ogrid[:64, :64]
    masks = [
        (ys - 32) ** 2 + (xs - 32) ** 2 < int(radius) ** 2
        for radius in rng.integers(8, 30, OBJECTS)
    ]
    bytes_ = [mask.astype(np.uint8) for mask in masks]

    def ours() -> None:
        for mask in masks:
            polygons_of_mask(mask)

    def theirs() -> None:
        for mask in bytes_:
            cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)

    ours_s, theirs_s = best_in_turn(ours, theirs)
    return [
        Ratio(
            f"trace {OBJECTS} masks along pixel edges, exactly",
            ours_s * 1e3,
            "ms",
            "OpenCV's contours, not exact",
            theirs_s * 1e3,
        )
    ]
