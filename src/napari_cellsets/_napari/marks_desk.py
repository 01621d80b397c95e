"""Correcting the points, boxes and outlines of the sample on screen."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cellsets._napari.drawn import ANY_CLASS
from napari_cellsets._napari.history_acts import Act, ActLog
from napari_cellsets._napari.marks import MarkEditor
from napari_cellsets._napari.marks_keys import ClassKeys
from napari_cellsets._napari.marks_places import box_around, form_of
from napari_cellsets._napari.marks_rows import Waiting, drawn_after, mark_of
from napari_cellsets._napari.marks_words import (
    NOUNS,
    origin_of,
    title_of,
)
from napari_cellsets.batch.drawn_on import drawn_on
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import MarkChangedError, MarkKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_cellsets._napari.annotation_layers import AnnotationLayers
    from napari_cellsets._napari.label_corrections import HooksFor
    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._napari.marks_rows import MarkRow, MarkStep
    from napari_cellsets.core.image import Picture


class MarkDesk:
    """Unlocks layers of marks, journals what people do in them, and can undo it.

    Parameters
    ----------
    layers
        All annotations of the session.
    hooks
        Gives those of a role; None for layers that nobody looks after.

    Attributes
    ----------
    log
        Acts on each layer.
    class_name
        Class of what is added next.
    class_keys
        The key of each class.
    """

    changed = Signal()
    """Which layers there are, which are locked, or what is in them."""
    acted = Signal()
    """Marks were corrected, or a correction was undone."""
    overtaken = Signal()
    """Somebody else changed the same mark: the sample is to be shown again."""
    told = Signal(str, bool)
    """A sentence for the person, and whether something failed."""

    def __init__(self, layers: AnnotationLayers, hooks: HooksFor | None) -> None:
        self._layers = layers
        self._hooks = None if hooks is None else hooks("marks", _nothing)
        self._editors: dict[str, MarkEditor] = {}
        self._unlocked: set[str] = set()
        self._acts: dict[int, Act] = {}
        self._waiting: list[Waiting] = []
        self._earlier: dict[str, list[Act]] | None = None
        self._since, self._seen = 0.0, 0
        self._said: dict[tuple[str, int], tuple[str, float]] = {}
        self._dataset_id = self._sample = ""
        self._picture: Picture | None = None
        self._set_classes: tuple[str, ...] = ()
        self.log = ActLog()
        self.class_keys = ClassKeys()
        self.class_keys.changed.connect(self.changed.emit)
        self.class_name = ""
        layers.leaving.connect(self._on_leaving)
        layers.arrived.connect(self._on_arrived)
        layers.forgotten.connect(self._on_forgotten)

    # What is there

    def name_of(self, layer: Layer | None) -> str:
        """Return the name of a layer of marks on screen; empty for others."""
        for name, (own, _) in self._layers.marks.items():
            if own is layer:
                return name
        return ""

    @property
    def headings(self) -> dict[str, str]:
        """Every layer of marks by its name, and what to call it: ``glia (boxes)``."""
        nouns = {
            name: NOUNS[drawn.marks][1]
            for name, (_, drawn) in self._layers.marks.items()
        }
        return {
            name: name if name == noun else f"{name} ({noun})"
            for name, noun in nouns.items()
        }

    def editor_of(self, layer: Layer | None) -> MarkEditor | None:
        """Return who follows a layer; None while it is locked."""
        return self._editors.get(self.name_of(layer))

    @property
    def classes(self) -> tuple[str, ...]:
        """Classes that a mark can have: those of the set, and what is there."""
        there = (drawn.classes for _, drawn in self._layers.marks.values())
        found = dict.fromkeys([*self._set_classes, *(n for one in there for n in one)])
        return tuple(found) or (ANY_CLASS,)

    @property
    def keys(self) -> tuple[str, ...]:
        """Key of each class, empty for none."""
        classes = self.classes
        self.class_keys.take(classes)
        return tuple(self.class_keys.keys[name] for name in classes)

    def earlier_acts(self, layer: Layer) -> list[Act]:
        """Return what people did to a layer before this sample was shown."""
        if self._earlier is None:
            self._earlier = {}
            try:
                self._look_up(self._earlier)
            except StoreError:
                pass  # saving and loading tell what is wrong
        return self._earlier.get(self.name_of(layer), [])

    def origin_of(self, layer: Layer, row: MarkRow) -> str:
        """Return in words where a mark comes from and who corrected it."""
        return origin_of(row, self._said.get((self.name_of(layer), row.number)))

    # What the person wants

    def unlock(self, layer: Layer, wanted: bool = True) -> None:
        """Let a layer be corrected, or no more; the file of the set never changes."""
        name = self.name_of(layer)
        if not name or wanted == (name in self._editors):
            return
        if wanted:
            self._unlocked.add(name)
            self._follow(name)
        else:
            self._unlocked.discard(name)
            self._release(self._editors.pop(name))
            layer.editable = False
        self.changed.emit()

    def correct(self, viewer: ViewerModel, name: str, mode: str = "select") -> None:
        """Show a layer of this name, let it be corrected, take napari's tool `mode`."""
        layer, _ = self._layers.marks[name]
        self.unlock(layer)
        layer.visible = True
        viewer.layers.selection.active = layer
        layer.mode = mode
        self.changed.emit()

    def choose_class(self, name: str, layer: Layer | None = None) -> None:
        """Take a class in hand; selected marks of the layer get it."""
        self.class_name = name
        self._layers.set_shown(name, True)
        for key in self._editors:
            self._hold(key)
        editor = self.editor_of(layer)
        if editor is not None:
            editor.set_class(name)
        self.changed.emit()

    def learn(self, classes: Sequence[str]) -> None:
        """Offer these classes of the set from now on."""
        self._set_classes = tuple(classes)
        self.class_keys.take(self.classes)
        if self.class_name not in self.classes:
            self.class_name = self.classes[0]
            for name in self._editors:
                self._hold(name)
        self.changed.emit()

    def note(self, layer: Layer, title: str, turn: Callable[[bool], None]) -> None:
        """Put an act that changes no mark among those that Ctrl+Z undoes."""
        editor = self.editor_of(layer)
        if editor is None:
            return
        line = self.log.add(layer, title)

        def told(done: bool) -> None:
            try:
                turn(done)
            except StoreError as error:
                self.told.emit(str(error), True)
            else:
                self.log.set_done(layer, line, done)

        editor.note(told)

    def save(self) -> bool:
        """Put on disk what could not be put there before; return whether it is."""
        while self._waiting:
            if not self._record(self._waiting[0]):
                return False
            del self._waiting[0]
        return True

    # Following the sample

    def _on_leaving(self) -> None:
        for editor in self._editors.values():
            self._release(editor)
            self.log.clear(editor.layer)
        self._editors.clear()
        self._acts.clear()

    def _on_arrived(self, loaded: LoadedSample) -> None:
        if loaded.dataset.identity != self._dataset_id:
            self._unlocked.clear()
            self.class_name = ""
        self._dataset_id = loaded.dataset.identity
        self._sample, self._picture = loaded.sample.name, loaded.picture
        self._earlier, self._since = None, time.time()
        self._seen = max((kept.number for kept in loaded.marks.values()), default=0)
        self._set_classes = tuple(loaded.dataset.class_table.names.values())
        self._said = {
            (key.layer, key.mark): (stored.author, stored.time)
            for key, stored in loaded.marks.items()
        }
        if self.class_name not in self.classes:
            self.class_name = self.classes[0]
        for name, (layer, _) in self._layers.marks.items():
            if name not in self._editors:
                self._catch_up(name)
                if name in self._unlocked:
                    self._follow(name)
                else:
                    layer.editable = False
        self.changed.emit()

    def _on_forgotten(self, layer: Layer) -> None:
        for name, editor in tuple(self._editors.items()):
            if editor.layer is layer:
                self._release(editor)
                del self._editors[name]
        self.changed.emit()

    def _catch_up(self, name: str) -> None:
        """Show what was done to a layer and could not be saved yet."""
        here = (self._dataset_id, self._sample, name)
        layer, drawn = self._layers.marks[name]
        for act in self._waiting:
            if act[:3] == here:
                editor = MarkEditor(layer, drawn, self.class_name)
                editor.put(act.rows)
                editor.stop()
                drawn = drawn_after(drawn, editor.rows, editor.layer)
                self._layers.take(name, drawn)

    def _follow(self, name: str) -> None:
        layer, drawn = self._layers.marks[name]
        editor = self._editors[name] = MarkEditor(layer, drawn, self.class_name)
        editor.acted.connect(partial(self._on_acted, name))
        editor.turned.connect(partial(self._on_turned, name))
        editor.told.connect(self._on_told)
        editor.selection_changed.connect(self.changed.emit)
        layer.editable = True
        self.class_keys.take(self.classes)
        self.class_keys.bind(layer, self.choose_class)
        self._hold(name)

    def _release(self, editor: MarkEditor) -> None:
        """Follow a layer no longer, and let its keys go."""
        editor.stop()
        self.class_keys.release(editor.layer)

    def _hold(self, name: str) -> None:
        """Let what is added next to a layer have the class in hand."""
        editor = self._editors[name]
        editor.class_name = self.class_name
        self._layers.hold(editor.layer, self.class_name)

    # Acts

    def _on_acted(self, name: str, step: MarkStep) -> None:
        editor = self._editors[name]
        title = title_of(step, editor.kind)
        rows = [row for row in (*step.before.values(), *step.after.values()) if row]
        box = box_around([row.form for row in rows])
        self._acts[id(step.after)] = self.log.add(editor.layer, title, box)
        self._keep(name, step.after, title)

    def _on_turned(self, name: str, step: MarkStep, done: bool) -> None:
        act = self._acts.get(id(step.after))
        title = title_of(step, self._editors[name].kind)
        if act is not None:
            self.log.set_done(self._editors[name].layer, act, done)
        rows = step.after if done else step.before
        self._keep(name, rows, f"{'Redo' if done else 'Undo'}: {title}")

    def _keep(self, name: str, rows: Mapping[int, MarkRow | None], title: str) -> None:
        """Show what marks became as legend and colours, and put it on disk."""
        editor = self._editors[name]
        _, drawn = self._layers.marks[name]
        with editor.paused():
            self._layers.take(name, drawn_after(drawn, editor.rows, editor.layer))
        act = Waiting(
            self._dataset_id,
            self._sample,
            name,
            editor.kind,
            dict(rows),
            title,
            self._seen,
            {} if self._picture is None else drawn_on(self._picture, {}),
        )
        self._waiting.append(act)
        self.save()
        said = (self._author(), time.time())
        self._said.update({(name, number): said for number in rows})
        self.acted.emit()
        self.changed.emit()

    def _look_up(self, found: dict[str, list[Act]]) -> None:
        """Collect what was done to this sample before it was shown."""
        if self._hooks is None or not self._said:
            return
        for act in self._hooks.project().mark_acts(self._dataset_id, self._sample):
            for layer in {key.layer for key in act.marks}:
                forms = [
                    form_of(mark.kind, mark.place)
                    for key, mark in act.marks.items()
                    if key.layer == layer and mark.place is not None
                ]
                box = box_around(forms) if forms and layer else None
                title = str(act.provenance.get("act", "Correction"))
                if act.time < self._since:
                    line = Act(title, act.author, act.time, box)
                    found.setdefault(layer, []).append(line)

    def _author(self) -> str:
        try:
            return "you" if self._hooks is None else self._hooks.project().author
        except StoreError:
            return "you"

    def _record(self, act: Waiting) -> bool:
        if self._hooks is None:
            return False
        marks = {
            MarkKey(act.sample, act.layer, number): mark_of(act.kind, row)
            for number, row in act.rows.items()
        }
        said = {**self._hooks.provenance, **act.said, "act": act.title}
        try:
            project = self._hooks.project()
            project.record_marks(act.dataset_id, marks, said, seen=act.seen)
        except MarkChangedError as error:
            # the other one's stays; this one is not tried again
            self.told.emit(f"Not kept: {act.title} ({error.problem}).", True)
            self.overtaken.emit()
        except StoreError as error:
            self._hooks.told(error)
            return False
        self._hooks.told(None)
        return True

    def _on_told(self, text: str) -> None:
        self.told.emit(text, True)


def _nothing() -> None:
    """Marks on screen are told of by `MarkDesk.changed`."""
