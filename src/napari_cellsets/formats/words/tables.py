"""Lines of text tables that belong to one sample, for the words that read tables."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.formats.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np

    from napari_cellsets.formats.words.base import Ask, TableOptions


class Rows:
    """Classes and properties of objects, gathered line by line.

    Parameters
    ----------
    ask, options
        As given to the word.
    """

    def __init__(self, ask: Ask, options: TableOptions) -> None:
        self._ask, self._options = ask, options
        self._ids: list[int | None] = []
        self._kept: list[tuple[str, ...]] = []
        column = options.class_column
        self.wanted = (*([column] if column else []), *options.properties.values())

    def add(self, line: Line, fields: Sequence[str]) -> None:
        """Keep one line; `fields` are those of `wanted`."""
        if self._options.class_column:
            self._ids.append(self._ask.classes.id_for(fields[0] or "unnamed"))
            fields = fields[1:]
        else:
            self._ids.append(self._options.class_id(self._ask, line.file))
        self._kept.append(tuple(fields))

    @property
    def class_ids(self) -> np.ndarray | None:
        """Ids of the objects' classes; None where no class is told."""
        import numpy as np

        ids = [number for number in self._ids if number is not None]
        return np.array(ids, np.int64) if len(ids) == len(self._ids) and ids else None

    @property
    def properties(self) -> dict[str, tuple[str, ...]]:
        """What else is known, one text an object."""
        names = self._options.properties
        columns = list(zip(*self._kept, strict=True)) or [()] * len(names)
        return dict(zip(names, columns, strict=True))


class Line(NamedTuple):
    """One line: where it stands, and the fields that were asked for."""

    file: str
    number: int
    fields: tuple[str, ...]


def lines_of(ask: Ask, options: TableOptions, wanted: Sequence[str]) -> list[Line]:
    """Return the lines of a sample, from its own tables or from those of the set.

    Parameters
    ----------
    ask, options
        As given to the word.
    wanted
        Columns.

    Raises
    ------
    UnreadableFileError
        If a table cannot be read or has no such column.
    """
    found: list[Line] = []
    for name in ask.files:
        if not options.named_by:
            found += _all_lines(ask, options, wanted, name)
            continue
        make = partial(_by_picture, ask, options, wanted, name)
        by_picture = ask.shared.get(("table", name, options.model_dump_json()), make)
        found += by_picture.get(joined(ask.image, options.join), ())
    return found


def joined(name: str, how: str) -> str:
    """Return the part of a picture's name by which it is known, in small letters."""
    name = name.replace("\\", "/").lower()
    if how == "path":
        return name.lstrip("./")
    file = name.rpartition("/")[2]
    if how == "name":
        return file
    return file.rpartition(".")[0] or file


def numbers(ask: Ask, line: Line, texts: Sequence[str]) -> list[float] | None:
    """Return the numbers of some fields; None, and told, where they are none."""
    try:
        found = [float(text) for text in texts]
    except ValueError:
        found = [math.nan]
    if all(map(math.isfinite, found)):
        return found
    said = ", ".join(texts)[:60]
    ask.tell(line.file, f"line {line.number} holds no numbers ({said})")
    return None


def _all_lines(
    ask: Ask, options: TableOptions, wanted: Sequence[str], name: str
) -> Iterator[Line]:
    first = 1 if options.columns else 2
    lines = read_table(
        ask.tree.read(name),
        wanted,
        place=ask.tree.place(name),
        separator=options.separator,
        columns=options.columns,
    )
    for number, fields in enumerate(lines, start=first):
        yield Line(name, number, fields)


def _by_picture(
    ask: Ask, options: TableOptions, wanted: Sequence[str], name: str
) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in _all_lines(ask, options, (options.named_by, *wanted), name):
        picture, *fields = line.fields
        own = Line(name, line.number, tuple(fields))
        found.setdefault(joined(picture, options.join), []).append(own)
    return found
