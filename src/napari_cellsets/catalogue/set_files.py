"""Files by which a set is known that are no pictures, such as ``CISD.json``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.attachments import tables_of
from napari_cellsets.catalogue.rows_on_disk import list_datasets
from napari_cellsets.formats.names import is_picture_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.templates import Template

_PUBLISHED = 2
_MARKS_AND_ENDING = re.compile(r"\{[^}]*\}|\.[a-z0-9]+$")
_FEWEST = 3


def set_files() -> Callable[[str], bool]:
    """Return a function that knows names of files of published sets.

    Returns
    -------
    function
        Given a path or a file name, tells whether a row reads samples or annotations
        from files of such a name. Only names that say something count: of
        ``{stem}.xml`` there are many. Arrays that count as files of a set do too.
    """
    recipes = list_datasets()
    arrays = {name.lower() for recipe in recipes for name in recipe.arrays}
    templates: list[Template] = []

    def known(name: str) -> bool:
        file = name.rpartition("/")[2]
        if is_picture_name(file) or "." not in file:
            return False
        if file.lower() in arrays:
            return True
        if not templates:
            templates.extend(_templates(recipes))
        return any(template.match(file) for template in templates)

    return known


def _templates(recipes: Iterable[Recipe]) -> Iterator[Template]:
    for recipe in recipes:
        for file in sorted({text.rpartition("/")[2] for text in _texts(recipe)}):
            plain = re.sub(r"\W", "", _MARKS_AND_ENDING.sub("", file))
            mark = file.partition("}")[0].lstrip("{")
            telling = len(plain) >= _FEWEST or mark in recipe.choices
            if telling and not is_picture_name(file):
                yield recipe.layout.template_of(file)


def _texts(recipe: Recipe) -> Iterator[str]:
    if recipe.rank == _PUBLISHED:
        for entry in recipe.annotations:
            yield from entry.file
        yield from tables_of(recipe)
        if recipe.samples_from is not None:
            yield recipe.samples_from.file
