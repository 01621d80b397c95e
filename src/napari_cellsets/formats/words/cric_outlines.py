"""``cric-outlines``: outlined cells, as the CRIC exporter writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from napari_cellsets.core.annotation import Polygons
from napari_cellsets.formats.words.base import Ask, Word, WordOptions
from napari_cellsets.formats.words.cric import by_picture, fits, key_of, outlines_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.formats.words.cric import Outlined


class CricOutlinesOptions(WordOptions):
    """Options of ``cric-outlines``.

    Parameters
    ----------
    part
        Which outlines of the file.
    origin
        Number of the middle of the first pixel; CRIC counts from 1.
    """

    part: Literal["nucleus", "cytoplasm"]
    origin: float = Field(default=1, ge=0, le=1)


def read(ask: Ask, options: CricOutlinesOptions) -> list[Polygons]:
    """Read the outlines of one picture; nothing where none of its cells has one.

    Raises
    ------
    UnreadableFileError
        If a file is damaged.
    """
    import numpy as np

    if not ask.files:
        return []
    name = ask.files[0]
    found: Mapping[str, list[Outlined]] = ask.shared.get(
        ("cric-outlines", name, options.part),
        lambda: by_picture(outlines_in(ask, name, options.part)),
    )
    cells = found.get(key_of(ask.image), [])
    if not cells:
        return []
    class_id = ask.classes.id_for(options.class_is or options.part)
    return [
        Polygons(
            [((np.array(cell.xy)[:, ::-1] - options.origin,),) for cell in cells],
            name,
            ask.classes.names,
            np.full(len(cells), class_id, np.int64),
            ask.classes.colours,
            {
                "id": [cell.cell for cell in cells],
                "description": [cell.text for cell in cells],
            },
        )
    ]


WORD = Word(CricOutlinesOptions, read, fits)
