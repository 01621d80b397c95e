"""Fills the history from the store, and shows labels of an earlier time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Slot

from napari_cellsets._napari.history_then import (
    EarlierLabels,
    Then,
    before_window,
    box_of_objects,
    earlier_acts,
    look_up,
)
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.core.errors import CellsetsError, StoreError
from napari_cellsets.store import Before

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Labels
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.edit_desk import EditDesk
    from napari_cellsets._napari.edits import Place
    from napari_cellsets._napari.history_acts import Act
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.edit_history import HistoryView
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import Project

#: While samples are leafed through, nothing is asked.
_CALM_MS = 150
#: Lines that are asked for at once.
PAGE = 1_000


@dataclass
class _Earlier:
    """What the store told of the labels on screen; `before` is where it goes on."""

    place: Place | None = None
    acts: list[Act] = field(default_factory=list)
    before: Before | None = None


class HistoryFlow(QObject):
    """Between the desk, the store and the list of acts.

    Parameters
    ----------
    desk, session
        Of the viewer.
    view
        The list.
    parent
        The dock.
    """

    def __init__(
        self, desk: EditDesk, session: Session, view: HistoryView, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._session = session
        self._view = view
        self.earlier_labels = EarlierLabels(desk, session)
        self.runner = JobRunner(parent, mirrored=False)
        self._known = _Earlier()
        self._seen: Act | None = None
        self._timer = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._timer.timeout.connect(self.ask)
        view.chosen.connect(self._on_act_chosen)
        view.then_wanted.connect(self.show_then)
        view.more_wanted.connect(self._on_more_wanted)
        view.came_into_view.connect(self._timer.start)
        view.bar.now_wanted.connect(self.leave)
        view.bar.restore_wanted.connect(self._on_restore_wanted)
        follow(parent, desk.acts_changed, self._on_acts_changed)
        follow(parent, desk.target_changed, self._on_target_changed)
        follow(parent, self.earlier_labels.changed, self._on_then_changed)
        self.synchronize()

    def synchronize(self) -> None:
        """Show what is known."""
        known = self._known
        kept = known.place is not None
        more = known.before is not None
        self._view.synchronize(self._desk.acts, known.acts, more=more, kept=kept)

    @Slot()
    def ask(self) -> None:
        """Ask the store what was done to the labels before; nothing while unseen."""
        layer = self._desk.target
        tracked = None if layer is None else self._session.tracked_of(layer)
        place = None if layer is None else self._session.place_of(layer)
        seen = self._view.isVisibleTo(self.parent())
        if tracked is None or place is None or not seen:
            return
        if place == self._known.place and not self._unanswered:
            return
        self._known = _Earlier(place)
        self._ask_before(Before(tracked.revision + 1))

    def toggle(self) -> None:
        """Show the labels of the chosen act, or those of now again."""
        if self.earlier_labels.then is not None:
            self.leave()
        elif self._view.selected is None:
            self._desk.told.emit("Choose a line of the history first.", True)
        else:
            self.show_then(self._view.selected)

    @Slot(object)
    def show_then(self, act: Act) -> None:
        """Look for the labels as they were after an act, beside the window."""
        layer = self._desk.target
        place = None if layer is None else self._session.place_of(layer)
        if layer is None or place is None:
            self._desk.told.emit("No store keeps this layer.", True)
            return
        project = self._project()
        if project is not None:
            self.runner.start(
                partial(_look_up, project, place, act),
                title="See earlier labels",
                done=partial(self._on_found, layer, act),
                failed=self._on_failed,
                quiet=True,
            )

    @Slot()
    def leave(self) -> None:
        """Go back to the labels as they are now."""
        self.earlier_labels.leave()

    def _on_found(self, layer: Labels, act: Act, then: Then) -> None:
        if self._session.place_of(layer) == then.place:
            self._seen = act
            self.earlier_labels.show(layer, then)

    def _on_then_changed(self) -> None:
        then, project = self.earlier_labels.then, self._project()
        if then is None or project is None:
            self._view.show_then("", None)
        else:
            self._view.show_then(then.told(project.author), self._seen)

    @Slot()
    def _on_restore_wanted(self) -> None:
        try:
            words = self.earlier_labels.restore()
        except CellsetsError as error:
            self._desk.told.emit(str(error), True)
        else:
            self._desk.tell_last(words)

    @Slot(object)
    def _on_act_chosen(self, act: Act) -> None:
        editor = self._desk.editor
        if act.objects and editor is not None:
            box = box_of_objects(editor, act.objects)
            if box is None:
                self._desk.told.emit("These objects are not there any more.", False)
                return
            self._desk.reveal(replace(act, box=box))
            # those of the plane that is on screen now
            there = editor.objects
            editor.select(label for label in act.objects if label in there)
        else:
            self._desk.reveal(act)

    @Slot()
    def _on_more_wanted(self) -> None:
        if self._known.before is not None:
            self._ask_before(self._known.before)

    @property
    def _unanswered(self) -> bool:
        """Whether labels were first stored with the acts of this window."""
        return not self._known.acts and bool(self._desk.acts)

    def _on_acts_changed(self) -> None:
        self.synchronize()
        if self._unanswered:
            self._timer.start()

    def _on_target_changed(self) -> None:
        self._known = _Earlier()
        self.synchronize()
        self._timer.start()

    def _ask_before(self, before: Before) -> None:
        project, place = self._project(), self._known.place
        dataset = self._session.dataset
        if project is None or place is None or dataset is None:
            return
        names = dataset.class_table.names
        self.runner.start(
            partial(_earlier_acts, project, place, before, names),
            title="Read the history",
            done=partial(self._on_answered, place),
            failed=self._on_failed,
            quiet=True,
        )

    def _on_answered(
        self, place: Place, answer: tuple[list[Act], Before | None]
    ) -> None:
        layer, project = self._desk.target, self._project()
        if place != self._known.place or layer is None or project is None:
            return
        acts, before = answer
        tracked = self._session.tracked_of(layer)
        if self._desk.acts and tracked is not None:
            # what was done since stands there already
            acts = before_window(acts, tracked, project.author)
        self._known.acts = [*acts, *self._known.acts]
        self._known.before = before
        self.synchronize()

    def _on_failed(self, error: Exception) -> None:
        self._desk.told.emit(str(error), True)

    def _project(self) -> Project | None:
        try:
            return self._session.project
        except StoreError as error:
            self._on_failed(error)
            return None


def _earlier_acts(
    project: Project,
    place: Place,
    before: Before,
    classes: Mapping[int, str],
    _: CancelToken,
    __: Progress,
) -> tuple[list[Act], Before | None]:
    return earlier_acts(project, place, before, PAGE, classes)


def _look_up(
    project: Project, place: Place, act: Act, _: CancelToken, __: Progress
) -> Then:
    return look_up(project, place, act)
