"""Class, flag and comment of objects: read from the store, written into it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from qtpy.QtCore import QObject, Signal

from napari_cellsets._napari.class_adding import add_class_on
from napari_cellsets._napari.object_acts import FactAct
from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._napari.object_source import (
    class_names_of,
    classes_of,
    other_layer,
)
from napari_cellsets._qt.jobs import JobRunner
from napari_cellsets._qt.lifetimes import follow
from napari_cellsets.batch.known_classes import corrected_classes
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.object_words import act_title, facts_words, origin_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.layers import Labels
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.edit_desk import EditDesk
    from napari_cellsets._napari.edits import Place
    from napari_cellsets._napari.session import Session
    from napari_cellsets._qt.objects_flow import ObjectsFlow
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.store import FactChange, LayerFacts, Project

Words: TypeAlias = "Mapping[str, Mapping[int, str] | None]"


class FactsRead(NamedTuple):
    """What the store knows of the objects in the table, and of those under them."""

    mine: LayerFacts
    theirs: LayerFacts | None
    spared: int
    """Objects that an undo left alone, because somebody else spoke of them since."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Work for a thread: write what was said of objects, then read all of it.

    Parameters
    ----------
    project
        Opens the store.
    place
        Of the labels.
    other
        Of labels that may lie under them; None for none.
    act, done
        What to write first: do it, or undo it.
    """

    project: Callable[[], Project]
    place: Place
    other: Place | None = None
    act: FactAct | None = None
    done: bool = True

    def __call__(self, token: CancelToken, progress: Progress) -> FactsRead:
        project, spared = self.project(), 0
        if self.act is not None:
            spared = self.act.write(project, done=self.done)
        mine = project.object_facts(*self.place)
        theirs = None if self.other is None else project.object_facts(*self.other)
        return FactsRead(mine, theirs, spared)


class _Wish(NamedTuple):
    """An act to be written, or to be undone."""

    layer: Labels
    act: FactAct
    done: bool


class ObjectFactsLink(QObject):
    """What is known of the objects in the table, in words.

    Attributes
    ----------
    words
        By column; a column that is None is not shown.
    facts
        The same as the store has it; None where it keeps nothing of them.
    theirs
        Class of each object of the labels that may lie under these.
    """

    changed = Signal()
    """There are other words."""
    told = Signal(str, bool)

    def __init__(
        self, session: Session, flow: ObjectsFlow, desk: EditDesk, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._flow = flow
        self._desk = desk
        self._runner = JobRunner(parent, mirrored=False)
        self._wishes: deque[_Wish] = deque()
        self._writing = False
        self._awake = False
        self.words: Words = {"class": None, "flag": None, "comment": None}
        self.facts: LayerFacts | None = None
        self.theirs: Mapping[int, str] = {}
        self._under: LayerFacts | None = None
        self._plain = ""
        flow.measured.connect(self.look)
        flow.touched.connect(self.look)
        follow(self, object_classes(session).changed, self._tell)
        follow(self, object_classes(session).listed, self._tell)

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

    def about(self, label: int) -> str:
        """Return where an object comes from and who changed it, for a person."""
        if self.facts is None:
            return ""
        one = self.facts.differing.get(label)
        words = self._plain if one is None else "\n".join(facts_words(one))
        if one is not None and one.class_id != self.facts.class_of.get(label):
            return words  # a person gave it
        layer, predicted = self.layer, object_classes(self._session)
        if layer is None or classes_of(self._session, layer) is not predicted.titles:
            return words
        return "\n".join(filter(None, (predicted.about(label), words)))

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
            self._show(None, None)
            return
        self._start(Keeping(self._project, place, self._other_place()), _READING)

    def say(self, labels: tuple[int, ...], name: str, text: str) -> None:
        """Write a word of objects into the store, as one act that can be undone.

        Parameters
        ----------
        labels
            Which objects; those that have the word already are left out.
        name
            ``class``, ``flag`` or ``comment``.
        text
            Of a class its name; empty for none.
        """
        layer, said_now = self.layer, self.words[name] or {}
        if not (self._wishes or self._writing or self._runner.busy):
            labels = tuple(n for n in labels if said_now.get(n, "") != text)
        if layer is None or not labels:
            return
        place = self._session.place_of(layer, stored=True)
        if place is None:
            return
        act = FactAct(place, dict.fromkeys(labels, self._change(name, text)))
        if not self._keep(_Wish(layer, act, True)):
            return
        title, box = act_title(name, text, labels), self._flow.box_of(labels)
        turn = partial(self._turn, layer, act)
        if not self._desk.editor_of(layer).note(title, box, turn):
            self._desk.log.add(layer, title, box)

    def add_class(self, name: str, labels: tuple[int, ...]) -> None:
        """Add a class that objects can be given, and give it to some.

        Raises
        ------
        CellsetsError
            As of `_napari.class_adding.add_class`.
        """
        if self.layer is not None:
            add_class_on(self._session, self._desk, self.layer, name)
            self.say(labels, "class", name.strip())

    # Inside

    def _change(self, name: str, text: str) -> FactChange:
        if name == "class":
            numbers = {known: number for number, known in self.classes.items()}
            return {"class_id": numbers.get(text)}
        return {"flag": text} if name == "flag" else {"comment": text}

    def _turn(self, layer: Labels, act: FactAct, done: bool) -> None:
        """Undo an act, or do it again."""
        self._keep(_Wish(layer, act, done))

    def _keep(self, wish: _Wish) -> bool:
        """Write at once, so that what follows finds it; much of it in a thread.

        Return whether it is written, or will be.
        """
        if self._writing or self._wishes or len(wish.act.said) > _AT_ONCE:
            self._wishes.append(wish)
            self._write()
            return True
        try:
            spared = wish.act.write(self._project(), done=wish.done)
        except StoreError as error:
            self.told.emit(str(error), True)
            return False
        self._say_spared(spared)
        self._announce()
        self.look()
        return True

    def _project(self) -> Project:
        return self._session.project

    def _other_place(self) -> Place | None:
        layer = self.layer
        other = None if layer is None else other_layer(self._session, layer)
        return None if other is None else self._session.place_of(other)

    def _write(self) -> None:
        """Write the oldest wish; one after the other, so that the last one counts."""
        if self._writing or not self._wishes:
            return
        wish = self._wishes.popleft()
        self._writing = True
        work = Keeping(
            self._project, wish.act.place, self._other_place(), wish.act, wish.done
        )
        self._start(work, _WRITING)

    def _start(self, work: Keeping, title: str) -> None:
        self._runner.start(
            work,
            title=title,
            done=partial(self._on_done, work),
            failed=self._on_failed,
        )

    def _on_done(self, work: Keeping, found: FactsRead) -> None:
        self._writing = False
        if work.act is not None:
            self._say_spared(found.spared)
            self._announce()
        layer = self.layer
        if layer is not None and work.act is not None:
            self._session.annotations.show_classes(layer)
        if self._wishes:
            self._write()
        elif layer is not None and self._session.place_of(layer) == work.place:
            self._show(found.mine, found.theirs)
        else:
            self.look()

    def _on_failed(self, error: Exception) -> None:
        self._writing = False
        self._wishes.clear()
        self.told.emit(str(error), True)

    def _announce(self) -> None:
        object_classes(self._session).said.emit()

    def _say_spared(self, number: int) -> None:
        if number:
            objects = "1 object" if number == 1 else f"{number:,} objects"
            self.told.emit(f"Left {objects} as somebody else has said since.", False)

    def _show(self, mine: LayerFacts | None, theirs: LayerFacts | None) -> None:
        self.facts, self._under = mine, theirs
        self._plain = "" if mine is None else origin_words(self._origin(mine))
        self._tell()

    def _origin(self, mine: LayerFacts) -> Mapping[str, Any]:
        """Return where objects come from of which nothing more is known."""
        sample, truth = self._session.sample, self._session.truth_layer
        if not mine.origin and self.layer is truth and sample is not None:
            return {"source": "data set", "files": sample.annotations}
        return mine.origin

    def _tell(self) -> None:
        layer, differing = self.layer, {}
        if self.facts is not None:
            differing = self.facts.differing
        known = self._classes_in(layer, self.facts)
        other = None if layer is None else other_layer(self._session, layer)
        self.theirs = self._classes_in(other, self._under)
        flags = {label: one.flag for label, one in differing.items() if one.flag}
        comments = {n: one.comment for n, one in differing.items() if one.comment}
        self.words = {
            "class": known if known or self.classes else None,
            "flag": flags if self.kept else None,
            "comment": comments if self.kept else None,
        }
        self.changed.emit()

    def _classes_in(
        self, layer: Labels | None, facts: LayerFacts | None
    ) -> dict[int, str]:
        if layer is None:
            return {}
        names = class_names_of(self._session, layer)
        return corrected_classes(classes_of(self._session, layer), facts, names)


_READING, _WRITING = "Reading about objects", "Writing about objects"
_AT_ONCE = 2_000
"""Words of so many objects are written in some milliseconds."""
