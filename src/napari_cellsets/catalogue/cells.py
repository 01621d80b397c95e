"""Whether folders named as classes are really those of single cells."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.recordings import holds_one_cell_each
from napari_cellsets.catalogue.tables import names_classes
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.pairs import Pairs

LARGEST_CELL_PX = 600
"""Longest edge of a picture of one cell; published ones have 64 to 575 pixels."""

_LOOKED_AT = 6
_LEAST_CLASSES = 2


def fits_cells(recipe: Recipe, tree: FileTree, pairs: Pairs) -> bool:
    """Tell whether pictures in class folders are the set of a row.

    Parameters
    ----------
    recipe
        A row of single cells.
    tree, pairs
        All of the set, also where only a part of it was dropped.

    Returns
    -------
    bool
        A published set must have one of its `signs`, or a table that names the
        classes where folders do not. Any other must have two
        classes side by side (the same two wherever it has some), none of them a
        word such as ``masks``, and small pictures: a folder of photographs is
        no class of cells.
    """
    if not recipe.class_in_path:
        return names_classes(recipe, tree)
    marks = recipe.layout.image_template.marks
    place = marks.index("class")
    beside: dict[str | None, set[str]] = {}
    for wrap, name in chain.from_iterable(pairs.tally((0, place))):
        beside.setdefault(wrap, set()).add((name or "").lower())
    found = set[str]().union(*beside.values())
    if recipe.signs and found.isdisjoint(sign.lower() for sign in recipe.signs):
        return False
    if not found.isdisjoint(recipe.never.get("class", ())):
        return False
    if recipe.rank == 2:
        return True
    everywhere = set.intersection(*beside.values()) if beside else set()
    if len(everywhere) < _LEAST_CLASSES:
        return False
    if recipe.events is not None:
        return holds_one_cell_each(tree, pairs.images)
    return _small(tree, pairs.images)


def _small(tree: FileTree, images: Sequence[str]) -> bool:
    """Whether the pictures that can be read are no larger than one cell."""
    step = -(-len(images) // _LOOKED_AT)
    readable = 0
    for image in images[::step]:
        try:
            *_, height, width = read_shape(tree, image)
        except CellsetsError:
            continue
        if max(height, width) > LARGEST_CELL_PX:
            return False
        readable += 1
    return readable > 0
