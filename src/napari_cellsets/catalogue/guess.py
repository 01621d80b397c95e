"""Guess how pictures and masks of an unknown folder are named."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.names import is_picture_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_cellsets.formats.files import FileTree

_ENDING = re.compile(r"[_\-. ]([a-z][a-z_]*)$", re.IGNORECASE)
_LEAST_SHARED = 0.5
_MOST_GROUPS = 24
_FEW_VALUES = 64


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures of one folder whose names end alike.

    Parameters
    ----------
    folder, tail
        Folder with a slash at the end, or nothing; text after the changing part.
    names
        Pictures by the changing part of their names.
    """

    folder: str
    tail: str
    names: dict[str, str]


def group_pictures(names: Iterable[str]) -> list[Group]:
    """Sort pictures by folder and ending, the largest group first."""
    found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for name in names:
        if not is_picture_name(name):
            continue
        folder, slash, file = name.rpartition("/")
        stem = file.rpartition(".")[0]
        ending = _ENDING.search(stem)
        tail = stem[ending.start() :] if ending else ""
        found[folder + slash, tail][stem[: len(stem) - len(tail)]] = name
    groups = [Group(*key, stems) for key, stems in found.items()]
    return sorted(groups, key=lambda group: -len(group.names))


def guess_pair(
    tree: FileTree, groups: Sequence[Group]
) -> tuple[str, str] | tuple[str, None]:
    """Return templates of pictures and of masks, None where nothing pairs.

    Parameters
    ----------
    tree
        One file of each candidate is decoded to see which are masks.
    groups
        From `group_pictures`.
    """
    best: tuple[tuple[int, float], Group, Group] | None = None
    some = groups[:_MOST_GROUPS]
    likeness = [_mask_like(tree, group) for group in some]
    for at, first in enumerate(some):
        for other, second in enumerate(some[at + 1 :], start=at + 1):
            both = len(first.names.keys() & second.names.keys())
            share = both / min(len(first.names), len(second.names))
            # two folders of pictures may have equal names; masks look otherwise
            score = (both, abs(likeness[at] - likeness[other]))
            if share >= _LEAST_SHARED and (best is None or score > best[0]):
                best = (score, first, second)
    if best is None:
        return "{inner**}/{stem}.{ext}", None
    _, first, second = best
    if _mask_like(tree, first) > _mask_like(tree, second):
        first, second = second, first
    return _templates(first, second)


def _templates(image: Group, mask: Group) -> tuple[str, str]:
    ours, theirs = image.folder.split("/")[:-1], mask.folder.split("/")[:-1]
    while ours and theirs and ours[0] == theirs[0]:
        ours, theirs = ours[1:], theirs[1:]
    below = False
    while ours and theirs and ours[-1] == theirs[-1]:
        ours, theirs, below = ours[:-1], theirs[:-1], True
    if below or not (ours or theirs):
        ours, theirs = [*ours, "{inner**}"], [*theirs, "{inner**}"]
    return (
        "/".join([*ours, f"{{stem}}{image.tail}.{{ext}}"]),
        "/".join([*theirs, f"{{stem}}{mask.tail}.{{ext}}"]),
    )


def _mask_like(tree: FileTree, group: Group) -> float:
    """How much the first picture of a group looks like a mask."""
    import numpy as np

    try:
        plane = read_plane(tree, next(iter(group.names.values())))
    except CellsetsError:
        return 0.0
    values = len(np.unique(plane))
    empty = float((plane == 0).mean())
    return (values <= _FEW_VALUES) + (plane.ndim == 2) * 0.5 + empty
