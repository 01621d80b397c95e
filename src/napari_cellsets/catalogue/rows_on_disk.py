"""Where rows come from: the package's own folder and the person's."""

from __future__ import annotations

import os
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
    return _load(_stamps(OWN_ROWS), _stamps(data_home() / "rows"))


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


def _stamps(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Files with time and size, so that a row edited meanwhile is read again."""
    try:
        with os.scandir(folder) as entries:
            files = [(e.path, e.stat()) for e in entries if e.name.endswith(".toml")]
    except OSError:
        return ()
    return tuple(sorted((path, s.st_mtime_ns, s.st_size) for path, s in files))


@lru_cache(maxsize=4)
def _load(*folders: tuple[tuple[str, int, int], ...]) -> Catalogue:
    recipes: dict[str, Recipe] = {}
    problems = []
    for file in (Path(path) for folder in folders for path, _, _ in folder):
        try:
            recipe = read_recipe(file)
            recipes[recipe.key] = recipe
        except RecipeError as error:
            problems.append(Problem(file.name, str(error)))
    ordered = sorted(recipes.values(), key=lambda recipe: -recipe.rank)
    return Catalogue(tuple(ordered), tuple(problems))
