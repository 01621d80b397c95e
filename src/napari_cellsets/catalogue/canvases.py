"""Samples of sets without pictures: from annotations, on blank canvases."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_cellsets.core.errors import (
    CellsetsError,
    RecipeError,
    UnreadableFileError,
)
from napari_cellsets.formats.canvas_tree import CanvasTree, blank_png
from napari_cellsets.formats.containers.base import FORMS, find_form
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.names import is_picture_name
from napari_cellsets.formats.templates import WRAP
from napari_cellsets.formats.words.joining import picture_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.catalogue.row_parts import SamplesFrom
    from napari_cellsets.formats.containers.base import Container
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.templates import Template

    _Size = Callable[[], tuple[int, int] | None]

_MOST_FILES = 20_000


class _Wanted(NamedTuple):
    """A picture: its name, its size, what marks stand for, which file speaks of it."""

    name: str
    size: _Size
    values: dict[str, str]
    file: str = ""
    form: str = ""


def with_canvases(recipe: Recipe, tree: FileTree) -> FileTree:
    """Add a canvas for each picture that annotations speak of and that is not there.

    Parameters
    ----------
    recipe
        A row with `samples_from`.
    tree
        Its files.

    Returns
    -------
    FileTree
        The same tree where annotations name no picture.
    """
    source = recipe.samples_from
    if source is None:
        return tree
    template = recipe.layout.template_of(source.file)
    named = [
        (name, template.named(values))
        for name, values in template.find_all("\n".join(tree.names()))
    ]
    canvases: dict[str, Callable[[], bytes]] = {}
    there = set(tree.names())
    for wanted in _pictures(recipe, source, tree, named):
        if wanted.name not in there and wanted.name not in canvases:
            canvases[wanted.name] = _maker(source, tree, wanted)
    return CanvasTree(tree, canvases) if canvases else tree


def _pictures(
    recipe: Recipe,
    source: SamplesFrom,
    tree: FileTree,
    named: Sequence[tuple[str, dict[str, str]]],
) -> Iterator[_Wanted]:
    """Pictures that annotations speak of."""
    image = recipe.layout.image_template
    if not source.form:
        for _, values in named:
            yield _Wanted(_filled(image, values), lambda: source.size, values)
        return
    for file, values in named[:_MOST_FILES]:
        try:
            found = _opened(source, tree, file)
        except CellsetsError as error:
            tree.problems.append(Problem(file, str(error)))
            continue
        if found is None:
            continue
        for index, item in enumerate(found.items):
            said = item.name.replace("\\", "/").lstrip("/") or picture_of(file)
            name = said if _bare(image, said) else ""
            more = {**values, "stem": _stem(said)}
            if is_picture_name(said):
                more["ext"] = said.rpartition(".")[2]
            size = item.size or source.size
            make = partial(extent, found, index, size)
            name = name or _filled(image, more)
            yield _Wanted(name, make, more, file, found.key)


def _opened(source: SamplesFrom, tree: FileTree, file: str) -> Container | None:
    form = find_form(tree, file)
    if form is None or source.form not in ("auto", form.key):
        return None
    return form.open(tree, file)


def _bare(image: Template, name: str) -> bool:
    """Whether a name is one of a picture, with no folder around the set."""
    values = image.match(name)
    return values is not None and not values[WRAP]


def _filled(image: Template, values: dict[str, str]) -> str:
    known = {mark: text for mark, text in values.items() if text}
    return image.fill(known)


def extent(
    container: Container | None, index: int, size: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Size of a picture: as said, else just large enough for what is marked."""
    if size is not None or container is None:
        return size
    try:
        return extent_of(container.read(index))
    except UnreadableFileError:
        return None  # a form of shares of a size that nobody knows


def extent_of(annotations: Sequence[Any]) -> tuple[int, int] | None:
    """Height and width that hold all that is marked; None where nothing is."""
    import numpy as np

    far: list[np.ndarray] = []
    for annotation in annotations:
        rings = [
            ring
            for outline in getattr(annotation, "outlines", ())
            for part in outline
            for ring in part
        ]
        places = [*rings]
        if getattr(annotation, "yx", None) is not None:
            places.append(annotation.yx)
        if getattr(annotation, "yxyx", None) is not None:
            places.append(annotation.yxyx.reshape(-1, 2))
        far += [place.max(axis=0) for place in places if len(place)]
        shape = getattr(annotation, "shape", None)
        far += [np.array(shape) - 1] if shape is not None else []
    if not far:
        return None
    height, width = np.ceil(np.max(far, axis=0) + 1).astype(int).tolist()
    return max(1, height), max(1, width)


def _maker(source: SamplesFrom, tree: FileTree, wanted: _Wanted) -> Callable[[], bytes]:
    if not source.pictures:
        inner = None
        if wanted.file:
            inner = partial(FORMS[wanted.form].inner, tree, wanted.file)
        return canvas_maker(tree.place(wanted.name), wanted.size, inner)

    def paint() -> bytes:
        painted: bytes = function_of(source.pictures)(tree, wanted.values)
        return painted

    return paint


def canvas_maker(
    place: str, size: _Size, inner: Callable[[], bytes] | None = None
) -> Callable[[], bytes]:
    """Return what makes a blank picture of a size that is asked for then.

    Parameters
    ----------
    place
        How to call the picture in messages.
    size
        Gives height and width, or None where nobody knows.
    inner
        Gives the picture that the annotations hold themselves, or nothing.
    """

    def make() -> bytes:
        held = inner() if inner is not None else b""
        if held:
            return held
        found = size()
        if found is None:
            raise UnreadableFileError(
                "the picture is not there, and nothing says how large it is",
                path=place,
                advice="Put it beside its annotations.",
            )
        return blank_png(*found, place)

    return make


def function_of(text: str) -> Callable[..., Any]:
    """Return the function that a row names as ``package.module:function``.

    Raises
    ------
    RecipeError
        If there is none.
    """
    module, _, name = text.partition(":")
    try:
        found: Callable[..., Any] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise RecipeError(
            f"there is no function {text!r}",
            advice="Install the package that has it, or correct the row.",
        ) from error
    return found


def _stem(name: str) -> str:
    file = name.rpartition("/")[2]
    return file.rpartition(".")[0] if is_picture_name(file) else file
