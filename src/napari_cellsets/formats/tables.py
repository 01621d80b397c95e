"""Small text tables that are published beside pictures: CSV and its relatives."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LARGEST_TABLE = 256 * 2**20
"""Bytes; the largest published one has 4 MB."""
_SHOWN = 200


def read_table(
    content: bytes,
    wanted: Sequence[str],
    *,
    place: str,
    separator: str = ",",
    columns: Sequence[str] = (),
) -> Iterator[tuple[str, ...]]:
    """Read some columns of a table.

    Parameters
    ----------
    content
        The file; UTF-8, with or without a byte-order mark.
    wanted
        Names of columns; capitals do not matter.
    place
        The file, for messages.
    separator
        One character between two fields; quotes may surround a field.
    columns
        Names of the columns of a table without a first line of names.

    Yields
    ------
    tuple of str
        The wanted fields of each line; a missing one is empty. Lines without
        any text are skipped.

    Raises
    ------
    UnreadableFileError
        If it is too large, has no such columns, or is no table.
    """
    if len(content) > LARGEST_TABLE:
        raise UnreadableFileError(
            f"a table of at most {LARGEST_TABLE:,} bytes was expected,"
            f" this one has {len(content):,}",
            path=place,
        )
    text = io.StringIO(content.decode("utf-8-sig", "replace"), newline="")
    try:
        lines = csv.reader(text, delimiter=separator)
        names = list(columns) or next(lines, [])
        places = [_place(name, names, place) for name in wanted]
        for fields in lines:
            if fields:
                yield tuple(
                    [fields[at].strip() if at < len(fields) else "" for at in places]
                )
    except csv.Error as error:
        raise UnreadableFileError(f"this is no table: {error}", path=place) from error


def read_records(
    content: bytes, key: str, wanted: Sequence[str], *, place: str
) -> Iterator[tuple[str, ...]]:
    """Read some fields of the objects that a JSON file lists.

    Parameters
    ----------
    content
        The file.
    key
        Under which the list is.
    wanted
        Names of fields.
    place
        The file, for messages.

    Yields
    ------
    tuple of str
        The wanted fields of each object; a missing one is empty.

    Raises
    ------
    UnreadableFileError
        If it is too large, no JSON, or has no such list.
    """
    if len(content) > LARGEST_TABLE:
        raise UnreadableFileError(
            f"a file of at most {LARGEST_TABLE:,} bytes was expected,"
            f" this one has {len(content):,}",
            path=place,
        )
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableFileError(
            f"this is no whole JSON file ({str(error)[:80]})",
            path=place,
            advice="Download it again.",
        ) from error
    records = found.get(key) if isinstance(found, dict) else None
    if not isinstance(records, list):
        raise UnreadableFileError(f"a list {key!r} was expected", path=place)
    for record in records:
        if isinstance(record, dict):
            yield tuple([_text(record.get(name)) for name in wanted])


def _text(value: object) -> str:
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value) if plain else ""


def _place(name: str, names: Sequence[str], place: str) -> int:
    known = [column.strip().lower() for column in names]
    if name.lower() not in known:
        raise UnreadableFileError(
            f"a table with a column {name!r} was expected,"
            f" found {', '.join(names[:8])[:_SHOWN] or 'no column at all'}",
            path=place,
            advice="Download it again.",
        )
    return known.index(name.lower())
