"""``points-table``: positions in a text table, of each picture or of the set."""

from __future__ import annotations

from pydantic import Field

from napari_cellsets.core.annotation import Points
from napari_cellsets.formats.words.base import Ask, TableOptions, Word
from napari_cellsets.formats.words.tables import Rows, lines_of, numbers


class PointsTableOptions(TableOptions):
    """Options of ``points-table``.

    Parameters
    ----------
    y, x
        Columns of rows and columns in pixels.
    origin
        Number of the middle of the first pixel: 0, 1 for tables that count from 1,
        0.5 for those that count from the corner of the picture.
    """

    y: str = "y"
    x: str = "x"
    origin: float = Field(default=0, ge=0, le=1)


def read(ask: Ask, options: PointsTableOptions) -> list[Points]:
    """Read positions; a line without numbers is told and left out.

    Raises
    ------
    UnreadableFileError
        If a table cannot be read or lacks a column.
    """
    import numpy as np

    if not ask.files:
        return []
    rows, places = Rows(ask, options), []
    for line in lines_of(ask, options, (options.y, options.x, *rows.wanted)):
        yx = numbers(ask, line, line.fields[:2])
        if yx is not None:
            places.append(yx)
            rows.add(line, line.fields[2:])
    return [
        Points(
            np.array(places, np.float64).reshape(-1, 2) - options.origin,
            ask.files[0],
            ask.classes.names,
            rows.class_ids,
            ask.classes.colours,
            rows.properties,
        )
    ]


WORD = Word(PointsTableOptions, read)
