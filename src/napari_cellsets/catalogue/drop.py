"""What a person pointed at, and where a row's templates would begin there."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.arrays import (
    is_array,
    is_array_file,
    look_into_arrays,
    pictures_in,
)
from napari_cellsets.catalogue.attachments import templates_of
from napari_cellsets.formats.files import is_folder, open_tree
from napari_cellsets.formats.names import (
    PICTURE_SUFFIXES,
    is_archive_name,
    is_picture_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.templates import Template

_LOOKED_AT = 600
_PLACED_BY = 24
_HIGHEST = 1000


@dataclass(frozen=True)
class Drop:
    """A folder, an archive, or one picture.

    Parameters
    ----------
    path
        What was pointed at, absolute.
    file
        Whether it is one picture.
    """

    path: Path
    file: bool

    @cached_property
    def tree(self) -> FileTree:
        """All files below the folder or archive."""
        return look_into_arrays(open_tree(self.path))

    @cached_property
    def pictures(self) -> Sequence[str]:
        """Names of pictures below; the picture itself for one picture."""
        if self.file:
            return [self.path.name]
        names = self.tree.names()
        if is_array_file(self.path.name):
            return pictures_in(self.tree)
        return [name for name in names if is_picture_name(name) or is_array(name)]

    @property
    def named_as_picture(self) -> bool:
        """Whether it is one file with the name of a picture."""
        return self.file and is_picture_name(self.path.name)

    def shown_to(self, recipe: Recipe) -> Sequence[str]:
        """Names by which a row is told: pictures, else files of any kind.

        For a row of recordings those that may be some, where there are any.
        """
        if recipe.events is not None and not self.file:
            return self._some_recordings or self.some
        other = recipe.annotations or recipe.samples_from is not None
        return self._some_files if other and not self.pictures else self.some

    @cached_property
    def _some_files(self) -> Sequence[str]:
        names = self.tree.names()
        return names[:: -(-len(names) // _LOOKED_AT) or 1]

    @cached_property
    def _some_recordings(self) -> Sequence[str]:
        from napari_cellsets.catalogue.recordings import is_event_name

        names = [name for name in self.tree.names() if is_event_name(name)]
        return names[:: -(-len(names) // _LOOKED_AT) or 1]

    @cached_property
    def some(self) -> Sequence[str]:
        """At most a few hundred of the pictures, spread over all of them."""
        step = -(-len(self.pictures) // _LOOKED_AT) or 1
        return self.pictures[::step]

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Parts of the path of the folder (or archive) that holds the names."""
        return (self.path.parent if self.file else self.path).parts


@dataclass(frozen=True)
class Spot:
    """Where a set begins, and what of it was meant.

    Parameters
    ----------
    root
        Folder or archive that holds the templates' first parts.
    within
        The dropped folder or archive (of one picture: its folder) relative to
        `root`; empty where they are the same.
    top
        Pattern of the entries of `root` that can belong to the set; None for any.
    """

    root: Path
    within: str = ""
    top: re.Pattern[str] | None = None


def drop_of(path: str | Path) -> Drop:
    """Look at a path.

    Raises
    ------
    UnreadableFileError
        If nothing is there or it may not be read.
    """
    place = Path(os.path.abspath(Path(path).expanduser()))
    file = not is_folder(place)
    archive = is_archive_name(place.name) or is_array_file(place.name)
    return Drop(place, file=file and not archive)


def spots(recipe: Recipe, drop: Drop) -> list[Spot]:
    """Return where the set of a row may begin, the most likely place first.

    A set begins at what was dropped (or deeper, in a wrapper folder), or above
    it when only a part of the set was dropped: ``red``, ``all_images/images``,
    one picture.
    """
    here = len(drop.parts)
    votes: Counter[int] = Counter()
    values_at: dict[int, dict[str, str]] = {}
    templates = templates_of(recipe, recipe.layout)
    some = drop.shown_to(recipe)
    step = -(-len(some) // _PLACED_BY) or 1
    for name in some[::step]:
        parts = (*drop.parts, *name.split("/"))
        for template in templates:
            for order, (at, values) in enumerate(template.starts(parts)):
                if at < here - _most_rise(template):
                    continue
                votes[min(at, here)] += 1000 - order
                values_at.setdefault(min(at, here), values)
    found = []
    for at, _ in votes.most_common():
        tops = [template.top(values_at[at]) for template in templates]
        above = recipe.rank == 1 and at < here
        if at == 0 or (above and not _may_rise(recipe, drop, at, tops, values_at[at])):
            continue
        found.append(_spot(recipe, drop, at, tops))
    return found


def _may_rise(
    recipe: Recipe,
    drop: Drop,
    at: int,
    tops: Sequence[str | None],
    values: Mapping[str, str],
) -> bool:
    """Whether a set of people's own may begin above what was dropped.

    Any folder lies among others: of class folders only one below ``train`` and
    the like is known to be a part of more.
    """
    if recipe.kind == "cells":
        return bool(values.get("split"))
    return _lies_in(drop.parts[:at], tops[-1])


def _lies_in(folder: Sequence[str], top: str | None) -> bool:
    """Whether a folder holds the top of the truth, before all of it is scanned.

    Any folder high above may be called ``images``; few have masks beside it.
    """
    place = Path(*folder)
    if top is None or not place.is_dir():
        return True
    pattern = re.compile(top, re.IGNORECASE)
    try:
        with os.scandir(place) as entries:
            return any(pattern.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def _most_rise(template: Template) -> int:
    """How many folders above what was dropped a template may begin.

    One that begins with any folders would rise to the disk's root: it rises by
    the folders that it names itself.
    """
    folders = template.text.split("/")[:-1]
    if not folders or "**" not in folders[0]:
        return _HIGHEST
    return len(folders) - 1


def _spot(recipe: Recipe, drop: Drop, at: int, tops: Sequence[str | None]) -> Spot:
    if not drop.file and at >= len(drop.parts):
        return Spot(drop.path)
    top = None if None in tops else "|".join(filter(None, tops))
    within = "/".join(drop.parts[at:])
    if recipe.rank == 0:
        top = re.escape(drop.path.name)
    elif top is None and not drop.file:
        top = re.escape(drop.parts[at])
    elif top is None and recipe.rank == 1:
        beside = "".join(f"|{re.escape(f)}" for f in recipe.choices.get("maskdir", ()))
        top = rf".*\.(?:{'|'.join(PICTURE_SUFFIXES)}){beside}"
    pattern = None if top is None else re.compile(top, re.IGNORECASE)
    return Spot(Path(*drop.parts[:at]), within, pattern)
