"""Frames of the last event, by way of its age: the next is made from the one before.

A plane of ages holds, for each pixel, how long before the frame's moment its last
event was, plus one, as a positive number for ON and a negative one for OFF; 0 where
there was none in the window. Time passes by adding to all of them, and only what
came since has to be decoded. All are whole numbers, which float32 holds exactly up
to `LONGEST_US`: the way to a frame cannot be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.playback.frames import LOOPS, FrameMode, decays, enlarge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellsets.core.events import Events, Geometry
    from napari_cellsets.playback.frames import Frame, FrameSettings

SHORTEST_US = 50_000
"""Shorter windows are decoded anew: that is as fast as passing over all pixels."""

LONGEST_US = (1 << 24) - 1


def has_ages(settings: FrameSettings) -> bool:
    """Whether frames can be made so, and it is worth while."""
    if settings.mode in (FrameMode.SIGNED, FrameMode.COUNT):
        return False
    fits = SHORTEST_US <= settings.reach_us <= LONGEST_US
    return fits and settings.window_events is None


def aged(ages: Frame, passed_us: int, reach_us: int) -> Frame:
    """Return a plane of ages some time later; what is too old is gone."""
    later = np.copysign(np.float32(passed_us), ages)
    later += ages
    gone = np.abs(later) > reach_us
    gone |= ages == 0
    later[gone] = 0
    return later


def no_ages(geometry: Geometry) -> Frame:
    """Return a plane without events."""
    return np.zeros((geometry.height, geometry.width), np.float32)


def add_events(ages: Frame, pieces: Iterable[Events], now_us: int) -> None:
    """Write down events in the order of the recording, none after `now_us`."""
    for events in pieces:
        LOOPS.now().put_signed_age(events.t, events.x, events.y, events.p, now_us, ages)


def shown(ages: Frame, settings: FrameSettings) -> Frame:
    """Return the frame that ages make."""
    if settings.mode is FrameMode.SURFACE:
        frame = np.empty_like(ages)
        LOOPS.now().decay_ages(ages, *decays(settings.tau_us), frame)
    else:
        frame = np.sign(ages)
    match settings.mode:
        case FrameMode.TWO_COLOUR:
            # 2 for 1, 1 for -1, 0 for 0
            frame *= np.float32(1.5) * frame + np.float32(0.5)
        case FrameMode.TIME:
            frame = np.abs(ages, out=frame)
            frame -= 1
            frame[frame < 0] = settings.window_us
    if settings.dot_px > 1:
        enlarge(frame, settings)
    return frame
