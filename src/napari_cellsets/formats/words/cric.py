"""Files of the CRIC exporter, which APCData uses too: cells of each picture.

``cric-points`` reads ``classifications.json`` or ``.csv``, ``cric-outlines`` the
three kinds of segmentation files. All speak of the same cells by ``cell_id``; the
text of a cell is called ``bethesda_system`` whatever it says.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.tables import LARGEST_TABLE, read_table
from napari_cellsets.formats.words.tables import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.words.base import Ask

_HEX = re.compile(r"[0-9a-f]{32}")
_FARTHEST = 1e6
_HEAD_BYTES = 4096
_COLUMNS = ("image_filename", "cell_id", "bethesda_system", "nucleus_x", "nucleus_y")
_LISTS = {
    "nucleus": ("nucleus_segmentation_cells", "coords"),
    "cytoplasm": ("cytoplasm_segmentation_cells", "coords"),
}


class Spot(NamedTuple):
    """One marked nucleus: x and y as in the file."""

    picture: str
    cell: str
    text: str
    x: float
    y: float


class Outlined(NamedTuple):
    """One outlined cell or nucleus: points (x, y) as in the file."""

    picture: str
    cell: str
    text: str
    xy: list[tuple[float, float]]


def key_of(picture: str) -> str:
    """What a picture is known by: its 32 hexadecimal digits, else its stem.

    People put a number before the name as downloaded.
    """
    stem = joined(picture, "stem")
    found = _HEX.search(stem)
    return found[0] if found else stem


def fits(tree: FileTree, options: object, files: Sequence[str]) -> bool:
    """Whether a file begins as those of the exporter do; see `Word`.

    A web page or nothing at all is a download gone wrong, of which the reader tells.
    """
    return any(_may_be(tree, name) for name in files)


def _may_be(tree: FileTree, name: str) -> bool:
    try:
        head = tree.head(name, _HEAD_BYTES)
    except CellsetsError:
        return True
    plain = head.lstrip()
    told = b"image_name" in head or b"image_filename" in head
    return told or not plain or plain.startswith(b"<")


def spots_in(ask: Ask, name: str) -> list[Spot]:
    """Read all marked nuclei of one file; a broken one is told and left out.

    Raises
    ------
    UnreadableFileError
        If the file is neither such a list nor such a table.
    """
    content, place = _content(ask, name)
    raw = _of_json(content, place) if _is_json(content) else _of_csv(content, place)
    found = []
    for number, (picture, cell, text, x, y) in enumerate(raw, start=1):
        try:
            spot = Spot(str(picture), str(cell), str(text), _number(x), _number(y))
        except (TypeError, ValueError):
            ask.tell(name, f"cell {number} has no position ({x!r:.20}, {y!r:.20})")
            continue
        found.append(spot)
    return found


def outlines_in(ask: Ask, name: str, part: str) -> list[Outlined]:
    """Read all outlines of one part; a broken one is told and left out.

    Parameters
    ----------
    ask
        As given to the word.
    name
        The file, of any of the six kinds.
    part
        ``nucleus`` or ``cytoplasm``.

    Raises
    ------
    UnreadableFileError
        If the file is none of them.
    """
    content, place = _content(ask, name)
    if _is_json(content):
        raw = _outlines_of_json(_listed(content, place), part)
    elif content.decode("utf-8-sig", "replace").startswith("image_id,image_filename"):
        raw = _outlines_of_vertices(_lines(content, place))
    else:
        raw = _outlines_of_ragged(_lines(content, place), part)
    found = []
    for picture, cell, text, numbers in raw:
        try:
            xy = [(_number(x), _number(y)) for x, y in numbers]
        except (TypeError, ValueError):
            ask.tell(name, f"the {part} of cell {cell} has a point without numbers")
            continue
        if len(xy) > 1 and xy[0] == xy[-1]:
            xy.pop()
        if len(xy) < 3:
            ask.tell(name, f"the {part} of cell {cell} has {len(xy)} points")
            continue
        found.append(Outlined(str(picture), str(cell), str(text), xy))
    return found


def by_picture(rows: Sequence[Any]) -> Mapping[str, list[Any]]:
    """Sort rows by `key_of` their pictures, in the order of the file."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(key_of(row.picture), []).append(row)
    return found


def _content(ask: Ask, name: str) -> tuple[bytes, str]:
    place = ask.tree.place(name)
    size = ask.tree.size(name)
    if size > LARGEST_TABLE:
        raise UnreadableFileError(
            f"a file of at most {LARGEST_TABLE:,} bytes was expected, this one has"
            f" {size:,}",
            path=place,
        )
    return ask.tree.read(name), place


def _is_json(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{")


def _listed(content: bytes, place: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(content.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(
            f"this is no whole JSON ({str(error)[:80]})",
            path=place,
            advice="Download it again.",
        ) from error
    if isinstance(found, dict):
        found = [found]
    pictures = [item for item in found if isinstance(item, dict)]
    if not any("image_name" in item for item in pictures):
        raise UnreadableFileError(
            "a list of pictures with 'image_name' was expected", path=place
        )
    return pictures


def _dicts(value: object) -> list[dict[str, Any]]:
    listed = value if isinstance(value, list) else []
    return [item for item in listed if isinstance(item, dict)]


def _of_json(content: bytes, place: str) -> Iterator[tuple[Any, Any, Any, Any, Any]]:
    for picture in _listed(content, place):
        for cell in _dicts(picture.get("classifications")):
            yield (
                picture.get("image_name", ""),
                cell.get("cell_id", ""),
                cell.get("bethesda_system", ""),
                cell.get("nucleus_x"),
                cell.get("nucleus_y"),
            )


def _of_csv(content: bytes, place: str) -> Iterator[tuple[Any, Any, Any, Any, Any]]:
    yield from read_table(content, _COLUMNS, place=place)  # type: ignore[misc]


def _outlines_of_json(
    pictures: Sequence[dict[str, Any]], part: str
) -> Iterator[tuple[Any, Any, Any, list[tuple[Any, Any]]]]:
    key, points = _LISTS[part]
    for picture in pictures:
        alone = _dicts(picture.get(key))
        for cell in alone or _dicts(picture.get("cells")):
            coordinates = _dicts(cell.get(points if alone else part))
            if coordinates or alone:  # many cells have no nucleus, which is no fault
                numbers = [(c.get("coord_x"), c.get("coord_y")) for c in coordinates]
                yield (
                    picture.get("image_name", ""),
                    cell.get("cell_id", ""),
                    cell.get("description_id", ""),
                    numbers,
                )


def _lines(content: bytes, place: str) -> list[list[str]]:
    text = io.StringIO(content.decode("utf-8-sig", "replace"), newline="")
    try:
        found = [line for line in csv.reader(text) if line]
    except csv.Error as error:
        raise UnreadableFileError(f"this is no table: {error}", path=place) from error
    if not found or found[0][0].strip().lower() != "image_id":
        raise UnreadableFileError(
            "a table that begins with 'image_id' was expected", path=place
        )
    return found


def _outlines_of_vertices(
    lines: Sequence[Sequence[str]],
) -> Iterator[tuple[Any, Any, Any, list[tuple[Any, Any]]]]:
    """A vertex a line; nuclei have one field more than the header names."""
    cells: dict[tuple[str, str], tuple[str, list[tuple[Any, Any]]]] = {}
    for line in lines[1:]:
        if len(line) >= 7:
            *told, x, y = line[4:]  # a text may hold commas, and nothing is quoted
            text = ",".join(told).strip(",")
            cells.setdefault((line[1], line[3]), (text, []))[1].append((x, y))
    for (picture, cell), (text, numbers) in cells.items():
        yield picture, cell, text, numbers


def _outlines_of_ragged(
    lines: Sequence[Sequence[str]], part: str
) -> Iterator[tuple[Any, Any, Any, list[tuple[Any, Any]]]]:
    """Two lines of names, then two lines a cell: its cytoplasm, its nucleus."""
    seen: set[tuple[str, str]] = set()
    for line in lines:
        if len(line) < 5 or not line[0].strip().isdigit():
            continue
        picture, cell, text = line[2], line[3], line[4]
        first = 5
        while first < len(line) and not _is_blank_or_number(line[first]):
            text, first = f"{text},{line[first]}", first + 1
        second = (picture, cell) in seen
        seen.add((picture, cell))
        fields = list(line[first:])
        while fields and not fields[-1].strip():
            fields.pop()
        if second == (part == "nucleus") and fields:
            yield (
                picture,
                cell,
                text,
                list(zip(fields[::2], _padded(fields), strict=True)),
            )


def _is_blank_or_number(text: str) -> bool:
    try:
        float(text or 0)
    except ValueError:
        return False
    return True


def _padded(fields: Sequence[str]) -> list[str]:
    """Every second field; where the last one is missing, an empty one."""
    found = list(fields[1::2])
    return found + [""] * (len(fields) % 2)


def _number(value: object) -> float:
    """One coordinate.

    Raises
    ------
    ValueError, TypeError
        If it is no number, or none that a picture can have.
    """
    found = float(value)  # type: ignore[arg-type]
    if isinstance(value, bool) or not math.isfinite(found) or abs(found) > _FARTHEST:
        raise ValueError(f"{value!r} is no coordinate")
    return found
