"""``boxes-table``: rectangles in a text table, of each picture or of the set."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from napari_cellsets.core.annotation import Boxes
from napari_cellsets.formats.words.base import Ask, TableOptions, Word
from napari_cellsets.formats.words.tables import Rows, lines_of, numbers


class BoxesTableOptions(TableOptions):
    """Options of ``boxes-table``.

    Parameters
    ----------
    top, left, bottom, right
        Columns of the edges in pixels.
    height, width
        Columns of the size, instead of `bottom` and `right`; with `middle` they are
        about the point that `top` and `left` then are.
    middle
        Whether `top` and `left` are the middle of the box.
    origin
        Number of the middle of the first pixel: 0, 1 for tables that count from 1,
        0.5 for those that count from the corner of the picture.
    end
        ``edge``: a box covers from half a pixel before the first number to half a
        pixel before the second (numbers of pixels, the last one not in it);
        ``pixel``: the second number is that of the last pixel in it.
    relative
        Whether numbers are shares of the size of the picture.
    """

    top: str = "ymin"
    left: str = "xmin"
    bottom: str = "ymax"
    right: str = "xmax"
    height: str = ""
    width: str = ""
    middle: bool = False
    origin: float = Field(default=0, ge=0, le=1)
    end: Literal["edge", "pixel"] = "edge"
    relative: bool = False

    @model_validator(mode="after")
    def _size_is_whole(self) -> BoxesTableOptions:
        if bool(self.height) != bool(self.width) or (self.middle and not self.height):
            raise ValueError("a size needs both height and width")
        return self


def read(ask: Ask, options: BoxesTableOptions) -> list[Boxes]:
    """Read boxes; a line without numbers is told and left out.

    Raises
    ------
    UnreadableFileError
        If a table cannot be read or lacks a column.
    """
    import numpy as np

    if not ask.files:
        return []
    ends = (options.height, options.width)
    ends = ends if options.height else (options.bottom, options.right)
    wanted = (options.top, options.left, *ends)
    size = ask.size() if options.relative else (1, 1)
    if size is None:
        ask.tell(ask.files[0], "shares of a picture whose size is not known")
        return []
    rows, boxes = Rows(ask, options), []
    for line in lines_of(ask, options, (*wanted, *rows.wanted)):
        found = numbers(ask, line, line.fields[:4])
        edges = None if found is None else _edges(options, found, size)
        if found is not None and edges is None:
            ask.tell(line.file, f"line {line.number} is a box of no size")
        if edges is not None:
            boxes.append(edges)
            rows.add(line, line.fields[4:])
    return [
        Boxes(
            np.array(boxes, np.float64).reshape(-1, 4),
            ask.files[0],
            ask.classes.names,
            rows.class_ids,
            ask.classes.colours,
            rows.properties,
        )
    ]


def _edges(
    options: BoxesTableOptions, found: list[float], size: tuple[int, int]
) -> list[float] | None:
    """Upper, left, lower and right edge; None where a box has no size."""
    top, left, bottom, right = found
    if options.height:
        if options.middle:
            top, left = top - bottom / 2, left - right / 2
        bottom, right = top + bottom, left + right
    top, bottom = top * size[0], bottom * size[0]
    left, right = left * size[1], right * size[1]
    if options.relative or options.origin == 0.5:
        shift = 0.5  # numbers are edges already, counted from the corner
    else:
        shift = options.origin + (0.0 if options.middle else 0.5)
    last = 1.0 if options.end == "pixel" else 0.0
    edges = [top - shift, left - shift, bottom + last - shift, right + last - shift]
    return edges if edges[2] > edges[0] and edges[3] > edges[1] else None


WORD = Word(BoxesTableOptions, read)
