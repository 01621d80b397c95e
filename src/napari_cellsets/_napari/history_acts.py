"""Acts of the person on any layer, in one list with the edits of labels."""

from __future__ import annotations

import time
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cellsets.core.people import account_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer

    Box = tuple[slice, ...]

_MOST_ACTS = 1_000


@dataclass(eq=False)
class Act:
    """One line of the history.

    Parameters
    ----------
    title
        What was done.
    who, when
        By whom; seconds since 1970.
    box
        Around what it changed, in pixels of the layer; None for no place.
    done
        False while it is undone.
    turn
        Undoes it (False) and does it again (True) where it changed no pixels, which
        napari would do itself.
    revision
        Of the labels after it, where the store told of it.
    objects
        Of which something was said, where the store told of it.
    """

    title: str
    who: str
    when: float
    box: Box | None
    done: bool = True
    turn: Callable[[bool], None] | None = None
    revision: int | None = None
    objects: tuple[int, ...] = ()


class ActLog:
    """Acts on layers that are no edits of labels: classes, comments, points, boxes.

    One of a viewer: ``edit_desk(viewer).log``. The Edit dock shows them among the
    edits of the layer, in order of time.
    """

    changed = Signal(object)
    """Acts of this layer are others now."""

    def __init__(self) -> None:
        self._acts: weakref.WeakKeyDictionary[Layer, list[Act]] = (
            weakref.WeakKeyDictionary()
        )

    def add(self, layer: Layer, title: str, box: Box | None = None) -> Act:
        """Note an act that was done just now; return its line.

        Parameters
        ----------
        layer
            On which it was done.
        title
            What was done, as in ``class of 3 objects: platelet``.
        box
            Where, in pixels of the layer; the list brings it into view again.
        """
        act = Act(title, account_name(), time.time(), box)
        acts = self._acts.setdefault(layer, [])
        # what was undone before cannot be done again
        acts[:] = [*(one for one in acts if one.done), act][-_MOST_ACTS:]
        self.changed.emit(layer)
        return act

    def set_done(self, layer: Layer, act: Act, done: bool) -> None:
        """Say that an act was undone, or done again."""
        act.done = done
        self.changed.emit(layer)

    def clear(self, layer: Layer) -> None:
        """Forget the acts of a layer that shows something else now."""
        if self._acts.pop(layer, None):
            self.changed.emit(layer)

    def of(self, layer: Layer) -> list[Act]:
        """Return the acts of a layer, oldest first."""
        return list(self._acts.get(layer, ()))
