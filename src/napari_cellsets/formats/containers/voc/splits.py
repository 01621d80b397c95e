"""Splits of a VOC set: lists of stems in ``ImageSets``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.reading import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.formats.files import FileTree

_LISTS = ("train", "val", "test")
_MOST_BYTES = 64 << 20


def splits_of_lists(tree: FileTree) -> Iterator[tuple[str, str]]:
    """Give each picture that ``train.txt``, ``val.txt`` and ``test.txt`` list.

    Lists of one class (``person_train.txt``) and unions (``trainval.txt``) say no
    more than these.
    """
    for split in _LISTS:
        for name in files_of(tree).get(f"{split}.txt", ()):
            if "ImageSets" not in name.split("/"):
                continue
            try:
                text = tree.head(name, _MOST_BYTES).decode("utf-8-sig", "replace")
            except CellsetsError:
                continue
            for line in text.splitlines():
                words = line.split()
                if words:
                    yield split, words[0]
