"""Further recordings, and pictures of a frame camera, on the clock of a film."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cellsets._napari.recording_layer import (
    AXES,
    TIME_UNIT,
    US_OF_AXIS,
    dress,
    fill_recording_layer,
    new_recording_layer,
)
from napari_cellsets._napari.slots import place
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.playback.event_frames import EventFrames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Image

    from napari_cellsets._napari.film import Film
    from napari_cellsets.playback.recording import Recording

_GAP = 0.04
"""Room between two pictures side by side, as a share of the width."""


@dataclass(eq=False)
class Companion:
    """What runs along with a film.

    Parameters
    ----------
    layer
        Where it is shown.
    offset_us
        Moment of the film at which its first event or picture lies.
    recording
        Where its events come from; None for pictures.
    fps
        Pictures a second; 0 for a recording.
    """

    layer: Image
    offset_us: int
    recording: Recording | None = None
    fps: float = 0.0


class Companions:
    """Keeps further layers on the clock of a film: one slider moves them all.

    Parameters
    ----------
    viewer
        Held weakly.
    film
        Whose settings, looks and steps they share; filters are the film's alone.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel, film: Film) -> None:
        self._viewer = weakref.ref(viewer)
        self._film = film
        self._all: list[Companion] = []
        self._stride_us = 0
        film.settings_changed.connect(self._fill)
        film.recording_changed.connect(self._on_recording_changed)
        film.grown.connect(self._fill)
        for signal in (film.playback.events.speed, film.playback.events.window_us):
            signal.connect(self._on_stride_changed)
        viewer.layers.events.removed.connect(self._on_removed)

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, number: int) -> Companion:
        return self._all[number]

    def __iter__(self) -> Iterator[Companion]:
        return iter(tuple(self._all))

    def add_recording(self, recording: Recording, name: str) -> Companion:
        """Show a recording to the right of what is there, at the time of its clock.

        Two cameras on one clock tell the same time for the same moment: the distance
        of their first events is kept where the recordings overlap then; otherwise
        both begin together. `move` changes it.

        Raises
        ------
        CellsetsError
            If no recording is on screen.
        """
        viewer, film, first = self._viewer(), self._film, self._film.recording
        if viewer is None or film.layer is None or first is None:
            raise CellsetsError(
                "there is no recording whose clock could be shared",
                advice="Open a recording first.",
            )
        layer = new_recording_layer(
            self._frames(recording), film.settings, film.looks, name, None
        )
        companion = Companion(layer, shared_offset_us(first, recording), recording)
        self._all.append(companion)
        self._place(companion)
        viewer.add_layer(layer)
        viewer.layers.selection.active = film.layer
        self.changed.emit()
        return companion

    def add_pictures(self, layer: Image, fps: float) -> Companion:
        """Let a stack of pictures, time first, run along.

        Parameters
        ----------
        layer
            Image layer of at least three axes (t, y, x).
        fps
            Pictures a second.

        Raises
        ------
        CellsetsError
            If the layer has no axis of time, or is on the clock already.
        """
        if layer.ndim != 3 or any(one.layer is layer for one in self._all):
            raise CellsetsError(
                f"the layer {layer.name!r} is no stack of pictures (t, y, x) that"
                " could be put on the clock",
                advice="Select the image layer of a frame camera's pictures.",
            )
        if fps <= 0:
            raise CellsetsError(f"{fps:g} pictures a second is no speed")
        companion = Companion(layer, 0, None, fps)
        self._all.append(companion)
        self._place(companion)
        self.changed.emit()
        return companion

    def move(self, companion: Companion, offset_us: int) -> None:
        """Let it begin at another moment of the film."""
        companion.offset_us = offset_us
        self._place(companion)
        self.changed.emit()

    def remove(self, companion: Companion) -> None:
        """Take it off the clock: a recording's layer goes, pictures stay."""
        viewer = self._viewer()
        if companion in self._all:
            self._all.remove(companion)
            if viewer is not None and companion.recording is not None:
                viewer.layers.remove(companion.layer)
            self.changed.emit()

    def stop(self) -> None:
        """Take all away and hear no more of the viewer."""
        viewer = self._viewer()
        for companion in tuple(self._all):
            self.remove(companion)
        film = self._film
        film.settings_changed.disconnect(self._fill)
        film.recording_changed.disconnect(self._on_recording_changed)
        film.grown.disconnect(self._fill)
        for signal in (film.playback.events.speed, film.playback.events.window_us):
            signal.disconnect(self._on_stride_changed)
        if viewer is not None:
            viewer.layers.events.removed.disconnect(self._on_removed)

    # Inside

    def _frames(self, recording: Recording) -> EventFrames:
        film = self._film
        self._stride_us = film.playback.stride_us
        return EventFrames(recording, film.settings, None, self._stride_us)

    def _place(self, companion: Companion) -> None:
        """Put a layer on its time, a recording also to the right of the film."""
        layer, start = companion.layer, companion.offset_us / US_OF_AXIS
        spatial = tuple(layer.translate)[-2:]
        if companion.recording is None:
            period = 1e3 / companion.fps
            place(
                layer,
                (period, *tuple(layer.scale)[-2:]),
                (TIME_UNIT, *tuple(layer.units)[-2:]),
                AXES,
            )
            # a picture is seen from its moment until the next one's: napari rounds
            layer.translate = (start + period / 2, *spatial)
            return
        frames = layer.data.frames
        before = self._film.layer
        if before is not None:
            number = self._all.index(companion)
            right = sum(
                one.layer.data.shape[-1] * (1 + _GAP)
                for one in self._all[:number]
                if one.recording is not None
            )
            right += before.data.shape[-1] * (1 + _GAP)
            spatial = (0.0, right * float(before.scale[-1]))
        layer.translate = (start + frames.first_us / US_OF_AXIS, *spatial)

    def _fill(self, *_: object) -> None:
        film = self._film
        for companion in self._all:
            if companion.recording is None:
                continue
            frames = self._frames(companion.recording)
            fill_recording_layer(companion.layer, frames, None)
            dress(companion.layer, film.settings, film.looks)
            self._place(companion)

    def _on_stride_changed(self, *_: object) -> None:
        if self._all and self._film.playback.stride_us != self._stride_us:
            self._fill()

    def _on_recording_changed(self, *_: object) -> None:
        for companion in tuple(self._all):
            self.remove(companion)

    def _on_removed(self, event: object) -> None:
        gone = getattr(event, "value", None)
        kept = [one for one in self._all if one.layer is not gone]
        if len(kept) != len(self._all):
            self._all = kept
            self.changed.emit()


def shared_offset_us(first: Recording, second: Recording) -> int:
    """Return when the second begins on the clock of the first, microseconds.

    0 where their clocks have nothing to do with each other: the recordings would not
    overlap.
    """
    apart = second.origin_us - first.origin_us
    overlaps = -second.duration_us < apart < first.duration_us
    return apart if overlaps else 0
