"""A table of how many objects of each class each image has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.batch.resume import as_csv
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellsets.counting.classes import ClassCount

COLUMNS = ("image", "class", "count", "truth", "matched", "precision", "recall", "f1")


@dataclass(frozen=True, slots=True)
class ClassCountRow:
    """One class of one image.

    Parameters
    ----------
    image
        File of the image, relative to the set, with forward slashes.
    found
        Its numbers.
    """

    image: str
    found: ClassCount

    def texts(self) -> list[str]:
        """Return one text a column; empty where nothing was compared."""
        found = self.found
        numbers = (found.count, found.truth, found.matched)
        ratios = found.ratios or (None, None, None)
        return [
            self.image,
            found.name,
            *("" if number is None else str(number) for number in numbers),
            *("" if ratio is None else f"{ratio:.6g}" for ratio in ratios),
        ]


def write_class_counts_csv(rows: Iterable[ClassCountRow], path: Path | str) -> Path:
    """Write a table of counts per class: UTF-8, a header, one row a class an image.

    An empty name stands for the objects without a class. Matched are pairs of a
    counted and a true object by their centres that have the same class.

    Parameters
    ----------
    rows
        In the order of the file.
    path
        The file.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ExportError
        If it cannot be written; an older file stays as it was.
    """
    with atomic_output(path) as aside:
        text = as_csv([COLUMNS, *(row.texts() for row in rows)])
        aside.write_bytes(text.encode())
    return Path(path)
