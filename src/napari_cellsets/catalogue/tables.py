"""What a published table says of each picture: patient, another split, second looks."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.canvases import function_of
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.files import Problem, open_tree
from napari_cellsets.formats.sources import read_file
from napari_cellsets.formats.tables import LARGEST_TABLE, read_records, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.catalogue.row_parts import TableRow
    from napari_cellsets.formats.files import FileTree

_FOLDERS_ABOVE = 2


@dataclass(frozen=True)
class Told:
    """What tables tell of pictures, by file name without folder and suffix.

    Parameters
    ----------
    facts
        Texts in the order of `names`; an empty one says nothing.
    splits
        The split of each picture by the table.
    split_by
        What the table splits by, such as ``patient``; empty without a split.
    classes
        Class of each picture as the table spells it.
    problems
        Tables that cannot be read.
    by_path
        Whether pictures are known by their names in the tree instead.
    """

    names: tuple[str, ...] = ()
    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
    split_by: str = ""
    classes: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    by_path: bool = False

    def key_of(self, image: str) -> str:
        """By what a picture is known here."""
        return image if self.by_path else stem_of(image)


def told_by_table(recipe: Recipe, tree: FileTree) -> Told:
    """Read the table of a row, wherever it lies; nothing where it is not there.

    It is looked for among the files of the set, then in the folder of the set
    and in two folders above.
    """
    table = recipe.table
    if table is None:
        return Told()
    if table.reader:
        return _told_by_reader(table, tree)
    parts, problems = [], []
    for file in (table.file, *table.further):
        try:
            for content, place in _found(table, file, tree):
                parts.append(_read(table, content, place))
                break
        except CellsetsError as error:
            problems.append(Problem(file, str(error)))
    return _joined(parts, tuple(problems))


def _told_by_reader(table: TableRow, tree: FileTree) -> Told:
    """Ask the row's function; what it cannot read is told."""
    names = tuple(table.facts)
    try:
        facts = {
            image: tuple([said.get(table.facts[name], "") for name in names])
            for image, said in function_of(table.reader)(tree)
        }
    except CellsetsError as error:
        return Told(problems=(Problem(table.file, str(error)),))
    return Told(names, facts, by_path=True)


def names_classes(recipe: Recipe, tree: FileTree) -> bool:
    """Whether a table of the row is there that names classes; one line is read."""
    table = recipe.table
    if table is None or not table.class_column:
        return False
    wanted = [table.named_by, table.class_column, *table.facts.values()]
    for file in (table.file, *table.further):
        try:
            for content, place in _found(table, file, tree):
                return next(_lines(table, content, wanted, place), None) is not None
        except CellsetsError:
            continue
    return False


def _joined(parts: Sequence[Told], problems: tuple[Problem, ...]) -> Told:
    if not parts:
        return Told(problems=problems)
    return Told(
        parts[0].names,
        {stem: said for part in parts for stem, said in part.facts.items()},
        {stem: split for part in parts for stem, split in part.splits.items()},
        parts[0].split_by,
        {stem: name for part in parts for stem, name in part.classes.items()},
        problems,
    )


def _read(table: TableRow, content: bytes, place: str) -> Told:
    names = tuple(table.facts)
    wanted = [table.named_by, *table.facts.values()]
    wanted += [column for column in (table.split, table.class_column) if column]
    silent = {text.lower() for text in table.nothing}
    facts: dict[str, tuple[str, ...]] = {}
    splits: dict[str, str] = {}
    classes: dict[str, str] = {}
    lines = _lines(table, content, wanted, place)
    for name, *fields in lines:
        stem = stem_of(name)
        said = ["" if text.lower() in silent else text for text in fields]
        facts[stem] = tuple(
            [_meant(table, fact, text) for fact, text in zip(names, said, strict=False)]
        )
        if table.class_column:
            classes[stem] = said[-1]
        if table.split:
            splits[stem] = _meant(table, "split", said[len(names)])
    return Told(names, facts, splits, table.split_by, classes)


def _lines(
    table: TableRow, content: bytes, wanted: Sequence[str], place: str
) -> Iterator[tuple[str, ...]]:
    if table.records:
        return read_records(content, table.records, wanted, place=place)
    return read_table(
        content, wanted, place=place, separator=table.separator, columns=table.columns
    )


def _meant(table: TableRow, fact: str, text: str) -> str:
    """What a code of a table means; a text that is no code stays."""
    return table.values.get(fact, {}).get(text, text)


def stem_of(name: str) -> str:
    """Return a file name without folders and without its suffix."""
    file = name.replace("\\", "/").rpartition("/")[2]
    return file.rpartition(".")[0] or file


def _found(table: TableRow, called: str, tree: FileTree) -> Iterator[tuple[bytes, str]]:
    file = called.lower()
    for name in tree.names():
        if name.lower().rpartition("/")[2] == file:
            yield tree.read(name), tree.place(name)
    for folder in (tree.root, *list(tree.root.parents)[:_FOLDERS_ABOVE]):
        place = folder / called
        if os.path.isfile(place):
            yield read_file(place, LARGEST_TABLE + 1), str(place)
        if table.archive and os.path.isfile(folder / table.archive):
            yield from _in_archive(folder / table.archive, file)


def _in_archive(archive: Path, file: str) -> Iterator[tuple[bytes, str]]:
    inside = open_tree(archive)
    for name in inside.names():
        if name.lower().rpartition("/")[2] == file:
            yield inside.read(name), inside.place(name)
