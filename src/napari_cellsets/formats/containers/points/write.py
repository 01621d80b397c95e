"""Write points: one table, a line a point."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.containers.points.read import TAKEN
from napari_cellsets.formats.containers.things import things_of
from napari_cellsets.formats.containers.writing import one_file, pictures_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Marked
    from napari_cellsets.formats.containers.things import Thing

_FIRST = ("image", "y", "x", "class_id", "class")


def write_points(
    items: Iterable[Marked],
    out: Path,
    *,
    classes: Mapping[int, str],
    with_images: bool,
) -> list[Path]:
    """Write one table: picture, row, column, class, and what else is known.

    A picture without points gets a line with its name alone.

    Parameters
    ----------
    items, out, classes, with_images
        As of `Form.write`.

    Raises
    ------
    ExportError
        If there are other things than points, or the file cannot be written.
    """
    path = one_file(out, "points.csv")
    found: list[tuple[str, list[Thing]]] = []
    folder = path.parent / "images"
    for marked, _, named in pictures_of(items, folder, with_images=with_images):
        found.append((named, list(things_of(marked, FORMS["points-csv"], classes))))
    every = (thing for _, things in found for thing in things)
    more = list(dict.fromkeys(key for thing in every for key in thing.properties))
    more = [key for key in more if key.lower() not in TAKEN and key.strip() == key]
    with (
        atomic_output(path) as aside,
        aside.open("w", encoding="utf-8", newline="") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*_FIRST, *more])
        for named, things in found:
            for thing in things:
                table.writerow(_row(named, thing, more))
            if not things:
                table.writerow([named, *[""] * (len(_FIRST) - 1 + len(more))])
    return [path]


def _row(named: str, thing: Thing, more: Sequence[str]) -> list[Any]:
    known = "" if thing.class_id is None else thing.class_id
    y, x = thing.shape
    kept = [thing.properties.get(key, "") for key in more]
    return [named, repr(float(y)), repr(float(x)), known, thing.label, *kept]
