"""Splits of a YOLO set, as ``data.yaml`` or ``obj.data`` names them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.reading import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.formats.files import FileTree

SPLIT_NAMES = ("obj.data", "train.txt", "val.txt", "valid.txt", "test.txt")
"""Files of which some name others of these, which list pictures."""
_ENTRY = re.compile(r"^(train|val|valid|validation|test)\s*[:=]\s*(.*)$")
_ITEM = re.compile(r"^\s*-\s+(.*)$")
_MOST_BYTES = 1 << 20
_MOST_LIST_BYTES = 64 << 20


def splits_of_yolo(tree: FileTree) -> Iterator[tuple[str, str]]:
    """Give each folder or picture that such files name, with its split.

    A text that is named instead (``train.txt``) is a list of pictures. Folders are
    named relative to places that are not there any more, so paths are taken as they
    are.
    """
    for base, names in files_of(tree).items():
        if base.endswith((".yaml", ".yml")) or base == "obj.data":
            for name in names:
                for split, path in _entries(_text(tree, name, _MOST_BYTES)):
                    yield from _places(tree, split, path)


def _entries(text: str) -> Iterator[tuple[str, str]]:
    split = ""
    for line in text.splitlines():
        entry, item = _ENTRY.match(line), _ITEM.match(line)
        if entry:
            split = "val" if entry[1].startswith("val") else entry[1]
            inline = entry[2].partition(" #")[0].strip()
            for one in inline.strip("[]").split(","):
                if one.strip():
                    yield split, _bare(one)
        elif item and split:
            yield split, _bare(item[1].partition(" #")[0])
        elif line.strip():
            split = ""


def _bare(text: str) -> str:
    return text.strip().strip("'\"").replace("\\", "/")


def _places(tree: FileTree, split: str, path: str) -> Iterator[tuple[str, str]]:
    if not path.lower().endswith(".txt"):
        yield split, f"{path.rstrip('/')}/"
        return
    for name in files_of(tree).get(path.rpartition("/")[2].lower(), ())[:1]:
        for line in _text(tree, name, _MOST_LIST_BYTES).splitlines():
            if line.strip():
                yield split, line.strip()


def _text(tree: FileTree, name: str, most: int) -> str:
    try:
        return tree.head(name, most).decode("utf-8-sig", "replace")
    except CellsetsError:
        return ""
