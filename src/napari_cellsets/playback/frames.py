"""Frames of events: what happened on each pixel up to a moment.

Every kind of frame is one float32 plane with values that mean something (a count, a
sign, an age), shown through a colormap; none is painted in colours.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.core.evented import FrozenModel
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.late_loops import LateLoops

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    Frame = NDArray[np.float32]

_FINE = 1024
"""Microseconds of the fine table of decays."""

_TAUS = 5
"""A time surface looks back so many tau: what is older is below 0.7 %."""

_FIXED_SIGNED, _FIXED_COUNT = 3.0, 5.0


class FrameMode(StrEnum):
    """What the value of a pixel tells."""

    SIGNED = "signed"
    TWO_COLOUR = "two_colour"
    LAST = "last"
    COUNT = "count"
    SURFACE = "surface"
    TIME = "time"


class FrameSettings(FrozenModel):
    """How frames are made.

    Parameters
    ----------
    mode
        ``signed``: ON less OFF events. ``count``: all events. ``last``: 1 or -1 as
        the last event was ON or OFF, else 0. ``two_colour``: 2 or 1 as it was ON or
        OFF, else 0. ``surface``: 1 or -1 as it was, decayed by exp(-age / tau).
        ``time``: age of the last event in microseconds; the window where none was.
    window_us
        How far a frame looks back, in microseconds.
    window_events
        Show so many events a frame instead.
    tau_us
        Decay of ``surface``, which looks back 5 tau instead of the window.
    dot_px
        Side of the square that stands for a pixel: sparse events are seen better.
    """

    mode: FrameMode = FrameMode.SIGNED
    window_us: int = Field(default=10_000, ge=1, le=10**9)
    window_events: int | None = Field(default=None, ge=1)
    tau_us: int = Field(default=10_000, ge=1, le=10**8)
    dot_px: int = Field(default=1, ge=1, le=5)

    @property
    def counts(self) -> bool:
        """Whether a frame is a sum over its events, each by itself."""
        summed = self.mode in (FrameMode.SIGNED, FrameMode.COUNT)
        return summed and self.dot_px == 1

    @property
    def reach_us(self) -> int:
        """How far back in time a frame looks."""
        surface = self.mode is FrameMode.SURFACE
        return _TAUS * self.tau_us if surface else self.window_us


def render(
    events: Events,
    geometry: Geometry,
    settings: FrameSettings,
    now_us: int,
    out: Frame | None = None,
) -> Frame:
    """Return the frame of a moment.

    Parameters
    ----------
    events
        All that may be seen. Those outside of (now - window, now] are left out,
        except when the window is a number of events: then all are seen.
    geometry
        Size of the frame; events outside of it are left out.
    settings
        What to show.
    now_us
        The moment, on the clock of the events.
    out
        Frame to write to: float32, C-contiguous, (height, width).

    Returns
    -------
    NDArray[np.float32]
        (height, width); values as `FrameSettings` tells.

    Raises
    ------
    CellsetsError
        If `out` is not as it should be.
    """
    if settings.window_events is None:
        seen = (events.t > now_us - settings.reach_us) & (events.t <= now_us)
        events = events if seen.all() else events.take(seen)
    painter = FramePainter(geometry, settings, now_us, out)
    painter.add(events)
    return painter.finish()


class FramePainter:
    """A frame that is painted piece by piece, in the order of the recording.

    Parameters
    ----------
    geometry, settings, now_us, out
        As for `render`.
    base
        Finished frame of counts, with dots of 1 px, to go on from.
    """

    def __init__(
        self,
        geometry: Geometry,
        settings: FrameSettings,
        now_us: int,
        out: Frame | None = None,
        base: Frame | None = None,
    ) -> None:
        shape = geometry.height, geometry.width
        if out is None:
            out = np.empty(shape, np.float32)
        if out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
            raise CellsetsError(
                f"a frame should be C-contiguous float32 of shape {shape};"
                f" it is {out.dtype} of shape {out.shape}"
            )
        if base is not None:
            np.copyto(out, base)
        else:
            out.fill(_empty(settings))
        self._frame, self._settings, self._now = out, settings, now_us

    def add(self, events: Events, loops: ModuleType | None = None) -> None:
        """Paint events, all of which are seen.

        Parameters
        ----------
        events
            On the clock of `now_us`.
        loops
            Module to paint with; by default the compiled one once it is ready.
        """
        loops = loops or LOOPS.now()
        x, y, p, frame = events.x, events.y, events.p, self._frame
        match self._settings.mode:
            case FrameMode.SIGNED:
                loops.add_each(x, y, p, -1.0, 1.0, frame)
            case FrameMode.COUNT:
                loops.add_each(x, y, p, 1.0, 1.0, frame)
            case FrameMode.LAST:
                loops.put_last(x, y, p, -1.0, 1.0, frame)
            case FrameMode.TWO_COLOUR:
                loops.put_last(x, y, p, 1.0, 2.0, frame)
            case FrameMode.TIME:
                loops.put_age(events.t, x, y, self._now, frame)
            case FrameMode.SURFACE:
                tables = decays(self._settings.tau_us)
                loops.put_decayed(events.t, x, y, p, self._now, *tables, frame)

    def take_back(self, events: Events) -> None:
        """Undo `add`, where counts are painted."""
        off = 1.0 if self._settings.mode is FrameMode.SIGNED else -1.0
        LOOPS.now().add_each(events.x, events.y, events.p, off, -1.0, self._frame)

    def finish(self) -> Frame:
        """Return the frame, with larger dots where they are wanted."""
        frame, settings = self._frame, self._settings
        if settings.mode is FrameMode.TIME and settings.window_events is not None:
            frame[frame < 0] = max(frame.max(initial=0), 0)
        if settings.dot_px > 1:
            enlarge(frame, settings)
        return frame


def _empty(settings: FrameSettings) -> int:
    """Value of a pixel without events; -1 where only all events tell it."""
    if settings.mode is not FrameMode.TIME:
        return 0
    return settings.window_us if settings.window_events is None else -1


def enlarge(frame: Frame, settings: FrameSettings) -> None:
    """Let each pixel show what is strongest, or youngest, within its dot."""
    import cv2

    dot = np.ones((settings.dot_px, settings.dot_px), np.uint8)
    if settings.mode is FrameMode.TIME:
        cv2.erode(frame, dot, dst=frame)
        return
    strongest = cv2.dilate(frame, dot)
    if settings.mode in (FrameMode.COUNT, FrameMode.TWO_COLOUR):
        frame[:] = strongest
        return
    weakest = cv2.erode(frame, dot)
    np.copyto(frame, strongest)
    np.copyto(frame, weakest, where=-weakest > strongest)


def contrast_limits(
    frame: Frame, settings: FrameSettings, adaptive: bool = False
) -> tuple[float, float]:
    """Return the values that get the ends of the colormap.

    Parameters
    ----------
    frame
        The frame that is shown.
    settings
        How it was made.
    adaptive
        Whether counts are stretched to what the frame holds: all but the strongest
        hundredth of its pixels with events. Signs, decays and ages keep their range.
    """
    match settings.mode:
        case FrameMode.LAST | FrameMode.SURFACE:
            return -1.0, 1.0
        case FrameMode.TWO_COLOUR:
            return 0.0, 2.0
        case FrameMode.TIME:
            oldest = settings.window_us
            if settings.window_events is not None:
                oldest = int(frame.max(initial=1))
            return 0.0, float(max(oldest, 1))
    signed = settings.mode is FrameMode.SIGNED
    most = _FIXED_SIGNED if signed else _FIXED_COUNT
    if adaptive:
        # Every third row and column is enough to tell, and ten times as fast.
        some = np.abs(frame[::3, ::3])
        some = some[some > 0]
        most = max(float(np.quantile(some, 0.99)), 1.0) if len(some) else 1.0
    return (-most if signed else 0.0), most


@lru_cache(maxsize=8)
def decays(tau_us: int) -> tuple[Frame, Frame]:
    """Return the tables of `frame_loops.put_decayed`."""
    coarse = np.arange(_TAUS * tau_us // _FINE + 1) * float(_FINE)
    return (
        np.exp(-coarse / tau_us).astype(np.float32),
        np.exp(-np.arange(_FINE) / tau_us).astype(np.float32),
    )


def _warm(loops: ModuleType) -> None:
    frame = np.zeros((1, 1), np.float32)
    none = Events.empty()
    for mode in FrameMode:
        painter = FramePainter(Geometry(1, 1), FrameSettings(mode=mode), 0, frame)
        painter.add(none, loops)
    loops.put_signed_age(none.t, none.x, none.y, none.p, 0, frame)
    loops.decay_ages(frame, *decays(1), frame)


LOOPS = LateLoops(
    "napari_cellsets.playback.frame_loops",
    "napari_cellsets.playback.frame_arrays",
    _warm,
)
