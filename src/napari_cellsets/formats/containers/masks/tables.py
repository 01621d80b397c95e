"""Small tables beside masks: the class of each object, the colour of each class."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.reading import find_beside
from napari_cellsets.formats.containers.writing import write_text
from napari_cellsets.formats.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.core.annotation import Colour
    from napari_cellsets.formats.containers.reading import Notes
    from napari_cellsets.formats.files import FileTree

OBJECTS_END = "_objects.csv"
"""Behind the stem of a mask: its table of objects."""
CLASSES_NAME = "classes.csv"
"""Beside or above masks: the table of classes."""
_OBJECT_COLUMNS = ("label", "class_id", "class")
_CLASS_COLUMNS = ("class_id", "class", "red", "green", "blue")


def objects_of(
    tree: FileTree, mask: str, notes: Notes
) -> tuple[dict[int, int], dict[int, str]]:
    """Class id of each object, and names of classes, from the table beside a mask."""
    name = f"{mask.rpartition('.')[0]}{OBJECTS_END}"
    class_of: dict[int, int] = {}
    names: dict[int, str] = {}
    for at, row in enumerate(_rows(tree, name, _OBJECT_COLUMNS, notes), 2):
        try:
            label = int(row[0])
            if row[1]:
                class_of[label] = int(row[1])
                names[class_of[label]] = row[2] or row[1]
        except ValueError:
            notes.add(f"{name}, line {at}", "a label or class is no whole number")
    return class_of, names


def listed_objects(tree: FileTree, mask: str, notes: Notes) -> list[int]:
    """Labels in the table beside a mask; empty without table."""
    name = f"{mask.rpartition('.')[0]}{OBJECTS_END}"
    rows = _rows(tree, name, _OBJECT_COLUMNS[:1], notes)
    return [int(label) for (label,) in rows if label.isdecimal()]


def write_objects(
    path: Path,
    labels: Iterable[int],
    class_of: Mapping[int, int],
    names: Mapping[int, str],
) -> Path:
    """Write the table beside a mask."""
    rows = []
    for label in labels:
        key = class_of.get(label)
        known = "" if key is None else str(key)
        rows.append((str(label), known, "" if key is None else names.get(key, known)))
    return _write(path, _OBJECT_COLUMNS, rows)


def classes_of(
    tree: FileTree, near: str, notes: Notes
) -> tuple[dict[int, str], dict[int, Colour]]:
    """Names and colours of classes, from the nearest table of them."""
    found = find_beside(tree, near, CLASSES_NAME)
    names: dict[int, str] = {}
    colours: dict[int, Colour] = {}
    if found is None:
        return names, colours
    for at, row in enumerate(_rows(tree, found, _CLASS_COLUMNS, notes), 2):
        try:
            key = int(row[0])
            names[key] = row[1] or row[0]
            if all(row[2:]):
                red, green, blue = (int(value) for value in row[2:])
                if not all(0 <= value <= 255 for value in (red, green, blue)):
                    raise ValueError
                colours[key] = red, green, blue
        except ValueError:
            notes.add(f"{found}, line {at}", "an id or colour is no whole number")
    return names, colours


def write_classes(
    path: Path, names: Mapping[int, str], colours: Mapping[int, Colour]
) -> Path:
    """Write the table of classes."""
    rows = []
    for key in sorted({*names, *colours}):
        colour = [str(value) for value in colours.get(key, ())] or ["", "", ""]
        rows.append((str(key), names.get(key, str(key)), *colour))
    return _write(path, _CLASS_COLUMNS, rows)


def _rows(
    tree: FileTree, name: str, wanted: tuple[str, ...], notes: Notes
) -> list[tuple[str, ...]]:
    if find_beside(tree, name, name) != name:
        return []
    try:
        content = tree.read(name)
        return list(read_table(content, wanted, place=tree.place(name)))
    except CellsetsError as error:
        notes.add(name, f"this table is left out: {error.problem}")
        return []


def _write(
    path: Path, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]
) -> Path:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    table.writerows(rows)
    return write_text(path, text.getvalue())
