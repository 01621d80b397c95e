"""Describe a folder that no row knows: what is there, what pairs, a row for it."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_cellsets.catalogue.detect import Match, recognise
from napari_cellsets.catalogue.drop import drop_of
from napari_cellsets.catalogue.guess import group_pictures, guess_pair
from napari_cellsets.catalogue.recipe import Recipe, read_recipe
from napari_cellsets.catalogue.rows_on_disk import OWN_ROWS
from napari_cellsets.core.errors import CellsetsError, ExportError, RecipeError
from napari_cellsets.core.places import data_home
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.codecs import read_shape
from napari_cellsets.formats.containers.base import find_form
from napari_cellsets.formats.layouts import Layout
from napari_cellsets.formats.names import is_picture_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cellsets.formats.files import FileTree

Masks: TypeAlias = Literal["either", "components", "instances", "classes"]
"""What a mask says: let each file show; one colour; a number an object; classes."""

_SHOWN = 200
_SIZES_READ = 12
_HEADS_READ = 40
_TEXTS = (".json", ".xml", ".csv", ".txt", ".geojson", ".zip")


@dataclass(frozen=True)
class Draft:
    """A row in the making.

    Parameters
    ----------
    title
        For people; the row's key is made of it.
    images, truth
        Path templates, see `formats.templates`; no truth is empty.
    masks
        What the masks say.
    classes
        Names of the classes, the first of id 1.
    """

    title: str
    images: str
    truth: str = ""
    masks: Masks = "either"
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What lies in a folder or archive.

    Parameters
    ----------
    path, tree
        The place.
    pictures
        Names of all pictures.
    lines
        What was found, a sentence each.
    matches
        Rows that fit, the best first; several that fit equally well are ambiguous.
    draft
        The best guess at a row.
    """

    path: Path
    tree: FileTree
    pictures: tuple[str, ...]
    lines: tuple[str, ...]
    matches: tuple[Match, ...]
    draft: Draft


@dataclass(frozen=True)
class Preview:
    """Which files a draft pairs.

    Parameters
    ----------
    pairs
        Picture and its masks, the first 200 of them.
    paired, pictures
        How many pictures have masks, of how many that the draft names.
    unnamed
        Pictures that are neither picture nor mask of the draft.
    lonely
        Masks without a picture.
    problem
        Why nothing can be paired; empty when all is well.
    """

    pairs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    paired: int = 0
    pictures: int = 0
    unnamed: int = 0
    lonely: int = 0
    problem: str = ""

    @property
    def text(self) -> str:
        """All of it in one line."""
        if self.problem:
            return self.problem
        parts = [f"{self.pictures:,} pictures, {self.paired:,} with masks"]
        if self.lonely:
            parts.append(f"{self.lonely:,} masks without a picture")
        if self.unnamed:
            parts.append(f"{self.unnamed:,} other pictures")
        return "; ".join(parts)


def look(path: str | Path) -> Found:
    """Look at a folder or archive.

    Parameters
    ----------
    path
        Any place.

    Returns
    -------
    Found
        With a draft to begin with.

    Raises
    ------
    UnreadableFileError, UnsafeArchiveError
        If the place cannot be read.
    """
    drop = drop_of(path)
    if drop.file:
        drop = drop_of(drop.path.parent)
    tree = drop.tree
    pictures = tuple(drop.pictures)
    groups = group_pictures(pictures)
    try:
        matches = tuple(recognise(drop.path))
    except CellsetsError:
        matches = ()  # nothing fits, which is why somebody describes it
    images, truth = guess_pair(tree, groups)
    draft = Draft(drop.path.name, images, truth or "")
    lines = [_number(len(pictures), "picture"), *_folders(pictures)]
    lines += [*_sizes(tree, pictures), *_containers(tree)]
    return Found(drop.path, tree, pictures, tuple(lines), matches, draft)


def preview(found: Found, draft: Draft) -> Preview:
    """Pair the files of a place as a draft says; fast, and never raises for a draft.

    Parameters
    ----------
    found
        From `look`.
    draft
        Whatever the person has typed.
    """
    try:
        layout = Layout(draft.images, draft.truth or None)
        paired = layout.pair(found.tree.names())
    except RecipeError as error:
        return Preview(problem=str(error))
    if not paired.pairs:
        return Preview(problem="No picture is named like this.")
    named = {pair.image for pair in paired.pairs}
    named.update(name for pair in paired.pairs for name in pair.truth)
    named.update(paired.lonely_truth)
    return Preview(
        tuple((pair.image, pair.truth) for pair in paired.pairs[:_SHOWN]),
        paired.annotated,
        len(paired.pairs),
        sum(name not in named for name in found.pictures),
        len(paired.lonely_truth),
    )


def save_row(found: Found, draft: Draft) -> Recipe:
    """Keep a draft as a row of one's own, in `data_home()/rows`.

    The row is recognised in folders and archives of the same name only, so that a
    template that fits everything takes no other set over.

    Parameters
    ----------
    found, draft
        A place and its row.

    Returns
    -------
    Recipe
        As `open_dataset(path, row=recipe.key)` takes it.

    Raises
    ------
    RecipeError
        If the draft is no good row.
    ExportError
        If it names no picture that is there, or the file cannot be written.
    """
    seen = preview(found, draft)
    if seen.problem:
        raise ExportError(
            "this describes no picture that is there",
            path=found.path,
            advice="Adjust the template until the preview shows pictures.",
        )
    folder = data_home() / "rows"
    key = _free_key(draft.title, folder)
    file = folder / f"{key}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_output(file) as aside:
        aside.write_text(_toml(found, draft, key), encoding="utf-8")
    try:
        return read_recipe(file)
    except RecipeError:
        file.unlink()
        raise


def _toml(found: Found, draft: Draft, key: str) -> str:
    lines = [
        f"key = {_text(key)}",
        f"title = {_text(draft.title.strip() or key)}",
        f"images = {_text(draft.images)}",
        f"homes = [{_text(found.path.stem or found.path.name)}]",
        "rank = 2",
    ]
    if draft.classes:
        lines.append(f"classes = [{', '.join(map(_text, draft.classes))}]")
    if draft.truth and draft.masks != "classes":
        lines += [
            f"truth = {_text(draft.truth)}",
            f"annotation = {{ word = {_text(draft.masks)} }}",
        ]
    elif draft.truth:
        lines += ["", "[[annotations]]", 'word = "class-mask"']
        lines.append(f"file = {_text(draft.truth)}")
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A text as TOML writes it; JSON's way is valid there."""
    return json.dumps(text, ensure_ascii=False)


def _free_key(title: str, folder: Path) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_") or "set"
    base = plain if plain[0].isalpha() else f"set_{plain}"
    key, number = base, 1
    while (folder / f"{key}.toml").exists() or (OWN_ROWS / f"{key}.toml").exists():
        number += 1
        key = f"{base}_{number}"
    return key


def _folders(pictures: Sequence[str]) -> list[str]:
    """The folders with most pictures, and what kinds they hold."""
    count = Counter(name.rpartition("/")[0] or "." for name in pictures)
    kinds: dict[str, set[str]] = {}
    for name in pictures:
        folder, _, file = name.rpartition("/")
        kinds.setdefault(folder or ".", set()).add(file.rpartition(".")[2].lower())
    lines = [
        f"{folder}: {_number(many, 'picture')} ({', '.join(sorted(kinds[folder]))})"
        for folder, many in count.most_common(8)
    ]
    more = len(count) - len(lines)
    return lines + ([f"and {more:,} more folders"] if more > 0 else [])


def _sizes(tree: FileTree, pictures: Sequence[str]) -> list[str]:
    step = -(-len(pictures) // _SIZES_READ) or 1
    sizes: Counter[str] = Counter()
    for name in pictures[::step]:
        try:
            *_, height, width = read_shape(tree, name)
        except CellsetsError:
            continue
        sizes[f"{width}×{height}"] += 1
    said = ", ".join(size for size, _ in sizes.most_common(4))
    return [f"Sizes: {said}"] if said else []


def _containers(tree: FileTree) -> list[str]:
    """Files of annotations that a format of containers knows."""
    texts = [
        name
        for name in tree.names()
        if name.lower().endswith(_TEXTS) and not is_picture_name(name)
    ]
    step = -(-len(texts) // _HEADS_READ) or 1
    found: Counter[str] = Counter()
    for name in texts[::step]:
        try:
            form = find_form(tree, name)
        except CellsetsError:
            continue
        if form is not None:
            found[form.title] += 1
    return [f"Annotations: {', '.join(found)}"] if found else []


def _number(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
