"""One label layer of a session (ground truth or cells) with its corrections."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets._napari.edits import (
    EditWatch,
    Tracked,
    add_plane,
    save_changes,
)
from napari_cellsets._napari.rebasing import take_theirs, tell
from napari_cellsets._napari.slots import (
    fill_labels,
    fits_labels,
    new_label_layer,
    put_layer,
)
from napari_cellsets._napari.stack_axes import flat, laid
from napari_cellsets._napari.undo_mirror import growing
from napari_cellsets.core.errors import ChangedMeanwhileError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_cellsets.store import Project


@dataclass(frozen=True, slots=True)
class Hooks:
    """What an overlay needs from its session; see `EditWatch`."""

    project: Callable[[], Project]
    changed: Callable[[], None]
    told: Callable[[StoreError | None], None]
    provenance: Mapping[str, Any]


class Overlay:
    """A Labels layer that is reused from image to image and saved as it changes.

    What cannot be saved when the image leaves the screen waits in memory, is
    tried again by every `save`, and is shown again when the image comes back.

    Parameters
    ----------
    role
        ``cells``; or ``truth`` or that of a further annotation, which are locked until
        the person asks to correct them.
    hooks
        Where corrections go and who hears of them.

    Attributes
    ----------
    around
        Axes of pictures through which the layer shows a stack, see `laid`.
    """

    def __init__(self, role: str, hooks: Hooks) -> None:
        self.role = role
        self.locked = role != "cells"
        self.around: tuple[int, ...] = ()
        self._hooks = hooks
        self._watch: EditWatch | None = None
        self._hidden = False
        self._waiting: dict[tuple[str, str], tuple[Tracked, NDArray[Any]]] = {}
        self._waited = False

    @property
    def layer(self) -> Labels | None:
        """The layer, None while there is none."""
        return self._watch.layer if self._watch is not None else None

    @property
    def tracked(self) -> Tracked | None:
        """What the layer held when last saved."""
        return self._watch.tracked if self._watch is not None else None

    def project(self) -> Project:
        """Return the open store.

        Raises
        ------
        StoreError
            If it cannot be opened.
        """
        return self._hooks.project()

    def tell_changed(self) -> None:
        """Say that the labels on screen are others now."""
        self._hooks.changed()

    def save(self) -> bool:
        """Put everything on disk; return whether that worked."""
        saved = self._watch is None or self._watch.save()
        for key, (tracked, data) in tuple(self._waiting.items()):
            try:
                self._save_waiting(tracked, data)
            except StoreError as error:
                self._hooks.told(error)
                return False
            del self._waiting[key]
        return saved

    def _save_waiting(self, tracked: Tracked, data: NDArray[Any]) -> None:
        """Save what left the screen; where others changed it, with their changes."""
        hooks = self._hooks
        try:
            save_changes(hooks.project, tracked, data, hooks.provenance)
        except ChangedMeanwhileError:
            found = take_theirs(hooks.project, tracked, data)
            if found is None:
                raise
            labels, clash = found
            tell(clash, tracked.sample)
            save_changes(hooks.project, tracked, labels, hooks.provenance)

    def keep(self) -> bool:
        """Save the labels on screen, even if nobody has corrected them yet."""
        if self.tracked is not None:
            self.tracked.lazy = False
        return self.save()

    def show(
        self, viewer: ViewerModel, tracked: Tracked, pixel_size_um: float | None
    ) -> None:
        """Show and follow `tracked`, in the same layer wherever that can take it."""
        self._leave()
        tracked, labels = self._arrival(tracked)
        layer = self.layer
        if layer is not None and self._watch is not None and fits_labels(layer, labels):
            with self._watch.replacing(tracked):
                fill_labels(layer, labels, pixel_size_um, locked=self.locked)
                if self._hidden:
                    # assigning costs a refresh even when nothing changes
                    layer.visible = True
            self._hidden = False
            self._try_again()
            return
        new = new_label_layer(self.role, labels, pixel_size_um)
        new.editable = not self.locked
        self.adopt(new, tracked)
        put_layer(viewer, new, layer)
        self._try_again()

    def _try_again(self) -> None:
        """Save what waited, or say that it still cannot be."""
        waited, self._waited = self._waited, False
        if waited and self._watch is not None:
            self._watch.save()

    def arriving(self, tracked: Tracked) -> tuple[Tracked, NDArray[Any]]:
        """Leave what is shown; return what to follow and the labels to show next."""
        self._leave()
        return self._arrival(tracked)

    @contextmanager
    def filling(self, tracked: Tracked) -> Iterator[None]:
        """Follow `tracked`, whose labels the block puts into the layer there is."""
        if self._watch is None:
            yield
            return
        with self._watch.replacing(tracked):
            yield
        self._try_again()

    def leave(self) -> None:
        """Save, and follow nothing: somebody else takes the labels away."""
        self._leave()

    def add_plane(self) -> bool:
        """Give a stack one more plane, empty; return whether that was possible.

        All that can be undone stays so.
        """
        watch = self._watch
        if watch is None or watch.tracked is None or self.locked or not watch.save():
            return False
        tracked = watch.tracked
        try:
            add_plane(self._hooks.project, tracked)
        except StoreError as error:
            self._hooks.told(error)
            return False
        with watch.replacing(tracked), growing(watch.layer):
            watch.layer.data = laid(self._layers_own(tracked), self.around)
        return True

    def adopt(self, layer: Labels, tracked: Tracked | None) -> None:
        """Follow `layer` from now on in place of the present one."""
        self.forget()
        hooks = self._hooks
        self._watch = EditWatch(
            layer, hooks.project, hooks.changed, hooks.told, hooks.provenance
        )
        self._watch.tracked = tracked

    def hide(self) -> None:
        """Show nothing: the sample has no such labels."""
        self._leave()
        layer = self.layer
        if layer is not None and layer.visible:
            # what the person hid stays hidden
            layer.visible = False
            self._hidden = True

    def discard(self) -> None:
        """Follow nothing and save nothing: new labels take the place of the old."""
        watch = self._watch
        if watch is not None and watch.tracked is not None:
            old = watch.tracked
            self._waiting.pop((old.dataset_id, old.sample), None)
            with watch.replacing(None):
                pass

    def forget(self) -> None:
        """Let go of a layer that left the viewer."""
        if self._watch is not None:
            self._leave()
            self._watch.disconnect()
            self._watch = None

    def set_locked(self, locked: bool) -> None:
        """Forbid or allow to paint; the labels on screen stay as they are."""
        self.locked = locked
        watch = self._watch
        if watch is None or watch.tracked is None or not watch.save():
            return
        tracked = watch.tracked
        with watch.replacing(tracked):
            watch.layer.data = laid(self._layers_own(tracked), self.around)
            watch.layer.editable = False
            watch.layer.editable = not locked

    def _leave(self) -> None:
        """Save; set aside what cannot be saved now."""
        watch = self._watch
        if watch is None or watch.tracked is None:
            return
        tracked = watch.tracked
        if not watch.save():
            data = np.array(flat(watch.layer.data, tracked.shadow.ndim))
            self._waiting[tracked.dataset_id, tracked.sample] = (tracked, data)
        with watch.replacing(None):
            pass

    def _arrival(self, tracked: Tracked) -> tuple[Tracked, NDArray[Any]]:
        """Return what to follow and show: what waits to be saved comes first."""
        waiting = self._waiting.pop((tracked.dataset_id, tracked.sample), None)
        self._waited = waiting is not None
        return waiting or (tracked, self._layers_own(tracked))

    def _layers_own(self, tracked: Tracked) -> NDArray[Any]:
        """Return the array for the layer; a locked one shows the shadow itself."""
        if self.locked:
            tracked.shadow.flags.writeable = False
            return tracked.shadow
        if not tracked.shadow.flags.writeable:
            tracked.shadow = tracked.shadow.copy()
        return tracked.shadow.copy()
