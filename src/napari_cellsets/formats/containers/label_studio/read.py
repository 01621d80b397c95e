"""Read the JSON exports of Label Studio."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import Item, Opened
from napari_cellsets.formats.containers.ellipses import ELLIPSE, ellipse_ring
from napari_cellsets.formats.containers.gather import Gatherer, tight
from napari_cellsets.formats.containers.label_studio.brush import decode_brush
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    load_json,
    number,
    ring_of,
    size_of,
    unique_ids,
)
from napari_cellsets.formats.containers.things import escaped
from napari_cellsets.formats.names import is_picture_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree

SHAPES = ("rectangle", "polygon", "ellipse", "keypoint", "brush")
"""Kinds of regions; with "labels" behind it where the region has its class inside."""
OWN = frozenset({"id", "score", "parent", "comment", "labels", "text", ELLIPSE})
"""Properties that Label Studio has keys for; all others go into ``meta``."""
_NOT_DRAWN = ("choices", "textarea", "number", "rating", "taxonomy", "labels")
_HOLDERS = ("annotations", "completions", "predictions")
_MOST_LABELS = 100
_PREFIX = re.compile(r"^[0-9a-f]{8}-(?=.)")
_IMAGE_KEYS = ("image", "img", "picture", "photo", "url", "file", "ocr")


@dataclass(slots=True)
class _Region:
    """Everything that is said under one id."""

    where: str
    kind: str = ""
    value: dict[str, Any] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    size: tuple[int, int] | None = None
    known: dict[str, Any] = field(default_factory=dict)
    choices: list[str] = field(default_factory=list)


def open_label_studio(tree: FileTree, name: str) -> Container:
    """Open an export of Label Studio: JSON, its short form, or one task.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Container
        One item a task. Cancelled annotations are left out; of several people's
        annotations of one picture the ground truth is taken, else the newest, and
        this is told in `problems`. Choices are classes of the picture. Names of
        pictures lose what a server put before them.

    Raises
    ------
    UnreadableFileError
        If it is no list of tasks.
    """
    content, place = load_json(tree, name), tree.place(name)
    is_task = isinstance(content, dict) and any(
        isinstance(content.get(key), list) for key in _HOLDERS
    )
    tasks = [content] if is_task else content
    if not isinstance(tasks, list):
        raise UnreadableFileError(
            "this JSON is no list of Label Studio's tasks",
            path=place,
            advice="Export it again from Label Studio as JSON.",
        )
    notes = Notes(name, place)
    results = [_results(task, f"task {i}", notes) for i, task in enumerate(tasks)]
    labels = [
        label
        for several in results
        for result in several
        if str(result.get("type")) != "choices"
        for label in _labels(result)[:1]
    ]
    classes = unique_ids(labels)
    ids = {label: number_ for number_, label in classes.items()}
    items = [
        Item(_picture_name(task), _size(several))
        for task, several in zip(tasks, results, strict=True)
    ]

    def decode(index: int, size: tuple[int, int] | None) -> tuple[Annotation, ...]:
        size = items[index].size or size
        gathered = Gatherer(name, classes, size=size)
        for region in _regions(results[index], f"task {index}"):
            try:
                class_id = ids.get(region.labels[0]) if region.labels else None
                _add(gathered, region, class_id, region.size or size)
            except BadObject as error:
                notes.add(region.where, error)
        return gathered.annotations()

    return Opened("label-studio", items, decode, classes, problems=notes.problems)


def _results(task: Any, where: str, notes: Notes) -> list[dict[str, Any]]:
    """Results of the one annotation of a task that counts."""
    if not isinstance(task, dict):
        notes.add(where, "it is no object")
        return []
    if not any(key in task for key in _HOLDERS):
        return list(_short_results(task))
    listed = task.get("annotations", task.get("completions"))
    usable = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and isinstance(one.get("result"), list)
        if not one.get("was_cancelled") and not one.get("skipped")
    ]
    if not usable:
        if task.get("predictions"):
            notes.add(where, "it has predictions only, which are not read")
        return []
    usable.sort(key=lambda one: (bool(one.get("ground_truth")), _when(one)))
    if len(usable) > 1:
        said = "ground truth" if usable[-1].get("ground_truth") else "newest"
        notes.add(where, f"it has {len(usable)} annotations; the {said} is read")
    return [one for one in usable[-1]["result"] if isinstance(one, dict)]


def _when(one: Mapping[str, Any]) -> str:
    return str(one.get("updated_at") or one.get("created_at") or "")


def _short_results(task: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Results of the short form, where each control's name holds its values."""
    for control, many in task.items():
        if isinstance(many, dict) and isinstance(many.get("choices"), list):
            yield {"type": "choices", "value": many, "from_name": control}
        for value in many if isinstance(many, list) else ():
            kind = _kind_of(value) if isinstance(value, dict) else ""
            if kind:
                yield {**value, "type": kind, "value": value, "from_name": control}


def _kind_of(value: Mapping[str, Any]) -> str:
    own = next((kind for kind in SHAPES if f"{kind}labels" in value), "")
    if own:
        return f"{own}labels"
    marks = {"points": "polygon", "radiusX": "ellipse", "rle": "brush"}
    marks |= {"width": "rectangle", "x": "keypoint", "choices": "choices"}
    return next((kind for key, kind in marks.items() if key in value), "")


def _labels(result: Mapping[str, Any]) -> list[str]:
    value, kind = result.get("value"), str(result.get("type"))
    if not isinstance(value, dict):
        return []
    found = value.get(kind, value.get("labels"))
    found = found if isinstance(found, list) else [found]
    return [one for one in found[:_MOST_LABELS] if isinstance(one, str) and one]


def _size(results: list[dict[str, Any]]) -> tuple[int, int] | None:
    sizes = (_size_in(result) for result in results)
    return next((size for size in sizes if size), None)


def _size_in(result: Mapping[str, Any]) -> tuple[int, int] | None:
    return size_of(result.get("original_height"), result.get("original_width"))


def _picture_name(task: Any) -> str:
    if not isinstance(task, dict):
        return ""
    upload = task.get("file_upload")
    upload = upload if isinstance(upload, str) else ""
    data = task.get("data")
    texts = {
        key: value
        for key, value in (data if isinstance(data, dict) else task).items()
        if isinstance(value, str)
    }
    names = {key: _plain_name(value, upload) for key, value in texts.items()}
    likely = [key for key in names if is_picture_name(names[key])]
    likely += [key for key in _IMAGE_KEYS if names.get(key)]
    found = names[likely[0]] if likely else ""
    original = _PREFIX.sub("", upload.rpartition("/")[2])
    return original if original and not is_picture_name(found) else found


def _plain_name(told: str, upload: str) -> str:
    """Name of a picture without server, bucket, query and prefix of an upload."""
    if told.startswith("data:"):
        return ""
    try:
        parts = urlsplit(told.replace("\\", "/"))
        local = parse_qs(parts.query).get("d")
    except ValueError:
        return ""
    if local:  # /data/local-files/?d=folder/a.png
        return local[0].lstrip("/")
    path = unquote(parts.path).lstrip("/")
    last = path.rpartition("/")[2]
    if "upload/" in path or (upload and last == upload.rpartition("/")[2]):
        return _PREFIX.sub("", last)
    return path


def _regions(results: list[dict[str, Any]], where: str) -> list[_Region]:
    """Put together what is said of one region: its shape, its labels, its comments."""
    found: dict[Any, _Region] = {}
    for index, result in enumerate(results):
        own = result.get("id")
        key = own if isinstance(own, str | int) else ("result", index)
        region = found.setdefault(key, _Region(f"{where}, result {index}"))
        if isinstance(own, str | int):
            region.known["id"] = own
        _take(region, result)
    return list(found.values())


def _take(region: _Region, result: Mapping[str, Any]) -> None:
    kind, value = str(result.get("type")), result.get("value")
    value = value if isinstance(value, dict) else {}
    shape = kind.removesuffix("labels")
    if kind == "choices":
        region.choices += _labels(result)
    elif kind in ("textarea", "number", "rating"):
        said = value.get("text", value.get(kind))
        said = said[0] if isinstance(said, list) and len(said) == 1 else said
        control = str(result.get("from_name") or "comment")
        region.known[control if control == "comment" else escaped(control, OWN)] = said
    else:
        region.labels += [one for one in _labels(result) if one not in region.labels]
    if kind not in _NOT_DRAWN and kind != "relation":
        region.kind = shape if shape in SHAPES else kind
        region.value, region.size = value, _size_in(result)
    if result.get("score") is not None:
        region.known["score"] = result["score"]
    if result.get("parentID"):
        region.known["parent"] = result["parentID"]
    meta = result.get("meta")
    for key, told in meta.items() if isinstance(meta, dict) else ():
        if key == "text":
            alone = isinstance(told, list) and len(told) == 1
            region.known["comment"] = told[0] if alone else told
        else:
            region.known[escaped(str(key), OWN)] = told


def _add(
    gathered: Gatherer,
    region: _Region,
    class_id: int | None,
    size: tuple[int, int] | None,
) -> None:
    if not region.kind:
        for name in region.choices:
            gathered.image_class(name)
        return
    if size is None:
        raise BadObject("its place is told in percent of a size that is not known")
    known = {key: told for key, told in region.known.items() if told is not None}
    if len(region.labels) > 1:
        known["labels"] = region.labels
    if region.choices:
        known["choices"] = region.choices
    value = region.value
    if region.kind == "rectangle":
        edges, angle = _rectangle(value, size)
        gathered.box(edges, class_id, known, angle=angle)
    elif region.kind == "polygon":
        ring = _polygon(value, size)
        is_open = value.get("closed") is False
        gathered.outline(((ring,),), class_id, known, is_open=is_open)
    elif region.kind == "ellipse":
        known[ELLIPSE] = _ellipse(value, size)
        gathered.outline(((ellipse_ring(known[ELLIPSE]),),), class_id, known)
    elif region.kind == "keypoint":
        gathered.point(_middle(value, size), class_id, known)
    elif region.kind == "brush":
        mask, corner = tight(decode_brush(value.get("rle") or (), size))
        gathered.mask(mask, corner, class_id, known)
    else:
        raise BadObject(f"its kind {region.kind[:40]!r} is not known")


def _middle(value: Mapping[str, Any], size: tuple[int, int]) -> tuple[float, float]:
    x, y = number(value.get("x"), "x"), number(value.get("y"), "y")
    return y * size[0] / 100 - 0.5, x * size[1] / 100 - 0.5


def _rectangle(
    value: Mapping[str, Any], size: tuple[int, int]
) -> tuple[list[float], float]:
    """Edges and angle; the file turns a box about its upper left corner."""
    row, column = _middle(value, size)
    height = number(value.get("height"), "height") * size[0] / 100
    width = number(value.get("width"), "width") * size[1] / 100
    if min(height, width) < 0:
        raise BadObject("its box has a negative size")
    angle = number(value.get("rotation") or 0, "rotation")
    if angle:
        turn = math.radians(angle)
        x, y = width / 2, height / 2
        row += x * math.sin(turn) + y * math.cos(turn) - y
        column += x * math.cos(turn) - y * math.sin(turn) - x
    return [row, column, row + height, column + width], angle


def _polygon(value: Mapping[str, Any], size: tuple[int, int]) -> Any:
    points = value.get("points")
    if not isinstance(points, list):
        raise BadObject("it has no list of points")
    least = 2 if value.get("closed") is False else 3
    ring = ring_of(points, shift=0.0, least=least)
    return ring * (size[0] / 100, size[1] / 100) - 0.5


def _ellipse(
    value: Mapping[str, Any], size: tuple[int, int]
) -> tuple[float, float, float, float, float]:
    row, column = _middle(value, size)
    down = number(value.get("radiusY"), "radiusY") * size[0] / 100
    right = number(value.get("radiusX"), "radiusX") * size[1] / 100
    return row, column, down, right, number(value.get("rotation") or 0, "rotation")
