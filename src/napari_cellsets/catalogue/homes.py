"""Names around a set, for sets whose arrangement of files alone says too little."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_cellsets.formats.fitted import Fitted
from napari_cellsets.formats.listing import Listing

if TYPE_CHECKING:
    from napari_cellsets.catalogue.drop import Drop
    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree

_LONG = 5
_BETWEEN = re.compile(r"[^a-z0-9]+")
_ENDING = re.compile(r"\.(zip|tar|tar\.gz|tgz|7z)$", re.IGNORECASE)


def at_home(recipe: Recipe, drop: Drop) -> bool:
    """Tell whether a folder or archive around what was dropped is named as the set is.

    Parameters
    ----------
    recipe
        A row; one without `homes` is at home everywhere.
    drop
        What was dropped.

    Returns
    -------
    bool
        A name of five letters or more may be part of a longer one
        (``AICCS-main (1)``), a shorter one must be all of it.
    """
    if not recipe.homes:
        return True
    around = {_plain(_ENDING.sub("", name)) for name in drop.folder_names}
    return any(_is_in(_plain(home), around) for home in recipe.homes)


def has_needed(recipe: Recipe, tree: FileTree) -> bool:
    """Tell whether a file lies there that tells the set from others.

    Parameters
    ----------
    recipe
        A row; one without `needs` needs none.
    tree
        The files.
    """
    if not recipe.needs:
        return True
    names = Listing.of(tree.names())
    templates = map(recipe.layout.template_of, recipe.needs)
    return any(len(Fitted(template, names)) for template in templates)


def _is_in(home: str, names: set[str]) -> bool:
    return home in names or (len(home) >= _LONG and any(home in name for name in names))


def _plain(name: str) -> str:
    """A name as people spell it one way or another: ``Tf_Cytology`` as tfcytology."""
    return _BETWEEN.sub("", name.lower())
