"""CCAgT as published: tiles, class masks, COCO without suffixes, parquet."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (1600, 1200)
FOLDER = "wg4bpm33hj-2"
CATEGORIES = {
    1: "Nucleus",
    2: "Cluster",
    3: "Satellite",
    4: "Nucleus_out_of_focus",
    5: "Overlapped_Nuclei",
    6: "non-viable_nucleus",
    7: "Leukocyte_Nucleus",
}
DRAWN_IN_ORDER = (7, 6, 5, 4, 1, 2, 3)
TILES = ("A_99_-270720_116640", "A_1044_-240480_58320", "B_7_-1080_2160")


@dataclass(frozen=True)
class Thing:
    """One object: its class and its outline (x, y) from the corner of the picture."""

    category: int
    xy: np.ndarray

    @property
    def closed(self) -> np.ndarray:
        return np.vstack([self.xy, self.xy[:1]])


def things_of(tile: int) -> list[Thing]:
    """A nucleus with a cluster and a satellite in it, and one of each other class."""
    at = 200.0 + 40 * tile
    found = [
        Thing(1, _round(at, 300.25, 60, 24)),
        Thing(2, _round(at - 10, 310.5, 12.5, 12)),
        Thing(3, satellite(at + 25, 280)),
    ]
    for place, category in enumerate((4, 5, 6, 7)):
        found.append(Thing(category, _round(600.5 + 150 * place, 700, 40, 20)))
    return found


def satellite(x: float, y: float) -> np.ndarray:
    """What the export draws for one click: 16 corners, area 87.70, 10.7 px wide."""
    return _round(x, y, 5.352, 16)


def _round(x: float, y: float, radius: float, corners: int) -> np.ndarray:
    turn = 2 * np.pi * np.arange(corners) / corners
    return np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])


def write_ccagt(root: Path) -> Path:
    """Write the set as unpacked whole."""
    top = root / FOLDER
    for number, tile in enumerate(TILES):
        slide = tile[0]
        pixels = np.full((SIZE[1], SIZE[0], 3), (200 + number, 190, 120), np.uint8)
        picture = Image.fromarray(pixels)
        draw = ImageDraw.Draw(picture)
        mask = Image.new("L", SIZE)
        for category in DRAWN_IN_ORDER:
            for thing in things_of(number):
                if thing.category == category:
                    corners = [tuple(point) for point in thing.xy]
                    draw.polygon(corners, fill=(90, 60, 20))
                    ImageDraw.Draw(mask).polygon(corners, fill=category)
        _save(picture, top / "images" / slide / f"{tile}.jpg")
        _save(mask, top / "masks" / slide / f"{tile}.png")
    write_tables(top)
    return top


def write_as_downloaded(root: Path, work: Path) -> Path:
    """One archive; in it one archive a slide for pictures and one for masks."""
    top = write_ccagt(work)
    archive = root / f"{FOLDER}.zip"
    root.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w") as outer:
        for name in ("CCAgT.parquet.gzip", "CCAgT_COCO_OD.json"):
            outer.write(top / name, f"{FOLDER}/{name}")
        for kind in ("images", "masks"):
            for slide in sorted(folder.name for folder in (top / kind).iterdir()):
                inner = work / "inner" / kind / f"{slide}.zip"
                inner.parent.mkdir(parents=True, exist_ok=True)
                with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as packed:
                    for file in sorted((top / kind / slide).iterdir()):
                        packed.write(file, f"{slide}/{file.name}")
                outer.write(inner, f"{FOLDER}/{kind}/{slide}.zip")
    return archive


def write_tables(top: Path) -> None:
    """COCO and parquet; the order of pictures is not that of their ids."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    ids = {tile: number for number, tile in enumerate(TILES, start=1)}
    annotations, rows = [], []
    for number, tile in enumerate(TILES):
        for thing in things_of(number):
            xy = thing.closed
            low, high = xy.min(axis=0), xy.max(axis=0)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": ids[tile],
                    "category_id": thing.category,
                    "bbox": [*map(float, low), *map(float, high - low)],
                    "segmentation": [[float(v) for v in xy.ravel()]],
                    "area": area(thing.xy),
                    "iscrowd": 0,
                }
            )
            text = ", ".join(f"{x!r} {y!r}" for x, y in xy.tolist())
            rows.append(
                (tile, f"POLYGON (({text}))", thing.category, ids[tile], tile[0])
            )
    (top / "CCAgT_COCO_OD.json").write_text(
        json.dumps(
            {
                "info": {"year": "2022", "version": "2.1.1"},
                "categories": [
                    {"supercategory": None, "name": name, "id": number}
                    for number, name in CATEGORIES.items()
                ],
                "images": [
                    {"file_name": t, "height": SIZE[1], "width": SIZE[0], "id": ids[t]}
                    for t in reversed(TILES)
                ],
                "annotations": annotations,
            }
        )
    )
    names, geometry, categories, image_ids, slides = zip(*rows, strict=True)
    table = pa.table(
        {
            "image_name": names,
            "geometry": geometry,
            "category_id": pa.array(categories, pa.int64()),
            "geo_type": ["Polygon"] * len(rows),
            "area": [float(a["area"]) for a in annotations],
            "image_id": pa.array(image_ids, pa.int16()),
            "slide_id": slides,
            "__index_level_0__": pa.array(range(len(rows)), pa.int64()),
        }
    )
    pq.write_table(table, top / "CCAgT.parquet.gzip", compression="gzip")


def area(xy: np.ndarray) -> float:
    """Area of a polygon that is not closed."""
    x, y = xy.T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def _save(picture: Image.Image, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    picture.save(file)
