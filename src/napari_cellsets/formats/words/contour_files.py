"""``contour-files``: one text file an outline, a point a line, as SIPaKMeD has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from napari_cellsets.core.annotation import Polygons
from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.words.base import Ask, Word, WordOptions

if TYPE_CHECKING:
    import numpy as np

_LARGEST_FILE = 4 << 20
_FEWEST_POINTS = 3
_FARTHEST = 1e6


class ContourFilesOptions(WordOptions):
    """Options of ``contour-files``.

    Parameters
    ----------
    order
        Whether a line says column and row, or row and column.
    separator
        Between the two numbers.
    origin
        Number of the middle of the first pixel; see ``points-table``.
    """

    order: Literal["xy", "yx"] = "xy"
    separator: str = Field(default=",", min_length=1, max_length=1)
    origin: float = Field(default=0, ge=0, le=1)


def read(ask: Ask, options: ContourFilesOptions) -> list[Polygons]:
    """Read one outline from each file; a broken one is told and left out.

    Outlines may overlap and leave the picture: they are kept as they are.

    Raises
    ------
    UnreadableFileError
        If no file can be read.
    """
    import numpy as np

    outlines, ids, names = [], [], []
    failure: CellsetsError | None = None
    for name in ask.files:
        try:
            ring = _ring_in(ask, name, options.separator)
        except CellsetsError as error:
            ask.tell(name, str(error))
            failure = error
            continue
        yx = ring[:, ::-1] if options.order == "xy" else ring
        outlines.append(((np.ascontiguousarray(yx) - options.origin,),))
        ids.append(options.class_id(ask, name))
        names.append(name)
    if failure is not None and not outlines:
        raise failure
    if not outlines:
        return []
    return [
        Polygons(
            outlines,
            names[0] if len(names) == 1 else names[0].rpartition("/")[0],
            ask.classes.names,
            None if None in ids else np.array(ids, np.int64),
            ask.classes.colours,
            {"file": names},
        )
    ]


def _ring_in(ask: Ask, name: str, separator: str) -> np.ndarray:
    place, size = ask.tree.place(name), ask.tree.size(name)
    if size > _LARGEST_FILE:
        raise UnreadableFileError(f"a contour of {size:,} bytes is none", path=place)
    return ring_of(ask.tree.read(name), place, separator)


def ring_of(content: bytes, place: str, separator: str = ",") -> np.ndarray:
    """Read the points of one outline.

    Parameters
    ----------
    content
        Text, two numbers a line; empty lines do not count.
    place
        The file, for messages.
    separator
        Between the two numbers.

    Returns
    -------
    ndarray
        float64, shape (n, 2), in the order of the file; not closed.

    Raises
    ------
    UnreadableFileError
        If a line holds anything else, or there are fewer than three points.
    """
    import numpy as np

    points = []
    text = content.decode("utf-8-sig", "replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        point = _point(line.split(separator))
        if point is None:
            raise UnreadableFileError(
                f"line {number} of a contour is no point: {line.strip()[:40]!r}",
                path=place,
            )
        points.append(point)
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    if len(points) < _FEWEST_POINTS:
        raise UnreadableFileError(
            f"a contour of three points or more was expected, found {len(points)}",
            path=place,
        )
    return np.array(points, np.float64)


def _point(fields: list[str]) -> tuple[float, float] | None:
    """Two numbers that a picture can have; None where they are not."""
    try:
        first, second = map(float, fields)
    except ValueError:
        return None
    there = abs(first) < _FARTHEST and abs(second) < _FARTHEST
    return (first, second) if there else None


WORD = Word(ContourFilesOptions, read)
