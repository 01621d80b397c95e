"""Splits of people's own sets: from names of folders, and from files that tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.names import is_picture_name
from napari_cellsets.formats.words.joining import plain, stem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree

SPLITS = frozenset(
    "train training trainval val valid validation dev test testing".split()
)
"""Folders of these names are splits, in any case."""
_DEEPEST = 40


def split_finder(recipe: Recipe, tree: FileTree) -> Callable[[str], str] | None:
    """Return what tells the split of a picture by its name.

    Parameters
    ----------
    recipe
        A row. Only arrangements of annotations whose templates say nothing of splits
        are asked; of published sets the row knows.
    tree
        The files.

    Returns
    -------
    callable or None
        Given the name of a picture in `tree`, its split or nothing. What a file of
        the set tells (``data.yaml``, ``ImageSets``) counts more than a folder.
    """
    forms = [getattr(entry, "form", "") for entry in recipe.annotations]
    known = [FORMS[key] for key in forms if key in FORMS]
    if recipe.rank != 1 or not known or "split" in recipe.layout.image_template.marks:
        return None
    told: dict[str, str] = {}
    for form in known:
        told |= _settled(list(form.splits(tree)), tree)
    by_folder: dict[str, str] = {}

    def split_of(image: str) -> str:
        said = told.get(_key(image)) if told else None
        if said is not None:
            return said
        folder = image.rpartition("/")[0]
        if folder not in by_folder:
            around = (told.get(place) for place in _upwards(plain(folder)))
            by_folder[folder] = next(filter(None, around), "") or _named(folder)
        return by_folder[folder]

    return split_of


def _named(folder: str) -> str:
    """The first folder with the name of a split, as it is spelled."""
    return next((part for part in folder.split("/") if part.lower() in SPLITS), "")


def _key(image: str) -> str:
    folder = plain(image).rpartition("/")[0]
    return f"{folder}/{stem_of(image)}".lstrip("/")


def _upwards(folder: str) -> Iterator[str]:
    """A folder and those around it, each with a slash behind it."""
    while folder:
        yield f"{folder}/"
        folder = folder.rpartition("/")[0]


def _settled(said: Sequence[tuple[str, str]], tree: FileTree) -> dict[str, str]:
    """Split of each picture (without suffix) or folder that files name.

    A path is found by as much of its end as there is; a place that several splits
    claim belongs to none.
    """
    if not said:
        return {}
    pictures = [name for name in tree.names() if is_picture_name(name)]
    folders = {plain(name.rpartition("/")[0]) for name in pictures}
    around = {place for folder in folders for place in _upwards(folder)}
    ends: dict[str, set[str]] = {}
    for place in (*map(_key, pictures), *around):
        for end in _ends(place):
            ends.setdefault(end, set()).add(place)
    claims: dict[str, set[str]] = {}
    for split, path in said:
        wanted = plain(path) if path.endswith("/") else _key(path)
        for place in next((ends[end] for end in _ends(wanted) if end in ends), ()):
            claims.setdefault(place, set()).add(split)
    return {place: splits.pop() for place, splits in claims.items() if len(splits) == 1}


def _ends(path: str) -> Iterator[str]:
    """A path and what is left of it without its first folders."""
    path = "/".join(path.split("/")[-_DEEPEST:])
    while path:
        yield path
        path = path.partition("/")[2]
