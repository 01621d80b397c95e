"""Editing in one viewer: which layer, which tool, and what is drawn over it."""

from __future__ import annotations

import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from psygnal import Signal

from napari_cellsets._napari.edit_acts import COMMANDS, EditOptions, perform
from napari_cellsets._napari.edit_marks import EditMarks
from napari_cellsets._napari.edit_tools import Tools
from napari_cellsets._napari.editable import editable_copy
from napari_cellsets._napari.history_acts import Act, ActLog
from napari_cellsets._napari.label_editor import LabelEditor
from napari_cellsets._napari.picture_under import picture_under
from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.shown_box import show_box
from napari_cellsets._napari.stack_editor import begin_object, lifted_box
from napari_cellsets.core.errors import EditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from numpy.typing import NDArray


class EditDesk:
    """One of a viewer; get it with `edit_desk`.

    Attributes
    ----------
    options
        How far and how much.
    tools
        What clicks and strokes on the image do.
    marks
        Outlines and lines over the labels.
    source
        Layer that *Copy* copies from.
    log
        Acts on layers that are no edits of labels.
    """

    target_changed = Signal()
    """Another layer is edited, or none."""
    seen_changed = Signal()
    """`seen` is another layer, of the same target."""
    told = Signal(str, bool)
    """A sentence for the person, and whether something failed; an empty one where
    what was told is true no more."""
    acts_changed = Signal()
    selection_changed = Signal()
    flashed = Signal()
    """A frame was drawn; somebody with a clock should call `tools.redraw`."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = weakref.ref(viewer)
        self._editors: dict[Labels, LabelEditor] = {}
        self._target: Labels | None = None
        self.options = EditOptions()
        self.source: Labels | None = None
        self.marks = EditMarks(viewer)
        self.tools = Tools(self)
        self.log = ActLog()
        self._instead: dict[Labels, Labels] = {}
        self._told_of: Act | None = None
        self._telling = False
        self.told.connect(self._on_told)
        self.acts_changed.connect(self._on_acts_changed)
        self.log.changed.connect(self._on_log_changed)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.layers.selection.events.active.connect(self._on_active_changed)
        viewer.dims.events.current_step.connect(self._on_step_changed)
        self._on_active_changed()

    @property
    def viewer(self) -> ViewerModel | None:
        """The viewer, while it is there."""
        return self._viewer()

    # Which layer

    @property
    def target(self) -> Labels | None:
        """The layer that is edited."""
        return self._target

    @target.setter
    def target(self, layer: Labels | None) -> None:
        if layer is self._target:
            return
        self.tools.use(None)
        if self.editor is not None:
            self.editor.select(())
        self._target = layer
        self._say_no_more()
        self.target_changed.emit()
        self.acts_changed.emit()

    @property
    def seen(self) -> Labels | None:
        """The layer that shows the labels of the target, by default that itself."""
        target = self._target
        return None if target is None else self._instead.get(target, target)

    def show_instead(self, layer: Labels, shown: Labels | None) -> None:
        """Know that other labels are looked at in place of a layer's; None: no more.

        Selected, these do not become the target.
        """
        self._instead.pop(layer, None)
        if shown is not None:
            self._instead[layer] = shown
        self._outline()
        self.seen_changed.emit()

    @property
    def editor(self) -> LabelEditor | None:
        """The editor of the layer that is edited."""
        return None if self._target is None else self.editor_of(self._target)

    def editor_of(self, layer: Labels) -> LabelEditor:
        """Return the one editor of a layer."""
        editor = self._editors.get(layer)
        viewer = self._viewer()
        if editor is None and viewer is not None:
            editor = self._editors[layer] = LabelEditor(viewer, layer)
            editor.changed.connect(partial(self._on_changed, layer))
            editor.selection_changed.connect(self._on_selection_changed)
            editor.acts_changed.connect(self.acts_changed.emit)
        if editor is None:
            raise EditError("the window is gone")
        return editor

    @property
    def acts(self) -> list[Act]:
        """What was done to the layer that is edited, oldest first."""
        editor, layer = self.editor, self._target
        if editor is None or layer is None:
            return []
        both = [*editor.acts, *self.log.of(layer)]
        return sorted(both, key=lambda act: act.when)

    def why_not(self) -> str:
        """Return why the layer cannot be edited; empty where it can."""
        if self.editor is None:
            return "No layer of labels is chosen."
        try:
            self.editor.check()
        except EditError as error:
            return str(error)
        return ""

    @property
    def can_unlock(self) -> bool:
        """Whether the layer is of the data set and may be corrected in its place."""
        viewer, target = self._viewer(), self._target
        if viewer is None or target is None:
            return False
        session = get_session(viewer)
        corrections = session.annotations.corrections
        return (
            target is session.truth_layer or corrections.overlay_of(target) is not None
        )

    def unlock(self) -> bool:
        """Let labels of the data set be corrected; return whether that was it."""
        viewer, target = self._viewer(), self._target
        if viewer is None or target is None or not self.can_unlock:
            return False
        session = get_session(viewer)
        if not session.annotations.corrections.set_locked(target, False):
            session.correcting_truth = True
        self.target_changed.emit()
        return True

    def copy_layer(self) -> None:
        """Add a copy of the layer that can be edited, and edit that."""
        viewer, layer = self._viewer(), self._target
        if viewer is None or layer is None:
            return
        copy = editable_copy(layer)
        viewer.add_layer(copy)
        layer.visible = False
        viewer.layers.selection.active = copy

    # Acts

    def perform(self, name: str) -> None:
        """Do what a button or key asks for; `told` says what came of it."""
        if COMMANDS[name].group == "tool":
            self.attempt(lambda: self.tools.toggle(name))
        elif name == "last":
            self.reveal()
        elif name == "new":
            self.attempt(self._begin_object)
        else:
            self.attempt(lambda: self._perform(name))

    def _begin_object(self) -> None:
        viewer, editor = self._viewer(), self.editor
        if viewer is not None and editor is not None:
            label = begin_object(viewer, editor)
            self.told.emit(f"Paint object {label}; it may lie over others.", False)

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something that may be refused, and say why."""
        try:
            act()
        except EditError as error:
            self.told.emit(str(error), True)

    def _perform(self, name: str) -> None:
        editor = self.editor
        if editor is None:
            raise EditError(self.why_not())
        perform(name, editor, self.options, self.picture)
        self.tell_last()

    def tell_last(self, words: str = "") -> None:
        """Say what was done just now, in `words` of it, as long as it is the last."""
        acts = self.acts
        if words or acts:
            self.told.emit(words or f"Done: {acts[-1].title}.", False)
            self._told_of = acts[-1] if acts else None

    def picture(self, *, whole: bool = False) -> NDArray[Any]:
        """Return the picture under the labels, see `picture_under`."""
        return picture_under(self._viewer(), self._target, whole=whole)

    def reveal(self, act: Act | None = None) -> None:
        """Show where an act was, by default the last; `marks` frames it."""
        viewer, editor = self._viewer(), self.editor
        placed = [one for one in self.acts if one.box is not None]
        act = act or (placed[-1] if placed else None)
        if viewer is None or editor is None or act is None:
            return
        layer, box = editor.layer, act.box
        box = None if box is None else lifted_box(layer, box, editor.plane)
        if box is None:
            self.told.emit(f"“{act.title}” is about the whole image.", False)
            return
        show_box(viewer, layer, box)
        self.flash(box)

    def flash(self, box: tuple[slice, ...]) -> None:
        """Frame a box; whoever shows it takes the frame away."""
        if self._target is not None:
            (top, bottom), (left, right) = ((s.start, s.stop) for s in box[-2:])
            corners = [[top, left], [top, right], [bottom, right], [bottom, left]]
            path = np.array([*corners, corners[0]], np.float64) - 0.5
            self.marks.draw(self._target, [path])
            self.flashed.emit()

    def stop(self) -> None:
        """Put the tool away and draw nothing any more."""
        self.tools.use(None)
        for editor in self._editors.values():
            editor.select(())

    # What has changed

    def _on_active_changed(self, event: Any = None) -> None:
        viewer = self._viewer()
        active = None if viewer is None else viewer.layers.selection.active
        if active in self._instead.values():
            return
        if isinstance(active, Labels):
            self.target = active
        elif active is not None and not self.marks.owns(active):
            # another layer hears the mouse now
            self.tools.use(None)

    def _on_removed(self, event: Any) -> None:
        layer = event.value
        editor = self._editors.pop(layer, None)
        if editor is not None:
            editor.stop()
        if layer is self.source:
            self.source = None
        if layer is self._target:
            self._target = None
            self.tools.forget()
            self._outline()
            self._say_no_more()
            self.target_changed.emit()
            self.acts_changed.emit()

    def _on_log_changed(self, layer: object) -> None:
        if layer is self._target:
            self.acts_changed.emit()

    def _on_changed(self, layer: Labels, box: object) -> None:
        if box is None:
            self.log.clear(layer)
            # other labels, or locked now, or no more
            self.tools.drop()
            if layer is self._target:
                self._say_no_more()
                self.target_changed.emit()
        self._outline()

    def _on_told(self, text: str, _failed: bool) -> None:
        self._told_of, self._telling = None, bool(text)

    def _say_no_more(self) -> None:
        """Take back what was told here, nothing that others told the person since."""
        if self._telling:
            self.told.emit("", False)

    def _on_acts_changed(self) -> None:
        """Say no more of an act that was undone, or was followed by another."""
        told = self._told_of
        if told is not None and (not told.done or self.acts[-1:] != [told]):
            self._say_no_more()

    def _on_selection_changed(self, _labels: object) -> None:
        self._outline()
        self.selection_changed.emit()

    def _on_step_changed(self, event: Any = None) -> None:
        editor, viewer = self.editor, self._viewer()
        if editor is not None and editor.layer.ndim > 2:
            self.tools.drop()
            # the slider goes too while layers are taken away
            there = viewer is not None and editor.layer in viewer.layers
            if there and editor.selected:
                self._outline()

    def _outline(self) -> None:
        editor = self.editor
        if editor is None or self.seen is not editor.layer:
            self.marks.clear()
            return
        labels = editor.selected
        if labels:
            objects = editor.objects
            labels = tuple(label for label in labels if label in objects)
            self.marks.outline(editor.layer, objects, labels)
        else:
            self.marks.clear()


_DESKS: weakref.WeakKeyDictionary[ViewerModel, EditDesk] = weakref.WeakKeyDictionary()


def edit_desk(viewer: ViewerModel) -> EditDesk:
    """Return the one desk of a viewer.

    Parameters
    ----------
    viewer
        A napari viewer, its model, or napari's proxy of it.
    """
    viewer = getattr(viewer, "__wrapped__", viewer)
    desk = _DESKS.get(viewer)
    if desk is None:
        desk = _DESKS[viewer] = EditDesk(viewer)
    return desk
