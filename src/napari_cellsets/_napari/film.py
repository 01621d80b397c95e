"""The recording of a viewer: what of it is shown, how, and where it stands.

One object a viewer. The clock, the frames' settings and the looks are values here;
views change them, and the layer is kept equal to them.
"""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_cellsets._napari.fitting import (
    fitting_dots,
    fitting_speed,
    fitting_window,
    looks_back_us,
)
from napari_cellsets._napari.flat_view import FlatView
from napari_cellsets._napari.recording_layer import (
    US_OF_AXIS,
    dress,
    fill_recording_layer,
    new_recording_layer,
    place_in_time,
    set_limits,
)
from napari_cellsets._napari.recording_looks import Looks, fresh_limits
from napari_cellsets._napari.slots import put_layer
from napari_cellsets.playback.clock import Playback
from napari_cellsets.playback.event_frames import EventFrames
from napari_cellsets.playback.frames import FrameMode, FrameSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_cellsets.playback.filters import FilterChain
    from napari_cellsets.playback.recording import Recording

FPS = 60
"""Frames a second that playing aims at; what the screen cannot show is left out."""


class Film:
    """What is on screen of a recording; `session.film` is the one of a viewer.

    Attributes
    ----------
    playback
        The clock: position, speed, range; views bind to it, keys change it.
    recording
        What is shown; None while an image is on screen.
    layer
        The Image layer over `frames`; None while there is none.
    frames
        What the layer takes for an array.
    step
        Which of the frames is on screen.
    pixel_size_um
        Edge of a pixel of the recording, where it is known.
    settings, filters, looks
        How frames are made and coloured; changed by the methods alone.
    """

    recording_changed = Signal(object)
    """Another recording is on screen, or none (None)."""
    grown = Signal()
    """More of the recording is known: its length, its size."""
    settings_changed = Signal()
    """`settings`, `filters` or `looks` are others now."""
    moved_by_hand = Signal()
    """napari's own slider was moved, or played."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self.playback = Playback(fps=FPS)
        self.recording: Recording | None = None
        self.layer: Image | None = None
        self.frames: EventFrames | None = None
        self.settings = FrameSettings()
        self.filters: FilterChain | None = None
        self.looks = Looks()
        self._name = ""
        self.pixel_size_um: float | None = None
        self.step = 0
        self._busy = False
        self._known: tuple[object, ...] = ()
        self._speed_chosen = self._window_chosen = self._dots_chosen = False
        self._flat = FlatView(viewer, self._is_shown)
        events = self.playback.events
        events.position_us.connect(self._on_position_changed)
        for signal in (events.speed, events.fps, events.window_us):
            signal.connect(self._on_stride_changed)
        events.speed.connect(self._on_speed_changed)
        viewer.dims.events.point.connect(self._on_point_changed)
        viewer.scene.camera.events.zoom.connect(self._on_zoom_changed)

    # What is shown

    def new_layer(self, recording: Recording, name: str, size: float | None) -> Image:
        """Return a layer for a recording, for a reader to hand over; see `adopt`."""
        self._flat.hold()
        return new_recording_layer(
            self._new_frames(recording), self.settings, self.looks, name, size
        )

    def show(
        self,
        recording: Recording,
        name: str,
        pixel_size_um: float | None,
        old: Layer | None,
        below: tuple[Layer | None, ...] = (),
    ) -> Image | None:
        """Show a recording in the layer that is there, else in a new one.

        Parameters
        ----------
        recording, name, pixel_size_um
            What to show.
        old
            The layer that a new one takes the place of.
        below
            Layers that a new one must not cover.

        Returns
        -------
        Image or None
            The layer; None where the viewer is gone.
        """
        viewer = self._viewer()
        self._take(recording, name, pixel_size_um)
        if self.layer is None and viewer is not None:
            self.layer = self.new_layer(recording, name, pixel_size_um)
            with self._filling():
                put_layer(viewer, self.layer, old, below)
        self._fill()
        self.recording_changed.emit(recording)
        return self.layer

    def adopt(self, layer: Image, recording: Recording, size: float | None) -> None:
        """Look after a layer that a reader made."""
        self._take(recording, layer.name, size)
        self.layer = layer
        self._fill()
        self.recording_changed.emit(recording)

    def leave(self) -> None:
        """Let go of recording and layer."""
        if self.recording is None and self.layer is None:
            return
        self.playback.pause()
        self.playback.next_event_time = None
        self.recording = self.layer = self.frames = None
        self.recording_changed.emit(None)

    def grow(self) -> None:
        """Show as much of the recording as its index has reached by now."""
        recording = self.recording
        if recording is None or self.frames is None:
            return
        if self._known == (known := _known_of(recording)):
            return
        self._known = known
        self.playback.duration_us = recording.duration_us
        self._fit_to_length()
        self._fill()
        self.grown.emit()

    # How it is shown

    def change(self, **settings: Any) -> None:
        """Change some of `settings`; a time surface looks back a time, not a number."""
        if settings.get("mode") == FrameMode.SURFACE:
            settings["window_events"] = None
        self._window_chosen |= not {"window_us", "tau_us"}.isdisjoint(settings)
        self._dots_chosen |= "dot_px" in settings
        self._set(**settings)
        self._fill()
        self.settings_changed.emit()

    def filter(self, filters: FilterChain | None) -> None:
        """Show only what passes `filters`; None for all events."""
        self.filters = filters
        self._fill()
        self.settings_changed.emit()

    def change_looks(self, **looks: Any) -> None:
        """Change some of `looks`."""
        self.looks = Looks(**{**dict(self.looks), **looks})
        if self.layer is not None:
            dress(self.layer, self.settings, self.looks)
        self.adapt()
        self.settings_changed.emit()

    def adapt(self) -> None:
        """Fit the contrast to the frame on screen, where that is wanted."""
        if self.layer is not None and self.frames is not None and self.looks.adaptive:
            frame = self.frames.frame(self.step)
            limits = fresh_limits(frame, self.settings, self.layer.contrast_limits)
            if limits is not None:
                set_limits(self.layer, limits)

    @property
    def shown(self) -> bool:
        """Whether the frame that was asked for last is on screen."""
        return self.layer is None or bool(self.layer.loaded)

    # Inside

    def _is_shown(self) -> bool:
        return self.layer is not None and self.layer.visible

    def _take(self, recording: Recording, name: str, size: float | None) -> None:
        """Make `recording` the present one, at its first whole window."""
        playback = self.playback
        playback.pause()
        self.recording, self._name, self.pixel_size_um = recording, name, size
        self._known = _known_of(recording)
        with self._filling():
            playback.a_us = playback.b_us = None
            playback.position_us = 0
            playback.duration_us = recording.duration_us
            playback.next_event_time = recording.next_event_time
            self._fit_to_length()
            playback.position_us = min(self.settings.reach_us, playback.duration_us)

    def _fit_to_length(self) -> None:
        """Suit speed and window to the length, as long as nobody has chosen them."""
        duration_us = self.playback.duration_us
        with self._filling():
            if not self._speed_chosen:
                self.playback.speed = fitting_speed(duration_us)
            if not self._window_chosen:
                fitting_us = fitting_window(duration_us)
                self._set(window_us=fitting_us, tau_us=fitting_us)
        self.settings_changed.emit()

    def _set(self, **settings: Any) -> None:
        """Change settings and what the clock knows of them; no layer yet."""
        self.settings = FrameSettings(**{**dict(self.settings), **settings})
        with self._filling():
            self.playback.window_us = looks_back_us(self.settings)

    def _fill(self) -> None:
        """Make the frames anew and show the one of this moment."""
        layer, recording = self.layer, self.recording
        if layer is None or recording is None:
            return
        self.frames = self._new_frames(recording)
        with self._filling():
            fill_recording_layer(layer, self.frames, self.pixel_size_um)
            place_in_time(layer, self.frames)
            dress(layer, self.settings, self.looks)
            layer.name = self._name
            self._go_to(self.playback.position_us)
        self.adapt()

    def _new_frames(self, recording: Recording) -> EventFrames:
        stride_us = self.playback.stride_us
        return EventFrames(recording, self.settings, self.filters, stride_us)

    def _go_to(self, position_us: int) -> None:
        """Move napari's slider to the frame that shows a moment."""
        viewer, frames = self._viewer(), self.frames
        if viewer is None or frames is None or viewer.dims.ndim < frames.ndim:
            return
        self.step = frames.step_at(position_us)
        at = frames.time_of(self.step) / US_OF_AXIS
        viewer.dims.set_point(viewer.dims.ndim - frames.ndim, at)

    @contextmanager
    def _filling(self) -> Iterator[None]:
        """Take moves of the slider meanwhile for what they are: not the person's."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    def _on_position_changed(self, *_: object) -> None:
        frames = self.frames
        if frames is None or self.layer is None:
            return
        position_us = self.playback.position_us
        if not self._busy and frames.step_at(position_us) != self.step:
            with self._filling():
                self._go_to(position_us)

    def _on_point_changed(self, *_: object) -> None:
        viewer, frames = self._viewer(), self.frames
        if self._busy or viewer is None or frames is None or self.layer is None:
            return
        at_us = viewer.dims.point[viewer.dims.ndim - frames.ndim] * US_OF_AXIS
        step = round((at_us - frames.first_us) / frames.stride_us)
        if step != self.step:
            self.step = step
            with self._filling():
                # the clock knows no time before the first event: the slider may
                self.playback.jump_to(frames.time_of(step))
            self.moved_by_hand.emit()

    def _on_stride_changed(self, *_: object) -> None:
        frames = self.frames
        if self._busy or frames is None:
            return
        if frames.stride_us != self.playback.stride_us:
            self._fill()

    def _on_zoom_changed(self, *_: object) -> None:
        """Keep dots as large on screen, as long as nobody has chosen their size."""
        viewer, layer = self._viewer(), self.layer
        if self._dots_chosen or viewer is None or layer is None:
            return
        dot_px = fitting_dots(viewer.scene.camera.zoom * float(layer.scale[-1]))
        if dot_px != self.settings.dot_px:
            self._set(dot_px=dot_px)
            self._fill()
            self.settings_changed.emit()

    def _on_speed_changed(self, *_: object) -> None:
        self._speed_chosen |= not self._busy


def _known_of(recording: Recording) -> tuple[object, ...]:
    """What is told of a recording that may change while its index grows."""
    return recording.event_count, recording.geometry, recording.complete


def new_film_layer(
    recording: Recording, name: str, pixel_size_um: float | None
) -> Image:
    """Return a layer for a recording where there is no viewer yet."""
    settings = FrameSettings()
    frames = EventFrames(recording, settings)
    layer = new_recording_layer(frames, settings, Looks(), name, pixel_size_um)
    place_in_time(layer, frames)
    return layer
