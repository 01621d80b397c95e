"""Write COCO panoptic: a JSON of segments and a PNG of their ids a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.coco.panoptic_read import colours_of
from napari_cellsets.formats.containers.fit import fit_all
from napari_cellsets.formats.containers.writing import (
    Categories,
    one_file,
    pictures_of,
    write_colours,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Marked


def write_panoptic(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write ``panoptic.json`` and the PNGs into ``panoptic`` beside it.

    Parameters
    ----------
    items, out, classes, with_images
        As of `Form.write`.

    Raises
    ------
    ExportError
        If objects overlap, or a file cannot be written.
    """
    path = one_file(out, "panoptic.json")
    categories = Categories(classes)
    images: list[dict[str, Any]] = []
    entries: list[dict[str, Any]] = []
    pictures = pictures_of(items, path.parent / "images", with_images=with_images)
    for number, (marked, stem, named) in enumerate(pictures, 1):
        height, width = marked.size
        images.append(
            {"id": number, "file_name": named, "height": height, "width": width}
        )
        fitted = fit_all(marked, FORMS["coco-panoptic"])
        labels = [one for one in fitted if isinstance(one, LabelImage)]
        found = labels[0] if labels else LabelImage(np.zeros(marked.size, np.int32))
        write_colours(path.with_suffix("") / f"{stem}.png", colours_of(found.labels))
        entries.append(
            {
                "image_id": number,
                "file_name": f"{stem}.png",
                "segments_info": _rows(found, categories),
            }
        )
    rows = [
        {"id": key, "name": name, "supercategory": "", "isthing": 1}
        for key, name in sorted(categories.names.items())
    ]
    content = {"images": images, "annotations": entries, "categories": rows}
    write_json(path, content)
    return [path]


def _rows(found: LabelImage, categories: Categories) -> list[dict[str, Any]]:
    from scipy import ndimage

    rows = []
    names = {**categories.given, **found.class_names}
    counts = np.bincount(found.labels.ravel())
    for at, box in enumerate(ndimage.find_objects(found.labels), 1):
        if box is not None:
            top, left = box[0].start, box[1].start
            class_id = found.class_of.get(at, -1)
            rows.append(
                {
                    "id": at,
                    "category_id": categories.id_of(class_id, names.get(class_id, "")),
                    "area": int(counts[at]),
                    "bbox": [left, top, box[1].stop - left, box[0].stop - top],
                    "iscrowd": 0,
                }
            )
    return rows
