"""Published sets of which a part is missing, so that no row can open them as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.catalogue.homes import has_needed
from napari_cellsets.catalogue.rows_on_disk import list_datasets
from napari_cellsets.catalogue.tables import told_by_table
from napari_cellsets.core.errors import CellsetsError, NotRecognisedError
from napari_cellsets.formats.codecs import read_shape
from napari_cellsets.formats.templates import WRAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree

_PUBLISHED = 2
_LOOKED_AT = 600
_ABOVE = 2
_ANY = "a.png"


def pictures_missing(tree: FileTree) -> NotRecognisedError | None:
    """Say of which set there are tables alone.

    Parameters
    ----------
    tree
        Files without any picture.

    Returns
    -------
    NotRecognisedError or None
        None where no table of a published set is there.
    """
    for recipe in list_datasets():
        if recipe.rank != _PUBLISHED or recipe.table is None or recipe.table.reader:
            continue
        number = len(told_by_table(recipe, tree).facts)
        if number:
            return NotRecognisedError(
                f"the table of {recipe.title} is here, but none of the {number:,} "
                "pictures that it names",
                path=tree.root,
                advice=f"Put them beside it as the set has them: {recipe.images}.",
            )
    return None


def annotations_missing(tree: FileTree, images: Sequence[str]) -> str:
    """Say of which set plain pictures are, whose annotations are not there.

    Parameters
    ----------
    tree, images
        Pictures that no row knows more of.

    Returns
    -------
    str
        One sentence; empty where names and sizes are those of no set that is known
        by its annotations.
    """
    above = "".join(f"{part.strip('/')}/" for part in tree.root.parts[-_ABOVE:])
    some = images[:: -(-len(images) // _LOOKED_AT) or 1]
    names = "\n".join([above + image for image in some])
    for recipe in list_datasets():
        if recipe.rank != _PUBLISHED or not recipe.needs:
            continue
        template = recipe.layout.image_template
        if template.match(_ANY):
            continue  # its names say nothing
        name, values = next(template.find_all(names), ("", ()))
        image = name.removeprefix(above)
        if not name or has_needed(recipe, tree) or not _sized(recipe, tree, image):
            continue
        needed = recipe.layout.template_of(recipe.needs[0])
        wanted = needed.fill({**template.named(values), WRAP: ""})
        return (
            f"{image} is named and sized as a picture of {recipe.title}, but {wanted} "
            "is not there: such pictures are shown without its annotations"
        )
    return ""


def _sized(recipe: Recipe, tree: FileTree, image: str) -> bool:
    try:
        *_, height, width = read_shape(tree, image)
    except CellsetsError:
        return False
    return (width, height) in recipe.expect.picture_sizes
