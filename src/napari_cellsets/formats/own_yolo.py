"""Corrected boxes, written into the YOLO files that an export has renamed.

Lines of boxes that nobody corrected stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.core.annotation import Boxes
from napari_cellsets.formats.classes import plain_name
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.own_base import Own, of_kind, refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_cellsets.formats.own_files import OwnFiles

_Row = tuple[tuple[float, ...], int]


def write_boxes(files: OwnFiles, own: Own) -> Iterator[Path]:
    """Write the boxes of a picture into its file; yield it.

    Raises
    ------
    ExportError
        If a box is turned or has no class with a number, or lines are no boxes.
    """
    found: Boxes = of_kind(own, Boxes)
    if found.angles is not None:
        raise refused(found, "its files hold no turned box")
    tall, wide = read_plane(files.tree, own.picture).shape[:2]
    text = files.tree.read(found.source).decode("utf-8", "surrogateescape")
    lines = text.lstrip("\ufeff").splitlines()
    known = [line for line in lines if line.strip()]
    before = _rows(own.before) if isinstance(own.before, Boxes) else []
    if len(before) != len(known):
        raise refused(found, "some lines of its file are no boxes")
    after = _lines(files, own, list(zip(before, known, strict=True)), (tall, wide))
    ends = "\r\n" if "\r\n" in text else "\n"
    last = ends if after and (not known or text.endswith(("\r", "\n"))) else ""
    start = "\ufeff" if text.startswith("\ufeff") else ""
    yield files.save_text(found.source, start + ends.join(after) + last)


def _lines(
    files: OwnFiles, own: Own, known: list[tuple[_Row, str]], size: tuple[int, int]
) -> list[str]:
    """Return the lines of all boxes: the old one, or a new one."""
    found: Any = own.annotation
    numbers = {row[1]: line.split()[0] for row, line in known}
    names = _names(files, own)
    held: dict[_Row, list[str]] = {}
    for row, line in known:
        held.setdefault(row, []).append(line)
    after = []
    for row in _rows(found):
        if held.get(row):
            after.append(held[row].pop(0))
            continue
        name, number = _bare(found.class_names.get(row[1], "")), numbers.get(row[1], "")
        if not number and name in names:
            number = str(names.index(name))
        if not number:
            raise refused(found, "a box has no class, or one without a number here")
        after.append(f"{number} {_shares(row[0], *size)}")
    return after


def _rows(boxes: Boxes) -> list[_Row]:
    ids: Any = boxes.class_ids
    listed = [-1] * len(boxes.yxyx) if ids is None else ids.tolist()
    return [
        (tuple(edges), number)
        for edges, number in zip(boxes.yxyx.tolist(), listed, strict=True)
    ]


def _bare(name: str) -> str:
    """Return a name without what it is spelt with: ``ASC-US`` is ``ASCUS``."""
    return plain_name(name).replace("_", "")


def _names(files: OwnFiles, own: Own) -> Sequence[str]:
    """Bare names of the classes in the order of their numbers."""
    options: Any = own.options
    for name in files.tree.names():
        if name.lower().rpartition("/")[2] == options.names.lower():
            text = files.tree.read(name).decode("utf-8-sig", "replace")
            return [_bare(line) for line in text.splitlines() if line.strip()]
    return []


def _shares(edges: Sequence[float], tall: int, wide: int) -> str:
    """Middle x and y, width and height as shares, as they are read again."""
    top, left, bottom, right = edges
    shares = (
        (left + right + 1) / 2 / wide,
        (top + bottom + 1) / 2 / tall,
        (right - left) / wide,
        (bottom - top) / tall,
    )
    return " ".join(f"{share:.10g}" for share in shares)
