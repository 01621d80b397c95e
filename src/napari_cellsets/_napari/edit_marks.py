"""Outlines of selected objects, lines being drawn: two layers above all others."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Vectors

from napari_cellsets._napari.leaving import take_away
from napari_cellsets._napari.mark_colours import ON_DARK, mark_colours
from napari_cellsets._napari.slots import add_aside, place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_cellsets.editing.objects import ObjectIndex

    Path = NDArray[np.float64]

SELECTED_NAME = "Selected objects"
DRAWN_NAME = "Edit preview"
OTHERS_NAME = "Objects of all planes"
MOST_OUTLINED = 1_000
"""So many selected objects are outlined; of more, the first."""
_MEANINGS = {OTHERS_NAME: "beside", SELECTED_NAME: "selected", DRAWN_NAME: "drawn"}
_LINES = {OTHERS_NAME: 1.2, SELECTED_NAME: 2.5, DRAWN_NAME: 2.5}
"""Width of lines in pixels of the screen."""
_OFF = {OTHERS_NAME: 1.0, SELECTED_NAME: 0.0}
"""So many pixels lines may lie off: fewer corners are drawn faster."""
_ZOOMED = 1.5
"""Lines are drawn anew where they are so many times too wide or too narrow."""
_CROSS = 6.0
"""Half the size of the cross of a seed, in pixels of the screen."""


class EditMarks:
    """Draws over one Labels layer, in its pixels; nothing of it can be edited."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._layers: dict[str, Vectors] = {}
        self._drawn_in: dict[str, str] = {}
        self._like: weakref.ref[Labels] | None = None
        viewer.scene.camera.events.zoom.connect(self._on_zoom_changed)
        viewer.layers.events.removed.connect(self._on_removed)

    def stop(self) -> None:
        """Take the layers away and hear no more of the viewer."""
        viewer = self._viewer()
        if viewer is not None:
            viewer.scene.camera.events.zoom.disconnect(self._on_zoom_changed)
            viewer.layers.events.removed.disconnect(self._on_removed)
            take_away(viewer, tuple(self._layers.values()))
        self._layers.clear()

    def owns(self, layer: object) -> bool:
        """Whether a layer is one of marks."""
        return any(layer is own for own in self._layers.values())

    def outline(
        self,
        layer: Labels,
        objects: ObjectIndex,
        labels: Sequence[int],
        name: str = SELECTED_NAME,
    ) -> None:
        """Outline objects; none takes the outlines away."""
        paths = []
        for label in labels[:MOST_OUTLINED]:
            start = np.array([side.start for side in objects.box(label)[-2:]])
            mask = objects.mask(label)
            flat = np.asarray(mask.reshape(-1, *mask.shape[-2:]).any(axis=0))
            paths += [path + start for path in outlines_of(flat, _OFF[name])]
        self._draw(name, layer, paths)

    def draw(self, layer: Labels, paths: Sequence[Path]) -> None:
        """Draw lines, (n, 2) each in pixels of the layer; none takes all away."""
        self._draw(DRAWN_NAME, layer, paths)

    def clear(self, name: str = SELECTED_NAME) -> None:
        """Outline nothing any more."""
        self._empty(name)

    def clear_drawn(self) -> None:
        """Take all lines away."""
        self._empty(DRAWN_NAME)

    def _empty(self, name: str) -> None:
        layer = self._layers.get(name)
        if layer is not None and len(layer.data):
            layer.data = np.empty((0, 2, 2))

    def crosses(
        self, places: Sequence[tuple[float, float]], scale: float
    ) -> list[Path]:
        """Return lines that make crosses at places, as large as the zoom wants it."""
        half = _CROSS / self._zoom() / scale
        paths = []
        for y, x in places:
            paths.append(np.array([[y - half, x - half], [y + half, x + half]]))
            paths.append(np.array([[y - half, x + half], [y + half, x - half]]))
        return paths

    def _draw(self, name: str, like: Labels, paths: Sequence[Path]) -> None:
        layer = self._layers.get(name)
        self._follow(like)
        if layer is None and paths:
            self._add(name, like, _joined(paths))
        if layer is None:
            return
        _put_over(layer, like)
        translate = tuple(like.translate)[-2:]
        if tuple(layer.translate) != translate:
            layer.translate = translate
        if paths:
            layer.data = _joined(paths)
            self._keep_above(layer, like)
            self._keep_seen(layer, name)
            self._on_zoom_changed()
        else:
            self._empty(name)

    def _follow(self, like: Labels) -> None:
        """Keep to the units of a layer: napari warns where it draws mixed ones."""
        before = None if self._like is None else self._like()
        if before is like:
            return
        if before is not None:
            before.events.units.disconnect(self._on_units_changed)
        like.events.units.connect(self._on_units_changed)
        self._like = weakref.ref(like)

    def _on_units_changed(self, event: Any) -> None:
        # another set: what is drawn belongs to the picture before
        for name, layer in self._layers.items():
            self._empty(name)
            _put_over(layer, event.source)

    def _add(self, name: str, like: Labels, segments: NDArray[np.float64]) -> None:
        viewer = self._viewer()
        colour = self._colours()[_MEANINGS[name]]
        # ten times as fast as Shapes, and outlines are redrawn with every edit
        layer = Vectors(
            segments,
            name=name,
            vector_style="line",
            edge_color=colour,
            edge_width=_LINES[name] / self._zoom() / float(like.scale[-1]),
            opacity=1.0,
            scale=tuple(like.scale)[-2:],
            translate=tuple(like.translate)[-2:],
            units=tuple(like.units)[-2:],
            axis_labels=tuple(like.axis_labels)[-2:],
        )
        layer.editable = False
        self._layers[name] = layer
        self._drawn_in[name] = colour
        if viewer is not None:
            add_aside(viewer, layer)

    def _colours(self) -> Mapping[str, str]:
        viewer = self._viewer()
        return ON_DARK if viewer is None else mark_colours(viewer)

    def _keep_seen(self, layer: Vectors, name: str) -> None:
        """Take the colour that is seen on this picture, after one of another kind."""
        wanted = self._colours()[_MEANINGS[name]]
        if self._drawn_in.get(name) != wanted:
            layer.edge_color = wanted
            self._drawn_in[name] = wanted

    def _keep_above(self, layer: Vectors, like: Labels) -> None:
        """Bring lines up that lie below: another set came on top of them."""
        viewer = self._viewer()
        if viewer is None or like not in viewer.layers:
            return
        layers = viewer.layers
        if layers.index(layer) < layers.index(like):
            layers.move(layers.index(layer), len(layers))

    def _zoom(self) -> float:
        viewer = self._viewer()
        return 1.0 if viewer is None else max(float(viewer.scene.camera.zoom), 1e-6)

    def _on_zoom_changed(self, event: Any = None) -> None:
        for name, layer in self._layers.items():
            wanted = _LINES[name] / self._zoom() / float(layer.scale[-1])
            ratio = wanted / float(layer.edge_width)
            if len(layer.data) and not 1 / _ZOOMED < ratio < _ZOOMED:
                layer.edge_width = wanted

    def _on_removed(self, event: Any) -> None:
        # a person may take them away like any other layer
        gone = [name for name, layer in self._layers.items() if layer is event.value]
        for name in gone:
            del self._layers[name]
        if self._like is not None and event.value is self._like():
            # the view is fitted to what is drawn too
            for name in self._layers:
                self._empty(name)


def _joined(paths: Sequence[Path]) -> NDArray[np.float64]:
    return np.concatenate([_segments(path) for path in paths])


def _put_over(layer: Vectors, like: Labels) -> None:
    scale, units = tuple(like.scale)[-2:], tuple(like.units)[-2:]
    place(layer, scale, units, tuple(like.axis_labels)[-2:])


def _segments(path: Path) -> NDArray[np.float64]:
    """Return a line as napari's vectors: where each part begins, how far it goes."""
    return np.stack([path[:-1], np.diff(path, axis=0)], axis=1)


def outlines_of(mask: NDArray[np.bool_], off_px: float = 0.0) -> list[Path]:
    """Return the outlines of a mask as closed lines through its outermost pixels.

    Parameters
    ----------
    mask
        bool, (y, x).
    off_px
        How far corners that are left out may lie beside the lines.
    """
    import cv2

    found, _ = cv2.findContours(
        np.ascontiguousarray(mask, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    paths = []
    for contour in found:
        kept = cv2.approxPolyDP(contour, off_px, True) if off_px else contour
        corners = kept[:, 0, ::-1].astype(np.float64)
        if len(corners) < 3:
            y, x = corners.min(axis=0) - 0.5
            below, right = corners.max(axis=0) + 0.5
            corners = np.array([[y, x], [y, right], [below, right], [below, x]])
        paths.append(np.concatenate([corners, corners[:1]]))
    return paths
