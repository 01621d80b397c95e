"""By what a picture is known again under what was drawn on it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.store.object_words import PICTURE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cellsets.core.image import Picture
    from napari_cellsets.store import StoredLabels, StoredMark

#: Of larger pictures every second, third, ... row is looked at.
_MOST_BYTES = 2**20


def fingerprint(picture: Picture) -> str:
    """Return a few letters that are the same for the same pixels, however packed."""
    pixels = picture.pixels
    step = -(-pixels.nbytes // _MOST_BYTES)
    rows = (slice(None),) * picture.axes.index("y") + (slice(None, None, step),)
    form = f"{pixels.shape} {pixels.dtype.str}".encode()
    seen = zlib.crc32(np.ascontiguousarray(pixels[rows]).data, zlib.crc32(form))
    return f"{seen:08x}"


def drawn_on(picture: Picture, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of labels or marks, with the picture they were drawn on."""
    return {**said, PICTURE: fingerprint(picture)}


def picture_changed(
    picture: Picture, stored: StoredLabels | None, name: str
) -> CellsetsError | None:
    """Return what to tell where labels were drawn on another picture; else None.

    Parameters
    ----------
    picture
        As it is on disk.
    stored
        Labels in the store; older ones do not tell their picture.
    name
        Of the sample.
    """
    said = None if stored is None else stored.provenance.get(PICTURE)
    if said is None or said == fingerprint(picture):
        return None
    return CellsetsError(
        "the picture on disk is another one than when its cells were drawn",
        path=name,
        advice="Look whether the outlines still fit.",
    )


def picture_of_marks_changed(
    picture: Picture, marks: Iterable[StoredMark], name: str
) -> CellsetsError | None:
    """Return what to tell where marks were corrected on another picture; else None.

    Parameters
    ----------
    picture
        As it is on disk.
    marks
        Points, boxes and outlines in the store; older ones do not tell their picture.
    name
        Of the sample.
    """
    places = [one for one in marks if one.mark.place is not None]
    said = {one.provenance.get(PICTURE) for one in places} - {None}
    if not said or said == {fingerprint(picture)}:
        return None
    return CellsetsError(
        "the picture on disk is another one than when its points, boxes or outlines "
        "were corrected",
        path=name,
        advice="Look whether they still fit; what you correct counts for this one.",
    )


def on_another_picture(
    picture: Picture,
    labels: Iterable[StoredLabels | None],
    marks: Iterable[StoredMark],
    name: str,
) -> list[CellsetsError]:
    """Return all that is to be told of labels and marks of another picture."""
    found = [picture_changed(picture, stored, name) for stored in labels]
    found.append(picture_of_marks_changed(picture, marks, name))
    return [one for one in found if one is not None]
