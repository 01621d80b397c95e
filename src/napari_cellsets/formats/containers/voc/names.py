"""Class ids of VOC sets, which name their classes but seldom number them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_cellsets.formats.containers.reading import find_beside, unique_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellsets.core.annotation import Colour
    from napari_cellsets.formats.files import FileTree

OFFICIAL = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse "
    "motorbike person pottedplant sheep sofa train tvmonitor"
).split()
"""Classes of the VOC challenge; their number is their place, from 1."""
_BACKGROUND = ("background", "_background_", "__ignore__", "ignore", "void")
UNUSED = "_unused_"
"""How the gaps between the ids of a set are named in ``labelmap.txt``."""


@dataclass(frozen=True, slots=True)
class VocTable:
    """Names and colours by class id."""

    names: dict[int, str] = field(default_factory=dict)
    colours: dict[int, Colour] = field(default_factory=dict)


def class_table(tree: FileTree, near: str, labels: Iterable[str]) -> VocTable:
    """Give the classes of a file their numbers.

    Parameters
    ----------
    tree, near
        The file; ``labelmap.txt`` or ``class_names.txt`` beside or above counts.
    labels
        Names that the file uses; without a table they get the numbers of the VOC
        challenge, where all are of it, else 1, 2, ... in order of first sight.
    """
    used = list(dict.fromkeys(labels))
    listed = find_beside(tree, near, "labelmap.txt") or find_beside(
        tree, near, "class_names.txt"
    )
    table = VocTable()
    if listed is not None:
        table = _listed(tree.head(listed, 1 << 20).decode("utf-8-sig", "replace"))
    elif used and set(used) <= set(OFFICIAL):
        table = VocTable({OFFICIAL.index(name) + 1: name for name in used})
    known = set(table.names.values())
    new = unique_ids(
        [name for name in used if name not in known],
        start=max(table.names, default=0) + 1,
    )
    return VocTable(table.names | new, table.colours)


def _listed(text: str) -> VocTable:
    """Lines ``name:red,green,blue:parts:actions`` or names alone; 0 is background."""
    table = VocTable()
    rows = [line.strip() for line in text.splitlines()]
    rows = [row for row in rows if row and not row.startswith("#")]
    rows = [row for row in rows if row.partition(":")[0] != "__ignore__"]
    start = 0 if rows and rows[0].partition(":")[0].lower() in _BACKGROUND else 1
    for at, row in enumerate(rows, start):
        name, _, rest = row.partition(":")
        if at == 0 or name.startswith(UNUSED):
            continue
        table.names[at] = name
        colour = rest.partition(":")[0].split(",")
        if len(colour) == 3 and all(part.strip().isdecimal() for part in colour):
            red, green, blue = (min(255, int(part)) for part in colour)
            table.colours[at] = red, green, blue
    return table
