"""The layers of a session in its viewer: image, annotations, ground truth, cells."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari.layers import Labels, Points, Shapes

from napari_cellsets._napari.annotation_layers import AnnotationLayers
from napari_cellsets._napari.beside import BesideLayers
from napari_cellsets._napari.film import Film
from napari_cellsets._napari.ground import Ground
from napari_cellsets._napari.leaving import take_away
from napari_cellsets._napari.loading import blank_form, tracked_cells, tracked_truth
from napari_cellsets._napari.looks import label_options, scale_and_units
from napari_cellsets._napari.outlines import OutlinedLabels
from napari_cellsets._napari.over_picture import layers_over
from napari_cellsets._napari.overlay import Overlay
from napari_cellsets._napari.shown_box import fit_view
from napari_cellsets._napari.slots import (
    fill_image,
    fits_image,
    new_image_layer,
    outline_truth,
    place,
    put_layer,
)
from napari_cellsets._napari.tickets import take_ticket

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_cellsets._napari.edits import Place, Tracked
    from napari_cellsets._napari.label_corrections import HooksFor
    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.overlay import Hooks
    from napari_cellsets.catalogue import Dataset


class Stage:
    """Keeps our layers, reuses them, and adopts those that a reader made.

    Parameters
    ----------
    viewer
        Held weakly.
    hooks
        Of the ground truth and of the cells.
    further
        Gives those of further annotations, see `LabelCorrections`.
    arrived
        Called with the sample when a reader's image came into the viewer.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        hooks: tuple[Hooks, Hooks],
        further: HooksFor,
        arrived: Callable[[LoadedSample], None],
    ) -> None:
        self._viewer = weakref.ref(viewer)
        self._arrived = arrived
        self.image: Image | None = None
        self.film = Film(viewer)
        self.truth = Overlay("truth", hooks[0])
        self.cells = Overlay("cells", hooks[1])
        self.annotations = AnnotationLayers(further)
        self._ground = Ground(viewer)
        self._ground.changed.connect(self.annotations.turn_shades)
        self.beside = BesideLayers()
        self._set = ""
        viewer.layers.events.inserted.connect(self._on_inserted, position="last")
        viewer.layers.events.removed.connect(self._on_removed)

    def save(self) -> bool:
        """Put all corrections on disk; return whether that worked."""
        further = self.annotations.corrections.save()
        marks = self.annotations.desk.save()
        saved = self.truth.save() and further and marks
        return self.cells.save() and saved

    def place_of(self, layer: Labels, *, stored: bool = False) -> Place | None:
        """Return where labels of ours belong in the store, None for other layers."""
        for overlay in (self.truth, self.cells):
            if layer is overlay.layer and overlay.tracked is not None:
                if stored:
                    overlay.keep()
                return overlay.tracked.place
        return self.annotations.corrections.place_of(layer, stored=stored)

    def tracked_of(self, layer: Labels) -> Tracked | None:
        """Return what is followed of labels of ours; None of others."""
        for overlay in (self.truth, self.cells):
            if layer is overlay.layer and overlay.tracked is not None:
                return overlay.tracked
        further = self.annotations.corrections.overlay_of(layer)
        return None if further is None else further.tracked

    def show(self, loaded: LoadedSample) -> None:
        """Show a sample in the layers that are there, fit the view to a new size."""
        viewer = self._viewer()
        if viewer is None:
            return
        chosen = viewer.layers.selection.active
        self._lock_in(loaded.dataset)
        self.annotations.turn_to(loaded.dataset, loaded.pixel_size_um)
        new_size = self._show_image(viewer, loaded)
        self._show_annotations(viewer, loaded)
        truth, cells = tracked_truth(loaded), tracked_cells(loaded)
        if truth is not None:
            if isinstance(self.truth.layer, OutlinedLabels):
                self.truth.layer.found = loaded.outlines
            self.truth.show(viewer, truth, loaded.pixel_size_um)
            if self.truth.layer is not None:
                outline_truth(self.truth.layer, loaded.shown)
        else:
            self.truth.hide()
        if cells is None:
            self.cells.hide()
        elif loaded.cells is not None or self.cells.layer is not None:
            self.cells.show(viewer, cells, loaded.pixel_size_um)
        if chosen is not None and not viewer.layers.selection:
            # it was of another set
            viewer.layers.selection.active = self._successor(viewer, chosen)
        if new_size:
            fit_view(viewer)

    def _lock_in(self, dataset: Dataset) -> None:
        """Lock the labels of another set, whatever was unlocked in the one before."""
        if dataset.identity != self._set:
            self._set = dataset.identity
            self.truth.locked = True
            self.annotations.corrections.lock_all()

    def show_cells(self, tracked: Tracked, pixel_size_um: float | None) -> None:
        """Show other cells on the same image; what was there is replaced."""
        viewer = self._viewer()
        if viewer is not None:
            self.cells.discard()
            self.cells.show(viewer, tracked, pixel_size_um)

    def _successor(self, viewer: ViewerModel, gone: Layer) -> Layer | None:
        """Return a layer of the kind of one that is gone, else the picture."""
        kinds = [kind for kind in (Labels, Points, Shapes) if isinstance(gone, kind)]
        seen = [one for one in self._ours() if one is not None and one.visible]
        there = [one for one in seen if one in viewer.layers]
        alike = [one for one in there if isinstance(one, tuple(kinds))]
        return alike[0] if alike else self.image

    def _show_annotations(self, viewer: ViewerModel, loaded: LoadedSample) -> None:
        """Show what is there besides labels; the person's choice stays chosen."""
        chosen = viewer.layers.selection.active or self.image
        labels = (self.truth.layer, self.cells.layer)
        self.beside.show(viewer, loaded.beside, self.image)
        self.annotations.show(viewer, loaded, labels)
        if viewer.layers.selection.active is not chosen and chosen in viewer.layers:
            viewer.layers.selection.active = chosen
        for layer in labels:
            if layer is not None and not layer.visible:
                # what is hidden counts where napari asks whether all units agree
                looks = label_options("cells", layer.ndim, loaded.pixel_size_um)
                place(layer, looks["scale"], looks["units"], looks["axis_labels"])

    def _show_image(self, viewer: ViewerModel, loaded: LoadedSample) -> bool:
        """Put the picture into the image layer; return whether its size is new."""
        old, size = self.image, self._size()
        name, below = loaded.sample.name, self._ours()[1:]
        self._agree_on_units(viewer, loaded.pixel_size_um)
        if loaded.recording is not None:
            self.image = self.film.show(
                loaded.recording, name, loaded.pixel_size_um, old, below
            )
            return size != self._size()
        shown = loaded.shown or blank_form()
        if self.film.layer is None and old is not None and fits_image(old, shown):
            fill_image(old, shown, name)
        else:
            self.film.leave()
            self.image = new_image_layer(shown, name)
            put_layer(viewer, self.image, old, below)
        return size != self._size()

    def _size(self) -> tuple[tuple[int, ...], tuple[float, ...]] | None:
        """Return shape and scale of what is seen; of a recording those of a frame."""
        if self.image is None:
            return None
        first = 1 if self.image is self.film.layer else 0
        return self.image.data.shape[first:], tuple(self.image.scale)[first:]

    def _agree_on_units(self, viewer: ViewerModel, pixel_size_um: float | None) -> None:
        """Give all layers the units to come: napari warns where it draws mixed ones."""
        scale, units = scale_and_units("yx", pixel_size_um)
        for layer in (*self._ours(), *layers_over(viewer)):
            if layer is not None:
                around = tuple(layer.scale)[:-2], tuple(map(str, layer.units[:-2]))
                scales, all_units = (*around[0], *scale), (*around[1], *units)
                place(layer, scales, all_units, layer.axis_labels)

    def _on_inserted(self, event: Any) -> None:
        ticket = take_ticket(event.value)
        if ticket is None:
            return
        if ticket.role in ("image", "sample"):
            self._adopt_image(event.value, ticket.loaded)
            if ticket.role == "sample":
                self.show(ticket.loaded)
            self._arrived(ticket.loaded)
        elif ticket.role == "annotation":
            self.annotations.adopt(event.value, ticket.key, ticket.loaded)
        elif ticket.role == "beside":
            self.beside.adopt(event.value, ticket.key)
        else:
            overlay = self.truth if ticket.role == "truth" else self.cells
            overlay.adopt(event.value, ticket.tracked)
            overlay.tell_changed()

    def _adopt_image(self, layer: Image, loaded: LoadedSample) -> None:
        """Let a reader's image take the place of all that was shown before."""
        ours = self._ours()
        self._lock_in(loaded.dataset)
        for group in (self.truth, self.cells, self.annotations, self.beside):
            group.forget()
        self.image = layer
        if loaded.recording is not None:
            self.film.adopt(layer, loaded.recording, loaded.pixel_size_um)
        else:
            self.film.leave()
        viewer = self._viewer()
        if viewer is not None:
            take_away(viewer, ours)

    def _ours(self) -> tuple[Layer | None, ...]:
        """All our layers, the image first."""
        labels = (self.truth.layer, self.cells.layer)
        return (self.image, *labels, *self.annotations.layers, *self.beside.layers)

    def _on_removed(self, event: Any) -> None:
        layer = event.value
        if layer is self.image:
            self.image = None
        if layer is self.film.layer:
            self.film.leave()
        self.annotations.forget(layer)
        self.beside.forget(layer)
        for overlay in (self.truth, self.cells):
            if layer is overlay.layer:
                overlay.forget()
