"""Edits of one Labels layer: one undo step of napari each, kept in a history."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_cellsets._napari.editable import refuse_if_locked
from napari_cellsets._napari.editor_objects import EditorObjects
from napari_cellsets._napari.edits import saying
from napari_cellsets._napari.history_acts import Act
from napari_cellsets._napari.stack_axes import is_stack
from napari_cellsets._napari.stack_editor import (
    add_plane,
    lifted,
    show_plane_of,
    under,
)
from napari_cellsets._napari.undo_mirror import Step, UndoMirror
from napari_cellsets.core.errors import EditError
from napari_cellsets.core.people import account_name
from napari_cellsets.editing.stacks import NoPlaneError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_cellsets.editing.edit import Edit
    from napari_cellsets.editing.objects import KnownObjects, ObjectIndex

    Box = tuple[slice, ...]

TOOL = "napari-cellsets Edit"
"""Written beside every edit in the journal."""
_SAID = {"source": "corrected by hand", "tool": TOOL}
_SMALL_PX = 4_000_000
"""Layers up to this many pixels are looked through again after a redraw without
reason: somebody may have written into the array."""
MOST_PX = 20_000_000
"""No edit changes more at once: napari keeps 24 bytes a pixel to undo it."""
_MOST_ACTS = 1_000
_MOST_SELECTED = 100
"""More parts of one act than this are not selected."""


class LabelEditor:
    """Computes edits of a layer's objects, applies them, and follows all others.

    Attributes
    ----------
    layer
        The layer.
    whole_stack
        Whether acts reach all planes of a stack; else only the one on screen.
    acts
        The history, oldest first; strokes of napari's own tools stand in it too.
    """

    changed = Signal(object)
    """Labels changed inside this box, by whoever; None for anywhere."""
    selection_changed = Signal(tuple)
    acts_changed = Signal()

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self._viewer = weakref.ref(viewer)
        self.layer = layer
        self.whole_stack = False
        self.acts: list[Act] = []
        self._selected: tuple[int, ...] = ()
        self._objects = EditorObjects(layer)
        self._edit: Edit | None = None
        self._mirror = UndoMirror(layer)
        self._mirror.moved.connect(self._on_moved)
        self._mirror.lost.connect(self._on_lost)
        self._mirror.grown.connect(self._forget_objects)
        layer.events.set_data.connect(self._on_set_data)
        self._stale = False

    def stop(self) -> None:
        """Hear no more of the layer."""
        self._mirror.disconnect()
        self.layer.events.set_data.disconnect(self._on_set_data)

    # What is there

    @property
    def objects(self) -> ObjectIndex:
        """Objects that acts reach: of the plane on screen, or of all planes.

        Of a stack of overlapping objects always all: each lies in a plane of its own.
        """
        return self.objects_of(whole=None)

    def objects_of(self, *, whole: bool | None) -> ObjectIndex:
        """Return the objects of all planes, or of that on screen; None as acts reach.

        Of overlapping ones always all.
        """
        self._mirror.follow()
        if self._stale:
            self._forget_objects()
        if self._in_plane(whole):
            return self._objects.of_plane(self.plane)
        return self._objects.of_all()

    def _in_plane(self, whole: bool | None) -> bool:
        stack = self.layer.ndim > 2 and not self.stacked
        return stack and not (self.whole_stack if whole is None else whole)

    def know(self, found: KnownObjects) -> None:
        """Take over what somebody found in a flat layer, so as not to look again."""
        self._objects.know(found)

    @property
    def in_plane(self) -> bool:
        """Whether acts keep to one plane of a stack."""
        return self._in_plane(None)

    @property
    def stacked(self) -> bool:
        """Whether planes hold objects that overlap, see `editing.stacks`."""
        return is_stack(self.layer)

    @property
    def plane(self) -> tuple[int, ...]:
        """Index of the plane on screen, for every axis before (y, x)."""
        viewer = self._viewer()
        if viewer is None or self.layer.ndim == 2:
            return ()
        at = np.rint(self.layer.world_to_data(viewer.dims.point))[:-2]
        most = np.array(self.layer.data.shape[:-2]) - 1
        return tuple(np.clip(at, 0, most).astype(int).tolist())

    @property
    def selected(self) -> tuple[int, ...]:
        """Selected objects, in the order in which they were chosen."""
        return self._selected

    def here(self) -> list[int]:
        """Return the selected objects that acts reach.

        Raises
        ------
        EditError
            If there is none.
        """
        objects = self.objects
        found = [label for label in self._selected if label in objects]
        if not found:
            raise EditError("no object is selected", advice="Click on one first.")
        return found

    def select(self, labels: Iterable[int]) -> None:
        """Select these objects and no others."""
        chosen = tuple(dict.fromkeys(int(label) for label in labels if label > 0))
        if chosen == self._selected:
            return
        self._selected = chosen
        if len(chosen) == 1 and self.layer.selected_label != chosen[0]:
            # a brush goes on with the object
            self.layer.selected_label = chosen[0]
        self._show_selected()
        self.selection_changed.emit(chosen)

    def toggle(self, label: int) -> None:
        """Select an object in addition, or no more."""
        others = [one for one in self._selected if one != label]
        self.select(others if len(others) < len(self._selected) else [*others, label])

    def point(self, position: Any) -> tuple[float, float]:
        """Return where in the plane, (y, x) in pixels, a place of the world is."""
        y, x = self.layer.world_to_data(position)[-2:]
        return float(y), float(x)

    def label_at(self, position: Any) -> int:
        """Return the object at a place of the world, 0 where there is none.

        Of overlapping ones that in the plane on screen, else another; where it is
        selected, the next one there.
        """
        y, x = (round(part) for part in self.point(position))
        height, width = self.layer.data.shape[-2:]
        if not (0 <= y < height and 0 <= x < width):
            return 0
        if self.stacked:
            return under(self.layer, self.plane[0], y, x, self._selected)
        return max(int(self.layer.data[(*self.plane, y, x)]), 0)

    # Acts

    def check(self) -> None:
        """Raise where the layer cannot be edited.

        Raises
        ------
        EditError
            With what to do about it.
        """
        refuse_if_locked(self._viewer(), self.layer)

    def do(
        self,
        make: Callable[[ObjectIndex], Edit],
        *,
        select: bool = False,
        whole: bool | None = None,
        said: Mapping[str, Any] | None = None,
    ) -> tuple[int, ...]:
        """Compute an edit, apply it as one undo step, and note it in the history.

        Parameters
        ----------
        make
            Returns the edit of `objects`.
        select
            Whether to select what it touched afterwards.
        whole
            Whether `make` wants the objects of all planes, or those of the plane on
            screen; None for those that acts reach.
        said
            What the journal says of it, besides the title.

        Returns
        -------
        tuple of int
            Objects that it touched and that are there now.

        Raises
        ------
        EditError
            If the layer cannot be edited, or `make` refuses.
        """
        self.check()
        edit = self._made(make, whole=whole)
        objects = self.objects
        if self._in_plane(whole):
            edit = edit.lifted(self.plane, self.layer.data.shape)
        self._apply(edit, said or _SAID)
        touched = np.unique(np.concatenate([edit.before, edit.after])).tolist()
        there = tuple(label for label in touched if label > 0 and label in objects)
        if select and len(there) <= _MOST_SELECTED:
            self.select(there)
        self._show_selected()
        return there

    def _made(self, make: Callable[[ObjectIndex], Edit], *, whole: bool | None) -> Edit:
        """Compute an edit; where overlapping objects find no room, make some."""
        while True:
            try:
                return make(self.objects_of(whole=whole))
            except NoPlaneError:
                viewer = self._viewer()
                if viewer is None or not add_plane(viewer, self.layer):
                    raise

    def _apply(self, edit: Edit, said: Mapping[str, Any]) -> None:
        if len(edit) > MOST_PX:
            raise EditError(
                f"{edit.title} would change {len(edit):,} pixels at once, and all of"
                " them would be kept for undo",
                advice="Choose fewer objects.",
            )
        layer = self.layer
        said = {**said, "act": edit.title}
        self._edit, self._mirror.about = edit, edit.title
        try:
            with saying(layer, said), layer.block_history():
                layer.data_setitem(
                    lifted(layer, edit.coordinates, self.plane), edit.after
                )
        finally:
            self._edit = self._mirror.about = None

    def note(self, title: str, box: Box | None, turn: Callable[[bool], None]) -> bool:
        """Put an act that changes no pixels among the edits, in order with them.

        Parameters
        ----------
        title
            What was done.
        box
            Around the objects; None for no place.
        turn
            Called with False when the person undoes it, with True when it is to be
            done again.

        Returns
        -------
        bool
            Whether it can be undone so; else it is not noted.
        """
        return self._mirror.add(Act(title, account_name(), time.time(), box, turn=turn))

    def _show_selected(self) -> None:
        if self.stacked:
            show_plane_of(self._viewer(), self.layer, self.objects, self._selected)

    # What has changed

    def _on_moved(self, step: Step) -> None:
        if not step.pixels:
            self._remember(step)
            return
        edit = self._edit
        if edit is not None:
            self._objects.note_edit(edit)
        else:
            self._objects.note_box(step.box)
        self._remember(step)
        self.changed.emit(step.box)
        self._prune()

    def _remember(self, step: Step) -> None:
        act = step.about
        if not isinstance(act, Act):
            title = act if isinstance(act, str) else step.stroke
            act = step.about = Act(title, account_name(), time.time(), step.box)
        if step.done and act not in self.acts:
            # what was undone before cannot be done again
            self.acts = [one for one in self.acts if one.done][-_MOST_ACTS:]
            self.acts.append(act)
        elif act.done is not step.done and act.turn is not None:
            act.turn(step.done)
        act.done = step.done
        self.acts_changed.emit()

    def _on_set_data(self, event: Any = None) -> None:
        if not self._mirror.follow() and self.layer.data.size <= _SMALL_PX:
            self._stale = True

    def _on_lost(self) -> None:
        self._forget_objects()
        self.acts = []
        self._selected = ()
        self.changed.emit(None)
        self.selection_changed.emit(())
        self.acts_changed.emit()

    def _prune(self) -> None:
        """Select no object that is gone."""
        if not self._selected:
            return
        objects = self.objects
        self.select(label for label in self._selected if label in objects)

    def _forget_objects(self) -> None:
        self._objects.forget()
        self._stale = False
