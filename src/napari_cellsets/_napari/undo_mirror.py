"""What was done to a Labels layer, and what of it is undone: heard, not searched for.

napari tells of every act when it is done (event ``paint``), but undo and redo only
say ``set_data``, as do a hundred other things. How many acts napari could undo now
tells what happened. Where a version of napari does not tell that, a few pixels of
every act are remembered: where they do not hold any more what the act wrote, it was
undone. (That alone cannot tell the undoing of one act from the redoing of another
that covers it.)
"""

from __future__ import annotations

import weakref
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari.layers import Labels
    from numpy.typing import NDArray

    Box = tuple[slice, ...]

_PROBES = 8
"""Pixels remembered of one atom of an act."""
_ATOMS = 8
"""Atoms of a stroke of which pixels are remembered."""
_LIMIT = 100
"""napari forgets older acts too."""
#: Layers that get further planes just now.
_GROWING: weakref.WeakSet[Labels] = weakref.WeakSet()


#: What the labels of a layer are called, where each is a class.
_CALLED: weakref.WeakKeyDictionary[Labels, Mapping[int, str]] = (
    weakref.WeakKeyDictionary()
)


def call_labels(layer: Labels, names: Mapping[int, str]) -> None:
    """Let strokes on a mask of classes be told by the names of the classes.

    Parameters
    ----------
    layer
        Where people paint.
    names
        By label; none for a layer of objects.
    """
    _CALLED[layer] = names


@contextmanager
def growing(layer: Labels) -> Iterator[None]:
    """Let the block give a layer the same labels with more planes behind them.

    All that could be undone lies where it lay, and napari keeps it.
    """
    _GROWING.add(layer)
    try:
        yield
    finally:
        _GROWING.discard(layer)


@dataclass(eq=False)
class Step:
    """One act that napari can undo.

    Parameters
    ----------
    box
        Around all that it changed.
    about
        What its author said of it; None for strokes of napari's own tools.
    new_label
        What was written last; None for several labels.
    done
        False while it is undone.
    first
        napari's own first part of it; None where it changed no pixels.
    """

    box: Box
    about: object
    new_label: int | None
    done: bool
    first: object
    places: tuple[NDArray[np.intp], ...]
    after: NDArray[np.int64]
    #: What people call the new label; empty for an object.
    called: str = ""

    @property
    def stroke(self) -> str:
        """What it was in words, where it was a stroke of napari's own tools."""
        if self.new_label is None:
            return "change"
        if self.new_label == 0:
            return "erase"
        return f"paint {self.called or f'object {self.new_label}'}"

    @property
    def pixels(self) -> bool:
        """Whether it changed pixels; words on objects change none."""
        return all(side.start < side.stop for side in self.box)

    def stands(self, labels: NDArray[Any]) -> bool:
        """Whether the image holds what this act wrote."""
        return bool(np.array_equal(labels[self.places], self.after))


class UndoMirror:
    """Follows napari's undo stack of one layer by its public events.

    Attributes
    ----------
    about
        Put here, just before an act, what should be said of its step.
    """

    moved = Signal(Step)
    """A step was done, undone (``step.done`` is False) or done again."""
    lost = Signal()
    """What could be undone is forgotten; anything may have changed."""
    grown = Signal()
    """There are more planes; everything else is as it was."""

    def __init__(self, layer: Labels) -> None:
        self.layer = layer
        self.about: object = None
        self._done: deque[Step] = deque(maxlen=_LIMIT)
        self._undone: list[Step] = []
        self._due: Step | None = None
        self._array = layer.data
        self._older = self._depth() or 0
        self._heard: object = None
        events = layer.events
        events.paint.connect(self._on_paint)
        events.labels_update.connect(self._on_labels_update)
        events.set_data.connect(self.follow)
        events.editable.connect(self._on_lost)
        events.data.connect(self._on_data)

    def disconnect(self) -> None:
        """Hear no more of the layer."""
        events = self.layer.events
        events.paint.disconnect(self._on_paint)
        events.labels_update.disconnect(self._on_labels_update)
        events.set_data.disconnect(self.follow)
        events.editable.disconnect(self._on_lost)
        events.data.disconnect(self._on_data)

    def add(self, about: object) -> bool:
        """Put an act without pixels on napari's stack, so that undo keeps one order.

        Parameters
        ----------
        about
            What should be said of its step; `moved` tells it when it is done, undone
            and done again, as of every other.

        Returns
        -------
        bool
            False where this version of napari has no such place; then nothing is told.
        """
        append = getattr(self.layer, "_append_to_undo_history", None)
        undone = getattr(self.layer, "_redo_history", None)
        if append is None or undone is None or self._depth() is None:
            return False
        self.follow()
        undone.clear()
        self.about = about
        try:
            append([])
        finally:
            self.about = None
        return True

    def follow(self, event: Any = None) -> bool:
        """Look whether something was undone or done again; return whether it was."""
        labels = self.layer.data
        if labels is not self._array:
            # napari draws other labels before it tells of them
            self._on_lost()
            self._heard = labels
            return True
        found = self._due is not None
        self._on_labels_update()
        depth = self._depth()
        if depth is not None:
            self._older = min(self._older, depth)
            return self._follow_depth(depth - self._older) or found
        while self._done and not self._done[-1].stands(labels):
            found = True
            self._take_back()
        if not found:
            while self._undone and self._undone[-1].stands(labels):
                found = True
                self._do_again()
        return found

    def _follow_depth(self, depth: int) -> bool:
        """Undo and redo until so many steps are done; return whether any was moved."""
        found = False
        while len(self._done) > depth:
            found = True
            self._take_back()
        while self._undone and len(self._done) < depth and self._is_again():
            found = True
            self._do_again()
        return found

    def _is_again(self) -> bool:
        """Whether the act that came next is the one undone last, not a new one.

        A new one stands on napari's stack just before it is told, and somebody who
        heard of it earlier may ask meanwhile.
        """
        if self.about is not None:
            return False
        history = getattr(self.layer, "_undo_history", ())
        atoms = history[self._older + len(self._done)]
        first = self._undone[-1].first
        # napari turns the list of them round
        ends = (atoms[0], atoms[-1]) if atoms else (None,)
        return any(first is atom for atom in ends)

    def _depth(self) -> int | None:
        """Return how many acts napari could undo; None where it does not tell."""
        history = getattr(self.layer, "_undo_history", None)
        return None if history is None else len(history)

    def _take_back(self) -> None:
        step = self._done.pop()
        self._undone.append(step)
        self._tell(step, done=False)

    def _do_again(self) -> None:
        step = self._undone.pop()
        self._done.append(step)
        self._tell(step, done=True)

    def _on_paint(self, event: Any) -> None:
        self._on_labels_update()
        step, written = _step_of(event.value, self.layer.data, self.about)
        step.called = _CALLED.get(self.layer, {}).get(step.new_label or 0, "")
        self._undone.clear()
        self._done.append(step)
        # napari has forgotten its oldest act where it was full
        depth = self._depth()
        if depth is not None:
            self._older = max(depth - len(self._done), 0)
        if written:
            self._tell(step, done=True)
        else:
            # a stroke is told of when it ends, a single act before it is done
            self._due = step

    def _on_labels_update(self, event: Any = None) -> None:
        # comes with every step of a stroke too, and is not for us then
        if self._due is not None:
            step, self._due = self._due, None
            step.after = np.asarray(self.layer.data[step.places], np.int64)
            self._tell(step, done=True)

    def _on_data(self, event: Any = None) -> None:
        heard, self._heard = self._heard, None
        if heard is not self.layer.data:
            self._on_lost()

    def _on_lost(self, event: Any = None) -> None:
        if self.layer in _GROWING:
            if self._array is not self.layer.data:
                self._array = self.layer.data
                self.grown.emit()
            return
        self._done.clear()
        self._undone.clear()
        self._due = None
        self._array = self.layer.data
        self._older = self._depth() or 0
        self.lost.emit()

    def _tell(self, step: Step, *, done: bool) -> None:
        step.done = done
        self.moved.emit(step)


def _step_of(atoms: Any, labels: NDArray[Any], about: object) -> tuple[Step, bool]:
    """Return what a paint event tells of, and whether it is written already."""
    boxes = [box_of_atom(atom, labels.shape) for atom in atoms]
    new = {_value_of(atom) for atom in atoms}
    known = [atom for atom in atoms if _is_known(atom)]
    some = [*known[:_ATOMS], *known[max(len(known) - _ATOMS, _ATOMS) :]]
    probes = [_probes(atom) for atom in some] or [(np.empty(0, np.intp),) * labels.ndim]
    places = tuple(np.concatenate(axis) for axis in zip(*probes, strict=True))
    after = np.asarray(labels[places], np.int64)
    step = Step(
        union(boxes) if boxes else (slice(0, 0),) * labels.ndim,
        about,
        new.pop() if len(new) == 1 else None,
        True,
        atoms[0] if len(atoms) else None,
        places,
        after,
    )
    return step, not known or _is_written(known[-1], labels)


def box_of_atom(atom: Any, shape: tuple[int, ...]) -> Box:
    """Return the box that holds all of one act of a paint event.

    An act is an object with a ``slice_key``, or a tuple that begins with an index;
    of another kind it means the whole layer.
    """
    index = getattr(atom, "slice_key", None)
    if index is None and isinstance(atom, tuple) and atom:
        index = atom[0]
    if not isinstance(index, tuple) or len(index) != len(shape):
        return tuple(slice(0, n) for n in shape)
    box = []
    for part, size in zip(index, shape, strict=True):
        if isinstance(part, slice):
            start, stop, _step = part.indices(size)
        elif np.size(part):
            start, stop = int(np.min(part)), int(np.max(part)) + 1
        else:
            start, stop = 0, 0
        box.append(slice(start, stop))
    return tuple(box)


def union(boxes: list[Box]) -> Box:
    """Return the smallest box around boxes."""
    return tuple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes, strict=True)
    )


def _probes(atom: Any) -> tuple[NDArray[np.intp], ...]:
    """Return where a few of the pixels of an act lie."""
    key = getattr(atom, "slice_key", None)
    if key is None:
        index = atom[0]
        step = max(len(index[0]) // _PROBES, 1)
        return tuple(np.asarray(axis[::step][:_PROBES]) for axis in index)
    if atom.mask is None:
        return tuple(np.array([side.start]) for side in key)
    inside = np.flatnonzero(atom.mask)
    chosen = inside[:: max(len(inside) // _PROBES, 1)][:_PROBES]
    whole = np.unravel_index(chosen, atom.mask.shape)
    return tuple(axis + side.start for axis, side in zip(whole, key, strict=True))


def _is_known(atom: Any) -> bool:
    if getattr(atom, "slice_key", None) is not None:
        return True
    return isinstance(atom, tuple) and len(atom) == 3 and isinstance(atom[0], tuple)


def _is_written(atom: Any, labels: NDArray[Any]) -> bool:
    place = tuple(axis[:1] for axis in _probes(atom))
    masked = getattr(atom, "slice_key", None) is not None
    wanted = int(atom.new_value) if masked else int(np.ravel(atom[2])[0])
    return bool(np.all(labels[place] == wanted))


def _value_of(atom: Any) -> int | None:
    """Return the label that an act wrote, None where there are several."""
    if getattr(atom, "slice_key", None) is not None:
        return int(atom.new_value)
    if not _is_known(atom) or np.size(atom[2]) != 1:
        return None
    return int(np.ravel(atom[2])[0])
