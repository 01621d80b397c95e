"""Ties between the Count dock and the layers: selection, comparison, map, regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Points
from qtpy.QtCore import QObject

from napari_cellsets._napari.clicks import clicked
from napari_cellsets._napari.comparison import (
    find_comparison_layer,
    paint_comparison,
    show_comparison,
)
from napari_cellsets._napari.edit_desk import edit_desk
from napari_cellsets._napari.over_picture import lies_over_picture
from napari_cellsets._napari.slots import add_aside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.object_table import ObjectTableView
    from napari_cellsets.counting.job import CountResult

MAP_NAME = "Probability"
MARK_NAME = "Selected cell"
#: A cell nearer to the edge of the canvas than this share of it counts as unseen.
_MARGIN = 0.04
#: The ring around the selected cell is this much wider than the cell.
_RING = 1.8
#: Width of the outlines of the comparison in pixels of the screen.
_OUTLINE = 2.5


class SelectionLink(QObject):
    """A row selected is a cell marked in the image, and the other way round."""

    def __init__(
        self, viewer: ViewerModel, session: Session, table: ObjectTableView
    ) -> None:
        super().__init__(table)
        self._viewer = viewer
        self._session = session
        self._table = table
        self._layer: Labels | None = None
        table.label_chosen.connect(self._on_label_chosen)
        viewer.mouse_drag_callbacks.append(self._on_canvas_pressed)

    def follow(self, layer: Labels | None) -> None:
        """Listen to this layer of cells from now on."""
        if layer is self._layer:
            return
        if self._layer is not None:
            self._layer.events.selected_label.disconnect(self._on_layer_selected)
        self._layer = layer
        if layer is not None:
            layer.events.selected_label.connect(self._on_layer_selected)

    def stop(self) -> None:
        """Hear no more of viewer and layer."""
        self.follow(None)
        if self._on_canvas_pressed in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_canvas_pressed)

    def unmark(self) -> None:
        """Take the ring away."""
        layer = _find(self._viewer, MARK_NAME, Points)
        if layer is not None and len(layer.data):
            layer.data = np.empty((0, layer.ndim))

    def _on_label_chosen(self, label: int) -> None:
        if self._layer is None:
            return
        self._layer.selected_label = label
        self._mark(label)
        self._bring_into_view(label)

    def _on_layer_selected(self) -> None:
        if self._layer is None:
            return
        label = int(self._layer.selected_label)
        self._table.select_label(label)
        if self._table.objects.row_of(label) is None:
            self.unmark()

    def _on_canvas_pressed(self, viewer: Any, event: Any) -> Iterator[None]:
        """Select the cell under a click that is no drag and no stroke."""
        layer = self._layer
        active = viewer.layers.selection.active
        mode = str(getattr(active, "mode", "pan_zoom"))
        if layer is None or not layer.visible or mode != "pan_zoom":
            return
        if edit_desk(viewer).tools.tool:
            # the click is the tool's; a ring would hide what it does
            return
        if not (yield from clicked(event)):
            return
        label = layer.get_value(event.position, world=True)
        if label and self._table.objects.row_of(int(label)) is not None:
            layer.selected_label = int(label)
            self._mark(int(label))

    def _mark(self, label: int) -> None:
        """Draw a ring around a cell; its layer is made at first need."""
        centre = self._table.objects.centre_of(label)
        cells = self._layer
        if centre is None or cells is None:
            return
        size = max(10.0, _RING * self._table.objects.diameter_of(label))
        layer = _find(self._viewer, MARK_NAME, Points)
        if layer is None:
            layer = Points(
                np.empty((0, 2)),
                name=MARK_NAME,
                face_color="transparent",
                border_color="white",
                border_width=0.06,
                scale=tuple(cells.scale)[-2:],
                units=tuple(cells.units)[-2:],
                axis_labels=tuple(cells.axis_labels)[-2:],
            )
            lies_over_picture(layer)
            add_aside(self._viewer, layer)
            layer.editable = False
        layer.scale, layer.units = tuple(cells.scale)[-2:], tuple(cells.units)[-2:]
        layer.data = np.array([centre])
        layer.size = size
        layer.selected_data = set()

    def _bring_into_view(self, label: int) -> None:
        """Move the camera, and the slider of planes, where the cell is not seen."""
        centre = self._table.objects.centre_of(label)
        cells = self._layer
        if centre is None or cells is None:
            return
        plane = self._table.objects.plane_of(label)
        if plane is not None:
            self._viewer.dims.set_current_step(self._viewer.dims.ndim - 3, plane)
        world = np.asarray(centre) * np.asarray(cells.scale)[-2:]
        camera = self._viewer.scene.camera
        seen = np.asarray(self._viewer.canvas.size) / camera.zoom
        away = np.abs(world - np.asarray(camera.center)[-2:])
        if (away > seen * (0.5 - _MARGIN)).any():
            camera.center = (*tuple(camera.center)[:-2], *world)


class ComparisonLink:
    """Keeps the Comparison layer equal to the result, while it is wanted."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session
        viewer.scene.camera.events.zoom.connect(self._on_zoom_changed)

    def stop(self) -> None:
        """Hear no more of the viewer."""
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoom_changed)

    def synchronize(self, result: CountResult | None, wanted: bool) -> None:
        """Show the comparison, or hide it where there is none or nobody wants it."""
        layer = find_comparison_layer(self._viewer)
        truth, cells = self._session.truth, self._session.cells_layer
        compared = None if result is None else result.evaluation
        if not wanted or result is None or compared is None or not truth or not cells:
            if layer is not None and layer.visible:
                layer.visible = False
                self._show_truth(True)
            return
        painted = paint_comparison(
            result.labels,
            np.asarray(truth.labels),
            matched=compared.matched[:, 0],
            missed=compared.missed,
            extra=compared.extra,
        )
        shown = show_comparison(self._viewer, painted, cells)
        if not shown.visible or layer is None:
            self._show_truth(False)
        shown.visible = True
        self._on_zoom_changed()

    def _show_truth(self, visible: bool) -> None:
        """Show outlines of the truth, unless the comparison says it in colour."""
        layer = self._session.truth_layer
        if layer is not None and self._session.truth is not None:
            layer.visible = visible or self._session.correcting_truth

    def _on_zoom_changed(self, *_: object) -> None:
        """Keep the outlines about as wide on screen, near and far."""
        layer = find_comparison_layer(self._viewer)
        if layer is None or not layer.visible:
            return
        screen_px_per_px = self._viewer.scene.camera.zoom * float(layer.scale[-1])
        wanted = int(np.clip(round(_OUTLINE / max(screen_px_per_px, 1e-6)), 1, 12))
        if layer.contour != wanted:
            layer.contour = wanted


class MapLink:
    """Shows the map of probabilities as a layer, while that is wanted."""

    def __init__(self, viewer: ViewerModel, session: Session) -> None:
        self._viewer = viewer
        self._session = session

    def synchronize(self, probability: np.ndarray | None, wanted: bool) -> None:
        """Show the map, or hide it where there is none or nobody wants it."""
        layer = _find(self._viewer, MAP_NAME, Image)
        image = self._session.image_layer
        if not wanted or probability is None or image is None:
            if layer is not None:
                layer.visible = False
            return
        if layer is not None and layer.ndim == probability.ndim:
            layer.data = probability
            layer.visible = True
        else:
            if layer is not None:
                self._viewer.layers.remove(layer)
            layer = self._add(probability, image)
        layer.scale = tuple(image.scale)[-probability.ndim :]
        layer.units = tuple(image.units)[-probability.ndim :]

    def _add(self, probability: np.ndarray, image: Image) -> Image:
        active = self._viewer.layers.selection.active
        layer = Image(
            probability,
            name=MAP_NAME,
            rgb=False,
            colormap="magma",
            contrast_limits=(0.0, 1.0),
            blending="additive",
            scale=tuple(image.scale)[-probability.ndim :],
            units=tuple(image.units)[-probability.ndim :],
            axis_labels=tuple(image.axis_labels)[-probability.ndim :],
        )
        lies_over_picture(layer)
        self._viewer.layers.insert(self._viewer.layers.index(image) + 1, layer)
        self._viewer.layers.selection.active = active
        return layer


def _find(viewer: ViewerModel, name: str, kind: type) -> Any:
    for layer in viewer.layers:
        if layer.name == name and isinstance(layer, kind):
            return layer
    return None
