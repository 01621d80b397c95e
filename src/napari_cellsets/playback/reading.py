"""Events of a file by time or by number, decoded from the nearest checkpoints.

Times here are on the file's own clock.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.base import EVENTS_AT_ONCE
from napari_cellsets.playback.index import ALWAYS, NEVER, Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.playback.index import IndexView
    from napari_cellsets.playback.watched import WatchedFile


class Reader:
    """A file, its index, and a buffer for each thread that reads.

    Attributes
    ----------
    index
        What is known of the file so far.
    mismatch
        Called when the file holds other events than the index knows of.
    """

    def __init__(
        self, source: EventSource, name: str, watched: WatchedFile | None
    ) -> None:
        self.index = Index(source)
        self.mismatch: Callable[[], None] = _nothing
        self._source = source
        self._name = name
        self._watched = watched
        self._local = threading.local()

    def check(self) -> None:
        """Make sure that the file is the one that was opened.

        Raises
        ------
        UnreadableFileError
            If it is gone, shrank or was replaced.
        """
        if self._watched is not None:
            self._watched.check()

    def grow(self, stretches: int) -> None:
        """Index so many further stretches; see `check` for the errors."""
        self.check()
        self.index.grow(stretches)
        self.check()

    def between(
        self, start: int, stop: int, out: Events | None = None
    ) -> Iterator[Events]:
        """Yield the events of [start, stop), in the order of the recording.

        Parameters
        ----------
        start, stop
            Any whole numbers.
        out
            Buffer; by default this thread's, so that one loop at a time may run.

        Yields
        ------
        Events
            Views of the buffer: the next piece overwrites them.
        """
        view = self.index.view()
        start, stop = _within(start), _within(stop)
        for first, end in view.between(start, stop):
            for piece, _ in self.decoded(view, first, end, out):
                part = cut(piece, start, stop, view.ordered)
                if len(part):
                    yield part

    def numbered(
        self, first: int, stop: int, out: Events | None = None
    ) -> Iterator[Events]:
        """Yield events number `first` to `stop`; else as `between`."""
        view = self.index.view()
        first, stop = max(first, 0), min(stop, int(view.before[-1]))
        if first >= stop:
            return
        begin, end = view.numbered(first, stop)
        for piece, number in self.decoded(view, begin, end, out):
            part = piece.take(slice(max(0, first - number), max(0, stop - number)))
            if len(part):
                yield part

    def decoded(
        self, view: IndexView, first: int, end: int, out: Events | None = None
    ) -> Iterator[tuple[Events, int]]:
        """Yield all events of some stretches, and the number of each piece's first.

        Raises
        ------
        UnreadableFileError
            If the file cannot be read, or holds other events than were indexed.
        """
        out = self._buffer() if out is None else out
        self.check()
        unit, stop = int(view.units[first]), int(view.units[end])
        number, state = int(view.before[first]), view.states[first].copy()
        until = int(view.before[end])
        while unit < stop:
            came, count = self._source.decode(unit, stop, state, out)
            self.check()
            if came <= unit or number + count > until:
                break
            yield out.take(slice(count)), number
            unit, number = came, number + count
        if unit < stop or number != until:
            self.mismatch()
            raise UnreadableFileError(
                "the file holds other events than when it was opened",
                path=self._name,
                advice="Open it again to see what it holds now.",
            )

    def new_buffer(self) -> Events:
        """Return columns for one piece."""
        return Events.empty(max(EVENTS_AT_ONCE, self._source.most_per_unit))

    def _buffer(self) -> Events:
        """Columns of this thread: what is written anew each time stays in the cache."""
        buffer: Events | None = getattr(self._local, "buffer", None)
        if buffer is None:
            buffer = self._local.buffer = self.new_buffer()
        return buffer


def cut(events: Events, start: int, stop: int, ordered: bool) -> Events:
    """Return the events of [start, stop): views where possible."""
    if ordered:
        first, end = np.searchsorted(events.t, (start, stop))
        return events.take(slice(int(first), int(end)))
    inside = (events.t >= start) & (events.t < stop)
    return events if inside.all() else events.take(inside)


def _nothing() -> None:
    return None


def _within(time: int) -> int:
    return min(max(int(time), ALWAYS), NEVER)
