"""Further annotations of label pixels, corrected in their own layers."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from psygnal import Signal

from napari_cellsets._napari.kept_annotations import (
    around,
    as_corrected,
    tracked_annotation,
)
from napari_cellsets._napari.overlay import Overlay
from napari_cellsets._napari.stack_axes import flat, is_stack
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import further_layer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from napari.layers import Labels, Layer

    from napari_cellsets._napari.drawn import Drawn
    from napari_cellsets._napari.edits import Place, Tracked
    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.overlay import Hooks
    from napari_cellsets.store import LayerFacts

    HooksFor = Callable[[str, Callable[[], None]], Hooks]

_MOST_PX = 4_000_000
"""Larger labels are looked through in a thread."""


class Arrival(NamedTuple):
    """Labels that are about to be shown.

    Parameters
    ----------
    shown
        With the labels as corrected, in an array for the layer.
    tracked
        What the store has.
    """

    shown: Drawn
    tracked: Tracked


class LabelCorrections:
    """Keeps one `Overlay` for each annotation of labels, by its name.

    They are locked until a person asks to correct one; that holds for all samples of
    the set then.

    Parameters
    ----------
    hooks
        Returns what an overlay needs, of its role and of what to call after changes;
        None where nothing is ever shown.
    """

    changed = Signal(str)
    """Labels of this annotation changed."""

    def __init__(self, hooks: HooksFor | None) -> None:
        self._hooks = hooks
        self._overlays: dict[str, Overlay] = {}
        self._published: dict[str, Drawn] = {}
        self._names: Mapping[int, str] = {}

    def locked(self, name: str) -> bool:
        """Whether an annotation must not be painted."""
        overlay = self._overlays.get(name)
        return overlay is None or overlay.locked

    def overlay_of(self, layer: Layer | None) -> Overlay | None:
        """Return what follows a layer of ours, None for other layers."""
        for overlay in self._overlays.values():
            if layer is not None and overlay.layer is layer:
                return overlay
        return None

    def place_of(self, layer: Layer, *, stored: bool = False) -> Place | None:
        """Return where labels belong in the store; see `Session.place_of`."""
        overlay = self.overlay_of(layer)
        if overlay is None or overlay.tracked is None:
            return None
        if stored:
            overlay.keep()
        return overlay.tracked.place

    def set_locked(self, layer: Layer, locked: bool) -> bool:
        """Forbid or allow to correct a layer; return whether it is one of ours."""
        overlay = self.overlay_of(layer)
        if overlay is None or overlay.layer is None:
            return False
        overlay.set_locked(locked)
        protect(overlay.layer)
        return True

    def learn(self, names: Mapping[int, str]) -> None:
        """Call classes by these names from now on, by their ids."""
        self._names = names

    def lock_all(self) -> None:
        """Lock what comes: another set is opened, whose layers have left or are new."""
        for overlay in self._overlays.values():
            overlay.locked = True

    def save(self) -> bool:
        """Put all corrections on disk; return whether that worked."""
        # all of them, also after one that failed
        saved = [overlay.save() for overlay in self._overlays.values()]
        return all(saved)

    # Showing

    def arriving(self, loaded: LoadedSample, drawn: Drawn) -> Arrival | None:
        """Leave what an annotation shows, return what comes; None for other kinds."""
        if drawn.kind != "labels" or self._hooks is None:
            return None
        overlay = self._overlay(drawn.name, self._hooks)
        overlay.around = around(drawn)
        tracked, labels = overlay.arriving(tracked_annotation(loaded, drawn))
        self._names = loaded.dataset.class_table.names
        self._published[drawn.name] = drawn
        kept = loaded.kept.get(drawn.name)
        facts = None if kept is None else kept.facts
        return Arrival(as_corrected(drawn, labels, facts, self._names), tracked)

    def filling(self, arrival: Arrival | None) -> AbstractContextManager[None]:
        """Follow what arrives; the block puts it into its layer."""
        if arrival is None:
            return nullcontext()
        return self._overlays[arrival.shown.name].filling(arrival.tracked)

    def adopt(self, layer: Any, arrival: Arrival | None) -> None:
        """Follow a new layer that shows what arrives."""
        if arrival is not None:
            overlay = self._overlays[arrival.shown.name]
            overlay.adopt(layer, arrival.tracked)
            if not overlay.locked:
                layer.editable = True
                protect(layer)

    def published_classes(self, layer: Layer) -> dict[int, str]:
        """Return the class of each object of a layer of ours, as the data set has it.

        Empty for other layers, and where objects have no classes of their own.
        """
        for name, overlay in self._overlays.items():
            drawn = self._published.get(name)
            if overlay.layer is layer and drawn is not None:
                known = bool(drawn.class_of) or not drawn.lines
                return dict(zip(drawn.ids, drawn.classes, strict=True)) if known else {}
        return {}

    def leave(self, name: str) -> None:
        """Save what an annotation shows: the next sample has none of that name."""
        if name in self._overlays:
            self._overlays[name].leave()

    def forget(self, name: str) -> None:
        """Let go of a layer that left the viewer."""
        if name in self._overlays:
            self._overlays[name].forget()

    def is_large(self, name: str) -> bool:
        """Whether looking through an annotation takes a while."""
        tracked = self._overlays[name].tracked if name in self._overlays else None
        return tracked is not None and tracked.shadow.size > _MOST_PX

    def look(self, name: str) -> Callable[[], Drawn] | None:
        """Return what finds labels and classes as they are now, in any thread."""
        overlay, drawn = self._overlays.get(name), self._published.get(name)
        if overlay is None or overlay.layer is None or drawn is None:
            return None
        if overlay.tracked is None:
            return None
        labels = flat(overlay.layer.data, overlay.tracked.shadow.ndim)
        facts, names = partial(self._facts, overlay, overlay.tracked), self._names
        return lambda: as_corrected(drawn, labels, facts(), names)

    # Inside

    def _overlay(self, name: str, hooks: HooksFor) -> Overlay:
        overlay = self._overlays.get(name)
        if overlay is None:
            role = further_layer(name)
            needed = hooks(role, partial(self.changed.emit, name))
            overlay = self._overlays[name] = Overlay(role, needed)
        return overlay

    def _facts(self, overlay: Overlay, tracked: Tracked) -> LayerFacts | None:
        if tracked.base is not None:
            return None
        try:
            return overlay.project().object_facts(*tracked.place)
        except StoreError:
            return None  # saving has told


def protect(layer: Labels) -> None:
    """Keep the brush from taking pixels of other objects of a stack."""
    if is_stack(layer) and layer.editable:
        layer.preserve_labels = True
