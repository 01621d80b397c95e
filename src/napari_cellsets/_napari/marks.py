"""Follow one layer of points, boxes or outlines while a person corrects them.

napari has no undo for such layers, tells nothing of some acts (a paste of points) and
tells others while they are half done. So after every event the layer is compared
with what is known of it: only the marks that the event names, and the classes.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.layers import Points
from napari.layers.base import ActionType
from psygnal import Signal

from napari_cellsets._napari.marks_places import (
    fitting,
    is_closed,
    rings_after,
    same_form,
)
from napari_cellsets._napari.marks_rows import (
    MarkRow,
    MarkStep,
    add,
    classes_of,
    columns_of,
    form_at,
    repair,
    reshape,
    rows_of,
    take_out,
    verb_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from napari.layers import Shapes

    from napari_cellsets._napari.drawn import Drawn

    Turn = Callable[[bool], None]

_MOST_STEPS = 1_000
_MOST_IN_PLACE = 5
"""More shapes than this are taken away and added again: faster than one by one."""
_DONE = (ActionType.ADDED, ActionType.CHANGED, ActionType.REMOVED)


class MarkEditor:
    """Knows every mark of a layer and keeps what can be undone.

    Parameters
    ----------
    layer
        Points or Shapes with a column ``class``.
    drawn
        What it shows.

    Attributes
    ----------
    class_name
        Class of what is added.
    rows
        All marks, in the order of the layer.
    """

    acted = Signal(object)
    """A `MarkStep` that the person did just now."""
    turned = Signal(object, bool)
    """A `MarkStep` that was undone (False) or done again (True)."""
    selection_changed = Signal()
    told = Signal(str)
    """Why something that was drawn was not taken."""

    def __init__(self, layer: Points | Shapes, drawn: Drawn, class_name: str) -> None:
        self.layer = layer
        self.kind = drawn.marks
        self.class_name = class_name
        self.rows: list[MarkRow] = rows_of(layer, drawn)
        lines = [not is_closed(row.form) for row in self.rows]
        self._lines = bool(lines) and all(lines)
        self._undo: list[MarkStep | Turn] = []
        self._redo: list[MarkStep | Turn] = []
        self._paused = self._adding = False
        self._last = 0
        layer.events.data.connect(self._on_data)
        layer.events.features.connect(self._on_features)
        layer.events.set_data.connect(self._on_set_data)
        self._selection = layer.selected_data.events.items_changed
        self._selection.connect(self._on_selected)
        layer.bind_key("Control-Z", self._on_undo_key, overwrite=True)
        layer.bind_key("Control-Shift-Z", self._on_redo_key, overwrite=True)

    def stop(self) -> None:
        """Hear no more of the layer."""
        self.layer.events.data.disconnect(self._on_data)
        self.layer.events.features.disconnect(self._on_features)
        self.layer.events.set_data.disconnect(self._on_set_data)
        self._selection.disconnect(self._on_selected)
        self.layer.bind_key("Control-Z", None)
        self.layer.bind_key("Control-Shift-Z", None)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take what the block does to the layer for no act."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    @property
    def selected(self) -> list[MarkRow]:
        """Marks that are selected in the layer."""
        chosen = sorted(int(at) for at in self.layer.selected_data)
        return [self.rows[at] for at in chosen if at < len(self.rows)]

    @property
    def undoable(self) -> tuple[int, int]:
        """How many acts can be undone, and how many done again."""
        return len(self._undo), len(self._redo)

    @property
    def _drawing(self) -> bool:
        """Whether a shape is half drawn."""
        return bool(getattr(self.layer, "_is_creating", False))

    def set_class(self, name: str) -> bool:
        """Give the selected marks a class; return whether any has another now."""
        after = {
            row.number: replace(row, class_name=name)
            for row in self.selected
            if row.class_name != name
        }
        if not after:
            return False
        before = {row.number: row for row in self.rows if row.number in after}
        self.put(after)
        self._act("class", dict(before), dict(after))
        return True

    def undo(self) -> None:
        """Take the last act back."""
        self._turn(self._undo, self._redo, done=False)

    def redo(self) -> None:
        """Do again what was undone last."""
        self._turn(self._redo, self._undo, done=True)

    def note(self, turn: Turn) -> None:
        """Put an act that changes no mark among those that can be undone.

        Parameters
        ----------
        turn
            Called with False when it is undone, with True when it is done again.
        """
        self._add(turn)

    def put(self, wanted: Mapping[int, MarkRow | None]) -> None:
        """Make marks what they are to be; None takes one away."""
        places = {row.number: at for at, row in enumerate(self.rows)}
        gone = [places[n] for n, row in wanted.items() if row is None and n in places]
        kept = {n: r for n, r in wanted.items() if r is not None and n in places}
        added = [r for n, r in wanted.items() if r is not None and n not in places]
        moved = {
            places[n]: row
            for n, row in kept.items()
            if not same_form(row.form, self.rows[places[n]].form)
        }
        if len(moved) > _MOST_IN_PLACE and not isinstance(self.layer, Points):
            gone, added = [*gone, *moved], [*added, *moved.values()]
            moved = {}
        with self.paused():
            if gone or added or moved:
                self.layer.selected_data = set()
            for at, row in moved.items():
                reshape(self.layer, at, row.form)
            rows = [kept.get(row.number, row) for row in self.rows]
            taken = set(gone)
            self.rows = [row for at, row in enumerate(rows) if at not in taken]
            self.rows += added
            if gone:
                self.layer.remove(sorted(gone))
            if added:
                add(self.layer, added)
            if len(moved) < len(wanted):
                self.layer.features = columns_of(self.rows, self.layer)
            self.layer.refresh()

    # What the person did

    def _on_undo_key(self, _layer: Any) -> None:
        """Undo the last correction of a mark."""
        self.undo()

    def _on_redo_key(self, _layer: Any) -> None:
        """Redo the last correction of a mark."""
        self.redo()

    def _on_selected(self, *_: object) -> None:
        self.selection_changed.emit()

    def _on_data(self, event: Any) -> None:
        self._adding = event.action == ActionType.ADDING
        if self._paused or event.action not in _DONE:
            return
        named = [int(at) for at in event.data_indices]
        missing = len(self.rows) - len(self.layer.data)
        # a shape that lost its last vertices is only said to be changed
        if event.action == ActionType.REMOVED or missing == len(named):
            self._look((), named)
        elif event.action == ActionType.ADDED:
            self._look((), ())
        else:
            self._look(named, ())

    def _on_features(self, event: Any = None) -> None:
        if not self._paused and not self._drawing:
            self._look((), (), copied=True)

    def _on_set_data(self, event: Any = None) -> None:
        # napari tells nothing else of points that are pasted
        if self._paused or self._adding or not isinstance(self.layer, Points):
            return
        if len(self.layer.data) > len(self.rows):
            self._look((), (), copied=True)

    def _look(
        self, touched: Iterable[int], removed: Sequence[int], *, copied: bool = False
    ) -> None:
        """Compare the layer with what is known of it, and take note of an act.

        `copied` marks have the class of those that they are copies of.
        """
        many, known = len(self.layer.data), len(self.rows)
        if known - len(set(removed)) > many:
            # emptied or replaced by a program
            removed = range(many, known)
            touched = range(many)
        gone = set(removed)
        lost = [self.rows[at] for at in gone]
        before: dict[int, MarkRow | None] = {row.number: row for row in lost}
        after: dict[int, MarkRow | None] = dict.fromkeys(before)
        kept = [row for at, row in enumerate(self.rows) if at not in gone]
        fresh = range(len(kept), many)
        with self.paused():
            repair(self.layer, sorted(gone))
            still = [at for at in touched if at < len(kept)]
            rows = self._seen(kept, still, fresh, copied=copied)
        for at, row in enumerate(rows):
            old = kept[at] if at < len(kept) else None
            if row is not None and row is not old:
                before[row.number], after[row.number] = old, row
        self.rows = [row for row in rows if row is not None]
        if after:
            self._write_classes()
            self._act(verb_of(before, after), before, after)

    def _write_classes(self) -> None:
        """Let the table of the layer say what classes marks have."""
        wanted = [row.class_name for row in self.rows]
        if classes_of(self.layer, len(wanted)) != wanted:
            with self.paused():
                self.layer.features = columns_of(self.rows, self.layer)

    def _seen(
        self,
        kept: Sequence[MarkRow],
        touched: Iterable[int],
        fresh: range,
        *,
        copied: bool,
    ) -> list[MarkRow | None]:
        """Return all marks as they are now; None for what cannot be one."""
        rows: list[MarkRow | None] = list(kept)
        for at in touched:
            rows[at] = self._reshaped(at, kept[at])
        rows += [self._added(at) for at in fresh]
        refused = [at for at in fresh if rows[at] is None]
        classes = classes_of(self.layer, len(rows))
        for at, name in enumerate(classes if copied else classes[: len(kept)]):
            row = rows[at]
            if row is not None and name != row.class_name and isinstance(name, str):
                rows[at] = replace(row, class_name=name)
        if refused:
            for at in reversed(refused):
                take_out(self.layer, at)
            repair(self.layer, refused)
            self.told.emit("What was drawn encloses nothing; it was not kept.")
        return rows

    def _reshaped(self, at: int, row: MarkRow) -> MarkRow:
        form = form_at(self.layer, at)
        if same_form(form, row.form):
            return row
        rings = rings_after(row.form, form.vertices)
        fit = None
        if rings is not None:
            fit = fitting(self.kind, form._replace(rings=rings), row.form)
        if fit is None:
            reshape(self.layer, at, row.form)
            holes = "An outline with holes or parts keeps its points."
            self.told.emit(holes if rings is None else "That would enclose nothing.")
            return row
        if not same_form(fit, form):
            reshape(self.layer, at, fit)
        return replace(row, form=fit)

    def _added(self, at: int) -> MarkRow | None:
        form = form_at(self.layer, at)
        fit = fitting(self.kind, form, lines=self._lines)
        if fit is None:
            return None
        if not same_form(fit, form):
            reshape(self.layer, at, fit)
        # by the microsecond: two people never take the same number
        self._last = max(self._last + 1, time.time_ns() // 1000)
        return MarkRow(self._last, fit, self.class_name)

    def _act(
        self,
        verb: str,
        before: dict[int, MarkRow | None],
        after: dict[int, MarkRow | None],
    ) -> None:
        step = MarkStep(verb, before, after)
        self._add(step)
        self.acted.emit(step)

    def _add(self, step: MarkStep | Turn) -> None:
        self._undo = [*self._undo, step][-_MOST_STEPS:]
        self._redo.clear()

    def _turn(
        self,
        source: list[MarkStep | Turn],
        target: list[MarkStep | Turn],
        *,
        done: bool,
    ) -> None:
        if not source or self._drawing:
            return
        step = source.pop()
        target.append(step)
        if isinstance(step, MarkStep):
            self.put(step.after if done else step.before)
            self.turned.emit(step, done)
        else:
            step(done)
