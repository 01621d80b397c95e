"""A chain of filters at work on events that come in pieces."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.playback import filter_steps
from napari_cellsets.playback.pixel_memory import LOOPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.core.events import Events, Geometry
    from napari_cellsets.playback.filter_steps import Step
    from napari_cellsets.playback.filters import FilterChain
    from napari_cellsets.playback.recording import Recording

OUTSIDE = "outside"
"""Name under which events outside of the sensor are counted as removed."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """What passed a chain.

    Parameters
    ----------
    events
        In the order in which they came.
    removed
        How many events each filter took out, by its `kind`; "region 2" is the second
        region of the chain. ``"outside"``: events outside of the sensor, where there
        are any.
    """

    events: Events
    removed: dict[str, int]


class FilterPass:
    """A chain at work on events that come in pieces, in the recording's order.

    Parameters
    ----------
    chain
        What to do.
    geometry
        Size of the sensor.
    """

    def __init__(self, chain: FilterChain, geometry: Geometry) -> None:
        self.chain, self.geometry = chain, geometry
        on_sensor = filter_steps.OnSensor(geometry)
        self._steps: list[tuple[str, Step]] = [(OUTSIDE, on_sensor)]
        seen: Counter[str] = Counter()
        for each in chain.filters:
            seen[each.kind] += 1
            again = f" {seen[each.kind]}" if seen[each.kind] > 1 else ""
            self._steps.append((each.kind + again, each.start(geometry)))
            geometry = each.geometry_after(geometry)

    def forget(self) -> None:
        """Begin anew, as if there had been no events."""
        for _, step in self._steps:
            step.forget()

    def feed(self, events: Events, keep_from_us: int | None = None) -> Filtered:
        """Filter the next piece.

        Parameters
        ----------
        events
            What follows on the pieces before.
        keep_from_us
            Earlier events are neither kept nor counted.
        """
        removed: dict[str, int] = {}
        left = _count(events, keep_from_us)
        for name, step in self._steps:
            events = step.keep(events)
            before, left = left, _count(events, keep_from_us)
            if name != OUTSIDE or left < before:
                removed[name] = before - left
        return Filtered(_from(events, keep_from_us), removed)

    def pieces(
        self, recording: Recording, start_us: int, stop_us: int
    ) -> Iterator[Filtered]:
        """Begin anew, and yield what passes of [start, stop), piece by piece.

        Parameters
        ----------
        recording
            Where the events come from, the lead-in included.
        start_us, stop_us
            Microseconds from the first event.

        Yields
        ------
        Filtered
            Pieces of bounded size; `removed` counts each piece's own.

        Raises
        ------
        UnreadableFileError
            If the file cannot be read or changed.
        """
        self.forget()
        if self.chain.filters:
            # in numpy the first pieces alone would take longer than compiling
            LOOPS.wait()
        for piece in recording.pieces(start_us - self.chain.lead_in_us, stop_us):
            yield self.feed(piece, start_us)


def _count(events: Events, keep_from_us: int | None) -> int:
    if keep_from_us is None:
        return len(events)
    return int(np.count_nonzero(events.t >= keep_from_us))


def _from(events: Events, keep_from_us: int | None) -> Events:
    if keep_from_us is None:
        return events
    marks = events.t >= keep_from_us
    first = len(marks) - int(np.count_nonzero(marks))
    if marks[first:].all():
        return events.take(slice(first, None))
    return filter_steps.kept(events, marks)
