"""Speed, window and dots that suit a recording until a person chooses others."""

from __future__ import annotations

import math

from napari_cellsets.playback.clock import SLOWEST
from napari_cellsets.playback.frames import FrameSettings

_SHORT_S = 5.0
"""A recording shorter than this plays as slowly that it takes about as long."""
_WINDOWS = 20
"""A recording shorter than so many windows gets shorter ones."""
_SHORTEST_US = 10
_GLANCE_US = 1_000
"""A recording no longer than this, such as a cell cut out of a longer one, is but a
moment: it is shown as a whole at first."""


def looks_back_us(settings: FrameSettings) -> int | None:
    """Return the time that a frame shows; None where it is a number of events."""
    return None if settings.window_events is not None else settings.reach_us


def fitting_speed(duration_us: int) -> float:
    """Return the speed, 1 or less, at which a recording takes some seconds.

    Parameters
    ----------
    duration_us
        Its length; 0 where it is not known yet.
    """
    if duration_us <= 0 or duration_us >= _SHORT_S * 1e6:
        return 1.0
    return max(1 / _handy(_SHORT_S * 1e6 / duration_us), SLOWEST)


def fitting_window(duration_us: int) -> int:
    """Return a window, 10 ms or less, of which a recording holds many.

    Of a recording that is no more than a moment all of it.

    Parameters
    ----------
    duration_us
        Its length; 0 where it is not known yet.
    """
    usual = FrameSettings().window_us
    if duration_us <= 0 or duration_us >= usual * _WINDOWS:
        return usual
    if duration_us <= _GLANCE_US:
        return max(duration_us + 1, _SHORTEST_US)
    return max(round(_handy(max(duration_us / _WINDOWS, 1.0))), _SHORTEST_US)


def fitting_dots(screen_px_per_px: float) -> int:
    """Return the size of dots, 1 to 5, at which no event falls between pixels.

    Parameters
    ----------
    screen_px_per_px
        How large a pixel of the sensor is on screen.
    """
    return min(max(round(1 / max(screen_px_per_px, 0.1) + 0.3), 1), 5)


def _handy(value: float) -> float:
    """Return the nearest of 1, 2 and 5 times a power of ten; `value` is 1 or more."""
    power = 10.0 ** int(math.log10(value))
    return min((power * d for d in (1, 2, 5, 10)), key=lambda near: abs(near - value))
