"""Corrected nuclei, written into the files of the CRIC exporter.

All that nobody corrected stays byte by byte: only the cells that were moved, got
another class, are gone or are new are written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.annotation import Points
from napari_cellsets.formats.containers.convert import NO_CLASS
from napari_cellsets.formats.own_base import Own, of_kind, refused
from napari_cellsets.formats.words.cric import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_cellsets.formats.own_files import OwnFiles

_FIELDS = ("bethesda_system", "nucleus_x", "nucleus_y")


@dataclass(frozen=True, slots=True)
class Corrections:
    """What was corrected in one picture; values are class, x and y as in the file.

    Parameters
    ----------
    changed
        By the number of the cell; only those values that are others now.
    gone
        Numbers of cells that are no more.
    new
        Cells without a number.
    """

    changed: Mapping[str, dict[str, Any]]
    gone: frozenset[str]
    new: list[dict[str, Any]]


def write_cells(files: OwnFiles, own: Own) -> Iterator[Path]:
    """Put corrected nuclei into their list or table, which is written at the end.

    Raises
    ------
    ExportError
        If a nucleus has no class, two have one number, or the file tells too little of
        the picture.
    """
    found: Points = of_kind(own, Points)
    corrections = corrections_of(own, found)
    options: Any = own.options
    alone = options.join == "prefix"
    picture = "" if alone else key_of(own.picture)
    told = [name for name in own.files if picture in files.text(name)]
    name = found.source if alone else (told or own.files)[0]
    text = files.text(name)
    is_json = text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{")
    after = (in_list if is_json else in_table)(text, picture, corrections)
    if after is None:
        raise refused(found, "its file tells nothing of this picture to go by")
    files.keep_text(name, after)
    yield from ()


def corrections_of(own: Own, found: Points) -> Corrections:
    """Compare nuclei with those of the file.

    Raises
    ------
    ExportError
        If a nucleus has no class, or two of the file have one number.
    """
    before = own.before
    known = _cells(own, before) if isinstance(before, Points) else []
    numbers = [number for number, _ in known]
    if len(set(numbers)) < len(numbers):
        raise refused(found, "two of its cells have the same number in the file")
    values = dict(known)
    changed: dict[str, dict[str, Any]] = {}
    new: list[dict[str, Any]] = []
    now = _cells(own, found)
    for number, cell in now:
        if cell["bethesda_system"] is None:
            raise refused(found, "each nucleus needs a class here, and one has none")
        if number not in values:
            new.append(cell)
        elif other := {k: v for k, v in cell.items() if v != values[number][k]}:
            changed[number] = other
    gone = frozenset(numbers) - {number for number, _ in now}
    return Corrections(changed, gone, new)


def _cells(own: Own, points: Points) -> list[tuple[str, dict[str, Any]]]:
    """Number and values of each nucleus; an empty number for a new one."""
    options: Any = own.options
    count = len(points.yx)
    ids = [NO_CLASS] * count if points.class_ids is None else points.class_ids.tolist()
    numbers = points.properties.get("id", [None] * count)
    found = []
    places = (points.yx + options.origin).tolist()
    for number, class_id, (y, x) in zip(numbers, ids, places, strict=True):
        values = (points.class_names.get(class_id), _plain(x), _plain(y))
        text = "" if number is None else str(number)
        found.append((text, dict(zip(_FIELDS, values, strict=True))))
    return found


def _plain(value: float) -> float:
    return int(value) if value.is_integer() else value


def in_list(text: str, picture: str, corrections: Corrections) -> str | None:
    """Return a JSON list with corrections; None where it lacks the picture.

    Parameters
    ----------
    text
        All of the file.
    picture
        See `key_of`; empty where the file speaks of one picture only.
    corrections
        Of that picture.
    """
    decode = json.JSONDecoder().raw_decode
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    alone = text[start] == "{"
    entries = [(start, decode(text, start)[1])] if alone else list(_items(text, start))
    last = 0
    place = None
    for begin, _ in entries:
        entry = decode(text, begin)[0]
        if not isinstance(entry, dict) or not isinstance(
            entry.get("classifications"), list
        ):
            continue
        last = max([last, *map(_number, entry["classifications"])])
        told = key_of(str(entry.get("image_name", ""))) if picture else picture
        if place is None and told == picture:
            place = dict(_members(text, begin))["classifications"][0]
    if place is None:
        return None
    return _rewritten(text, place, corrections, last + 1)


def _rewritten(text: str, place: int, corrections: Corrections, first: int) -> str:
    """Return the text with other cells in the list at a place."""
    cells = list(_items(text, place))
    written = [_cell(text[a:b], corrections.changed) for a, b in cells]
    kept = [one for one, number in written if number not in corrections.gone]
    separators = (", ", ": ") if '": ' in text else (",", ":")
    for number, cell in enumerate(corrections.new, start=first):
        kept.append(json.dumps({"cell_id": number, **cell}, separators=separators))
    begin = cells[0][0] if cells else place + 1
    end = cells[-1][1] if cells else place + 1
    between = text[cells[0][1] : cells[1][0]] if len(cells) > 1 else separators[0]
    return text[:begin] + between.join(kept) + text[end:]


def _number(cell: object) -> int:
    number = cell.get("cell_id") if isinstance(cell, dict) else None
    return number if isinstance(number, int) else 0


def _cell(text: str, changed: Mapping[str, dict[str, Any]]) -> tuple[str, str]:
    """One cell with its new values in the place of the old ones; and its number."""
    if not text.startswith("{"):
        return text, ""
    places = dict(_members(text, 0))
    number = str(json.loads(text).get("cell_id", ""))
    values = changed.get(number, {})
    for field in sorted(values, key=lambda name: -places[name][0]):
        begin, end = places[field]
        text = text[:begin] + json.dumps(values[field]) + text[end:]
    return text, number


def _items(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Places of the items of a JSON list that begins at `start`."""
    decode = json.JSONDecoder().raw_decode
    at = _past(text, start + 1)
    while text[at] != "]":
        end = decode(text, at)[1]
        yield at, end
        at = _past(text, end)


def _members(text: str, start: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """Names and places of the values of a JSON object that begins at `start`."""
    decode = json.JSONDecoder().raw_decode
    at = _past(text, start + 1)
    while text[at] != "}":
        name, at = decode(text, at)
        begin = _past(text, at, ":")
        end = decode(text, begin)[1]
        yield name, (begin, end)
        at = _past(text, end)


def _past(text: str, at: int, signs: str = ",") -> int:
    while text[at] in f" \t\r\n{signs}":
        at += 1
    return at


def in_table(text: str, picture: str, corrections: Corrections) -> str | None:
    """Return a table with corrections; None where nothing is told of the picture.

    Parameters
    ----------
    text, picture, corrections
        As of `in_list`.
    """
    lines = text.splitlines(keepends=True)
    columns = [name.strip().lower() for name in lines[0].lstrip("\ufeff").split(",")]
    if '"' in text or len(set(columns)) < len(columns):
        return None  # the exporter quotes nothing; quoted lines may hold more
    named, numbered = columns.index("image_filename"), columns.index("cell_id")
    after, like, last, at = [lines[0]], None, 0, 1
    for line in lines[1:]:
        fields = line.rstrip("\r\n").split(",")
        number = fields[numbered] if len(fields) == len(columns) else ""
        last = max(last, int(number) if number.isdigit() else 0)
        mine = bool(number) and picture in ("", key_of(fields[named]))
        if mine and number in corrections.changed:
            values = corrections.changed[number]
            line = _line(fields, columns, values, line[len(line.rstrip("\r\n")) :])
        if not mine or number not in corrections.gone:
            after.append(line)
        if mine:
            like, at = fields, len(after)
    if like is None:
        return None if corrections.new else text
    ends = lines[0][len(lines[0].rstrip("\r\n")) :] or "\n"
    new = [
        _line(like, columns, {"cell_id": number, **cell}, ends)
        for number, cell in enumerate(corrections.new, start=last + 1)
    ]
    if new and not after[at - 1].endswith(("\r", "\n")):
        after[at - 1] += ends
    return "".join([*after[:at], *new, *after[at:]])


def _line(
    fields: list[str], columns: list[str], values: Mapping[str, Any], ends: str
) -> str:
    known = {**dict(zip(columns, fields, strict=True)), **values}
    return ",".join(str(known[column]) for column in columns) + ends
