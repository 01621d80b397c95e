"""The frames of a recording as an array that is never in memory as a whole."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.playback.ages import add_events, aged, has_ages, no_ages, shown
from napari_cellsets.playback.frames import FramePainter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cellsets.core.events import Events
    from napari_cellsets.playback.filter_pass import FilterPass
    from napari_cellsets.playback.filters import FilterChain
    from napari_cellsets.playback.frames import Frame, FrameSettings
    from napari_cellsets.playback.recording import Recording

MOST_BYTES = 1 << 29
"""Largest part of the array that is handed out at once."""


_SHARED = 4
"""A frame is made from another when they are a part so small of the window apart."""


class _Finished(NamedTuple):
    """A frame, how many events each filter took out, ages it was made of."""

    frame: Frame
    removed: Counter[str]
    ages: Frame | None = None


class EventFrames:
    """Frames of a recording, decoded when they are asked for.

    Step k is the moment t = first_us + k * stride_us. A window by time shows
    (t - window, t], a window by n events the last n up to t. The number of steps is
    what the index knew when this was made: make a new one when it knows more.

    Parameters
    ----------
    recording
        What to show.
    settings
        How.
    filters
        What to leave out; None for nothing.
    stride_us
        Time from one step to the next; by default the window.
    keep
        How many finished frames are kept.

    Attributes
    ----------
    shape, dtype, ndim
        (steps, height, width), float32, 3.
    first_us
        Time of step 0: 0, or less where the recording runs back behind its beginning.
    """

    dtype = np.dtype(np.float32)
    ndim = 3

    def __init__(
        self,
        recording: Recording,
        settings: FrameSettings,
        filters: FilterChain | None = None,
        stride_us: int | None = None,
        keep: int = 4,
    ) -> None:
        self.recording = recording
        self.settings = settings
        self.filters = filters
        self.stride_us = max(1, int(stride_us or settings.window_us))
        self.first_us = recording.start_us // self.stride_us * self.stride_us
        self._end_us = recording.duration_us
        self._sensor = recording.geometry
        shown = (
            self._sensor if filters is None else filters.geometry_after(self._sensor)
        )
        self.shape = (self._count_steps(), shown.height, shown.width)
        self._geometry = shown
        self._kept: OrderedDict[tuple[int, bool], _Finished] = OrderedDict()
        self._keep = keep
        self._lock = threading.Lock()
        self._local = threading.local()

    def _count_steps(self) -> int:
        span = self._end_us - self.first_us
        return -(-span // self.stride_us) + 1

    def __len__(self) -> int:
        return self.shape[0]

    def time_of(self, step: int) -> int:
        """Return the moment a step shows, in microseconds from the first event."""
        return self.first_us + step * self.stride_us

    def step_at(self, time_us: int) -> int:
        """Return the step of the last frame that is not after a moment.

        At the end of the recording, and later, it is the last frame, which may lie a
        little after it, so that the last events are seen too.
        """
        last = self.shape[0] - 1
        if time_us >= self._end_us:
            return last
        return min(max((time_us - self.first_us) // self.stride_us, 0), last)

    def frame(self, step: int) -> Frame:
        """Return one frame; it is shared and cannot be written to."""
        return self._finished(step).frame

    def removed(self, step: int) -> dict[str, int]:
        """Return how many events of a frame each filter took out, by its name."""
        return dict(self._finished(step).removed)

    def _finished(self, step: int) -> _Finished:
        key = step, self.recording.complete
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = self._made(step)
        # While the index grows a frame may still gain events.
        if key[1]:
            with self._lock:
                self._kept[key] = made
                while len(self._kept) > self._keep:
                    self._kept.popitem(last=False)
        return made

    def _made(self, step: int) -> _Finished:
        now, removed = self.time_of(step), Counter[str]()
        whole = self.filters is None and self.recording.complete
        if whole and has_ages(self.settings) and self.recording.ordered:
            return self._made_of_ages(step, now)
        near = self._near(step) if whole and self.settings.counts else None
        if near is not None:
            return _Finished(self._moved(*near, now), removed)
        clock = 0 if self.filters is not None else self.recording.origin_us
        painter = FramePainter(self._geometry, self.settings, now + clock)
        seen = self._unfiltered(now)
        if self.filters is not None:
            seen = self._filtered(now, self.filters, removed)
        for events in seen:
            painter.add(events)
        return _Finished(_unchanging(painter.finish()), removed)

    def _near(self, step: int, back: bool = True) -> tuple[int, _Finished] | None:
        """Return a kept step that shares most of its events with this one.

        Parameters
        ----------
        step
            The wanted one.
        back
            Whether the kept one may be later.
        """
        if self.settings.window_events is not None:
            return None
        most = self.settings.reach_us // _SHARED // self.stride_us
        with self._lock:
            kept = {
                near: made
                for (near, _), made in self._kept.items()
                if abs(near - step) <= most and (back or near < step)
            }
        if not kept:
            return None
        near = min(kept, key=lambda other: abs(other - step))
        return near, kept[near]

    def _moved(self, near: int, made: _Finished, now: int) -> Frame:
        """Return a frame from a near one: what comes is added, what goes taken back.

        Counts are whole numbers, which float32 adds exactly up to 16 million, so that
        the way there cannot be seen.
        """
        before = self.time_of(near)
        painter = FramePainter(self._geometry, self.settings, now, base=made.frame)
        first, last = sorted((before + 1, now + 1))
        window = self.settings.window_us
        newer, older = (first, last), (first - window, last - window)
        comes, goes = (newer, older) if now > before else (older, newer)
        for events in self.recording.views(*comes):
            painter.add(events)
        for events in self.recording.views(*goes):
            painter.take_back(events)
        return _unchanging(painter.finish())

    def _made_of_ages(self, step: int, now: int) -> _Finished:
        """Return a frame of last events, from an earlier one where one is near."""
        reach, near = self.settings.reach_us, self._near(step, back=False)
        since, ages = now - reach, None
        if near is not None and near[1].ages is not None:
            since = self.time_of(near[0])
            ages = aged(near[1].ages, now - since, reach)
        if ages is None:
            ages = no_ages(self._geometry)
        pieces = self.recording.views(since + 1, now + 1)
        add_events(ages, pieces, now + self.recording.origin_us)
        frame = shown(ages, self.settings)
        return _Finished(_unchanging(frame), Counter(), _unchanging(ages))

    def _unfiltered(self, now: int) -> Iterator[Events]:
        """Yield what a frame shows, on the file's own clock."""
        number = self.settings.window_events
        if number is None:
            return self.recording.views(now + 1 - self.settings.reach_us, now + 1)
        end = self.recording.number_at(now + 1)
        return self.recording.numbered(end - number, end)

    def _filtered(
        self, now: int, chain: FilterChain, removed: Counter[str]
    ) -> Iterator[Events]:
        """Yield what filters leave of a frame, on the recording's clock."""
        recording, number = self.recording, self.settings.window_events
        keep_from: int | None = None
        work = self._filters_at_work(chain)
        if number is None:
            keep_from = now + 1 - self.settings.reach_us
            pieces = recording.views(keep_from - chain.lead_in_us, now + 1)
        else:
            end = recording.number_at(now + 1)
            first = max(0, end - number)
            if first and chain.lead_in_us:
                before = recording.time_of(first) - chain.lead_in_us
                for piece in recording.numbered(recording.number_at(before), first):
                    work.feed(self._from_first(piece))
            pieces = recording.numbered(first, end)
        for piece in pieces:
            passed = work.feed(self._from_first(piece), keep_from)
            removed.update(passed.removed)
            yield passed.events

    def _filters_at_work(self, chain: FilterChain) -> FilterPass:
        """Return the filters of this thread: their memory is as large as a frame."""
        work: FilterPass | None = getattr(self._local, "filters", None)
        if work is None:
            work = self._local.filters = chain.start(self._sensor)
        work.forget()
        return work

    def _from_first(self, piece: Events) -> Events:
        """Move events to the recording's clock, in the buffer they lie in."""
        np.subtract(piece.t, self.recording.origin_us, out=piece.t)
        return piece

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        """Return frames, or parts of frames, as numpy would.

        Raises
        ------
        IndexError
            If there is no such step.
        CellsetsError
            If more is asked for than fits in memory.
        """
        key = key if isinstance(key, tuple) else (key,)
        if any(part is Ellipsis for part in key):
            at = next(i for i, part in enumerate(key) if part is Ellipsis)
            gap = (slice(None),) * (self.ndim - len(key) + 1)
            key = key[:at] + gap + key[at + 1 :]
        steps, rest = key[0] if key else slice(None), key[1:]
        if isinstance(steps, slice):
            chosen = range(*steps.indices(self.shape[0]))
        elif np.ndim(steps):
            chosen = np.arange(self.shape[0])[steps].tolist()
        else:
            step = int(steps)
            if not -self.shape[0] <= step < self.shape[0]:
                raise IndexError(f"step {step} of {self.shape[0]}")
            found: NDArray[np.float32] = self.frame(step % self.shape[0])[rest]
            return found
        return self._stack(chosen, rest)

    def _stack(self, steps: Any, rest: tuple[Any, ...]) -> NDArray[np.float32]:
        part = np.broadcast_to(np.float32(0), self.shape[1:])[rest]
        if len(steps) * part.nbytes > MOST_BYTES:
            raise CellsetsError(
                f"{len(steps):,} frames at once do not fit in memory",
                advice="Ask for fewer, or export the range as a stack.",
            )
        out = np.empty((len(steps), *part.shape), np.float32)
        for place, step in enumerate(steps):
            out[place] = self.frame(step)[rest]
        return out

    def __array__(
        self, dtype: Any = None, copy: bool | None = None
    ) -> NDArray[np.float32]:
        """Return all frames, where they are few."""
        return np.asarray(self[:], dtype)


def _unchanging(frame: Frame) -> Frame:
    frame.flags.writeable = False
    return frame
