"""Fluorescent Neuronal Cells v2 in miniature, with all its annotations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (60, 80)
MARKERS = {"green": ("c-FOS", "nucleus"), "yellow": ("CTb", "cytoplasm")}
STEMS = {"trainval": ("0", "11"), "test": ("7",)}


def mask_of(colour: str, stem: str) -> np.ndarray:
    """Two objects, or none in picture 11; 0 and 255."""
    mask = np.zeros(SIZE, np.uint8)
    if stem != "11":
        shift = len(colour)
        cv2.circle(mask, (20 + shift, 20), 9, 255, -1)
        cv2.ellipse(mask, (50, 40 - shift), (14, 8), 30, 0, 360, 255, -1)
    return mask


def objects_of(mask: np.ndarray) -> list[dict[str, Any]]:
    """Outlines, boxes, dots as OpenCV finds them: positions of pixels."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = []
    for outline in outlines:
        points = outline[:, 0, :].astype(int)
        x, y = points.mean(axis=0).round().astype(int).tolist()
        left, top, wide, high = cv2.boundingRect(outline)
        found.append(
            {
                "points": points.tolist(),
                "dot": [x, y],
                "box": [left, top, wide, high],
                "area": float(np.count_nonzero(mask)) / len(outlines),
            }
        )
    return found


def coco(colour: str, split: str) -> dict[str, Any]:
    """Not standard: no categories, one entry a picture, nested lists, text for ids."""
    images, entries = [], []
    for stem in STEMS[split]:
        images.append(
            {
                "id": stem,
                "file_name": f"{stem}.png",
                "height": SIZE[0],
                "width": SIZE[1],
            }
        )
        objects = objects_of(mask_of(colour, stem))
        entries.append(
            {
                "image_id": stem,
                "category_id": list(MARKERS).index(colour) + 1,
                "segmentation_type": "polygon - placeholder",
                "segmentation": [item["points"][:50] for item in objects],
                "bbox": [item["box"] for item in objects],
                "area": [item["area"] for item in reversed(objects)],
                "dots": [item["dot"] for item in reversed(objects)],
                "count": len(objects),
                "iscrowd": 0,
            }
        )
    info = {"description": "Fluorescent Neuronal Cells", "version": "2"}
    return {"info": info, "images": images, "annotations": entries, "licenses": []}


def via(colour: str, split: str, root: Path) -> dict[str, Any]:
    """Regions as lists, keyed by file name and bytes."""
    found = {}
    for stem in STEMS[split]:
        size = (root / colour / split / "images" / f"{stem}.png").stat().st_size
        regions = [
            {
                "shape_attributes": {
                    "name": "polygon",
                    "all_points_x": [x for x, _ in item["points"]],
                    "all_points_y": [y for _, y in item["points"]],
                },
                "region_attributes": {},
            }
            for item in objects_of(mask_of(colour, stem))
        ]
        found[f"{stem}.png{size}"] = {
            "filename": f"{stem}.png",
            "size": size,
            "regions": regions,
            "file_attributes": {},
        }
    return found


def voc(colour: str, split: str, stem: str) -> bytes:
    """Not standard: polygons and dots, no element ``name``."""
    root = ElementTree.Element("annotation")

    def add(parent: ElementTree.Element, tag: str, text: object = "") -> Any:
        child = ElementTree.SubElement(parent, tag)
        child.text = str(text)
        return child

    add(root, "split", split)
    add(root, "filename", f"{stem}.png")
    add(root, "path", f"{colour}/{split}/images/{stem}.png")
    size = add(root, "size")
    for tag, value in (("width", SIZE[1]), ("height", SIZE[0]), ("depth", 1)):
        add(size, tag, value)
    objects = objects_of(mask_of(colour, stem))
    add(root, "count", len(objects))
    for item in objects:
        node = add(root, "object")
        add(node, "marker", MARKERS[colour][0])
        add(node, "marked_structure", MARKERS[colour][1])
        polygon = add(node, "polygon")
        for x, y in item["points"]:
            point = add(polygon, "pt")
            add(point, "x", x)
            add(point, "y", y)
        left, top, wide, high = item["box"]
        box = add(node, "bndbox")
        for tag, value in zip(
            ("xmin", "ymin", "xmax", "ymax"),
            (left, top, left + wide, top + high),
            strict=True,
        ):
            add(box, tag, value)
        dot = add(node, "dot")
        add(dot, "x", item["dot"][0])
        add(dot, "y", item["dot"][1])
    return bytes(ElementTree.tostring(root))


def write_fnc_v2(
    root: Path, kinds: tuple[str, ...] = ("COCO", "VIA", "Pascal_VOC")
) -> Path:
    """Write two colours with two splits, and one picture without labels."""
    rng = np.random.default_rng(5)
    for colour in MARKERS:
        for split, stems in STEMS.items():
            place = root / colour / split
            truth = place / "ground_truths"
            for folder in ("images", "ground_truths/masks", "metadata"):
                (place / folder).mkdir(parents=True, exist_ok=True)
            for stem in stems:
                pixels = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / "images" / f"{stem}.png")
                mask = Image.fromarray(mask_of(colour, stem))
                mask.save(truth / "masks" / f"{stem}.png")
                text = "# metadata from pyexiv2.Image().read_exif()\nExif.Make\tNikon\n"
                (place / "metadata" / f"{stem}.txt").write_text(text)
                if "Pascal_VOC" in kinds:
                    (truth / "Pascal_VOC").mkdir(exist_ok=True)
                    content = voc(colour, split, stem)
                    (truth / "Pascal_VOC" / f"{stem}.xml").write_bytes(content)
            for kind in ("COCO", "VIA"):
                if kind in kinds:
                    (truth / kind).mkdir()
                    content = (
                        coco(colour, split)
                        if kind == "COCO"
                        else via(colour, split, root)
                    )
                    file = truth / kind / f"annotations_{colour}_{split}.json"
                    file.write_text(json.dumps(content))
    extra = root / "green" / "unlabelled" / "images"
    extra.mkdir(parents=True)
    Image.new("RGB", SIZE[::-1]).save(extra / "3.png")
    return root
