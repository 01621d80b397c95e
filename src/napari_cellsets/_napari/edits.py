"""Watch a label layer and put every act on disk as a small delta.

napari tells of paint, fill and erase, but undo and redo only say ``set_data``,
and some code writes into the array and says nothing. So the truth is always the
comparison with a shadow copy: of the whole layer where that costs less than a
millisecond, of the box of what was done, undone or done again in large images, and
of the whole again before the layer shows something else.
"""

from __future__ import annotations

import time
import weakref
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellsets._napari.rebasing import take_theirs, tell
from napari_cellsets._napari.stack_axes import flat, flat_box
from napari_cellsets._napari.undo_mirror import Step, UndoMirror
from napari_cellsets.core.errors import ChangedMeanwhileError, StoreError
from napari_cellsets.store import LabelDelta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_cellsets.store import Project

    Box = tuple[slice, ...]

#: Layers up to this many pixels are compared as a whole after every act.
_WHOLE_PX = 4_000_000
#: Pixels compared at a time when a large layer is searched for changes.
_CHUNK_PX = 1_000_000
#: What is said of acts that are being done just now.
_SAID: weakref.WeakKeyDictionary[Labels, Mapping[str, Any]] = (
    weakref.WeakKeyDictionary()
)


@contextmanager
def saying(layer: Labels, provenance: Mapping[str, Any]) -> Iterator[None]:
    """Have what the block does to a layer journalled with this provenance."""
    _SAID[layer] = provenance
    try:
        yield
    finally:
        del _SAID[layer]


class Place(NamedTuple):
    """Where labels belong in the store: as `Project.load_labels` asks for it."""

    dataset_id: str
    sample: str
    layer: str


@dataclass
class Tracked:
    """What a layer held when it was last saved, and where that belongs.

    Parameters
    ----------
    dataset_id, sample, role
        Place in the store; `role` is ``cells`` or ``truth``, or that of a further
        annotation.
    shadow
        int32 labels as the store has them (or will, see `base`), without axes of
        pictures through which the layer shows them. Not the layer's own array.
    revision
        Of the store; 0 where it has nothing yet.
    base
        Provenance of `shadow` while that still has to be saved as a whole;
        None once it is.
    lazy
        Whether an unsaved base may wait until the first edit: the data set's
        own ground truth, an empty layer.
    """

    dataset_id: str
    sample: str
    role: str
    shadow: NDArray[np.int32]
    revision: int = 0
    base: Mapping[str, Any] | None = None
    lazy: bool = False
    #: Revision and time when it was loaded: what is later was done in this window.
    opened: int = field(init=False)
    since: float = field(init=False)

    def __post_init__(self) -> None:
        self.opened = self.revision
        self.since = time.time()

    @property
    def place(self) -> Place:
        """Where the labels belong in the store."""
        return Place(self.dataset_id, self.sample, self.role)


@dataclass
class EditWatch:
    """Keeps the store equal to one label layer.

    Parameters
    ----------
    layer
        The layer to watch.
    project
        Returns the store, opening it at first need.
    changed
        Called after the labels changed by anyone's act.
    told
        Called with None when all is on disk, else with what went wrong.
    provenance
        Written beside every edit.
    """

    layer: Labels
    project: Callable[[], Project]
    changed: Callable[[], None]
    told: Callable[[StoreError | None], None]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    tracked: Tracked | None = None
    _paused: bool = False
    _refused: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        self._mirror = UndoMirror(self.layer)
        self._mirror.moved.connect(self._on_moved)
        events = self.layer.events
        events.set_data.connect(self._on_set_data)
        events.data.connect(self._on_data)

    def disconnect(self) -> None:
        """Save what there is and hear no more."""
        self.save()
        self._mirror.disconnect()
        events = self.layer.events
        events.set_data.disconnect(self._on_set_data)
        events.data.disconnect(self._on_data)

    @contextmanager
    def replacing(self, tracked: Tracked | None) -> Iterator[None]:
        """Follow `tracked` from now on; the block puts its labels into the layer."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False
        self.tracked = tracked

    def save(self) -> bool:
        """Compare the whole layer and save; return whether all is on disk.

        What somebody else changed meanwhile is shown, see `rebasing`.
        """
        if self._save(None):
            return True
        refused = self._refused
        return refused is not None and self._take_theirs() and self._save(None, refused)

    def _take_theirs(self) -> bool:
        """Show what the store has now with what was done here; return whether so."""
        tracked, layer = self.tracked, self.layer
        if tracked is None:
            return False
        data = flat(np.asarray(layer.data), tracked.shadow.ndim)
        try:
            found = take_theirs(self.project, tracked, data)
        except StoreError as error:
            self.told(error)
            return False
        if found is None or not data.flags.writeable:
            return False
        labels, clash = found
        with self.replacing(tracked):
            data[...] = labels
            # what could be undone would write over the changes of others
            editable, layer.editable = layer.editable, False
            layer.editable = editable
            layer.refresh()
        self.changed()
        tell(clash)
        return True

    def _on_moved(self, step: Step) -> None:
        said = _SAID.get(self.layer, self.provenance)
        if step.about is None:
            step.about = said.get("act") or step.stroke
        act = step.about if step.done else f"undo: {step.about}"
        self._look(step.box, {**said, "act": act})

    def _on_set_data(self, event: Any = None) -> None:
        # what was undone is told of by name
        self._mirror.follow()
        if self.tracked is not None and self.tracked.shadow.size <= _WHOLE_PX:
            self._look(None)

    def _on_data(self, event: Any = None) -> None:
        self._look(None)

    def _look(self, box: Box | None, said: Mapping[str, Any] | None = None) -> bool:
        """Save if the labels differ; return whether they did."""
        if self._paused or self.tracked is None:
            return False
        if box is not None:
            box = flat_box(box, self.tracked.shadow.ndim)
        if not self._differs(self.tracked.shadow, box):
            return False
        self._save(box, said)
        self.changed()
        return True

    def _differs(self, shadow: NDArray[np.int32], box: Box | None) -> bool:
        data = flat(np.asarray(self.layer.data), shadow.ndim)
        if data.shape != shadow.shape:
            return True
        if box is not None:
            return not np.array_equal(data[box], shadow[box])
        return _changed_rows(shadow, data) is not None

    def _save(self, box: Box | None, said: Mapping[str, Any] | None = None) -> bool:
        if self.tracked is None:
            return True
        said = said or _SAID.get(self.layer, self.provenance)
        try:
            data = flat(np.asarray(self.layer.data), self.tracked.shadow.ndim)
            save_changes(self.project, self.tracked, data, said, box)
        except StoreError as error:
            if not isinstance(error, ChangedMeanwhileError):
                self._refused = None
            elif self._refused is None:
                self._refused = said
            self.told(error)
            return False
        self._refused = None
        self.told(None)
        return True


def add_plane(project: Callable[[], Project], tracked: Tracked) -> None:
    """Append an empty plane to a stack of overlapping objects, in the store too.

    Raises
    ------
    StoreError
        If somebody else changed the labels since, or the store cannot be written.
    """
    if tracked.base is None:
        project().add_planes(*tracked.place, revision=tracked.revision)
    empty = np.zeros_like(tracked.shadow[:1])
    tracked.shadow = np.concatenate([tracked.shadow, empty])


def save_changes(
    project: Callable[[], Project],
    tracked: Tracked,
    data: NDArray[Any],
    provenance: Mapping[str, Any],
    box: Box | None = None,
) -> None:
    """Put on disk how `data` differs from ``tracked.shadow``, and update that.

    Parameters
    ----------
    project
        Returns the open store; not called when there is nothing to save.
    tracked
        What the store has, and where.
    data
        Labels as they are now.
    provenance
        Written beside the edit.
    box
        Where to look for changes; None for everywhere.

    Raises
    ------
    StoreError
        If the size changed, or the store cannot be written.
    """
    delta = _delta(tracked, np.asarray(data), box)
    if tracked.base is not None and (delta is not None or not tracked.lazy):
        tracked.revision = _save_whole(project(), tracked, tracked.base)
        tracked.base = None
        tracked.lazy = False
    if delta is not None:
        tracked.revision = project().record(
            *tracked.place, delta, provenance, revision=tracked.revision
        )
        delta.apply_in_place(tracked.shadow)


def _save_whole(project: Project, tracked: Tracked, base: Mapping[str, Any]) -> int:
    try:
        return project.save_labels(
            *tracked.place, tracked.shadow, base, revision=tracked.revision
        )
    except ChangedMeanwhileError as error:
        if tracked.lazy:
            raise
        # labels made anew are no edit of what somebody else has
        raise StoreError(error.problem, path=error.path, advice=error.advice) from error


def _delta(tracked: Tracked, data: NDArray[Any], box: Box | None) -> LabelDelta | None:
    if data is tracked.shadow:
        return None
    if data.shape != tracked.shadow.shape:
        raise StoreError(
            f"the labels now have the size {data.shape}, the image "
            f"{tracked.shadow.shape}",
            path=tracked.sample,
            advice="Undo the change of size; such labels cannot be kept.",
        )
    if box is None:
        box = _changed_rows(tracked.shadow, data)
    if box is None:
        return None
    origin = tuple(part.start for part in box) + (0,) * (data.ndim - len(box))
    return LabelDelta.between(tracked.shadow[box], data[box], origin=origin)


def _changed_rows(before: NDArray[Any], after: NDArray[Any]) -> Box | None:
    """Return the rows (or planes) from the first to the last that differ."""
    rows = len(before)
    step = max(1, _CHUNK_PX * rows // max(1, before.size))
    starts = [
        at
        for at in range(0, rows, step)
        if not np.array_equal(before[at : at + step], after[at : at + step])
    ]
    if not starts:
        return None
    return (slice(starts[0], min(rows, starts[-1] + step)),)
