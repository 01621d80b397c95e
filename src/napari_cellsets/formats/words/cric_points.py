"""``cric-points``: nuclei with a class, as the CRIC exporter writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from napari_cellsets.core.annotation import Points
from napari_cellsets.formats.words.base import Ask, Word, WordOptions
from napari_cellsets.formats.words.cric import by_picture, fits, key_of, spots_in
from napari_cellsets.formats.words.tables import joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.formats.words.cric import Spot

_PREFIX = 4


class CricPointsOptions(WordOptions):
    """Options of ``cric-points``.

    Parameters
    ----------
    join
        ``name``: the files speak of many pictures by their names. ``prefix``: each
        file speaks of one picture, whose name begins with the file's own (APCData;
        the names inside are those of files that do not exist).
    origin
        Number of the middle of the first pixel; CRIC counts from 1.
    """

    join: Literal["name", "prefix"] = "name"
    origin: float = Field(default=1, ge=0, le=1)


def read(ask: Ask, options: CricPointsOptions) -> list[Points]:
    """Read the nuclei of one picture.

    Raises
    ------
    UnreadableFileError
        If a file is damaged.
    """
    import numpy as np

    if options.join == "prefix":
        files = _files_of(ask)
        spots = [spot for name in files for spot in spots_in(ask, name)]
    else:
        files = ask.files
        spots = [spot for name in files for spot in _of_set(ask, name)]
    if not files:
        return []
    return [
        Points(
            np.array([(spot.y, spot.x) for spot in spots], np.float64).reshape(-1, 2)
            - options.origin,
            files[0],
            # asked for first: an unknown class is added to the table
            class_ids=np.array(
                [ask.classes.id_for(spot.text or "unnamed") for spot in spots], np.int64
            ),
            class_names=ask.classes.names,
            class_colours=ask.classes.colours,
            properties={"id": [spot.cell for spot in spots]},
        )
    ]


def _of_set(ask: Ask, name: str) -> Sequence[Spot]:
    found: Mapping[str, list[Spot]] = ask.shared.get(
        ("cric-points", name), lambda: by_picture(spots_in(ask, name))
    )
    return found.get(key_of(ask.image), ())


def _files_of(ask: Ask) -> tuple[str, ...]:
    """The file of a picture: of its name, else of how its name begins."""
    by_stem: Mapping[str, str] = ask.shared.get(
        ("cric-points", ask.files),
        lambda: {joined(name, "stem"): name for name in reversed(ask.files)},
    )
    stem = joined(ask.image, "stem")
    for text in (stem, stem.partition(" ")[0], stem.partition("_")[0], stem[:_PREFIX]):
        if text in by_stem:
            return (by_stem[text],)
    return ()


WORD = Word(CricPointsOptions, read, fits)
