"""A recording: events on disk and their index, read by time or by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.late_loops import wait_for_loops
from napari_cellsets.playback import faults, searching
from napari_cellsets.playback.index import ALWAYS
from napari_cellsets.playback.index_cache import IndexCache
from napari_cellsets.playback.info import RecordingInfo, describe
from napari_cellsets.playback.rates import RateCurve, edges_between, rate
from napari_cellsets.playback.reading import Reader
from napari_cellsets.playback.watched import WatchedFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.formats.events.base import EventHeader, EventSource

MOST_PIXELS = 1 << 24
"""No larger picture is made because of single events far outside."""

_AT_ONCE = 64
"""Stretches between two looks at whether to stop: about 3 ms of work."""

_WORTH_COMPILING = 5_000_000
"""Units of a file for which it pays to wait for compiled loops."""

_FIRST_LOOK = 16
"""Stretches that are indexed before the first frame is shown."""

_LOOKS = 64
"""So often a first event is looked for, so that times have a zero."""


def open_recording(
    source: EventSource,
    *,
    name: str = "",
    place: Path | None = None,
    cache: bool = True,
) -> Recording:
    """Return a recording that can be read at once, however large it is.

    Parameters
    ----------
    source
        Open file of events.
    name
        What people call it; of a member of an archive also what tells it from others.
    place
        File on disk that holds it: watched for changes, and the key to its index in
        the user's cache folder. None for events that are in memory.
    cache
        Whether to use and to keep an index in the cache folder.

    Raises
    ------
    UnreadableFileError
        If the file cannot be read.
    """
    recording = Recording(source, name=name, place=place, cache=cache)
    recording.open()
    return recording


class Recording:
    """Events of one file, in the order and with the polarity it gives them.

    Times are microseconds from the first event; where the file has backward steps
    some may be negative. Every method may be called from any thread, also while
    `build_index` runs in another: what the index did not reach yet is not there yet.

    Attributes
    ----------
    name, header
        What it is called, what the file says of itself.
    """

    def __init__(
        self, source: EventSource, *, name: str, place: Path | None, cache: bool
    ) -> None:
        self.name = name
        self.header: EventHeader = source.header
        self._watched = watched = WatchedFile(place) if place is not None else None
        self._reader = Reader(source, name, watched)
        self._units = source.units
        self._cache: IndexCache | None = None
        if cache and watched is not None:
            self._cache = IndexCache(watched, name, source)
            self._reader.mismatch = self._cache.forget

    # What it is

    @property
    def place(self) -> Path | None:
        """File on disk that holds it, None for events in memory."""
        return None if self._watched is None else self._watched.place

    @property
    def complete(self) -> bool:
        """Whether the index reached the end of the file."""
        return self._reader.index.complete

    @property
    def geometry(self) -> Geometry:
        """Size of the pictures: the declared one, or what the events need."""
        declared = self.header.geometry or Geometry(0, 0)
        sums = self._reader.index.sums
        needed = Geometry(
            max(declared.width, sums.x_max + 1), max(declared.height, sums.y_max + 1)
        )
        if needed.width * needed.height <= MOST_PIXELS:
            return Geometry(max(needed.width, 1), max(needed.height, 1))
        return self.header.geometry or Geometry(4096, 4096)

    @property
    def ordered(self) -> bool:
        """Whether no event, as far as the index reached, is before the one before."""
        return self._reader.index.view().ordered

    @property
    def origin_us(self) -> int:
        """Time of the first event on the file's own clock."""
        return self._reader.index.sums.t_first

    @property
    def start_us(self) -> int:
        """Time of the earliest event: 0, or less where time runs backwards."""
        ahead = self._reader.index.view().ahead
        if not self.event_count:
            return 0
        return min(0, int(ahead[0]) - self.origin_us)

    @property
    def duration_us(self) -> int:
        """Time of the latest event that the index reached; 0 without events."""
        reach = self._reader.index.view().reach
        if not len(reach) or int(reach[-1]) == ALWAYS:
            return 0
        return int(reach[-1]) - self.origin_us

    @property
    def event_count(self) -> int:
        """Events that the index reached."""
        return int(self._reader.index.view().before[-1])

    @property
    def on_count(self) -> int:
        """Events that became lighter, as far as the index reached."""
        return int(self._reader.index.view().on_before[-1])

    @property
    def off_count(self) -> int:
        """Events that became darker, as far as the index reached."""
        view = self._reader.index.view()
        return int(view.before[-1] - view.on_before[-1])

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the file, or was repaired, a sentence each."""
        return faults.sentences(
            self.header,
            self._reader.index.sums,
            self.geometry,
            self.start_us,
            complete=self.complete,
            grown=self._watched is not None and self._watched.grown,
        )

    @property
    def assumed(self) -> tuple[str, ...]:
        """What the file does not tell and was concluded, a sentence each."""
        sums = self._reader.index.sums
        return faults.assumptions(self.header, sums, self.geometry)

    def info(self) -> RecordingInfo:
        """Return what there is to tell of the recording, as far as the index goes."""
        return describe(self, self._reader.index.sums)

    # The index

    def open(self) -> None:
        """Take the index from the cache, or look at the beginning of the file.

        Raises
        ------
        UnreadableFileError
            If the file cannot be read.
        """
        if self._cache is not None and self._cache.load(self._reader.index):
            return
        for _ in range(_LOOKS):
            self._reader.grow(_FIRST_LOOK)
            if self.complete or self.event_count:
                return

    def build_index(
        self,
        token: CancelToken | None = None,
        progress: Progress | None = None,
        *,
        compiled: bool = True,
    ) -> None:
        """Index the rest of the file; go on where an earlier call was stopped.

        Parameters
        ----------
        token
            Looked at every few milliseconds.
        progress
            Told how much of the file was seen.
        compiled
            Whether to wait for compiled loops before a long file is read: some
            seconds at the first use on a machine. A window, which makes them ready
            beside (`wait_for_loops`), does not wait.

        Raises
        ------
        CancelledError
            If the token was cancelled; what was indexed stays.
        UnreadableFileError
            If the file cannot be read or changed.
        """
        if compiled and self._units > _WORTH_COMPILING:
            wait_for_loops(token)
        if self.complete:
            return
        while self._reader.index.part < 1:
            if token is not None:
                token.raise_if_cancelled()
            self._reader.grow(_AT_ONCE)
            if progress is not None:
                progress(self._reader.index.part, f"Indexing {self.name}")
        if self._cache is not None:
            self._cache.save(self._reader.index)

    # Reading

    def read(self, start_us: int, stop_us: int, *, most: int | None = None) -> Events:
        """Return the events of [start, stop), in the order of the recording.

        Parameters
        ----------
        start_us, stop_us
            Microseconds from the first event.
        most
            Return no more than so many: the first ones.

        Raises
        ------
        UnreadableFileError
            If the file cannot be read or changed.
        """
        parts, count = [], 0
        for piece in self.views(start_us, stop_us):
            parts.append(self._copied(piece))
            count += len(piece)
            if most is not None and count >= most:
                break
        return Events.joined(parts).take(slice(most))

    def pieces(self, start_us: int, stop_us: int) -> Iterator[Events]:
        """Yield the events of [start, stop) in pieces of bounded size.

        Each piece is the caller's own. See `read` for the order and the errors.
        """
        for piece in self.views(start_us, stop_us, self._reader.new_buffer()):
            yield self._copied(piece)

    def read_numbered(self, first: int, stop: int) -> Events:
        """Return events number `first` to `stop`, counted from 0.

        Raises
        ------
        UnreadableFileError
            If the file cannot be read or changed.
        """
        parts = [self._copied(piece) for piece in self.numbered(first, stop)]
        return Events.joined(parts)

    def views(
        self, start_us: int, stop_us: int, out: Events | None = None
    ) -> Iterator[Events]:
        """Yield events of [start, stop) for work that keeps nothing of them.

        Times of what is yielded are on the file's own clock: subtract `origin_us`.

        Parameters
        ----------
        start_us, stop_us
            Microseconds from the first event.
        out
            Buffer; by default this thread's, so that one loop at a time may run.

        Yields
        ------
        Events
            Views of the buffer: the next piece overwrites them.
        """
        origin = self.origin_us
        yield from self._reader.between(start_us + origin, stop_us + origin, out)

    def numbered(
        self, first: int, stop: int, out: Events | None = None
    ) -> Iterator[Events]:
        """Yield events number `first` to `stop`; else as `views`."""
        yield from self._reader.numbered(first, stop, out)

    def _copied(self, piece: Events) -> Events:
        return Events(
            piece.t - self.origin_us, piece.x.copy(), piece.y.copy(), piece.p.copy()
        )

    # Finding

    def time_of(self, number: int) -> int:
        """Return the time of an event, counted from 0.

        Raises
        ------
        IndexError
            If the index knows of no such event.
        """
        return searching.time_of(self._reader, number) - self.origin_us

    def number_at(self, time_us: int) -> int:
        """Return how many events lie before a time.

        In a recording in order that is the number of the first event at or after it.
        """
        return searching.number_at(self._reader, time_us + self.origin_us)

    def next_event_time(self, time_us: int, direction: int = 1) -> int | None:
        """Return where the next event is.

        Parameters
        ----------
        time_us
            Microseconds from the first event.
        direction
            1 for the earliest event after the time, -1 for the latest at or before it.

        Returns
        -------
        int or None
            Its time; None where there is none.
        """
        search = searching.after if direction > 0 else searching.upto
        found = search(self._reader, time_us + self.origin_us)
        return None if found is None else found - self.origin_us

    # Counting

    def rate(
        self,
        start_us: int,
        stop_us: int,
        bins: int,
        token: CancelToken | None = None,
        *,
        exact: bool = True,
    ) -> RateCurve:
        """Count ON and OFF events of [start, stop) in equal spans.

        Parameters
        ----------
        start_us, stop_us
            Microseconds from the first event.
        bins
            How many spans; fewer where they would be shorter than a microsecond.
        token
            Looked at between stretches of the index that must be decoded.
        exact
            False shares the events of such stretches out evenly instead: at once,
            for while a finer curve is being counted.

        Raises
        ------
        CancelledError
            If the token was cancelled.
        CellsetsError
            If the range is empty.
        UnreadableFileError
            If the file cannot be read or changed.
        """
        edges = edges_between(start_us, stop_us, bins)
        on, off = rate(self._reader, edges + self.origin_us, token, exact)
        return RateCurve(edges, on, off, exact)

    def count(self, start_us: int, stop_us: int) -> int:
        """Return how many events there are in [start, stop), 0 where it is empty."""
        if stop_us <= start_us:
            return 0
        curve = self.rate(start_us, stop_us, 1)
        return int(curve.on[0] + curve.off[0])
