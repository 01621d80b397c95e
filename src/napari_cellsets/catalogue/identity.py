"""By what a data set is known again when it was moved, zipped or completed."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING
from unicodedata import normalize

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_shape
from napari_cellsets.formats.events.event_tree import EventTree
from napari_cellsets.formats.names import without_archive_ending

if TYPE_CHECKING:
    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree

_ANCHOR_BYTES = 65_536


def published_identity(recipe: Recipe, tree: FileTree, first: str) -> str:
    """Return the key of a published set, with the size of a resized copy.

    Resized copies of single cells are common, and have the published names:
    what was drawn on one fits no other.

    Parameters
    ----------
    recipe, tree
        A row and its files.
    first
        The first picture.
    """
    sizes = recipe.expect.picture_sizes
    if recipe.kind == "fields" or not sizes:
        return recipe.key
    try:
        *_, height, width = read_shape(tree, first)
    except CellsetsError:
        return recipe.key
    known = (width, height) in sizes
    return recipe.key if known else f"{recipe.key}:{width}x{height}"


def own_identity(recipe: Recipe, tree: FileTree, first: str, around: str) -> str:
    """Return key, name of the folder, and a digest of the first picture.

    Parameters
    ----------
    recipe, tree, first
        As for `published_identity`.
    around
        Folders around all pictures, with a slash at the end; may be empty.
    """
    # whether it is opened by its own name or by a link
    home = around.rstrip("/").rpartition("/")[2] or tree.root.resolve().name
    # a name in no known letters is kept by a store as letters all the same
    home = os.fsencode(without_archive_ending(home)).decode("utf-8", "replace")
    home = normalize("NFC", home)  # of é there are two forms
    if isinstance(tree, EventTree):
        first, tree = tree.home_of(first), tree.base
    try:
        anchor = tree.head(first, _ANCHOR_BYTES)
    except CellsetsError:
        anchor = os.fsencode(first)
    digest = hashlib.sha256(anchor).hexdigest()[:16]
    return f"{recipe.key}:{home}:{digest}"


def same_content(one: str, other: str) -> bool:
    """Tell whether two identities are of the same pictures in folders of two names."""
    return _parts(one) != () and _parts(one)[::2] == _parts(other)[::2]


def same_place(one: str, other: str) -> bool:
    """Tell whether two identities are of folders of one name with other pictures."""
    return _parts(one) != () and _parts(one)[:2] == _parts(other)[:2]


def is_own(identity: str) -> bool:
    """Tell whether it is of a set of somebody's own: a folder and a first picture."""
    return _parts(identity) != ()


def _parts(identity: str) -> tuple[str, ...]:
    """Return key, folder and digest of an own identity; nothing of a published one."""
    key, _, rest = identity.partition(":")
    home, _, digest = rest.rpartition(":")
    return (key, home, digest) if home else ()
