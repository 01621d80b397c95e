"""``runs-table``: a text table with one object a line, as runs of pixels.

A line has pairs of numbers: where a run begins, counted from 1 down the columns, and
how long it is. So the 2018 Data Science Bowl publishes the truth of its test pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from napari_cellsets.core.annotation import MaskStack
from napari_cellsets.formats.words.base import Ask, TableOptions, Word
from napari_cellsets.formats.words.mask_files import cut_out
from napari_cellsets.formats.words.tables import lines_of

if TYPE_CHECKING:
    import numpy as np


class RunsTableOptions(TableOptions):
    """Options of ``runs-table``.

    Parameters
    ----------
    runs
        Column with the runs of an object.
    order
        Whether runs go down the ``columns`` of a picture or along its ``rows``.
    origin
        Number of the first pixel.
    """

    runs: str = "EncodedPixels"
    order: Literal["columns", "rows"] = "columns"
    origin: Literal[0, 1] = 1


def read(ask: Ask, options: RunsTableOptions) -> list[MaskStack]:
    """Read objects; a line that is no runs within the picture is told and left out.

    Raises
    ------
    UnreadableFileError
        If a table cannot be read or lacks a column.
    """
    import numpy as np

    lines = lines_of(ask, options, (options.runs,)) if ask.files else []
    size = ask.size() if lines else None
    if size is None:
        return []
    masks, corners = [], []
    for line in lines:
        text = line.fields[0]
        if not text:
            continue
        whole = mask_of(text, size, order=options.order, origin=options.origin)
        if whole is None:
            ask.tell(line.file, f"line {line.number} holds no runs of this picture")
            continue
        mask, corner = cut_out(whole)
        masks.append(mask)
        corners.append(corner)
    if not masks:
        return []
    number = options.class_id(ask)
    return [
        MaskStack(
            masks,
            np.asarray(corners, np.int64).reshape(-1, 2),
            size,
            ask.files[0],
            ask.classes.names,
            None if number is None else np.full(len(masks), number),
            ask.classes.colours,
        )
    ]


def mask_of(
    text: str, size: tuple[int, int], *, order: str = "columns", origin: int = 1
) -> np.ndarray | None:
    """Decode the runs of one object.

    Parameters
    ----------
    text
        Start and length in turn, with spaces between.
    size
        Height and width of the picture.
    order, origin
        See `RunsTableOptions`.

    Returns
    -------
    ndarray or None
        bool, shape `size`; None where the numbers are none, mark nothing or leave the
        picture.
    """
    import numpy as np

    try:
        numbers = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        return None
    if not numbers.size or numbers.size % 2:
        return None
    starts, lengths = numbers[::2] - origin, numbers[1::2]
    pixels = size[0] * size[1]
    if (starts < 0).any() or (lengths < 1).any() or (lengths > pixels).any():
        return None
    if (starts > pixels - lengths).any():
        return None
    flat = np.zeros(pixels, bool)
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        flat[start : start + length] = True
    return flat.reshape(size, order="F" if order == "columns" else "C")


WORD = Word(RunsTableOptions, read)
