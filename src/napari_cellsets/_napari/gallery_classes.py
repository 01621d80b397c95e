"""Classes of whole pictures by number: as published, as corrected, and back again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from napari_cellsets._napari.gallery_facts import CLASS, NONE, Column, FactTable
from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import (
    AddedClass,
    ClassInUseError,
    Mark,
    MarkKey,
    refuse_known,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.store import Project, StoredMark

PUBLISHED, CHANGED = "class as published", "class changed"
"""Facts that are there as soon as a class was changed."""
BY_ME, NOT_CHANGED = "by me", "no"
_PROVENANCE: Final = {"source": "corrected by hand", "tool": "Gallery"}
#: So many samples are read one by one, more of them all together.
_ONE_BY_ONE = 20


class _Given(NamedTuple):
    """What was said at once: by item the act that counts, and what stood before."""

    acts: dict[int, str]
    before: dict[int, tuple[Mark, str]]


class PictureClasses:
    """What people said of the classes of pictures.

    Made in any thread, used on the main one.

    Parameters
    ----------
    project
        Where it is kept.
    dataset
        Whose samples, numbered in their order.
    names
        Of all samples.
    published
        Classes of pictures that the set itself has, in their order.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """

    def __init__(
        self,
        project: Project,
        dataset: Dataset,
        names: Sequence[str],
        published: Sequence[str] = (),
    ) -> None:
        self._project, self._dataset, self._names = project, dataset, names
        self._published = tuple(published)
        self._added: tuple[AddedClass, ...] = ()
        self._item_of = {name: item for item, name in enumerate(names)}
        self._given: list[_Given | AddedClass] = []
        self._rows: dict[int, StoredMark] = {}
        self._seen = -1
        self.refresh()

    @property
    def author(self) -> str:
        """Who works here."""
        return self._project.author

    @property
    def acts(self) -> int:
        """How many acts of this window can be taken back."""
        return len(self._given)

    @property
    def names(self) -> tuple[str, ...]:
        """Classes that a picture can be given: the set's, then those people added."""
        return tuple(dict.fromkeys([*self._published, *(a.name for a in self._added)]))

    @property
    def said(self) -> dict[int, StoredMark]:
        """By item what counts of those of which anything was said."""
        return {item: row for item, row in self._rows.items() if not row.mark.gone}

    def of(self, item: int) -> StoredMark | None:
        """Return what counts of an item, None where nothing was said."""
        row = self._rows.get(item)
        return None if row is None or row.mark.gone else row

    def word(self, item: int) -> str:
        """Return the verdict that a given class is.

        Empty where none was given, and where the set itself has none: then a class is
        no judgement of it.
        """
        said, published = self.of(item), self.published(item)
        if said is None or not published:
            return ""
        return "accepted" if said.mark.class_name == published else "relabelled"

    def published(self, item: int) -> str:
        """Return the class that the set itself has; empty for none."""
        return self._dataset.samples[item].facts.get(CLASS, "")

    def refresh(self) -> bool:
        """Read what others said; return whether there is anything new.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        last = self._project.last_change()
        if last == self._seen:
            return False
        before = dict(self._rows), self._added
        self._take(self._project.marks(self._dataset.identity, layer=""))
        self._look_up_added()
        self._seen = last
        return before != (self._rows, self._added)

    def add(self, name: str) -> None:
        """Add a class that pictures can be given.

        Raises
        ------
        StoreError
            If the name is none, there is such a class, or it cannot be written.
        """
        refuse_known(name, self._published)
        added = self._project.add_class(self._dataset.identity, name, "pictures")
        self._look_up_added()
        self._given.append(added)

    def give(self, items: Sequence[int], name: str) -> None:
        """Say of which class pictures are; the class they have confirms it.

        Parameters
        ----------
        items
            Which pictures.
        name
            The class; empty takes back what was said.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        before = {item: self._counts(item) for item in items}
        mark = Mark(class_name=name, gone=not name)
        act = self._write(dict.fromkeys(items, mark))
        self._given.append(_Given(dict.fromkeys(items, act), before))

    def undo(self) -> None:
        """Say again what stood before the last act.

        Where somebody said something else since, that stays; so does a class that
        somebody gave since it was added.

        Raises
        ------
        StoreError
            If all was changed by others since, or it cannot be written.
        """
        given = self._given[-1]
        if isinstance(given, AddedClass):
            self._drop(given)
            return
        self._read(given.acts)
        acts = given.acts
        ours = [item for item in acts if self._counts(item)[1] == acts[item]]
        if not ours:
            self._given.pop()
            raise StoreError(
                "Somebody else gave another class since",
                advice="Look at it again and say what counts.",
            )
        act = self._write({item: given.before[item][0] for item in ours})
        self._given.pop()
        for older in self._given:
            if isinstance(older, AddedClass):
                continue
            for item in ours:
                if older.acts.get(item) == given.before[item][1]:
                    older.acts[item] = act  # what it said counts once more

    def _drop(self, added: AddedClass) -> None:
        """Take back that a class was added, the last act."""
        try:
            self._project.drop_class(self._dataset.identity, added)
        except ClassInUseError:
            self._given.pop()  # it stays, and is not tried again
            raise
        self._given.pop()
        self._look_up_added()

    def _look_up_added(self) -> None:
        identity = self._dataset.identity
        self._added = self._project.added_classes(identity, "pictures")

    def _counts(self, item: int) -> tuple[Mark, str]:
        """What counts of an item, and the act that said so."""
        row = self._rows.get(item)
        return (Mark(gone=True), "nothing") if row is None else (row.mark, row.act)

    def _write(self, changes: Mapping[int, Mark]) -> str:
        marks = {MarkKey(self._names[item]): mark for item, mark in changes.items()}
        act = self._project.record_marks(self._dataset.identity, marks, _PROVENANCE)
        self._read(changes)
        return act

    def _read(self, items: Collection[int]) -> None:
        if len(items) > _ONE_BY_ONE:
            self.refresh()
            return
        for item in items:
            name = self._names[item]
            self._take(self._project.marks(self._dataset.identity, name, ""))

    def _take(self, rows: Mapping[MarkKey, StoredMark]) -> None:
        for key, row in rows.items():
            if (item := self._item_of.get(key.sample)) is not None:
                self._rows[item] = row


def classed(
    table: FactTable,
    said: Mapping[int, StoredMark],
    author: str,
    order: Sequence[str],
) -> FactTable:
    """Return facts with classes as corrected, as published, and who changed them.

    Parameters
    ----------
    table
        Facts as published.
    said
        By item what counts, see `PictureClasses.said`.
    author
        Who works here.
    order
        Classes in the order of the set.
    """
    if not said or not len(table):
        return table
    none = Column((NONE,), np.zeros(len(table), np.int32))
    published = table.columns.get(CLASS, none)
    values, codes = list(published.values), published.codes.copy()
    changed: dict[int, str] = {}
    for item, row in said.items():
        name = row.mark.class_name
        if name != published.values[published.codes[item]]:
            if name not in values:
                values.append(name)
            codes[item] = values.index(name)
            changed[item] = BY_ME if row.author == author else f"by {row.author}"
    if not changed:
        return table
    ranked = Column.of(values, order).values
    place = np.array([ranked.index(name) for name in values], np.int32)
    given = Column(ranked, place[codes])
    who = _who(changed, len(table))
    return table.with_columns({CLASS: given, PUBLISHED: published, CHANGED: who})


def _who(changed: Mapping[int, str], items: int) -> Column:
    """Say of all items who changed their class."""
    values = Column.of([*changed.values(), NOT_CHANGED], (BY_ME,)).values
    codes = np.full(items, values.index(NOT_CHANGED), np.int32)
    for item, words in changed.items():
        codes[item] = values.index(words)
    return Column(values, codes)
