"""The layer of a recording: an Image layer over frames made when looked at.

napari knows no layers of other kinds than its own. Its time axis is in
milliseconds: napari's status bar writes three digits, so that microseconds are
read there as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_cellsets._napari.looks import scale_and_units
from napari_cellsets._napari.recording_looks import Looks, colours_of, limits_of
from napari_cellsets._napari.screened import Screened
from napari_cellsets._napari.slots import place

if TYPE_CHECKING:
    from napari_cellsets.playback.event_frames import EventFrames
    from napari_cellsets.playback.frames import FrameSettings

US_OF_AXIS = 1_000
TIME_UNIT = "ms"
AXES = ("t", "y", "x")


def axes_of(
    stride_us: int, pixel_size_um: float | None
) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Return scale and units of (t, y, x).

    Parameters
    ----------
    stride_us
        Time from a frame to the next.
    pixel_size_um
        Edge of a pixel where it is known.
    """
    scale, units = scale_and_units("yx", pixel_size_um)
    return (stride_us / US_OF_AXIS, *scale), (TIME_UNIT, *units)


def new_recording_layer(
    frames: EventFrames,
    settings: FrameSettings,
    looks: Looks,
    name: str,
    pixel_size_um: float | None,
) -> Image:
    """Return a layer that shows `frames`."""
    scale, units = axes_of(frames.stride_us, pixel_size_um)
    return Image(
        Screened(frames),
        name=name,
        rgb=False,
        multiscale=False,
        scale=scale,
        units=units,
        axis_labels=AXES,
        colormap=colours_of(settings.mode, looks.ground),
        contrast_limits=limits_of(settings, looks),
        interpolation2d="nearest",
        projection_mode="none",
    )


def fill_recording_layer(
    layer: Image, frames: EventFrames, pixel_size_um: float | None
) -> None:
    """Put other frames into a layer: of another recording, stride or window."""
    scale, units = axes_of(frames.stride_us, pixel_size_um)
    layer.data = Screened(frames)
    place(layer, scale, units, AXES)


def place_in_time(layer: Image, frames: EventFrames) -> None:
    """Let the time axis begin where the frames do: earlier where time runs back."""
    begin = (frames.first_us / US_OF_AXIS, 0.0, 0.0)
    if tuple(layer.translate) != begin:
        layer.translate = begin


def dress(layer: Image, settings: FrameSettings, looks: Looks) -> None:
    """Give a layer the colours and the fixed contrast of a mode."""
    colours = colours_of(settings.mode, looks.ground)
    if layer.colormap.name != colours.name:
        layer.colormap = colours
    set_limits(layer, limits_of(settings, looks))


def set_limits(layer: Image, limits: tuple[float, float]) -> None:
    """Give a layer a contrast; its slider reaches a little further."""
    if tuple(layer.contrast_limits) == limits:
        return
    low, high = limits
    reach: tuple[Any, Any] = (4 * low if low < 0 else low, 4 * high)
    if tuple(layer.contrast_limits_range) != reach:
        layer.contrast_limits_range = reach
    layer.contrast_limits = limits
