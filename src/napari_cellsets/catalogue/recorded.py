"""What a data set offers of a sample that is a recording of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.catalogue.annotated import AnnotatedSet
from napari_cellsets.core.errors import AmbiguousEventsError, CellsetsError
from napari_cellsets.formats.events.event_tree import EventTree

if TYPE_CHECKING:
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.formats.events.base import EventSource


class RecordedSet(AnnotatedSet):
    """The part of `Dataset` that opens recordings."""

    def holds_events(self, sample: Sample) -> bool:
        """Whether a sample is a recording of events; nothing is read."""
        tree = self.tree
        return isinstance(tree, EventTree) and sample.image in tree.recordings

    def event_source(
        self, sample: Sample, *, reading: str | None = None
    ) -> EventSource | None:
        """Open the events of a sample for decoding.

        Parameters
        ----------
        sample
            One of `samples`.
        reading
            The reading that the person chose where several fit; it holds from then
            on, for the picture of the sample too.

        Returns
        -------
        EventSource or None
            None for a sample that is no recording. `read_picture` gives a still
            of one that is.

        Raises
        ------
        UnreadableFileError, UnsafeArchiveError
            If it cannot be read; this is added to `problems` too.
        AmbiguousEventsError
            If several readings fit and none was chosen.
        """
        tree = self.tree
        if not isinstance(tree, EventTree) or sample.image not in tree.recordings:
            return None
        try:
            return tree.open_recording(sample.image, reading=reading)
        except AmbiguousEventsError:
            raise
        except CellsetsError as error:
            self._note(sample, error)
            raise
