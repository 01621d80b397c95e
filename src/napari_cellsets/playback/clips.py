"""A range of a recording as a film: what the window shows, slowed down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from napari_cellsets.core.errors import ExportError
from napari_cellsets.core.evented import FrozenModel
from napari_cellsets.core.events import Events
from napari_cellsets.formats.atomic import atomic_folder, atomic_output
from napari_cellsets.playback.clip_files import (
    FASTEST_GIF,
    gif_file,
    mp4_file,
    png_folder,
)
from napari_cellsets.playback.clip_marks import Marker, bar_length, stamp
from napari_cellsets.playback.event_frames import EventFrames
from napari_cellsets.playback.filters import FilterChain
from napari_cellsets.playback.frames import FrameSettings, contrast_limits, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.events import Geometry
    from napari_cellsets.playback.frames import Frame
    from napari_cellsets.playback.recording import Recording

    Indices = NDArray[np.uint8]
    Lut = NDArray[np.uint8]

MOST_FRAMES = {".gif": 3_000, ".mp4": 100_000, "": 100_000}
"""Of a film: more is a slip of the hand, or no GIF that anybody can open."""

_FILES = {".gif": gif_file, ".mp4": mp4_file, "": png_folder}
_WIDEST = 4096


class ClipSettings(FrozenModel):
    """How a film is made.

    Parameters
    ----------
    frames
        What a frame shows.
    slowdown
        Seconds of the film for a second of the recording.
    fps
        Frames a second of the film.
    limits
        Values that get the ends of the colormap; None for those of the mode.
    adaptive
        Follow each frame instead, as `contrast_limits` does.
    stamp
        Draw the time.
    scale_bar
        Draw a scale bar.
    pixel_um
        Side of a pixel, micrometres; None where unknown: the bar counts pixels.
    zoom
        Pixels of the film for a pixel of the sensor, along a side.
    """

    frames: FrameSettings = FrameSettings()
    slowdown: float = Field(default=100.0, gt=0)
    fps: float = Field(default=25.0, ge=1, le=120)
    limits: tuple[float, float] | None = None
    adaptive: bool = False
    stamp: bool = True
    scale_bar: bool = True
    pixel_um: float | None = Field(default=None, gt=0)
    zoom: int = Field(default=1, ge=1, le=16)


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What a film will be.

    Parameters
    ----------
    frames
        How many: duration x slowdown x frames a second, at least 1.
    width, height
        Pixels.
    seconds
        How long it plays.
    step_us
        Time of the recording from frame to frame.
    """

    frames: int
    width: int
    height: int
    seconds: float
    step_us: float


def plan_clip(
    geometry: Geometry, settings: ClipSettings, start_us: int, stop_us: int, ending: str
) -> ClipPlan:
    """Tell beforehand how many frames a film will have.

    Parameters
    ----------
    geometry
        Size of the pictures, filters passed.
    settings
        How the film is made.
    start_us, stop_us
        [start, stop) in microseconds from the first event.
    ending
        ``".gif"`` or ``".mp4"``; nothing for a folder of PNG pictures.

    Raises
    ------
    ExportError
        If the film would be absurdly long or large, or the ending is another one.
    """
    if ending not in MOST_FRAMES:
        raise ExportError(
            f"a film ends with .gif or .mp4, not with {ending!r}",
            advice="Choose one of the two, or no ending for a folder of pictures.",
        )
    if stop_us <= start_us:
        raise ExportError("the range holds no time", advice="Choose a longer one.")
    if ending == ".gif" and settings.fps > FASTEST_GIF:
        raise ExportError(
            f"a GIF shows at most {FASTEST_GIF} frames a second, not {settings.fps:g}",
            advice="Choose a lower frame rate, or MP4.",
        )
    step_us = 1e6 / (settings.slowdown * settings.fps)
    frames = max(1, round((stop_us - start_us) / step_us))
    if frames > MOST_FRAMES[ending]:
        raise ExportError(
            f"the film would have {frames:,} frames and play for"
            f" {frames / settings.fps / 60:,.0f} minutes; {ending[1:].upper() or 'PNG'}"
            f" is written up to {MOST_FRAMES[ending]:,} frames",
            advice="Slow down less, or choose a shorter range or a lower frame rate.",
        )
    width, height = (side * settings.zoom for side in geometry)
    if max(width, height) > _WIDEST:
        raise ExportError(
            f"the film would be {width:,} x {height:,} pixels, more than {_WIDEST:,}",
            advice="Choose a smaller zoom.",
        )
    # MP4 halves the resolution of colour: its sides are even
    even = 2 if ending == ".mp4" else 1
    width, height = (-(-side // even) * even for side in (width, height))
    return ClipPlan(frames, width, height, frames / settings.fps, step_us)


def write_clip(
    path: str | Path,
    recording: Recording,
    settings: ClipSettings,
    lut: Lut,
    start_us: int,
    stop_us: int,
    *,
    chain: FilterChain | None = None,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> ClipPlan:
    """Write a film of a range, frame by frame in bounded memory.

    Parameters
    ----------
    path
        File ending with .gif or .mp4, or a new folder for PNG pictures; it appears
        when it is whole.
    recording
        Where the events come from.
    settings
        How the film is made.
    lut
        uint8, (256, 3): the colormap, from the lower limit to the upper.
    start_us, stop_us
        [start, stop) in microseconds from the first event.
    chain
        Filters to pass first.
    token, progress
        Looked at, and told how far it is, with every frame.

    Returns
    -------
    ClipPlan
        What was written.

    Raises
    ------
    CancelledError
        If the token was cancelled; nothing is left behind.
    ExportError
        As `plan_clip`; or the colormap has another shape, or the file cannot be
        written.
    UnreadableFileError
        If the recording cannot be read or changed.
    """
    if lut.shape != (256, 3) or lut.dtype != np.uint8:
        raise ExportError(
            f"a colormap should be uint8 of shape (256, 3); it is {lut.dtype} of"
            f" shape {lut.shape}"
        )
    chain = chain or FilterChain()
    geometry = chain.geometry_after(recording.geometry)
    ending = Path(path).suffix.lower()
    plan = plan_clip(geometry, settings, start_us, stop_us, ending)
    shown = EventFrames(
        recording,
        settings.frames,
        chain if chain.filters else None,
        stride_us=1,
        keep=1,
    )
    film = _Film(shown, geometry, settings, plan, lut)
    shape, opened = (plan.height, plan.width), _FILES[ending]
    output = atomic_output if ending else atomic_folder
    with output(path) as aside, opened(aside, shape, settings.fps, lut) as add:
        for number, picture in enumerate(film.pictures(start_us), start=1):
            if token is not None:
                token.raise_if_cancelled()
            add(picture)
            if progress is not None:
                progress(number / plan.frames, f"Frame {number:,} of {plan.frames:,}")
    return plan


class _Film:
    """The pictures of a film, as numbers of colours."""

    def __init__(
        self,
        shown: EventFrames,
        geometry: Geometry,
        settings: ClipSettings,
        plan: ClipPlan,
        lut: Lut,
    ) -> None:
        self._shown, self._settings, self._plan = shown, settings, plan
        empty = render(Events.empty(), geometry, settings.frames, 0)
        self._ground = int(self._coloured(empty)[0, 0])
        bar = None
        if settings.scale_bar:
            length, text = bar_length(geometry.width, settings.pixel_um)
            bar = length * settings.zoom, text
        shape = plan.height, plan.width
        self._marker = Marker(shape, _ink(lut, self._ground), self._ground, bar)

    def pictures(self, start_us: int) -> Iterator[Indices]:
        """Yield one after the other, uint8 (height, width)."""
        plan, settings = self._plan, self._settings
        for number in range(plan.frames):
            now = start_us + round(number * plan.step_us)
            frame = self._shown.frame(now - self._shown.first_us)
            picture = self._enlarged(self._coloured(frame))
            text = stamp(now, plan.step_us) if settings.stamp else ""
            self._marker.draw(picture, text)
            yield picture

    def _coloured(self, frame: Frame) -> Indices:
        settings = self._settings
        limits = None if settings.adaptive else settings.limits
        low, high = limits or contrast_limits(frame, settings.frames, settings.adaptive)
        scaled = (frame - low) * (255 / max(high - low, 1e-9))
        numbers: Indices = np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)
        return numbers

    def _enlarged(self, picture: Indices) -> Indices:
        zoom, plan = self._settings.zoom, self._plan
        if zoom > 1:
            picture = picture.repeat(zoom, 0).repeat(zoom, 1)
        height, width = picture.shape
        missing = (0, plan.height - height), (0, plan.width - width)
        return np.pad(picture, missing, constant_values=self._ground)


def _ink(lut: Lut, ground: int) -> int:
    """Return the colour of the map that is read best on its ground."""
    light = lut.astype(np.float64) @ (0.299, 0.587, 0.114)
    return int(np.argmax(np.abs(light - light[ground])))
