"""COCO JSON: polygons, run lengths, boxes, keypoints; also lists of results.

Two dialects are read besides: lists of results (no pictures inside), and one entry
a picture with nested lists, as Fluorescent Neuronal Cells v2 has it; its polygons
and dots are pixels, so they are not moved by half a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import Container, Item
from napari_cellsets.formats.containers.coco.categories import (
    categories_of,
    grouped,
    items_of,
)
from napari_cellsets.formats.containers.coco.rle import counts_of, decode_rle
from napari_cellsets.formats.containers.gather import Gatherer
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    number,
    ring_of,
    size_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.core.annotation import Annotation, Colour
    from napari_cellsets.formats.files import FileTree, Problem

_ODD = ("dots", "count", "segmentation_type")


@dataclass(frozen=True, slots=True)
class CocoFile:
    """An opened COCO file: parsed, its objects grouped by picture, none decoded."""

    key: str
    items: Sequence[Item]
    classes: Mapping[int, str]
    colours: Mapping[int, Colour]
    source: str
    entries: Sequence[Any]
    of_item: Sequence[Sequence[int]]
    joints: Mapping[int, Sequence[str]]
    notes: Notes
    class_keys: Mapping[Any, int] = field(default_factory=dict)

    @property
    def problems(self) -> Sequence[Problem]:
        """What could not be understood so far."""
        return self.notes.problems

    def read(
        self, index: int, size: tuple[int, int] | None = None
    ) -> tuple[Annotation, ...]:
        """Decode the objects of one picture; see `Container.read`."""
        size = self.items[index].size or size
        found = Gatherer(self.source, self.classes, self.colours, size=size)
        entries = [
            (position, self.entries[position]) for position in self.of_item[index]
        ]
        crowds = any(entry.get("iscrowd") for _, entry in entries)
        for position, entry in entries:
            try:
                if any(key in entry for key in _ODD) or _is_many(entry.get("bbox")):
                    self._add_many(found, entry, position)
                else:
                    self._add(found, entry, crowds=crowds)
            except BadObject as error:
                self.notes.add(f"annotations[{position}]", error)
        return found.annotations()

    def _class_of(self, entry: Mapping[str, Any]) -> int | None:
        key = entry.get("category_id")
        if key is None:
            return None
        try:
            return self.class_keys[key]
        except (KeyError, TypeError):
            pass
        raise BadObject(f"its class {str(key)[:40]!r} is not among the categories")

    def _add(self, found: Gatherer, entry: Mapping[str, Any], *, crowds: bool) -> None:
        class_id, kept = self._class_of(entry), _properties(entry, crowds=crowds)
        shape, box = entry.get("segmentation"), entry.get("bbox")
        joints = entry.get("keypoints")
        if isinstance(shape, dict):
            stated = _rle_size(shape)
            if found.size not in (None, stated):
                height, width = found.size
                raise BadObject(
                    f"its mask is for a picture of {stated[0]} x {stated[1]}, "
                    f"but this one has {height} x {width}"
                )
            mask, corner = decode_rle(counts_of(shape.get("counts")), stated)
            found.mask(mask, corner, class_id, kept)
            found.size = stated
        elif isinstance(shape, list) and shape:
            found.outline(_parts(shape), class_id, kept)
        elif shape not in (None, [], ""):
            raise BadObject("its segmentation is neither polygons nor run lengths")
        elif box not in (None, []) and not (joints and _has_no_extent(box)):
            found.box(_edges(box), class_id, kept)
        elif not joints:
            raise BadObject("it has neither segmentation nor box nor keypoints")
        if joints:
            self._add_joints(found, joints, class_id, kept)

    def _add_joints(
        self, found: Gatherer, joints: Any, class_id: int | None, kept: dict[str, Any]
    ) -> None:
        if not isinstance(joints, list) or len(joints) % 3:
            raise BadObject("its keypoints are no triples of x, y and visibility")
        names = self.joints.get(-1 if class_id is None else class_id, ())
        for at in range(0, len(joints), 3):
            x, y, seen = (number(value, "a keypoint") for value in joints[at : at + 3])
            if seen:
                own = dict(kept)
                if len(joints) > 3:
                    own["keypoint"] = (
                        names[at // 3] if at // 3 < len(names) else f"{at // 3 + 1}"
                    )
                if seen != 2:
                    own["hidden"] = True
                found.point((y - 0.5, x - 0.5), class_id, own)

    def _add_many(self, found: Gatherer, entry: Mapping[str, Any], where: int) -> None:
        """Add all objects of a picture that stand in one entry."""
        class_id = self._class_of(entry)
        shapes, dots = entry.get("segmentation"), entry.get("dots")
        for at, shape in enumerate(shapes if isinstance(shapes, list) else ()):
            try:
                found.outline(((ring_of(shape, shift=0),),), class_id)
            except BadObject as error:
                self.notes.add(f"annotations[{where}].segmentation[{at}]", error)
        for at, dot in enumerate(dots if isinstance(dots, list) else ()):
            try:
                found.point(ring_of([dot], shift=0, least=1)[0].tolist(), class_id)
            except BadObject as error:
                self.notes.add(f"annotations[{where}].dots[{at}]", error)


def open_coco(data: Any, tree: FileTree, name: str) -> Container:
    """Open parsed JSON as COCO; panoptic files are handed on to their reader.

    Raises
    ------
    UnreadableFileError
        If it is some other JSON.
    """
    from napari_cellsets.formats.containers.coco.panoptic_read import open_panoptic

    results = isinstance(data, list)
    entries = data if results else _part(data, "annotations", tree.place(name))
    if any(isinstance(e, dict) and "segments_info" in e for e in entries[:100]):
        return open_panoptic(data, tree, name)
    notes = Notes(name, tree.place(name))
    if results:
        items, ids = _items_of_results(entries)
    else:
        items, ids = items_of(_part(data, "images", tree.place(name)), notes)
    table = data.get("categories") if isinstance(data, dict) else None
    classes, keys, colours, joints = categories_of(table, notes)
    if not table:
        classes, keys = _classes_of_entries(entries)
    return CocoFile(
        "coco",
        items,
        classes,
        colours,
        name,
        entries,
        grouped(entries, items, ids, notes),
        joints,
        notes,
        keys,
    )


def _part(data: Any, key: str, place: str) -> list[Any]:
    found = data.get(key) if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise UnreadableFileError(
            f"this JSON has no list of {key}, so it is no COCO file", path=place
        )
    return found


def _items_of_results(entries: Sequence[Any]) -> tuple[list[Item], dict[Any, int]]:
    """Pictures that results speak of, in order; their ids are their only names."""
    keys = {
        entry["image_id"]: None
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("image_id"), int | str)
    }
    return [Item(str(key)) for key in keys], {key: at for at, key in enumerate(keys)}


def _classes_of_entries(
    entries: Sequence[Any],
) -> tuple[dict[int, str], dict[Any, int]]:
    """Class ids that are used where no table names them."""
    used = {
        entry["category_id"]
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("category_id"), int)
    }
    return {key: str(key) for key in sorted(used)}, {key: key for key in used}


def _properties(entry: Mapping[str, Any], *, crowds: bool) -> dict[str, Any]:
    """What else an entry says; `crowds` tells whether the picture has crowds."""
    found: dict[str, Any] = {}
    own = entry.get("attributes")
    if isinstance(own, dict):
        found = {str(k): v for k, v in own.items() if isinstance(v, str | int | float)}
    if "id" in entry:
        found["id"] = entry["id"]
    if isinstance(entry.get("score"), int | float):
        found["score"] = entry["score"]
    if crowds and entry.get("iscrowd") is not None:
        found["crowd"] = bool(entry["iscrowd"])
    return found


def _parts(shape: list[Any]) -> Any:
    flat = isinstance(shape[0], int | float)  # a ring that is not wrapped in a list
    return tuple((ring_of(ring),) for ring in ([shape] if flat else shape))


def _edges(box: Any) -> tuple[float, float, float, float]:
    if not isinstance(box, list) or len(box) != 4:
        raise BadObject("its box is not four numbers")
    x, y, width, height = (number(value, "a number of its box") for value in box)
    if width < 0 or height < 0:
        raise BadObject("its box has a negative size")
    return y - 0.5, x - 0.5, y + height - 0.5, x + width - 0.5


def _has_no_extent(box: Any) -> bool:
    return isinstance(box, list) and box[2:] in ([0, 0], [0.0, 0.0])


def _is_many(box: Any) -> bool:
    return isinstance(box, list) and bool(box) and isinstance(box[0], list)


def _rle_size(shape: Mapping[str, Any]) -> tuple[int, int]:
    stated = shape.get("size")
    size = size_of(*stated) if isinstance(stated, list) and len(stated) == 2 else None
    if size is None:
        raise BadObject("its run lengths do not say for what size")
    return size
