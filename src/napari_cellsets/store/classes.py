"""Classes that people added to those of a data set: of its objects, or its pictures.

Rows are added only and the newest of a class counts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from napari_cellsets.core.errors import StoreError
from napari_cellsets.formats.classes import plain_name
from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.journal import dataset_id as number_of
from napari_cellsets.store.opened import OpenStore
from napari_cellsets.store.schema import next_change, now, tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

ClassOf = Literal["objects", "pictures"]
#: Longer names fit no list and no folder.
_LONGEST = 80


class AddedClass(NamedTuple):
    """A class that somebody added.

    Parameters
    ----------
    of
        Of ``objects`` (also points, boxes and outlines) or of whole ``pictures``.
    number
        Its id; it never becomes that of another class.
    name
        As it was written.
    author, time
        Who added it; when, in seconds since 1970.
    """

    of: ClassOf
    number: int
    name: str
    author: str
    time: float

    @property
    def when(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.time, UTC)


class ClassInUseError(StoreError):
    """A class cannot be taken back, as something has it."""


class _Row(NamedTuple):
    added: AddedClass
    gone: bool


class ClassStore(OpenStore):
    """The part of a project that keeps classes which a data set does not have."""

    def add_class(
        self, dataset_id: str, name: str, of: ClassOf = "objects", *, least: int = 1
    ) -> AddedClass:
        """Add a class; it is on disk when this returns.

        Parameters
        ----------
        dataset_id
            `Dataset.identity`.
        name
            What to call it; spaces around it do not count.
        of
            See `AddedClass`.
        least
            Its id is this or a higher one. A class that was taken back gets the id
            that it had.

        Raises
        ------
        StoreError
            If the name is none, there is such a class by now, or it cannot be
            written.
        """
        name = checked_name(name)
        if of not in get_args(ClassOf):
            raise StoreError(f"A class is one of {get_args(ClassOf)}, found {of!r}")
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            dataset = number_of(connection, dataset_id)
            known = [row for row in _rows(connection, dataset) if row.added.of == of]
            same = [r for r in known if plain_name(r.added.name) == plain_name(name)]
            there = [row.added.name for row in same if not row.gone]
            highest = max((row.added.number for row in known), default=0)
            number = same[-1].added.number if same else max(least, highest + 1)
            added = AddedClass(of, number, name, self._author, now())
            if not there:
                _write(connection, dataset, added, gone=False)
        refuse_known(name, there)
        return added

    def drop_class(self, dataset_id: str, added: AddedClass) -> None:
        """Take back that a class was added.

        Raises
        ------
        ClassInUseError
            If something has this class by now.
        StoreError
            If it cannot be written.
        """
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            dataset = number_of(connection, dataset_id)
            used = _used(connection, dataset, added)
            if not used:
                dropped = added._replace(author=self._author, time=now())
                _write(connection, dataset, dropped, gone=True)
        if used:
            raise ClassInUseError(
                f"{used:,} {added.of if used > 1 else added.of[:-1]} of this set"
                f" still {'have' if used > 1 else 'has'} the class “{added.name}”",
                advice="Give them another class first.",
            )

    def added_classes(
        self, dataset_id: str, of: ClassOf | None = None
    ) -> tuple[AddedClass, ...]:
        """Return the classes that people added, in the order of their ids.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        import sqlalchemy as sa

        datasets = tables().datasets
        known = sa.select(datasets.c.id).where(datasets.c.identity == dataset_id)
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            dataset = connection.scalar(known)
            rows = [] if dataset is None else _rows(connection, dataset)
        there = [row.added for row in rows if not row.gone]
        return tuple(one for one in there if of in (None, one.of))


def checked_name(name: str) -> str:
    """Return a name for a class without spaces around it.

    Raises
    ------
    StoreError
        If it is empty, too long, or more than one line.
    """
    name = name.strip()
    if not name:
        raise StoreError("a class needs a name", advice="Write one.")
    if len(name) > _LONGEST or not name.isprintable():
        raise StoreError(
            f"the name of a class is one line of {_LONGEST} letters at most",
            advice="Write a shorter one.",
        )
    return name


def refuse_known(name: str, known: Iterable[str]) -> None:
    """Refuse the name of a new class if there is such a class.

    Raises
    ------
    StoreError
        If one of the known names is the same but for capitals, spaces and hyphens.
    """
    for one in known:
        if plain_name(one) == plain_name(name):
            raise StoreError(
                f"there is a class “{one}” already",
                advice="Choose it, or write another name.",
            )


def _write(
    connection: Connection, dataset: int, added: AddedClass, *, gone: bool
) -> None:
    row = {
        "dataset": dataset,
        "class_of": added.of,
        "class_id": added.number,
        "class_name": added.name,
        "gone": int(gone),
        "author": added.author,
        "time": added.time,
        "change": next_change(connection),
    }
    connection.execute(tables().classes.insert(), row)


def _used(connection: Connection, dataset: int, added: AddedClass) -> int:
    """Return how many objects and marks, or pictures, have a class now."""
    import sqlalchemy as sa

    marks, objects, layers = tables().marks, tables().objects, tables().layers
    of_pictures = added.of == "pictures"
    where = (
        marks.c.dataset == dataset,
        marks.c.layer == "" if of_pictures else marks.c.layer != "",
    )
    each = (marks.c.sample, marks.c.layer, marks.c.mark)
    newest = sa.select(sa.func.max(marks.c.id)).where(*where).group_by(*each)
    query = (
        sa.select(sa.func.count())
        .select_from(marks)
        .where(marks.c.id.in_(newest), marks.c.gone == 0)
        .where(marks.c.class_name == added.name)
    )
    found = int(connection.scalar(query) or 0)
    if of_pictures:
        return found
    ours = sa.select(layers.c.id).where(layers.c.dataset == dataset)
    newest = (
        sa.select(sa.func.max(objects.c.id))
        .where(objects.c.layer.in_(ours))
        .group_by(objects.c.layer, objects.c.object)
    )
    query = (
        sa.select(sa.func.count())
        .select_from(objects)
        .where(objects.c.id.in_(newest), objects.c.gone == 0)
        .where(objects.c.class_id == added.number)
    )
    return found + int(connection.scalar(query) or 0)


def _rows(connection: Connection, dataset: int) -> list[_Row]:
    """Return what was said last of each class, in the order of their ids."""
    import sqlalchemy as sa

    table = tables().classes
    names = ("class_of", "class_id", "class_name", "author", "time", "gone")
    query = (
        sa.select(*(table.c[name] for name in names))
        .where(table.c.dataset == dataset)
        .order_by(table.c.id)
    )
    newest = {
        (row[0], row[1]): _Row(AddedClass(*row[:5]), bool(row[5]))
        for row in connection.execute(query)
    }
    return [newest[key] for key in sorted(newest)]
