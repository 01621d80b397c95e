"""Events of a range as points in space and time, in napari's three dimensions."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from napari.layers import Points
from psygnal import Signal

from napari_cellsets._napari.recording_looks import polarity_colours

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellsets._napari.film import Film
    from napari_cellsets.playback.cloud import Cloud

CLOUD_NAME = "Events in space and time"
_DOT_PX = 2.0
#: The range is drawn as long as so many times the longer side of the picture.
_DEPTH = 1.0
#: From where it is seen at first: from the side, so that time runs to the right.
_ANGLES = (0.0, 35.0, 60.0)
_ZOOM = 0.6


class CloudView:
    """Shows a cloud in the place of the film, and the film again.

    The layer is there only while it is looked at: its axis of time is as long as the
    picture is wide, and the film's slider would have to span both.

    Parameters
    ----------
    viewer
        Held weakly.
    film
        Whose layer is hidden meanwhile.
    """

    changed = Signal(bool)
    """A cloud is shown, or it was left."""

    def __init__(self, viewer: ViewerModel, film: Film) -> None:
        self._viewer = weakref.ref(viewer)
        self._film = film
        self._layer: Points | None = None
        viewer.dims.events.ndisplay.connect(self._on_ndisplay_changed)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Points | None:
        """The points; None while the film is shown."""
        return self._layer

    def show(self, cloud: Cloud) -> None:
        """Show a cloud in three dimensions."""
        viewer, film = self._viewer(), self._film.layer
        if viewer is None or film is None:
            return
        self._film.playback.pause()
        self._take_away(viewer)
        scale, units = tuple(film.scale)[-2:], tuple(film.units)
        depth = _DEPTH * max(cloud.geometry) * scale[-1]
        colours = polarity_colours(self._film.looks.ground)[cloud.events.p]
        film.visible = False
        self._layer = Points(
            cloud.points_tyx(depth),
            ndim=3,
            name=CLOUD_NAME,
            scale=(1.0, *scale),
            units=units,
            axis_labels=("t", "y", "x"),
            size=_DOT_PX,
            face_color=colours,
            border_color="transparent",
            border_width=0,
            antialiasing=0,
            blending="translucent_no_depth",
        )
        viewer.add_layer(self._layer)
        viewer.dims.ndisplay = 3
        viewer.reset_view()
        viewer.scene.camera.angles = _ANGLES
        viewer.scene.camera.zoom *= _ZOOM
        self.changed.emit(True)

    def leave(self) -> None:
        """Show the film again."""
        viewer = self._viewer()
        if viewer is None or self._layer is None:
            return
        viewer.dims.ndisplay = 2
        if self._layer is not None:
            self._back(viewer)

    def stop(self) -> None:
        """Hear no more of the viewer."""
        self.leave()
        viewer = self._viewer()
        if viewer is not None:
            viewer.dims.events.ndisplay.disconnect(self._on_ndisplay_changed)
            viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_ndisplay_changed(self, *_: object) -> None:
        viewer = self._viewer()
        if viewer is not None and self._layer is not None and viewer.dims.ndisplay == 2:
            self._back(viewer)

    def _on_removed(self, event: object) -> None:
        viewer = self._viewer()
        if viewer is not None and getattr(event, "value", None) is self._layer:
            self._layer = None
            viewer.dims.ndisplay = 2
            self._show_film(viewer)

    def _back(self, viewer: ViewerModel) -> None:
        self._take_away(viewer)
        self._show_film(viewer)

    def _take_away(self, viewer: ViewerModel) -> None:
        layer, self._layer = self._layer, None
        if layer is not None and layer in viewer.layers:
            viewer.layers.remove(layer)

    def _show_film(self, viewer: ViewerModel) -> None:
        if self._film.layer is not None:
            self._film.layer.visible = True
            viewer.reset_view()
        self.changed.emit(False)


def range_of(film: Film) -> tuple[int, int]:
    """Return [start, stop) of what a cloud or a clip is made of: A to B, or all."""
    playback = film.playback
    return playback.low_us, playback.high_us + 1
