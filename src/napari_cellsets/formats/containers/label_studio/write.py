"""Label Studio: one JSON file of tasks for all pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import numpy as np

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.ellipses import ellipse_of
from napari_cellsets.formats.containers.gather import MASK_PIXELS
from napari_cellsets.formats.containers.label_studio.brush import encode_brush
from napari_cellsets.formats.containers.label_studio.read import (
    OWN,
    SHAPES,
)
from napari_cellsets.formats.containers.things import (
    BOX,
    MASK,
    POINT,
    Thing,
    image_classes,
    things_of,
    unescaped,
)
from napari_cellsets.formats.containers.writing import (
    one_file,
    pictures_of,
    write_json,
    write_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Marked

_POINT_SIZE = 0.5
_TAGS = {kind: f"{kind.title()}Labels" for kind in SHAPES} | {
    "keypoint": "KeyPointLabels"
}


def write_label_studio(
    items: Iterable[Marked], out: Path, *, classes: Mapping[int, str], with_images: bool
) -> list[Path]:
    """Write one JSON file of tasks for all pictures, the pictures in ``images/``.

    See `Form.write`. The labelling interface that the tasks need lies beside it, in
    ``label_config.xml``.

    Raises
    ------
    ExportError
        If Label Studio cannot hold what is marked, or a file cannot be written.
    """
    path = one_file(out, "label_studio.json")
    used: dict[str, dict[str, None]] = {}
    tasks = []
    pictures = pictures_of(items, path.parent / "images", with_images=with_images)
    for number, (marked, _, picture) in enumerate(pictures, 1):
        results = _results(marked, classes, used)
        annotation = {"id": number, "was_cancelled": False, "ground_truth": False}
        annotations = [{**annotation, "result": results}]
        data = {"image": picture}
        tasks.append({"id": number, "data": data, "annotations": annotations})
    written = [write_json(path, tasks)]
    config = path.parent / "label_config.xml"
    return [*written, write_text(config, _config(used, classes))]


def _results(
    marked: Marked, classes: Mapping[int, str], used: dict[str, dict[str, None]]
) -> list[dict[str, Any]]:
    size = {"original_width": marked.size[1], "original_height": marked.size[0]}
    common = {"to_name": "image", **size, "image_rotation": 0}
    found, taken = [], set()
    for index, one in enumerate(things_of(marked, FORMS["label-studio"], classes)):
        kind, value = _shape(one, marked)
        used.setdefault(kind, {})[one.label] = None
        own = str(one.properties.get("id", f"object{index}"))
        own = f"{own}-{index}" if own in taken else own
        taken.add(own)
        labels = one.properties.get("labels")
        told = labels if isinstance(labels, list) else [one.label]
        if one.label:
            value[f"{kind}labels"] = told
        full = f"{kind}labels" if one.label else kind
        found.append(
            {
                "id": own,
                "type": full,
                "from_name": kind,
                **common,
                "value": value,
                **_extra(one.properties),
            }
        )
    chosen = image_classes(marked)
    if chosen:
        used.setdefault("choices", {}).update(dict.fromkeys(chosen))
        choice = {"id": "class", "type": "choices", "from_name": "class"}
        found.append({**choice, "to_name": "image", "value": {"choices": chosen}})
    return found


def _extra(known: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, name in (("score", "score"), ("parent", "parentID")):
        if key in known:
            found[name] = known[key]
    meta = {unescaped(k, OWN): value for k, value in known.items() if k not in OWN}
    if "comment" in known:
        meta["text"] = [known["comment"]]
    return {**found, "meta": meta} if meta else found


def _shape(one: Thing, marked: Marked) -> tuple[str, dict[str, Any]]:
    height, width = marked.size
    if one.kind == BOX:
        return "rectangle", _rectangle(one.shape[0], one.shape[1], marked.size)
    if one.kind == POINT:
        return "keypoint", {**_percent(one.shape, marked.size), "width": _POINT_SIZE}
    if one.kind == MASK:
        return "brush", {"format": "rle", "rle": _brush(one.shape, marked)}
    ellipse = ellipse_of(one.shape, one.properties)
    if ellipse is not None:
        row, column, down, right, angle = ellipse
        radii = {"radiusX": right * 100 / width, "radiusY": down * 100 / height}
        middle = _percent((row, column), marked.size)
        return "ellipse", {**middle, **radii, "rotation": angle}
    ring = (one.shape[0][0] + 0.5) * (100 / height, 100 / width)
    return "polygon", {"points": ring[:, ::-1].tolist(), "closed": True}


def _percent(yx: tuple[float, float], size: tuple[int, int]) -> dict[str, Any]:
    row, column = yx
    return {"x": (column + 0.5) * 100 / size[1], "y": (row + 0.5) * 100 / size[0]}


def _rectangle(
    edges: tuple[float, ...], angle: float, size: tuple[int, int]
) -> dict[str, Any]:
    """Upper left corner after turning, and sides; see `label_studio_read`."""
    top, left, low, right = edges
    x, y = (right - left) / 2, (low - top) / 2
    if angle:
        turn = math.radians(angle)
        top += y - x * math.sin(turn) - y * math.cos(turn)
        left += x - x * math.cos(turn) + y * math.sin(turn)
    sides = {"width": 2 * x * 100 / size[1], "height": 2 * y * 100 / size[0]}
    return {**_percent((top, left), size), **sides, "rotation": angle}


def _brush(shape: tuple[np.ndarray, tuple[int, int]], marked: Marked) -> list[int]:
    mask, (row, column) = shape
    if marked.size[0] * marked.size[1] > MASK_PIXELS:
        raise ExportError(
            "the picture is too large for Label Studio's brush masks",
            path=marked.name,
            advice="Choose COCO or the masks as TIFF.",
        )
    canvas = np.zeros(marked.size, bool)
    canvas[row : row + mask.shape[0], column : column + mask.shape[1]] = mask
    return encode_brush(canvas)


def _config(used: Mapping[str, Mapping[str, None]], classes: Mapping[int, str]) -> str:
    lines = ["<View>", '  <Image name="image" value="$image"/>']
    for kind, names in used.items():
        if kind == "choices":
            tag, name, inner, known = "Choices", "class", "Choice", list(names)
        else:
            tag, name, inner = _TAGS[kind], kind, "Label"
            known = [n for n in dict.fromkeys([*classes.values(), *names]) if n]
        lines.append(f'  <{tag} name="{name}" toName="image">')
        lines += [f"    <{inner} value={quoteattr(one)}/>" for one in known]
        lines.append(f"  </{tag}>")
    return "\n".join([*lines, "</View>", ""])
