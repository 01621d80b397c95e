"""Points in a table: a line a point, pictures told apart by a column.

The names of the columns tell which is which; without names of two coordinates a
table is refused, as rows and columns cannot be told apart by looking at numbers.
Pixel centres are at integers, as in napari's own tables.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import Container, Item, Opened
from napari_cellsets.formats.containers.gather import Gatherer
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    number,
    unique_ids,
    whole,
)
from napari_cellsets.formats.tables import LARGEST_TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.files import FileTree

_ROWS = ("y", "row", "axis-0", "centroid_y", "centroid-0", "cy", "center_y", "centre_y")
_COLUMNS = (
    "x",
    "col",
    "column",
    "axis-1",
    "centroid_x",
    "centroid-1",
    "cx",
    "center_x",
    "centre_x",
)
_PICTURES = ("image", "image_name", "image_filename", "filename", "file_name", "file")
_CLASS_IDS = ("class_id", "category_id")
_CLASSES = ("class", "class_name", "label", "type", "category")
_NO_PROPERTY = ("index", "")
TAKEN = frozenset({*_ROWS, *_COLUMNS, *_PICTURES, *_CLASS_IDS, *_CLASSES})
"""Names of columns that mean something."""
SEPARATORS = (",", ";", "\t")


class _Table:
    """A table of points, parsed; nothing is made of it before it is asked for."""

    def __init__(self, tree: FileTree, name: str) -> None:
        place = tree.place(name)
        self.name, self.notes = name, Notes(name, place)
        if tree.size(name) > LARGEST_TABLE:
            raise UnreadableFileError(
                f"a table of at most {LARGEST_TABLE:,} bytes was expected", path=place
            )
        text = tree.read(name).decode("utf-8-sig", "replace")
        head = text.partition("\n")[0]
        separator = max(SEPARATORS, key=head.count)
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        except csv.Error as error:
            raise UnreadableFileError(
                f"this is no table: {error}", path=place
            ) from error
        self.header = [column.strip() for column in rows[0]] if rows else []
        self.rows = rows[1:]
        self.places = places_of(self.header)
        if "y" not in self.places or "x" not in self.places:
            raise UnreadableFileError(
                f"columns named x and y were expected, found "
                f"{', '.join(self.header[:8])[:200] or 'nothing'}",
                path=place,
                advice="Name the columns in the first line.",
            )
        self._group()
        self._name_classes()

    def _group(self) -> None:
        at = self.places.get("image")
        of_name: dict[str, list[int]] = {} if at is not None else {"": []}
        for line, row in enumerate(self.rows):
            if any(field.strip() for field in row):
                key = "" if at is None else _field(row, at).replace("\\", "/")
                of_name.setdefault(key, []).append(line)
        self.items = [Item(key) for key in of_name]
        self._lines = list(of_name.values())

    def _name_classes(self) -> None:
        by_id, by_name = self.places.get("class_id"), self.places.get("class")
        self.classes: dict[int, str] = {}
        if by_id is not None:
            for row in self.rows:
                key = _field(row, by_id)
                if key.removeprefix("-").isdecimal():
                    label = "" if by_name is None else _field(row, by_name)
                    self.classes.setdefault(int(key), label or key)
        elif by_name is not None:
            names = (_field(row, by_name) for row in self.rows)
            self.classes = unique_ids(filter(None, names))
        self._ids = {name: key for key, name in self.classes.items()}

    def read(
        self, index: int, size: tuple[int, int] | None = None
    ) -> tuple[Annotation, ...]:
        found = Gatherer(self.name, self.classes, size=size)
        for line in self._lines[index]:
            try:
                self._add(found, self.rows[line])
            except BadObject as error:
                self.notes.add(f"line {line + 2}", error)
        return found.annotations()

    def _add(self, found: Gatherer, row: list[str]) -> None:
        y, x = (_field(row, self.places[key]) for key in ("y", "x"))
        if not y and not x:
            return  # a picture without points
        place = number(y, "its row"), number(x, "its column")
        kept = {
            column: _value(_field(row, at))
            for at, column in enumerate(self.header)
            if at not in self.places.values() and column.lower() not in _NO_PROPERTY
        }
        known = {key: value for key, value in kept.items() if value != ""}
        found.point(place, self._class_of(row), known)

    def _class_of(self, row: list[str]) -> int | None:
        if "class_id" in self.places:
            key = _field(row, self.places["class_id"])
            return whole(key, "its class") if key else None
        if "class" in self.places:
            return self._ids.get(_field(row, self.places["class"]))
        return None


def places_of(header: Sequence[str]) -> dict[str, int]:
    """Which column is the row, the column, the picture and the class."""
    plain = [
        column.lower().partition(" (")[0].partition("[")[0].strip() for column in header
    ]
    wanted = {
        "image": _PICTURES,
        "y": _ROWS,
        "x": _COLUMNS,
        "class_id": _CLASS_IDS,
        "class": _CLASSES,
    }
    found: dict[str, int] = {}
    for key, names in wanted.items():
        at = next((plain.index(name) for name in names if name in plain), None)
        if at is not None:
            found[key] = at
    return found


def _field(row: Sequence[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""


def _value(text: str) -> Any:
    """A number where the text is one, as short as it was written."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def open_points(tree: FileTree, name: str) -> Container:
    """Open a table of points.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Container
        Its pictures, or one without name. Columns that mean nothing else are
        properties.

    Raises
    ------
    UnreadableFileError
        If it is no table, too large, or without columns of two coordinates.
    """
    table = _Table(tree, name)
    return Opened(
        "points-csv", table.items, table.read, table.classes, {}, table.notes.problems
    )
