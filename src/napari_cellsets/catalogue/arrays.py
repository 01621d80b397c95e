"""MATLAB files that rows know: their arrays count as files of the set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.catalogue.rows_on_disk import list_datasets
from napari_cellsets.formats.listing import Listing
from napari_cellsets.formats.mat_tree import MatTree, is_picture_array
from napari_cellsets.formats.names import DATA_ENDINGS

if TYPE_CHECKING:
    from napari_cellsets.formats.files import FileTree

_INSIDE = tuple(f"{ending}/" for ending in DATA_ENDINGS)


def is_array_file(name: str) -> bool:
    """Whether a row knows a file of arrays of this name; nothing is read."""
    file = name.lower().rpartition("/")[2]
    return file.endswith(DATA_ENDINGS) and file in _known()


def is_array(name: str) -> bool:
    """Whether a name is that of an array in such a file."""
    lowered = name.lower()
    return any(text in lowered for text in _INSIDE)


def pictures_in(tree: FileTree) -> list[str]:
    """Names of all arrays of a file that can be pictures or masks."""
    if not isinstance(tree, MatTree):
        return list(tree.names())
    sizes = tree.elements
    return [name for name in tree.names() if is_picture_array(sizes[name])]


def look_into_arrays(tree: FileTree) -> FileTree:
    """List the arrays of those files of a tree that a row knows, and return it.

    Other files of arrays may be of any kind and size; they stay closed.
    """
    names = Listing.of(tree.names())
    if any(map(names.mentions, DATA_ENDINGS)):  # most sets have no such file
        known = _known()
        inner = [n for n in names if n.lower().rpartition("/")[2] in known]
        tree.look_into(inner)
    return tree


def _known() -> frozenset[str]:
    return frozenset(file.lower() for row in list_datasets() for file in row.arrays)
