"""Opens the events of a sample so that they can be shown at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.catalogue.recordings import place_on_disk
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.playback.recording import open_recording

if TYPE_CHECKING:
    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.playback.recording import Recording


def open_sample_recording(
    dataset: Dataset, sample: Sample, reading: str | None = None
) -> Recording:
    """Return the recording of a sample; safe in any thread.

    The beginning of it is indexed, of a short recording all.

    Parameters
    ----------
    dataset, sample
        Which; `Dataset.holds_events` says whether it is one.
    reading
        As for `Dataset.event_source`.

    Raises
    ------
    CellsetsError
        If it cannot be read, or in several ways (`AmbiguousEventsError`).
    """
    source = dataset.event_source(sample, reading=reading)
    if source is None:
        raise CellsetsError("this sample is no recording of events", path=sample.image)
    place = place_on_disk(dataset.tree, sample.image)
    return open_recording(source, name=sample.name, place=place)
