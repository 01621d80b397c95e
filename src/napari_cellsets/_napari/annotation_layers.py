"""All that is marked in the sample on screen: its layers, and their legend."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari.utils.colormaps.standardize_color import transform_color
from psygnal import Signal

from napari_cellsets._napari.annotation_slots import (
    Looks,
    colour_layer,
    colour_marks,
    empty_layer,
    fill_layer,
    fits,
    hold_class,
    new_layer,
)
from napari_cellsets._napari.kept_annotations import shown_as_kept
from napari_cellsets._napari.label_corrections import LabelCorrections
from napari_cellsets._napari.leaving import take_away
from napari_cellsets._napari.legend_entry import LegendEntry, legend_entry
from napari_cellsets._napari.looks import scale_and_units
from napari_cellsets._napari.mark_colours import is_bright
from napari_cellsets._napari.marks_desk import MarkDesk
from napari_cellsets._napari.palette import Palette
from napari_cellsets._napari.slots import place, put_layer
from napari_cellsets._napari.undo_mirror import call_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_cellsets._napari.drawn import Drawn
    from napari_cellsets._napari.label_corrections import HooksFor
    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets.catalogue import Dataset


class AnnotationLayers:
    """Shows annotations in layers that are reused from sample to sample.

    They are locked; those of labels until a person asks to correct them.

    Parameters
    ----------
    hooks
        See `LabelCorrections`; None for layers that are made and not looked after.

    Attributes
    ----------
    corrections
        What was corrected of annotations of labels.
    desk
        Corrections of points, boxes and outlines.
    entries
        The legend; classes in the order of the data set.
    notes
        Further sentences for the person: classes of the whole picture, planes.
    """

    changed = Signal()
    leaving = Signal()
    """Something else is about to be shown."""
    arrived = Signal(object)
    """A `LoadedSample` is shown."""
    large_changed = Signal(str)
    """Labels of this annotation changed that are large; see `look_beside`."""
    forgotten = Signal(object)
    """A layer that is none of ours any more."""
    shaded = Signal()
    """Classes have other shades: those for a bright or for a dark picture."""

    def __init__(self, hooks: HooksFor | None = None) -> None:
        self.corrections = LabelCorrections(hooks)
        self.corrections.changed.connect(self.look_again)
        self.desk = MarkDesk(self, hooks)
        self.entries: tuple[LegendEntry, ...] = ()
        self.notes: tuple[str, ...] = ()
        self._hidden: set[str] = set()
        self._layers: dict[str, Layer] = {}
        self._drawn: dict[str, Drawn] = {}
        self._put_away: set[str] = set()
        self._palette = Palette()
        self._looks: Looks | None = None
        self._set = ""
        self._leaving: list[Layer] = []
        self._begun: dict[str, Drawn] = {}

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Our layers, also those that show nothing of this sample."""
        return tuple(self._layers.values())

    @property
    def kinds(self) -> set[type]:
        """Kinds of annotation of this sample."""
        return {drawn.of for drawn in self._drawn.values()}

    @property
    def marks(self) -> dict[str, tuple[Any, Drawn]]:
        """Layers of points, boxes and outlines of this sample, and what they show."""
        return {
            name: (self._layers[name], drawn)
            for name, drawn in self._drawn.items()
            if drawn.marks and name in self._layers
        }

    def set_shown(self, name: str, shown: bool) -> None:
        """Show or hide a class in all layers; kept from sample to sample."""
        if shown == (name not in self._hidden):
            return
        (self._hidden.discard if shown else self._hidden.add)(name)
        for key, drawn in self._drawn.items():
            if name in drawn.classes and self._looks is not None:
                colour_layer(self._layers[key], drawn, self._looks)
        self._tell()

    def show(
        self, viewer: ViewerModel, loaded: LoadedSample, below: Sequence[Layer | None]
    ) -> None:
        """Show what is marked in a sample, after `turn_to`.

        Parameters
        ----------
        viewer
            Where to.
        loaded
            The decoded sample.
        below
            Layers that new ones must not cover.
        """
        every = self._with_begun(loaded)
        found = [(self.corrections.arriving(loaded, one), one) for one in every]
        every = [one if arrival is None else arrival.shown for arrival, one in found]
        looks = self._looks_of(loaded, every)
        for drawn, (arrival, _) in zip(every, found, strict=True):
            layer = self._layers.get(drawn.name)
            self._drawn[drawn.name] = drawn
            if layer is not None and fits(layer, drawn):
                locked = self.corrections.locked(drawn.name)
                with self.corrections.filling(arrival):
                    fill_layer(layer, drawn, looks, locked=locked)
                if drawn.name in self._put_away:
                    layer.visible = True
            else:
                new = new_layer(drawn, looks)
                self._layers[drawn.name] = new
                self.corrections.adopt(new, arrival)
                put_layer(viewer, new, layer, tuple(below))
            self._put_away.discard(drawn.name)
        self._put_rest_away(set(self._drawn))
        take_away(viewer, self._leaving)
        self._leaving = []
        self._note(loaded)
        self.arrived.emit(loaded)

    def begin(
        self, viewer: ViewerModel, empty: Drawn, below: Sequence[Layer | None]
    ) -> None:
        """Add a layer for marks that no file has; it stays from sample to sample."""
        self._begun[empty.name] = empty
        old = self._layers.get(empty.name)
        if self._looks is None:
            return
        self._drawn[empty.name] = empty
        new = self._layers[empty.name] = new_layer(empty, self._looks)
        self._put_away.discard(empty.name)
        put_layer(viewer, new, old, tuple(below))

    def take(self, name: str, drawn: Drawn) -> None:
        """Show what a person made of marks as colours and in the legend."""
        self._drawn[name] = drawn
        if self._looks is not None:
            found = self._palette.colours_of([drawn])
            self._looks.colours = {**self._looks.colours, **found}
            colour_marks(self._layers[name], drawn, self._looks)
        self._tell()

    def colour_of(self, class_name: str) -> str:
        """Return the colour of a class as ``#rrggbb``."""
        return self._palette.colour(class_name)

    @property
    def bright(self) -> bool:
        """Whether colours of classes are those for a bright picture."""
        return self._palette.bright

    def turn_shades(self, bright: bool) -> None:
        """Show classes in the shades that are seen on a bright or on a dark picture."""
        if bright == self._palette.bright:
            return
        self._palette.bright = bright
        if self._looks is not None:
            self._looks.colours = self._palette.colours_of(self._drawn.values())
            for name, drawn in self._drawn.items():
                colour_layer(self._layers[name], drawn, self._looks)
        self._tell()
        self.shaded.emit()

    def hold(self, layer: Any, class_name: str) -> None:
        """Let what is added next to a layer of marks look as its class."""
        if self._looks is not None:
            colour = transform_color(self._palette.colour(class_name))[0]
            hold_class(layer, colour, self._looks)

    def make(self, loaded: LoadedSample) -> list[tuple[str, Layer]]:
        """Return new layers for a sample, which `adopt` will take over."""
        self._palette.turn_to(loaded.dataset)
        every = [shown_as_kept(loaded, drawn) for drawn in loaded.drawn]
        looks = self._looks_of(loaded, every)
        return [(drawn.name, new_layer(drawn, looks)) for drawn in every]

    def adopt(self, layer: Layer, key: str, loaded: LoadedSample) -> None:
        """Look after a layer that a reader made."""
        if self._looks is None or self._set != loaded.dataset.identity:
            self._set = loaded.dataset.identity
            self._palette.turn_to(loaded.dataset)
            self._looks_of(loaded, loaded.drawn)
        drawn = {drawn.name: drawn for drawn in loaded.drawn}
        if key in drawn:
            arrival = self.corrections.arriving(loaded, drawn[key])
            self.corrections.adopt(layer, arrival)
            self._layers[key] = layer
            self._drawn[key] = drawn[key] if arrival is None else arrival.shown
        self._note(loaded)
        self.arrived.emit(loaded)

    def forget(self, layer: Layer | None = None) -> None:
        """Let go of a layer that left the viewer, or of all."""
        gone = [k for k, own in self._layers.items() if layer is None or own is layer]
        for key in gone:
            self.corrections.forget(key)
            own = self._layers.pop(key)
            self._drawn.pop(key, None)
            self._put_away.discard(key)
            self._begun.pop(key, None)
            self.forgotten.emit(own)
        if gone:
            self._tell()

    def turn_to(self, dataset: Dataset, pixel_size_um: float | None) -> None:
        """Forget what was shown; of another set let the layers go.

        They get the new units at once, as napari draws without units where they are
        mixed; `show` takes them away once the new picture is there.
        """
        self.leaving.emit()
        self._drawn = {}
        if self._set == dataset.identity:
            return
        self._set = dataset.identity
        self._hidden.clear()
        self._palette.turn_to(dataset)
        for layer in self.layers:
            axes = "p" * (layer.ndim - 2) + "yx"
            place(layer, *scale_and_units(axes, pixel_size_um), layer.axis_labels)
        self._leaving += self.layers
        self.forget()

    def classes_in(self, layer: Layer) -> dict[int, tuple[str, str]]:
        """Return name and colour of each class that a mask of classes can have.

        By value of its pixels; empty for layers that are no mask of classes.
        """
        for key, drawn in self._drawn.items():
            if self._layers.get(key) is layer:
                palette = self._palette
                names = {} if drawn.lines else {**palette.given, **drawn.class_names}
                return {n: (t, palette.colour(t)) for n, t in names.items() if n}
        return {}

    def learn(self, dataset: Dataset) -> None:
        """Offer the classes that the set has now."""
        self._palette.given = dataset.class_table.given
        self.corrections.learn(dataset.class_table.names)
        self.desk.learn(tuple(dataset.class_table.names.values()))
        for name in tuple(self._drawn):
            self.look_again(name)

    def show_classes(self, layer: Layer) -> None:
        """Show the classes that objects of a layer were given."""
        for name in [name for name, own in self._layers.items() if own is layer]:
            self.look_again(name)

    def look_again(self, name: str) -> None:
        """Show the classes of an annotation of labels as they are now.

        Of large ones `large_changed` tells, and whoever has a thread does that.
        """
        if self.corrections.is_large(name):
            self.large_changed.emit(name)
            return
        look = self.look_beside(name)
        if look is not None:
            look()()

    def look_beside(self, name: str) -> Callable[[], Callable[[], None]] | None:
        """Return what looks for the classes there are now, in any thread.

        What that returns is called on the main thread and shows them, unless others
        are shown by then.
        """
        before, look = self._drawn.get(name), self.corrections.look(name)
        if before is None or look is None:
            return None
        return lambda: partial(self._show_found, name, before, look())

    def _show_found(self, name: str, before: Drawn, now: Drawn) -> None:
        if self._drawn.get(name) is not before or self._looks is None:
            return
        self._drawn[name] = now
        known = zip(before.ids, before.classes, strict=True)
        if set(zip(now.ids, now.classes, strict=True)).difference(known):
            self._looks.colours.update(self._palette.colours_of([now]))
            colour_layer(self._layers[name], now, self._looks)
        self._tell()

    def _looks_of(self, loaded: LoadedSample, every: Sequence[Drawn]) -> Looks:
        bright, self._palette.bright = self._palette.bright, is_bright(loaded.shown)
        if bright != self._palette.bright:
            self.shaded.emit()
        colours = self._palette.colours_of(every)
        size = loaded.picture.plane_shape if loaded.picture is not None else (512, 512)
        self._looks = Looks(colours, self._hidden, size, loaded.pixel_size_um)
        return self._looks

    def _with_begun(self, loaded: LoadedSample) -> list[Drawn]:
        """Return all annotations, and what a person began in another sample."""
        known = {drawn.name for drawn in loaded.drawn}
        seen = loaded.picture is not None
        begun = [one for name, one in self._begun.items() if seen and name not in known]
        return [*loaded.drawn, *begun]

    def _put_rest_away(self, used: set[str]) -> None:
        for key in set(self._layers) - used:
            layer = self._layers[key]
            self.corrections.leave(key)
            if layer.visible:
                # what the person hid stays hidden
                layer.visible = False
                self._put_away.add(key)
            empty_layer(layer)

    def _note(self, loaded: LoadedSample) -> None:
        notes = [f"Picture: {name}" for name in loaded.whole]
        notes += [
            f"{drawn.name}: objects overlap and lie in {drawn.planes} planes; the"
            " slider below the picture goes through them."
            for drawn in self._drawn.values()
            if drawn.planes > 1
        ]
        self.notes = tuple(notes)
        self._tell()

    def _tell(self) -> None:
        for key, drawn in self._drawn.items():
            if drawn.kind == "labels" and key in self._layers:
                names = (
                    {} if drawn.lines else {**self._palette.given, **drawn.class_names}
                )
                call_labels(self._layers[key], names)
        self.entries = tuple(
            legend_entry(
                name, self._drawn.values(), self._palette, name not in self._hidden
            )
            for name in self._palette.ordered(self._drawn.values())
        )
        self.changed.emit()
