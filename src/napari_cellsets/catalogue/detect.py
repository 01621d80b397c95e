"""Which row fits a place on disk: names first, then a peek at one picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.arrays import look_into_arrays
from napari_cellsets.catalogue.attachments import (
    Attachments,
    files_of,
    templates_of,
)
from napari_cellsets.catalogue.canvases import with_canvases
from napari_cellsets.catalogue.cells import fits_cells
from napari_cellsets.catalogue.drop import Drop, drop_of, spots
from napari_cellsets.catalogue.homes import at_home, has_needed
from napari_cellsets.catalogue.loose import ROW, open_loose
from napari_cellsets.catalogue.missing import pictures_missing
from napari_cellsets.catalogue.recordings import is_event_name, with_recordings
from napari_cellsets.catalogue.rows_on_disk import list_datasets, recipe_of
from napari_cellsets.core.errors import (
    CellsetsError,
    NotRecognisedError,
    UnreadableFileError,
    UnsafeArchiveError,
)
from napari_cellsets.formats.codecs import read_shape
from napari_cellsets.formats.events.opening import open_event_file
from napari_cellsets.formats.files import FileTree, open_tree
from napari_cellsets.formats.layouts import Paired
from napari_cellsets.formats.listing import Listing
from napari_cellsets.formats.names import as_text, is_picture_name
from napari_cellsets.formats.pairs import Pairs
from napari_cellsets.formats.sniff import HEAD_BYTES, picture_kind
from napari_cellsets.formats.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cellsets.catalogue.drop import Spot
    from napari_cellsets.catalogue.recipe import Recipe

_SPOTS_TRIED = 3
_TIE = 0.02
_WEIGHT_NAMES, _WEIGHT_PEEK = 0.8, 0.1


@dataclass(frozen=True)
class Match:
    """A row that fits a place.

    Parameters
    ----------
    recipe
        The row.
    score
        The whole number is the row's rank (2 published set, 1 arrangement of
        files, 0 plain pictures); the fraction says how many names fit.
    root
        Folder or archive where the set begins.
    """

    recipe: Recipe
    score: float
    root: Path


@dataclass(frozen=True)
class Bound:
    """A row bound to a place: its files, paired.

    `left_out` are pictures of a set of single cells that lie in no class.
    """

    match: Match
    tree: FileTree
    paired: Paired
    attachments: Attachments
    dropped_file: str = ""
    left_out: tuple[str, ...] = ()


def recognise(path: str | Path) -> list[Match]:
    """Tell which data sets a place may be, the best first.

    Parameters
    ----------
    path
        A folder, a zip archive, or one picture.

    Returns
    -------
    list of Match
        Only rows of the highest rank that fits; several where they tie; empty
        where nothing fits.

    Raises
    ------
    UnreadableFileError, UnsafeArchiveError
        If the place cannot be read.
    """
    return [bound.match for bound in _fitting(_checked(drop_of(path)))]


def bind(path: str | Path, row: str | None = None) -> Bound:
    """Find the row of a place and pair its files.

    Parameters
    ----------
    path
        A folder, a zip archive, or one picture.
    row
        Key of the row to take, where the person has chosen.

    Raises
    ------
    NotRecognisedError
        If no row fits, or several fit equally well, or `row` does not fit.
    UnreadableFileError, UnsafeArchiveError
        If the place cannot be read.
    """
    drop = _checked(drop_of(path))
    if row is not None:
        return _chosen(recipe_of(row), drop)
    fitting = _fitting(drop)
    if not fitting:
        raise NotRecognisedError(
            "no known data set is arranged like this",
            path=path,
            advice="Put pictures in a folder 'images', masks in a folder 'masks'.",
        )
    tied = [b for b in fitting if b.match.score >= fitting[0].match.score - _TIE]
    if len(tied) > 1:
        keys = ", ".join(repr(bound.match.recipe.key) for bound in tied)
        raise NotRecognisedError(
            f"several data sets are arranged like this: {keys}",
            path=path,
            advice="Say which one it is: row=KEY, or --row KEY on the command line.",
        )
    return fitting[0]


def _chosen(recipe: Recipe, drop: Drop) -> Bound:
    if recipe.key == ROW and drop.file and not drop.named_as_picture:
        loose = _loose(drop)
        if loose:
            return loose[0]
    bound = _bound(recipe, drop, least=0.0)
    if bound is None:
        raise NotRecognisedError(
            f"no picture here is named as in {recipe.title!r} ({recipe.images})",
            path=drop.path,
            advice="Open it without naming a data set.",
        )
    return bound


def _checked(drop: Drop) -> Drop:
    """Refuse what cannot hold a picture, in one sentence."""
    if drop.file and drop.named_as_picture:
        picture_kind(FileSource(drop.path).read_at(0, HEAD_BYTES), str(drop.path))
    return drop


def _refuse(drop: Drop) -> None:
    """Say why nothing can be opened, where there is no picture at all."""
    if drop.file:
        if not drop.named_as_picture:
            _refuse_file(drop.path)
        return
    if drop.pictures:
        return
    tree = drop.tree
    if tree.problems:
        worst = tree.problems[0]
        raise UnsafeArchiveError(worst.message, path=tree.place(worst.name))
    if not tree.names():
        raise NotRecognisedError(
            "there is no picture here, and no other file",
            path=drop.path,
            advice="Copying or unpacking may not have finished: open it again later.",
        )
    raise pictures_missing(tree) or NotRecognisedError(
        "there is no picture here (PNG, TIFF, JPEG or BMP)",
        path=drop.path,
        advice="Choose the folder or archive that holds the pictures.",
    )


def _refuse_file(path: Path) -> None:
    """Say what a file is that is neither picture nor recording nor annotations."""
    try:
        picture_kind(FileSource(path).read_at(0, HEAD_BYTES), str(path))
    except UnreadableFileError as error:
        if not is_event_name(path.name):
            raise
        raise UnreadableFileError(
            f"{error.problem}; as a recording: {_why_no_recording(path)}",
            path=path,
            advice=error.advice,
        ) from error


def _why_no_recording(path: Path) -> str:
    try:
        open_event_file(path)
    except CellsetsError as error:
        return error.problem
    return "it can be read"


def _fitting(drop: Drop) -> list[Bound]:
    found: list[Bound] = []
    other = drop.file and not drop.named_as_picture
    for recipe in sorted(list_datasets(), key=_order, reverse=True):
        if other and recipe.rank < 2 and recipe.events is None:
            continue
        if found and _order(recipe) < _order(found[0].match.recipe):
            break
        bound = _bound(recipe, drop)
        if bound is not None:
            found.append(bound)
    if not found and other:
        found = _loose(drop)
    if not found:
        _refuse(drop)
    return sorted(found, key=lambda bound: -bound.match.score)


def _loose(drop: Drop) -> list[Bound]:
    """Open one file of annotations alone."""
    recipe = recipe_of(ROW)
    opened = open_loose(drop.path, recipe)
    if opened is None:
        return []
    tree, attachments, paired = opened
    match = Match(recipe, float(recipe.rank + 1), tree.root)
    return [Bound(match, tree, paired, attachments)]


def _order(recipe: Recipe) -> tuple[int, bool]:
    """Published sets, pictures with masks, folders of classes, plain pictures."""
    return recipe.rank, recipe.rank == 2 or recipe.kind == "fields"


def _bound(recipe: Recipe, drop: Drop, least: float | None = None) -> Bound | None:
    chosen, least = least is not None, recipe.coverage if least is None else least
    if not chosen and not at_home(recipe, drop):
        return None
    needs_truth = recipe.rank == 1 and recipe.kind == "fields"
    if recipe.rank < 2 and recipe.kind == "fields":
        least = 0.0  # truth that fits says enough
    for spot in spots(recipe, drop)[:_SPOTS_TRIED]:
        coverage = _coverage(recipe, drop, spot)
        if coverage <= 0 or coverage < least:
            continue
        try:
            tree = _tree_of(drop, spot)
        except CellsetsError:
            continue  # the folder above may not be read: the set is not there
        if not chosen and not has_needed(recipe, tree):
            continue
        found = _paired(recipe, tree, needs_truth=needs_truth)
        if found is None:
            continue
        tree, attachments, paired = found
        if recipe.needs and not chosen and attachments.misfit(tree):
            continue
        if recipe.kind == "cells" and not chosen:
            if not fits_cells(recipe, tree, paired.pairs):
                continue
        left_out = _in_no_class(recipe, tree, paired, spot, attachments)
        if not drop.file:
            paired = _meant(paired, spot.within, attachments)
        if not paired.pairs or (needs_truth and not paired.annotated):
            continue
        dropped = _name_in(spot, drop)
        if dropped and not _holds(paired.pairs, dropped):
            dropped = attachments.owner(dropped, paired)
            if not dropped:
                continue
        score = recipe.rank + _WEIGHT_NAMES * coverage + recipe.prefer
        score += _WEIGHT_PEEK * _peek(recipe, tree, paired.pairs.images)
        match = Match(recipe, score, spot.root)
        return Bound(match, tree, paired, attachments, dropped, left_out)
    return None


def _paired(
    recipe: Recipe, tree: FileTree, *, needs_truth: bool
) -> tuple[FileTree, Attachments, Paired] | None:
    """Pair the files of a tree; with canvases where there are no pictures."""
    names = tree.names()
    if recipe.events is not None:
        tree, names = with_recordings(recipe, tree)
    attachments = Attachments(recipe, names)
    if needs_truth and not (
        recipe.layout.has_truth(names) or attachments.has_truth(tree)
    ):
        return None
    paired = attachments.attach(recipe.layout.pair(names))
    if not paired.pairs and recipe.samples_from is not None:
        tree = with_canvases(recipe, tree)
        paired = attachments.attach(recipe.layout.pair(tree.names()))
    return tree, attachments, paired


def _tree_of(drop: Drop, spot: Spot) -> FileTree:
    if not drop.file and spot.root == drop.path:
        return drop.tree
    return look_into_arrays(open_tree(spot.root, top=spot.top))


def _name_in(spot: Spot, drop: Drop) -> str:
    return as_text(drop.path.relative_to(spot.root).as_posix()) if drop.file else ""


def _coverage(recipe: Recipe, drop: Drop, spot: Spot) -> float:
    """Share of the pictures' names that the row's templates know.

    0 where no name is that of a picture, unless all are names of truth: that
    is a dropped folder of masks.
    """
    before = f"{spot.within}/" if spot.within else ""
    some = Counter(drop.shown_to(recipe).names)
    names = "\n".join([before + name for name in some])
    image, *others = templates_of(recipe, recipe.layout)
    images = {name for name, _ in image.find_all(names)}
    masks = {name for other in others for name, _ in other.find_all(names)}
    least = some.total() if drop.pictures else some.total() / 2
    often = {before + name: count for name, count in some.items()}
    of_masks = sum(often[name] for name in masks)
    if not images and of_masks < least and recipe.samples_from is None:
        return 0.0
    return sum(often[name] for name in images | masks) / max(1, some.total())


def _meant(paired: Paired, within: str, attachments: Attachments) -> Paired:
    """Keep the pairs of which a file lies in the dropped folder."""
    if not within:
        return paired
    start = f"{within}/"
    kept = [
        pair
        for pair in paired.pairs
        if pair.image.startswith(start)
        or any(f"{name}/".startswith(start) for name in files_of(pair))
    ]
    if not kept:
        kept = attachments.beside_in(start, paired)
    lonely = [name for name in paired.lonely_truth if name.startswith(start)]
    return Paired(Pairs(kept), tuple(lonely))


def _holds(pairs: Pairs, name: str) -> bool:
    """Whether a file belongs to any pair."""
    return name in pairs.images or any(name in files_of(pair) for pair in pairs)


def _in_no_class(
    recipe: Recipe,
    tree: FileTree,
    paired: Paired,
    spot: Spot,
    attachments: Attachments,
) -> tuple[str, ...]:
    """Pictures below what was dropped that belong to no class of single cells."""
    if recipe.kind == "fields" or recipe.events is not None:
        return ()
    left = Listing.of(tree.names()).without(paired.pairs.images)
    start = f"{spot.within}/" if spot.within else ""
    return tuple(
        name
        for name in left
        if name.startswith(start)
        and is_picture_name(name)
        and name not in attachments.names
    )


def _peek(recipe: Recipe, tree: FileTree, images: Sequence[str]) -> float:
    """1 where one picture has a published size, else 0."""
    if not recipe.expect.picture_sizes:
        return 0.0
    try:
        *_, height, width = read_shape(tree, images[0])
    except CellsetsError:
        return 0.0
    return float((width, height) in recipe.expect.picture_sizes)
