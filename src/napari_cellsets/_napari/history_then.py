"""Labels as they were at an earlier time: looked at in place of the present ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from psygnal import Signal

from napari_cellsets._napari.history_acts import Act
from napari_cellsets._napari.label_editor import MOST_PX
from napari_cellsets._napari.leaving import take_away
from napari_cellsets._napari.stack_axes import is_stack, laid
from napari_cellsets._napari.stack_editor import planes_of
from napari_cellsets.core.errors import CellsetsError, EditError
from napari_cellsets.editing.edit import Edit
from napari_cellsets.store import LabelChange
from napari_cellsets.store.history_list import restoring

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from napari_cellsets._napari.edit_desk import EditDesk
    from napari_cellsets._napari.edits import Place, Tracked
    from napari_cellsets._napari.history_acts import Box
    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets._napari.session import Session
    from napari_cellsets.editing.objects import ObjectIndex
    from napari_cellsets.store import Before, ObjectsChange, Project, StoredLabels

#: An act of this window and its line in the store are no further apart in time.
_NEAR_S = 2.0


@dataclass(frozen=True, slots=True)
class Then:
    """Labels of an earlier time.

    Parameters
    ----------
    place
        Where in the store.
    stored
        The labels as they were.
    since
        How many changes each person has made since.
    """

    place: Place
    stored: StoredLabels
    since: Mapping[str, int]

    @property
    def moment(self) -> str:
        """When that was, in the person's own time."""
        return moment_of(self.stored.changed)

    def told(self, me: str) -> str:
        """What is seen, in words; `me` is who works here."""
        changes = sum(self.since.values())
        if not changes:
            return f"As of {self.moment}: nothing was changed since."
        others = [
            f"{count:,} by {name or 'others'}"
            for name, count in self.since.items()
            if name != me
        ]
        of_others = f" ({', '.join(others)})" if others else ""
        plural = "changes were" if changes > 1 else "change was"
        return f"As of {self.moment}. {changes:,} {plural} made since{of_others}."


def moment_of(seconds: float) -> str:
    """Return day and time in the person's own zone."""
    return f"{datetime.fromtimestamp(seconds).astimezone():%d %b %Y, %H:%M:%S}"


def earlier_acts(
    project: Project,
    place: Place,
    before: Before,
    most: int,
    classes: Mapping[int, str],
) -> tuple[list[Act], Before | None]:
    """Return what the store remembers of labels and their objects, oldest first.

    Parameters
    ----------
    project, place
        Which labels.
    before
        Only what was before.
    most
        How many.
    classes
        Names of classes by their numbers.

    Returns
    -------
    list of Act
        With their revisions.
    Before or None
        What to ask for to get those before them; None where there are none.
    """
    changes, more = project.history(*place, limit=most, before=before)
    return [_act_of(one, classes) for one in changes], more


def _act_of(one: LabelChange | ObjectsChange, classes: Mapping[int, str]) -> Act:
    if isinstance(one, LabelChange):
        return Act(one.title, one.author, one.time, one.box, revision=one.revision)
    title, of = one.title_of(classes), tuple(one.said)
    return Act(title, one.author, one.time, None, revision=one.revision, objects=of)


def before_window(acts: list[Act], tracked: Tracked, author: str) -> list[Act]:
    """Return what the store tells without what was done in this window.

    The clock tells nothing of labels: what is first on disk and what is first in the
    list differs, and on a busy machine by seconds. Their revisions are sure.

    Parameters
    ----------
    acts
        As of `earlier_acts`.
    tracked
        The labels, as they came on screen.
    author
        Who works here.
    """
    return [act for act in acts if not _is_ours(act, tracked, author)]


def _is_ours(act: Act, tracked: Tracked, author: str) -> bool:
    if act.objects:
        return act.who == author and act.when >= tracked.since
    # of a whole image nothing stands in the window's list
    return act.box is not None and (act.revision or 0) > tracked.opened


def box_of_objects(editor: LabelEditor, labels: Collection[int]) -> Box | None:
    """Return the box around those of these objects that are there; None for none.

    In a stack of pictures in the first plane that has any, by choice that on screen.
    """
    layer, at = editor.layer, editor.plane
    if not editor.in_plane:
        objects = editor.objects
        boxes = [objects.box(label) for label in labels if label in objects]
        return None if not boxes else tuple(map(_around, zip(*boxes, strict=True)))
    wanted = list(labels)
    for plane in (at, *np.ndindex(layer.data.shape[:-2])):
        found = np.nonzero(np.isin(layer.data[plane], wanted))
        if len(found[0]):
            sides = (slice(int(one.min()), int(one.max()) + 1) for one in found)
            return (*(slice(one, one + 1) for one in plane), *sides)
    return None


def _around(sides: tuple[slice, ...]) -> slice:
    return slice(min(s.start for s in sides), max(s.stop for s in sides))


def look_up(project: Project, place: Place, act: Act) -> Then:
    """Return the labels as they were after an act; reads the store only.

    Raises
    ------
    StoreError
        If the store cannot be read, or what was then is gone.
    CellsetsError
        If nothing was stored yet.
    """
    changes = project.label_history(*place)
    revision = act.revision or _revision_of(changes, act)
    at = revision or datetime.fromtimestamp(act.when, UTC)
    stored = project.load_labels(*place, at=at)
    if stored is None:
        raise CellsetsError("nothing was stored yet at that time")
    since = Counter(one.author for one in changes if one.revision > stored.revision)
    return Then(place, stored, since)


def _revision_of(changes: list[LabelChange], act: Act) -> int:
    """Return the revision that an act of this window led to; 0 where it is unknown."""
    near = [
        (abs(one.time - act.when), one.revision)
        for one in changes
        if one.title == act.title and abs(one.time - act.when) < _NEAR_S
    ]
    return min(near)[1] if near else 0


class EarlierLabels:
    """Shows labels of an earlier time, locked, while the present ones are hidden.

    Parameters
    ----------
    desk, session
        Of the viewer.
    """

    changed = Signal()
    """Earlier labels are shown now, or no more."""

    def __init__(self, desk: EditDesk, session: Session) -> None:
        self._desk = desk
        self._session = session
        self.then: Then | None = None
        self._layer: Labels | None = None
        self._shown: Labels | None = None
        session.leaving.connect(self.leave)
        desk.target_changed.connect(self._on_target_changed)

    def show(self, layer: Labels, then: Then) -> None:
        """Show labels in place of a layer's own, until `leave`."""
        viewer = self._desk.viewer
        self.leave()
        if viewer is None or layer not in viewer.layers:
            return
        self._desk.tools.use(None)
        labels = then.stored.labels
        shown = Labels(
            laid(labels, layer.data.shape[1:-2]) if is_stack(layer) else labels,
            name=f"{layer.name} as of {then.moment}",
            scale=tuple(layer.scale),
            translate=tuple(layer.translate),
            units=tuple(layer.units),
            axis_labels=tuple(layer.axis_labels),
            opacity=layer.opacity,
            blending=layer.blending,
            colormap=layer.colormap,
        )
        shown.contour = layer.contour
        shown.editable = False
        self.then, self._layer, self._shown = then, layer, shown
        self._desk.show_instead(layer, shown)
        for one in (layer, shown):
            one.bind_key("Escape", self._on_escape, overwrite=True)
        viewer.layers.insert(viewer.layers.index(layer) + 1, shown)
        viewer.layers.events.removed.connect(self._on_removed)
        # its keys go on working; hidden, it cannot be edited
        viewer.layers.selection.active = layer
        layer.mode = "pan_zoom"
        layer.visible = False
        self.changed.emit()

    def leave(self) -> None:
        """Go back to the labels as they are now."""
        layer, shown, viewer = self._layer, self._shown, self._desk.viewer
        if self.then is None or layer is None:
            return
        self.then = self._layer = self._shown = None
        layer.bind_key("Escape", None)
        if viewer is not None:
            viewer.layers.events.removed.disconnect(self._on_removed)
            if layer in viewer.layers:
                layer.visible = True
                viewer.layers.selection.active = layer
            take_away(viewer, (shown,))
        self._desk.show_instead(layer, None)
        self.changed.emit()

    def restore(self) -> str:
        """Make the labels again what is seen: one edit on top, one step of undo.

        Returns
        -------
        str
            What was done, for the person.

        Raises
        ------
        CellsetsError
            If nothing is seen, the labels cannot be edited, or somebody else changed
            them meanwhile: then they are shown as they are now.
        """
        then, layer = self.then, self._layer
        if then is None or layer is None:
            raise EditError("no earlier labels are shown")
        self.leave()
        self._check(then, layer)
        title = f"restore what was on {then.moment}"
        now, labels = planes_of(layer), then.stored.labels
        fits = now.shape == labels.shape
        places = np.flatnonzero(now != labels) if fits else np.empty(0, np.intp)
        if fits and not len(places):
            return "The labels are as they were then already."
        if not fits or len(places) > MOST_PX:
            self._session.project.restore(*then.place, then.stored.revision)
            self._session.reload()
            return f"Done: {title}. The history brings back what was before."
        said = {"source": "corrected by hand", **restoring(then.stored)}
        edit = _edit_to(title, now, labels, places)
        self._desk.editor_of(layer).do(edit, whole=True, said=said)
        return f"Done: {title}. Ctrl+Z takes it back."

    def _on_escape(self, _layer: Labels) -> None:
        """Back to now."""
        self.leave()

    def _check(self, then: Then, layer: Labels) -> None:
        """Raise where the store does not hold what is on screen."""
        session = self._session
        self._desk.editor_of(layer).check()
        if not session.save():
            raise EditError(session.status)
        newest = session.project.label_history(*then.place, limit=1)[-1]
        tracked = session.tracked_of(layer)
        if tracked is None or newest.revision != tracked.revision:
            session.reload()
            raise EditError(
                f"{newest.author} changed this image meanwhile: it is shown as it is"
                " now, and nothing was restored"
            )

    def _on_removed(self, event: Any) -> None:
        if event.value in (self._layer, self._shown):
            self.leave()

    def _on_target_changed(self) -> None:
        """Go back where the labels of now are those of another image."""
        if self.then is not None and self._layer is not None:
            if self._session.place_of(self._layer) != self.then.place:
                self.leave()


def _edit_to(
    title: str, now: NDArray[Any], labels: NDArray[Any], places: NDArray[np.intp]
) -> Any:
    def make(_objects: ObjectIndex) -> Edit:
        before = now.ravel()[places].astype(np.int64)
        after = labels.ravel()[places].astype(np.int64)
        return Edit(title, now.shape, places, before, after)

    return make
