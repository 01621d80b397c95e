"""Measures of the objects on screen, kept equal to their layer beside the window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal, Slot

from napari_cellsets._napari.object_source import source_of
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.counting.measure import (
    FoundObjects,
    ObjectTable,
    find_objects,
    measure,
)
from napari_cellsets.counting.remeasure import around, remeasure, remeasure_planes
from napari_cellsets.editing.objects import KnownObjects

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.edit_desk import EditDesk
    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets._napari.object_source import ObjectSource
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.image import Picture

_TITLE = "Measuring objects"
_MOST_PX = 2_000_000
"""Edits that reach further are measured beside the window."""
_FLAT = 2
_AT_ONCE_PX = 8_000_000
"""Images up to this are measured in one go."""
_QUIET_PX = 200_000_000
"""In images up to this objects are found too fast for a bar in the activity dock."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Work for a thread: find all objects of a plane."""

    labels: NDArray[np.integer]

    def __call__(self, token: CancelToken, progress: Progress) -> FoundObjects:
        progress(0.0, "Finding objects")
        # what is painted meanwhile is measured again afterwards
        return find_objects(self.labels, token)


@dataclass(frozen=True, slots=True)
class Finishing:
    """Work for a thread: measure brightness and shape of objects that were found."""

    found: FoundObjects
    picture: Picture | None

    def __call__(self, token: CancelToken, progress: Progress) -> ObjectTable:
        progress(0.3, "Measuring brightness and shape")
        return self.found.finished(self.picture, token)


@dataclass(frozen=True, slots=True)
class Measuring:
    """Work for a thread: both at once, where that takes a moment."""

    labels: NDArray[np.integer]
    picture: Picture | None

    def __call__(self, token: CancelToken, progress: Progress) -> ObjectTable:
        picture = self.picture
        if picture is not None and self.labels.ndim > _FLAT:
            # planes of masks that overlap lie on one picture
            pixels = np.broadcast_to(
                picture.pixels, (len(self.labels), *picture.pixels.shape)
            )
            picture = replace(picture, pixels=pixels, axes=f"z{picture.axes}")
        return measure(self.labels, picture, token, outline=True)


class ObjectsFlow(QObject):
    """Measures what the desk's layer shows, while somebody looks.

    Attributes
    ----------
    source
        What is measured; None while there is nothing.
    table
        Measures of it; None until they are there.
    """

    measured = Signal()
    """Everything was measured, or there is nothing to measure."""
    finished = Signal()
    """The table has brightness and shape too, of the same objects."""
    touched = Signal(object)
    """The table is up to date after an edit of these labels, an array."""

    def __init__(
        self,
        viewer: ViewerModel,
        session: Session,
        desk: EditDesk,
        runner: JobRunner,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._desk = desk
        self._runner = runner
        self.source: ObjectSource | None = None
        self.table: ObjectTable | None = None
        self._editor: LabelEditor | None = None
        self._awake = False
        self._stale = True
        self._due: list[tuple[slice, ...]] = []
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._on_time)
        follow(self, desk.target_changed, self._on_target_changed)
        follow(self, session.sample_changed, self.look)
        viewer.dims.events.current_step.connect(self._on_step_changed)
        viewer.layers.events.inserted.connect(self._on_layers_changed)
        viewer.layers.events.removed.connect(self._on_layers_changed)
        self._on_target_changed()

    def stop(self) -> None:
        """Hear no more of viewer and layer."""
        self._soon.stop()
        self._listen(None)
        self._viewer.dims.events.current_step.disconnect(self._on_step_changed)
        self._viewer.layers.events.inserted.disconnect(self._on_layers_changed)
        self._viewer.layers.events.removed.disconnect(self._on_layers_changed)

    def wake(self, awake: bool) -> None:
        """Measure, now that somebody looks, or no more."""
        self._awake = awake
        if awake and self._stale:
            self._soon.start()

    def look(self, *_: object) -> None:
        """Measure everything anew, soon."""
        self._stale = True
        if self._awake:
            self._soon.start()

    def box_of(self, labels: tuple[int, ...]) -> tuple[slice, ...] | None:
        """Return the box around objects in the layer; None for none in the table."""
        source, table = self.source, self.table
        if source is None or table is None:
            return None
        chosen = np.isin(table.columns["label"], labels)
        if not chosen.any():
            return None
        box: tuple[slice, ...] = around(table, chosen)
        if source.stacked:
            planes = table.columns["plane"][chosen]
            box = (slice(int(planes.min()), int(planes.max()) + 1), *box)
        return source.box(box)

    # Inside

    def _on_target_changed(self) -> None:
        self._listen(self._desk.editor)

    def _listen(self, editor: LabelEditor | None) -> None:
        if editor is self._editor:
            return
        if self._editor is not None:
            self._editor.changed.disconnect(self._on_labels_changed)
        self._editor = editor
        if editor is not None:
            editor.changed.connect(self._on_labels_changed)
        self.look()

    def _on_layers_changed(self, event: Any) -> None:
        # the picture under the labels may be another
        if isinstance(event.value, Image):
            self.look()

    def _on_step_changed(self, event: Any = None) -> None:
        editor, source = self._editor, self.source
        if editor is None or source is None:
            return
        if editor.plane[1 if source.stacked else 0 :] != source.plane:
            self.look()

    @Slot()
    def _on_time(self) -> None:
        self._stale = False
        self._due = []
        editor = self._editor
        source = None if editor is None else source_of(self._viewer, editor)
        self.source = source
        if source is None:
            self._runner.stop()
            self._put(None)
            return
        labels, picture = source.labels, source.picture
        if source.stacked or labels.size < _AT_ONCE_PX:
            self._runner.start(
                Measuring(labels, picture),
                title=_TITLE,
                done=self._on_measured,
                cancelled=self._on_stopped,
                failed=self._on_failed,
                quiet=labels.size < _AT_ONCE_PX,
            )
        else:
            self._runner.start(
                Finding(labels),
                title=_TITLE,
                done=self._on_found,
                cancelled=self._on_stopped,
                failed=self._on_failed,
                quiet=labels.size < _QUIET_PX,
            )

    def _on_measured(self, table: ObjectTable) -> None:
        self._take(table)
        self.measured.emit()

    def _on_found(self, found: FoundObjects) -> None:
        """Show what is known already; the rest follows."""
        source, due = self.source, self._due
        if source is None:
            return
        self._take(found.table(source.picture))
        # the rest is measured of what was found
        self._due = due
        self._runner.start(
            Finishing(found, source.picture),
            title="Measuring brightness and shape",
            done=self._on_finished,
            cancelled=self._on_rest_stopped,
            failed=self._on_rest_failed,
        )
        self.measured.emit()

    def _on_finished(self, table: ObjectTable) -> None:
        touched = self._take(table)
        self.finished.emit()
        if touched.size:
            self.touched.emit(touched)

    def _on_rest_stopped(self) -> None:
        self._catch_up()

    def _on_rest_failed(self, _error: Exception) -> None:
        self._catch_up()

    def _take(self, table: ObjectTable) -> NDArray[np.int64]:
        """Have a table of the source, with what was edited meanwhile; return that."""
        self.table = table
        touched = self._catch_up()
        if self._editor is not None and self.table is not None and not self._stale:
            self._editor.know(_known(self.table))
        return touched

    def _catch_up(self) -> NDArray[np.int64]:
        """Measure again what was edited meanwhile; return which objects."""
        due, self._due = self._due, []
        found = [self._update(box) for box in due]
        touched = [one for one in found if one is not None]
        return np.unique(np.concatenate([np.empty(0, np.int64), *touched]))

    def _on_stopped(self) -> None:
        self._put(None)

    def _on_failed(self, _error: Exception) -> None:
        self._put(None)

    def _put(self, table: ObjectTable | None) -> None:
        self.table = table
        self.measured.emit()

    def _on_labels_changed(self, box: tuple[slice, ...] | None) -> None:
        if box is None or self._stale:
            self.look()
        elif self._runner.busy:
            self._due.append(box)
        else:
            touched = self._update(box)
            if touched is not None:
                self.touched.emit(touched)

    def _update(self, box: tuple[slice, ...]) -> NDArray[np.int64] | None:
        """Measure again what changed inside a box; all of it where that is much."""
        source, table = self.source, self.table
        if source is None or table is None:
            self.look()
            return None
        between = box[1:] if source.stacked else box
        for side, at in zip(between[:-_FLAT], source.plane, strict=True):
            if not side.start <= at < side.stop:
                return None
        rows, columns = box[-_FLAT:]
        labels, picture, most = source.labels, source.picture, _MOST_PX
        if not source.stacked:
            found = remeasure(table, labels, (rows, columns), picture, most_px=most)
        elif box[0].stop <= len(labels):
            where = (box[0], rows, columns)
            found = remeasure_planes(table, labels, where, picture, most_px=most)
        else:
            found = None  # there are more planes now
        if found is None:
            self.look()
            return None
        self.table, touched = found
        return touched


def _known(table: ObjectTable) -> KnownObjects:
    columns = table.columns
    sides = (("bbox_top", "bbox_left"), ("bbox_bottom", "bbox_right"))
    corners = [np.stack([columns[name] for name in side], axis=1) for side in sides]
    return KnownObjects(
        columns["label"], np.stack(corners, axis=1).astype(np.intp), columns["area_px"]
    )
