"""Class, flag and comment of objects: read from the store, written into it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from qtpy.QtCore import QObject, Signal

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._napari.object_source import classes_of
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.layers import Labels
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.edits import Place
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.objects_flow import ObjectsFlow
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import FactChange, LayerFacts, Project

Words: TypeAlias = "Mapping[str, Mapping[int, str] | None]"


@dataclass(frozen=True, slots=True)
class Keeping:
    """Work for a thread: write what was said of objects, then read all of it.

    Parameters
    ----------
    project
        Opens the store.
    place
        Of the labels.
    labels, said
        What to write first; no labels for nothing.
    """

    project: Callable[[], Project]
    place: Place
    labels: tuple[int, ...] = ()
    said: FactChange | None = None

    def __call__(self, token: CancelToken, progress: Progress) -> LayerFacts:
        project = self.project()
        if self.labels and self.said is not None:
            project.set_object_facts(*self.place, self.labels, self.said)
        return project.object_facts(*self.place)


class ObjectFactsLink(QObject):
    """What is known of the objects in the table, in words.

    Attributes
    ----------
    words
        By column; a column that is None is not shown.
    """

    changed = Signal()
    """There are other words."""
    told = Signal(str, bool)

    def __init__(self, session: Session, flow: ObjectsFlow, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._flow = flow
        self._runner = JobRunner(parent, mirrored=False)
        self._wishes: deque[tuple[Labels, tuple[int, ...], FactChange]] = deque()
        self._writing = False
        self._awake = False
        self.words: Words = {"class": None, "flag": None, "comment": None}
        self._facts: LayerFacts | None = None
        flow.measured.connect(self.look)
        flow.touched.connect(self.look)
        follow(self, object_classes(session).changed, self._tell)

    @property
    def layer(self) -> Labels | None:
        """The layer whose objects are listed."""
        return None if self._flow.source is None else self._flow.source.layer

    @property
    def kept(self) -> bool:
        """Whether the store keeps what is said of these objects."""
        return self.layer is not None and self._session.place_of(self.layer) is not None

    @property
    def classes(self) -> Mapping[int, str]:
        """Classes that an object can be given: name of each id of the set."""
        dataset = self._session.dataset
        return {} if dataset is None or not self.kept else dataset.class_table.names

    @property
    def class_words(self) -> Mapping[int, str]:
        """Class of each object as far as one is known."""
        return self.words["class"] or {}

    def wake(self, awake: bool) -> None:
        """Read, now that somebody looks, or no more."""
        self._awake = awake
        self.look()

    def look(self, *_: object) -> None:
        """Read what the store knows of the objects."""
        if self._writing or not self._awake:
            return  # what was written is read afterwards
        layer = self.layer
        place = None if layer is None else self._session.place_of(layer)
        if place is None:
            self._runner.stop()
            self._show(None)
            return
        self._start(Keeping(self._project, place), "Reading about objects")

    def say(self, labels: tuple[int, ...], name: str, text: str) -> None:
        """Write a word of objects into the store.

        Parameters
        ----------
        labels
            Which objects.
        name
            ``class``, ``flag`` or ``comment``.
        text
            Of a class its name; empty for none.
        """
        layer = self.layer
        if layer is None or not labels:
            return
        said: FactChange
        if name == "class":
            numbers = {known: number for number, known in self.classes.items()}
            said = {"class_id": numbers.get(text)}
        else:
            said = {"flag": text} if name == "flag" else {"comment": text}
        self._wishes.append((layer, labels, said))
        self._write()

    # Inside

    def _project(self) -> Project:
        return self._session.project

    def _write(self) -> None:
        """Write the oldest wish; one after the other, so that the last one counts."""
        if self._writing or not self._wishes:
            return
        layer, labels, said = self._wishes.popleft()
        place = self._session.place_of(layer, stored=True)
        if place is None:
            self._write()
            return
        self._writing = True
        self._start(
            Keeping(self._project, place, labels, said), "Writing about objects"
        )

    def _start(self, work: Keeping, title: str) -> None:
        self._runner.start(
            work,
            title=title,
            done=partial(self._on_done, work.place),
            failed=self._on_failed,
        )

    def _on_done(self, place: Place, facts: LayerFacts) -> None:
        self._writing = False
        layer = self.layer
        if self._wishes:
            self._write()
        elif layer is not None and self._session.place_of(layer) == place:
            self._show(facts)
        else:
            self.look()

    def _on_failed(self, error: Exception) -> None:
        self._writing = False
        self._wishes.clear()
        self.told.emit(str(error), True)

    def _show(self, facts: LayerFacts | None) -> None:
        self._facts = facts
        self._tell()

    def _tell(self) -> None:
        layer, facts = self.layer, self._facts
        known = {} if layer is None else dict(classes_of(self._session, layer))
        names = self.classes
        flags: dict[int, str] = {}
        comments: dict[int, str] = {}
        for label, one in ({} if facts is None else facts.differing).items():
            if one.class_id is not None:
                known[label] = names.get(one.class_id, str(one.class_id))
            if one.flag:
                flags[label] = one.flag
            if one.comment:
                comments[label] = one.comment
        self.words = {
            "class": known if known or names else None,
            "flag": flags if self.kept else None,
            "comment": comments if self.kept else None,
        }
        self.changed.emit()
