"""Points, boxes, outlines and classes of pictures as they were at an earlier time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import StoreError
from napari_cellsets.editing.marked import own_marks
from napari_cellsets.store import Mark
from napari_cellsets.store.object_words import PICTURE

if TYPE_CHECKING:
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project


def restore_marks(
    dataset: Dataset, project: Project, sample: Sample, layer: str, at: datetime | int
) -> int:
    """Make the marks of an annotation again what they were: a new act on top.

    What was done since stays in the history.

    Parameters
    ----------
    dataset, project, sample
        Whose, and where corrections are kept.
    layer
        Name of the annotation, as of `MarkKey`; empty for the class of the picture.
    at
        The time.

    Returns
    -------
    int
        How many marks were changed; 0 where nothing differs.

    Raises
    ------
    StoreError
        If no such marks are stored, no time is given, somebody else changes one of
        them meanwhile, or it cannot be written.
    """
    place = (dataset.identity, sample.name, layer)
    now = project.marks(*place)
    if not now:
        raise StoreError(
            f"nothing of {layer or 'the class of the picture'} of {sample.name!r} was"
            " corrected",
            path=project.place,
            advice="`project history` tells what was done.",
        )
    if isinstance(at, int):
        raise StoreError(
            "points, boxes, outlines and classes of pictures have no revisions",
            advice="Choose a time, such as 2026-03-01T12:00.",
        )
    then = project.marks(*place, at=at)
    named = {one.name: one.annotation for one in dataset.read_named(sample)}
    own = own_marks(named[layer]) if layer in named else {}
    changes = {}
    for key, stored in now.items():
        before = own.get(key.mark, Mark(stored.mark.kind, gone=True))
        wanted = then[key].mark if key in then else before
        if wanted != stored.mark:
            changes[key] = wanted
    said: dict[str, Any] = {
        "tool": "restore",
        "act": f"restore what was on {at.astimezone():%Y-%m-%d at %H:%M:%S}",
        "as of": at.astimezone(UTC).isoformat(),
    }
    pictures = {then[key].provenance.get(PICTURE) for key in changes if key in then}
    if len(pictures) == 1 and None not in pictures:
        said[PICTURE] = pictures.pop()
    seen = max(stored.number for stored in now.values())
    project.record_marks(dataset.identity, changes, said, seen=seen)
    return len(changes)
