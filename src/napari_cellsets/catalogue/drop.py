"""What a person pointed at, and where a row's templates would begin there."""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.catalogue.arrays import (
    is_array,
    is_array_file,
    look_into_arrays,
    pictures_in,
)
from napari_cellsets.catalogue.attachments import templates_of
from napari_cellsets.formats.files import is_folder, open_tree
from napari_cellsets.formats.listing import Listing, pattern_of
from napari_cellsets.formats.names import (
    PICTURE_SUFFIXES,
    as_text,
    is_archive_name,
    is_picture_name,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.catalogue.around import Around
    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.templates import Template

_LOOKED_AT = 600
_PLACED_BY = 24
_HOMES_AMONG = 40
_HOMES_ABOVE = 4
_HIGHEST = 1000


class Shown(NamedTuple):
    """Some names by which rows are told.

    Parameters
    ----------
    names
        Names, or patterns in place of names: one may be there several times.
    sketch
        Text in which all of them are, and the path before them; see `Run.sketch`.
    """

    names: Sequence[str]
    sketch: str

    def __bool__(self) -> bool:
        return bool(self.names)


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
        if is_array_file(self.path.name):
            return pictures_in(self.tree)
        names = Listing.of(self.tree.names())
        return names.where(lambda name: is_picture_name(name) or is_array(name))

    @property
    def named_as_picture(self) -> bool:
        """Whether it is one file with the name of a picture."""
        return self.file and is_picture_name(self.path.name)

    def shown_to(self, recipe: Recipe) -> Shown:
        """Names by which a row is told: pictures, else files of any kind.

        For a row of recordings those that may be some, where there are any.
        """
        if recipe.events is not None and not self.file:
            return self._some_recordings or self._pictures_for(recipe)
        other = recipe.annotations or recipe.samples_from is not None
        if other and not self.pictures:
            return self._some_files
        return self._pictures_for(recipe)

    def _pictures_for(self, recipe: Recipe) -> Shown:
        """Pictures by pattern; by name for a row to which digits matter."""
        templates = templates_of(recipe, recipe.layout)
        likely = (one for one in templates if one.may_fit(self.some.sketch))
        return self.some if all(one.digits_alike for one in likely) else self._named

    @cached_property
    def _some_files(self) -> Shown:
        return self._spread(self.tree.names())

    @cached_property
    def _some_recordings(self) -> Shown:
        from napari_cellsets.catalogue.recordings import EVENT_SUFFIXES, is_event_name

        endings = tuple(pattern_of(f".{suffix}") for suffix in EVENT_SUFFIXES)
        names = Listing.of(self.tree.names())
        likely = names.where(lambda name: pattern_of(name.lower()).endswith(endings))
        return self._spread(list(filter(is_event_name, likely)))

    @cached_property
    def some(self) -> Shown:
        """At most a few hundred of the pictures, spread over all of them.

        Of folders of many pictures their patterns: see `Listing.stand_ins`.
        """
        step = -(-len(self.pictures) // _LOOKED_AT) or 1
        return self._shown(Listing.of(self.pictures).stand_ins(step))

    @cached_property
    def folder_names(self) -> frozenset[str]:
        """Names of folders around it and, as far as some pictures tell, in it."""
        some = self.some.names
        step = -(-len(some) // _HOMES_AMONG) or 1
        below = {part for name in some[::step] for part in name.split("/")[:-1]}
        return frozenset(below.union(self.parts[-_HOMES_ABOVE:]))

    @cached_property
    def _named(self) -> Shown:
        return self._spread(self.pictures)

    def _spread(self, names: Sequence[str]) -> Shown:
        return self._shown(names[:: -(-len(names) // _LOOKED_AT) or 1])

    def _shown(self, names: Sequence[str]) -> Shown:
        text = "\n".join(["/".join(self.parts), *dict.fromkeys(names)])
        return Shown(tuple(names), pattern_of(text).lower())

    @cached_property
    def around(self) -> Around | None:
        """What speaks of the one picture; None where nothing does, or of a folder."""
        from napari_cellsets.catalogue.around import annotations_around

        return annotations_around(self.path) if self.named_as_picture else None

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
    some, sketch = drop.shown_to(recipe)
    likely = [template for template in templates if template.may_fit(sketch)]
    step = -(-len(some) // _PLACED_BY) or 1
    shown = Counter(some[::step]) if likely else Counter[str]()
    for name, often in shown.items():
        parts = (*drop.parts, *name.split("/"))
        for template in likely:
            for order, (at, values) in enumerate(template.starts(parts)):
                if at < here - _most_rise(template):
                    continue
                votes[min(at, here)] += (1000 - order) * often
                values_at.setdefault(min(at, here), values)
    found = []
    for at, _ in votes.most_common():
        tops = [template.top(values_at[at]) for template in templates]
        above = recipe.rank == 1 and at < here
        if at == 0 or (above and not _may_rise(recipe, drop, at, tops, values_at[at])):
            continue
        found.append(_spot(recipe, drop, at, tops))
    return [*_spots_around(recipe, drop), *found]


def _spots_around(recipe: Recipe, drop: Drop) -> list[Spot]:
    """Where the set of one picture begins whose annotations lie around it."""
    if recipe.rank != 1 or not recipe.annotations or not drop.named_as_picture:
        return []
    if drop.around is None:
        return []
    if all(getattr(one, "form", "") != drop.around.form for one in recipe.annotations):
        return []
    root = drop.around.root
    within = as_text(drop.path.parent.relative_to(root).as_posix().lstrip("."))
    return [Spot(root, within, drop.around.top)]


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
    return any(_lies_in(drop.parts[:at], top) for top in tops[1:])


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
    within = as_text("/".join(drop.parts[at:]))
    if recipe.rank == 0:
        top = re.escape(drop.path.name)
    elif top is None and not drop.file:
        top = re.escape(drop.parts[at])
    elif top is None and recipe.rank == 1:
        beside = "".join(f"|{re.escape(f)}" for f in recipe.choices.get("maskdir", ()))
        top = rf".*\.(?:{'|'.join(PICTURE_SUFFIXES)}){beside}"
    pattern = None if top is None else re.compile(top, re.IGNORECASE)
    return Spot(Path(*drop.parts[:at]), within, pattern)
