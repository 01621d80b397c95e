"""Where rows come from: the package's own folder and the person's."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.recipe import read_recipe
from napari_cellsets.core.errors import NotRecognisedError, RecipeError
from napari_cellsets.core.places import data_home
from napari_cellsets.formats.files import Problem

if TYPE_CHECKING:
    from napari_cellsets.catalogue.recipe import Recipe

OWN_ROWS = Path(__file__).with_name("rows")


@dataclass(frozen=True)
class Catalogue:
    """All rows that can be used, and those that cannot, with the reason."""

    recipes: tuple[Recipe, ...]
    problems: tuple[Problem, ...]


def load_catalogue() -> Catalogue:
    """Read the package's rows and the person's (`data_home()/rows/*.toml`).

    A faulty row is reported in `problems` and never takes the others down. A
    row of the person's with the key of a shipped one replaces it.
    """
    recipes: dict[str, Recipe] = {}
    problems = []
    for stamp in [*_stamps(OWN_ROWS), *_stamps(data_home() / "rows")]:
        try:
            recipe = _row(*stamp)
            recipes[recipe.key] = recipe
        except RecipeError as error:
            problems.append(Problem(Path(stamp[0]).name, str(error)))
    ordered = sorted(recipes.values(), key=lambda recipe: -recipe.rank)
    return Catalogue(tuple(ordered), tuple(problems))


def list_datasets() -> list[Recipe]:
    """Return all known data sets, published ones first.

    Returns
    -------
    list of Recipe
        One row a data set; faulty rows of the person's are left out.
    """
    return list(load_catalogue().recipes)


def recipe_of(key: str) -> Recipe:
    """Return the row of one key.

    Raises
    ------
    NotRecognisedError
        If there is none; the message lists those there are.
    """
    known = {recipe.key: recipe for recipe in list_datasets()}
    if key not in known:
        raise NotRecognisedError(
            f"there is no data set {key!r}", advice=f"Known are: {', '.join(known)}."
        )
    return known[key]


def _stamps(folder: Path) -> list[tuple[str, int, int]]:
    """Files with time and size, so that a row edited meanwhile is read again."""
    try:
        with os.scandir(folder) as entries:
            files = [entry for entry in entries if entry.name.endswith(".toml")]
    except OSError:
        return []
    found = []
    for entry in files:
        with suppress(OSError):  # such as the link by which an editor locks a file
            now = entry.stat()
            found.append((entry.path, now.st_mtime_ns, now.st_size))
    return sorted(found)


@lru_cache(maxsize=256)
def _row(path: str, _time: int, _size: int) -> Recipe:
    """One row; what could not be read this time is read again the next."""
    return read_recipe(Path(path))
