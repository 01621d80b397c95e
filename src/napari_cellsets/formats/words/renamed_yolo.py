"""``renamed-yolo``: YOLO boxes of pictures that an export has given other names.

APCData's YOLO files are called ``0001-C-123_jpg.rf.<hash>.txt`` or as their pictures,
``0001 C 123.txt``. Blanks became dashes; a hash stands for the export.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import Boxes
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.words.base import Ask, Word, WordOptions
from napari_cellsets.formats.words.tables import joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EXPORTED = re.compile(r"[_.](?:jpe?g|png)\.rf\.[0-9a-z]+$")
_PREFIX = re.compile(r"\d{4}(?!\d)")
_LARGEST_FILE = 16 << 20
_MOST = 4.0


class RenamedYoloOptions(WordOptions):
    """Options of ``renamed-yolo``.

    Parameters
    ----------
    names
        File with the names of the classes, one a line.
    """

    names: str = "classes.txt"


def read(ask: Ask, options: RenamedYoloOptions) -> list[Boxes]:
    """Read the boxes of one picture; a broken line is told and left out.

    Raises
    ------
    UnreadableFileError
        If the size of the picture is not known.
    """
    import numpy as np

    name = _file_of(ask)
    if not name:
        return []
    size = ask.size()
    if size is None:
        raise UnreadableFileError(
            "boxes are shares of a picture whose size is not known",
            path=ask.tree.place(name),
        )
    classes = ask.shared.get(
        ("renamed-yolo", options.names), lambda: _classes(ask, options.names)
    )
    rows, ids = [], []
    text = ask.tree.read(name)[:_LARGEST_FILE].decode("utf-8-sig", "replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append(box_of(line.split(), size))
            ids.append(_class_of(ask, classes, line.split()[0]))
        except ValueError as error:
            del rows[len(ids) :]
            ask.tell(name, f"line {number} is no box: {error}")
    return [
        Boxes(
            np.array(rows, np.float64).reshape(-1, 4),
            name,
            ask.classes.names,
            np.array(ids, np.int64),
            ask.classes.colours,
        )
    ]


def box_of(
    fields: Sequence[str], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Edges of one box.

    Parameters
    ----------
    fields
        Class, middle x and y, width and height as shares of the picture.
    size
        Height and width of the picture in pixels.

    Returns
    -------
    tuple of float
        Upper, left, lower and right edge, pixel centres at integers.

    Raises
    ------
    ValueError
        If there are not five fields, or numbers that are no shares.
    """
    if len(fields) != 5:
        raise ValueError(f"five fields were expected, found {len(fields)}")
    x, y, width, height = map(float, fields[1:])
    if not all(math.isfinite(v) and abs(v) <= _MOST for v in (x, y, width, height)):
        raise ValueError("its numbers are no shares of a picture")
    if width <= 0 or height <= 0:
        raise ValueError("it has no area")
    tall, wide = size
    return (
        (y - height / 2) * tall - 0.5,
        (x - width / 2) * wide - 0.5,
        (y + height / 2) * tall - 0.5,
        (x + width / 2) * wide - 0.5,
    )


def plain_stem(name: str) -> str:
    """Name of the picture that a file speaks of, without what the export did to it."""
    stem = _EXPORTED.sub("", joined(name, "name").removesuffix(".txt"))
    return re.sub(r"[\s_-]+", " ", stem).strip()


def _class_of(ask: Ask, classes: Sequence[str], text: str) -> int:
    number = int(text)
    if not 0 <= number < len(classes):
        raise ValueError(f"there is no class {number}")
    return ask.classes.id_for(classes[number])


def _classes(ask: Ask, file: str) -> Sequence[str]:
    """Names of the classes in their order; those of the row without such a file."""
    for name in ask.tree.names():
        if name.lower().rpartition("/")[2] == file.lower():
            text = ask.tree.read(name)[:65_536].decode("utf-8-sig", "replace")
            return [line.strip() for line in text.splitlines() if line.strip()]
    return [name for _, name in sorted(ask.classes.names.items())]


def _file_of(ask: Ask) -> str:
    by_stem: Mapping[str, str] = ask.shared.get(
        ("renamed-yolo", ask.files), lambda: _by_stem(ask.files)
    )
    stem = plain_stem(joined(ask.image, "stem"))
    start = _PREFIX.match(stem)
    return by_stem.get(stem) or (by_stem.get(start[0], "") if start else "")


def _by_stem(files: Sequence[str]) -> Mapping[str, str]:
    """Files by the name of their picture, and by its first four digits where single."""
    found: dict[str, str] = {}
    repeated: set[str] = set()
    for name in files:
        stem = plain_stem(name)
        found.setdefault(stem, name)
        start = _PREFIX.match(stem)
        if start and found.setdefault(start[0], name) != name:
            repeated.add(start[0])
    return {stem: name for stem, name in found.items() if stem not in repeated}


WORD = Word(RenamedYoloOptions, read)
