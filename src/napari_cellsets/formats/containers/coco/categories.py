"""The tables of COCO files: pictures, classes, and which object belongs where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.formats.containers.base import Item
from napari_cellsets.formats.containers.reading import BadObject, size_of, whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.core.annotation import Colour
    from napari_cellsets.formats.containers.reading import Notes


def items_of(images: Sequence[Any], notes: Notes) -> tuple[list[Item], dict[Any, int]]:
    """Pictures of a file, and the position of each id."""
    items: list[Item] = []
    ids: dict[Any, int] = {}
    for at, image in enumerate(images):
        try:
            key = image["id"]
            size = size_of(image.get("height", 0), image.get("width", 0))
            name = str(image.get("file_name") or "").replace("\\", "/")
            if key in ids:
                notes.add(f"images[{at}]", f"the id {key!r} is there twice")
                continue
            ids[key] = len(items)
        except (TypeError, KeyError, AttributeError):
            notes.add(f"images[{at}]", "this picture has no id")
            continue
        items.append(Item(name, size))
    return items, ids


def categories_of(
    table: Any, notes: Notes
) -> tuple[dict[int, str], dict[Any, int], dict[int, Colour], dict[int, Sequence[str]]]:
    """Names of classes, ids as the file has them, colours, names of keypoints."""
    classes: dict[int, str] = {}
    keys: dict[Any, int] = {}
    colours: dict[int, Colour] = {}
    joints: dict[int, Sequence[str]] = {}
    for at, row in enumerate(table if isinstance(table, list) else ()):
        try:
            class_id = whole(row["id"], "its id")
        except (BadObject, TypeError, KeyError):
            notes.add(f"categories[{at}]", "this class has no number as id")
            continue
        classes[class_id] = str(row.get("name") or class_id)
        keys[class_id] = keys[row["id"]] = keys[str(class_id)] = class_id
        colour, names = row.get("color"), row.get("keypoints")
        if isinstance(colour, list) and len(colour) == 3 and _are_bytes(colour):
            colours[class_id] = (colour[0], colour[1], colour[2])
        if isinstance(names, list):
            joints[class_id] = [str(name) for name in names]
    return classes, keys, colours, joints


def grouped(
    entries: Sequence[Any], items: Sequence[Item], ids: Mapping[Any, int], notes: Notes
) -> list[list[int]]:
    """Positions of the entries of each picture."""
    of_item: list[list[int]] = [[] for _ in items]
    of_id = {key: of_item[at] for key, at in ids.items()}
    others: dict[str, list[int]] | None = None
    for position, entry in enumerate(entries):
        try:
            of_id[entry["image_id"]].append(position)
            continue
        except (KeyError, TypeError):
            pass
        if not isinstance(entry, dict):
            notes.add(f"annotations[{position}]", "this is no object")
            continue
        if others is None:
            others = _other_keys(items, ids, of_item)
        place = others.get(str(entry.get("image_id")))
        if place is None:
            said = str(entry.get("image_id"))[:40]
            notes.add(f"annotations[{position}]", f"there is no picture {said!r}")
        else:
            place.append(position)
    return of_item


def _other_keys(
    items: Sequence[Item], ids: Mapping[Any, int], of_item: list[list[int]]
) -> dict[str, list[int]]:
    """Ids as text, names and stems: some files refer to pictures by these."""
    found: dict[str, list[int]] = {}
    for key, at in ids.items():
        name = items[at].name
        base = name.rpartition("/")[2]
        for text in (str(key), name, base, base.rpartition(".")[0]):
            found.setdefault(text, of_item[at])
    return found


def _are_bytes(colour: list[Any]) -> bool:
    return all(isinstance(value, int) and 0 <= value <= 255 for value in colour)
