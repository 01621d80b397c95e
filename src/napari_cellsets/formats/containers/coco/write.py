"""COCO JSON, written object by object, so that a large set needs little memory."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.coco.rle import encode_rle, pack_counts
from napari_cellsets.formats.containers.things import MASK, OUTLINE, POINT, things_of
from napari_cellsets.formats.containers.writing import (
    Categories,
    one_file,
    pictures_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Marked
    from napari_cellsets.formats.containers.things import Thing

_DIGITS = 9
_OWN = ("id", "crowd", "score")


def write_coco(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write one COCO file, and pictures into ``images`` beside it.

    Masks become compressed run lengths, which keep overlap and holes exactly.
    Points become keypoints, one an object. What COCO has no field for goes into
    ``attributes``.

    Parameters
    ----------
    items
        Pictures with what is marked in them; taken one by one.
    out
        A folder (the file is then ``annotations.json``) or a file name.
    classes
        Names of classes; those that objects bring along are added.
    with_images
        Whether to write the pictures too.

    Returns
    -------
    list of Path
        The one file.

    Raises
    ------
    ExportError
        If COCO cannot hold an annotation, or a file cannot be written.
    """
    path = one_file(out, "annotations.json")
    writer = _Writer(classes)
    with atomic_output(path) as aside, aside.open("w", encoding="utf-8") as file:
        file.write('{"info": {"description": "Cell annotations"}, "licenses": [],\n')
        file.write('"annotations": [')
        folder = path.parent / "images"
        for marked, _, named in pictures_of(items, folder, with_images=with_images):
            writer.picture(marked, named.replace("\\", "/"), file)
        file.write('],\n"images": [')
        file.write(",".join(f"\n{_dumped(image)}" for image in writer.images))
        file.write(f'],\n"categories": {_dumped(writer.categories_as_rows())}}}\n')
    return [path]


class _Writer:
    def __init__(self, classes: Mapping[int, str]) -> None:
        self.images: list[dict[str, Any]] = []
        self._categories = Categories(classes)
        self._pointed: set[int] = set()
        self._taken: set[int] = set()
        self._next = 1
        self._first = True

    def picture(self, marked: Marked, name: str, file: IO[str]) -> None:
        height, width = marked.size
        number = len(self.images) + 1
        self.images.append(
            {"id": number, "file_name": name, "height": height, "width": width}
        )
        for thing in things_of(marked, FORMS["coco"], self._categories.given):
            entry = self._entry(thing, marked.size)
            row = {"id": self._id(thing.properties.get("id")), "image_id": number}
            file.write("\n" if self._first else ",\n")
            file.write(_dumped(row | entry))
            self._first = False

    def categories_as_rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for class_id, name in sorted(self._categories.names.items()):
            rows.append({"id": class_id, "name": name, "supercategory": ""})
            if class_id in self._pointed:
                rows[-1] |= {"keypoints": ["point"], "skeleton": []}
        return rows

    def _id(self, wanted: object) -> int:
        if type(wanted) is int and wanted not in self._taken:
            self._taken.add(wanted)
            return wanted
        while self._next in self._taken:
            self._next += 1
        self._taken.add(self._next)
        return self._next

    def _entry(self, thing: Thing, size: tuple[int, int]) -> dict[str, Any]:
        class_id = self._categories.id_of(thing.class_id, thing.label)
        known = thing.properties
        row: dict[str, Any] = {"category_id": class_id}
        row["iscrowd"] = int(bool(known.get("crowd")))
        if "score" in known:
            row["score"] = known["score"]
        more = {key: value for key, value in known.items() if key not in _OWN}
        if more:
            row["attributes"] = more
        if thing.kind == MASK:
            mask, corner = thing.shape
            return row | _mask(mask, corner, size)
        if thing.kind == OUTLINE:
            return row | _outline([part[0] for part in thing.shape])
        if thing.kind == POINT:
            self._pointed.add(class_id)
            y, x = (_rounded(value + 0.5) for value in thing.shape)
            return row | {
                "keypoints": [x, y, 1 if known.get("hidden") else 2],
                "num_keypoints": 1,
                "bbox": [x, y, 0, 0],
                "area": 0,
            }
        top, left, low, right = thing.shape[0]
        return row | _extent(top, left, low, right, (low - top) * (right - left))


def _mask(
    mask: np.ndarray, corner: tuple[int, int], size: tuple[int, int]
) -> dict[str, Any]:
    text = pack_counts(encode_rle(mask, corner, size))
    (top, left), (height, width) = corner, mask.shape
    box = [left, top, width, height] if mask.any() else [0, 0, 0, 0]
    return {
        "segmentation": {"size": list(size), "counts": text},
        "bbox": box,
        "area": int(mask.sum()),
    }


def _outline(rings: list[np.ndarray]) -> dict[str, Any]:
    every = np.concatenate(rings)
    (top, left), (low, right) = every.min(axis=0), every.max(axis=0)
    area = 0.0
    for ring in rings:
        ahead = np.roll(ring, -1, axis=0)
        area += abs(float((ring[:, 1] * ahead[:, 0] - ahead[:, 1] * ring[:, 0]).sum()))
    flat = [
        [_rounded(value) for value in (ring[:, ::-1] + 0.5).ravel().tolist()]
        for ring in rings
    ]
    return {"segmentation": flat} | _extent(top, left, low, right, area / 2)


def _extent(
    top: float, left: float, low: float, right: float, area: float
) -> dict[str, Any]:
    edges = (left + 0.5, top + 0.5, right - left, low - top)
    return {"bbox": [_rounded(value) for value in edges], "area": _rounded(area)}


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)


def _dumped(content: Any) -> str:
    return json.dumps(content, allow_nan=False, ensure_ascii=False)
