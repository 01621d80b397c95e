"""Stacks of pictures made of events, (t, 2, y, x), plane by plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from napari_cellsets.core.errors import ExportError
from napari_cellsets.core.evented import FrozenModel
from napari_cellsets.playback.filters import FilterChain
from napari_cellsets.playback.frames import FrameMode, FramePainter, FrameSettings
from napari_cellsets.playback.voxels import CHANNELS, add_shares, pixel_places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.events import Events, Geometry
    from napari_cellsets.playback.filter_pass import FilterPass
    from napari_cellsets.playback.recording import Recording

MOST_PLANES = 200_000


class StackSettings(FrozenModel):
    """What a stack shows.

    Parameters
    ----------
    kind
        ``counts``: events of each step, uint16. ``voxels``: each event shared between
        the two moments around it (`voxel_grid`), float32; sums to all events.
        ``surface``: exp(-age / tau) of the last event at the end of each step,
        float32, also of events before the range.
    step_us
        Time from plane to plane.
    tau_us
        Decay of ``surface``.
    """

    kind: Literal["counts", "voxels", "surface"] = "counts"
    step_us: int = Field(default=10_000, ge=1, le=10**9)
    tau_us: int = Field(default=10_000, ge=1, le=10**8)


@dataclass(frozen=True, slots=True)
class StackPlan:
    """How large a stack becomes.

    Parameters
    ----------
    shape
        (t, 2, y, x); OFF, then ON.
    dtype
        Of its values.
    """

    shape: tuple[int, int, int, int]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Bytes of all planes, before any packing."""
        # as whole numbers of Python: numpy's would overflow
        steps, channels, height, width = self.shape
        return steps * channels * height * width * self.dtype.itemsize


class StackSource:
    """The planes of a stack, made one after the other.

    Parameters
    ----------
    recording
        Where the events come from.
    settings
        What to show.
    start_us, stop_us
        [start, stop) in microseconds from the first event.
    chain
        Filters to pass first.

    Raises
    ------
    ExportError
        If the range is empty, or makes more planes than anybody can use.
    """

    def __init__(
        self,
        recording: Recording,
        settings: StackSettings,
        start_us: int,
        stop_us: int,
        chain: FilterChain | None = None,
    ) -> None:
        chain = chain or FilterChain()
        self.settings = settings
        self._recording = recording
        self._start, self._stop = start_us, stop_us
        self._filters: FilterPass = chain.start(recording.geometry)
        self._geometry: Geometry = chain.geometry_after(recording.geometry)
        self.plan = self._planned()

    def _planned(self) -> StackPlan:
        if self._stop <= self._start:
            raise ExportError("the range holds no time", advice="Choose a longer one.")
        settings = self.settings
        planes = -(-(self._stop - self._start) // settings.step_us)
        planes += settings.kind == "voxels"
        if planes > MOST_PLANES:
            raise ExportError(
                f"the stack would have {planes:,} planes, more than {MOST_PLANES:,}",
                advice="Choose a shorter range or longer steps.",
            )
        dtype = np.dtype(np.uint16 if settings.kind == "counts" else np.float32)
        width, height = self._geometry
        return StackPlan((planes, len(CHANNELS), height, width), dtype)

    def planes(
        self, token: CancelToken | None = None, progress: Progress | None = None
    ) -> Iterator[NDArray[Any]]:
        """Yield one plane after the other, (2, y, x).

        Parameters
        ----------
        token, progress
            Looked at, and told how far it is, with every plane and piece of events.

        Raises
        ------
        CancelledError
            If the token was cancelled.
        ExportError
            If a pixel has more events than a count can hold.
        UnreadableFileError
            If the file cannot be read or changed.
        """
        count = self.plan.shape[0]
        for number in range(count):
            match self.settings.kind:
                case "counts":
                    yield self._counted(number, token)
                case "voxels":
                    yield self._shared(number, token)
                case "surface":
                    yield self._decayed(number, token)
            if progress is not None:
                progress((number + 1) / count, f"Plane {number + 1:,} of {count:,}")

    def _events(
        self, first: int, stop: int, token: CancelToken | None
    ) -> Iterator[Events]:
        for filtered in self._filters.pieces(self._recording, first, stop):
            if token is not None:
                token.raise_if_cancelled()
            yield filtered.events

    def _step(self, number: int) -> tuple[int, int]:
        first = self._start + number * self.settings.step_us
        return first, min(first + self.settings.step_us, self._stop)

    def _counted(self, number: int, token: CancelToken | None) -> NDArray[np.uint16]:
        plane = np.zeros(self.plan.shape[1:], np.uint32)
        for events in self._events(*self._step(number), token):
            places = pixel_places(events, self._geometry)
            np.add.at(plane.ravel(), places, np.uint32(1))
        if plane.max() > np.iinfo(np.uint16).max:
            raise ExportError(
                f"a pixel has {plane.max():,} events in one step, more than a count"
                " of 16 bits holds",
                advice="Choose shorter steps, or take out hot pixels.",
            )
        return plane.astype(np.uint16)

    def _shared(self, number: int, token: CancelToken | None) -> NDArray[np.float32]:
        step = self.settings.step_us
        moment = self._start + number * step
        plane = np.zeros(self.plan.shape[1:], np.float32)
        first, stop = max(moment - step, self._start), min(moment + step, self._stop)
        for events in self._events(first, stop, token):
            add_shares(plane, events, self._geometry, moment, step)
        return plane

    def _decayed(self, number: int, token: CancelToken | None) -> NDArray[np.float32]:
        settings = FrameSettings(mode=FrameMode.SURFACE, tau_us=self.settings.tau_us)
        now = self._step(number)[1] - 1
        plane = np.empty(self.plan.shape[1:], np.float32)
        painters = [
            FramePainter(self._geometry, settings, now, channel) for channel in plane
        ]
        for events in self._events(now + 1 - settings.reach_us, now + 1, token):
            for polarity, painter in enumerate(painters):
                painter.add(events.take(np.flatnonzero(events.p == polarity)))
        return np.abs(plane, out=plane)
