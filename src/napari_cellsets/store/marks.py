"""Corrections of points, boxes, outlines and classes of whole pictures.

Rows are added only and the newest of a mark counts. A mark without rows is as in
the data set's own files.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.journal import dataset_id as number_of
from napari_cellsets.store.journal import provenance_id
from napari_cellsets.store.opened import OpenStore
from napari_cellsets.store.schema import next_change, now, tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

#: What a mark can be.
KINDS = ("points", "boxes", "polygons", "class")

Place: TypeAlias = "Sequence[Any]"
"""Where a mark is, as JSON can say it; rows and columns, pixel centres at integers.

Of a point (y, x); of a box (upper, left, lower, right, degrees clockwise); of an
outline its parts, of each part its rings, of each ring its (y, x) in order.
"""


class MarkChangedError(StoreError):
    """Somebody else changed the same mark in between."""


class MarkKey(NamedTuple):
    """Which mark.

    Parameters
    ----------
    sample
        `Sample.name`.
    layer
        Name of the annotation, as of `core.annotation_names.names_of`; empty for
        the class of the whole picture.
    mark
        1, 2, 3 ... in the order of the data set's file; one that was added has the
        microsecond in which it was, so that two people never take the same. 0 for
        the whole picture.
    """

    sample: str
    layer: str = ""
    mark: int = 0


class Mark(NamedTuple):
    """What a mark is.

    Parameters
    ----------
    kind
        One of `KINDS`.
    place
        As of `Place`; None of the class of a picture, and where it is gone.
    class_name
        Its class; empty for none.
    gone
        Whether it was deleted; of the class of a picture, whether what somebody
        said was taken back, so that the data set's own counts again.
    """

    kind: str = "class"
    place: Place | None = None
    class_name: str = ""
    gone: bool = False


class StoredMark(NamedTuple):
    """A mark as it stands in the store.

    Parameters
    ----------
    mark
        What it is.
    act
        The same for all that was changed at once.
    provenance
        How: tool, settings.
    author, time
        Who changed it; when, in seconds since 1970.
    number
        Grows with every row of the store.
    """

    mark: Mark
    act: str
    provenance: Mapping[str, Any]
    author: str
    time: float
    number: int

    @property
    def when(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.time, UTC)


class MarkAct(NamedTuple):
    """Marks that were changed at once.

    Parameters
    ----------
    act, provenance, author, time
        As of `StoredMark`.
    marks
        What they became.
    """

    act: str
    provenance: Mapping[str, Any]
    author: str
    time: float
    marks: dict[MarkKey, Mark]

    @property
    def when(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def title(self) -> str:
        """What was done, in a few words for the person."""
        if "act" in self.provenance:
            return str(self.provenance["act"])
        names = {mark.class_name for mark in self.marks.values() if not mark.gone}
        if all(mark.kind == "class" for mark in self.marks.values()):
            given = " and ".join(sorted(names)) or "as in the data set again"
            return f"class of the picture: {given}"
        many = len(self.marks)
        return f"{many:,} {'mark' if many == 1 else 'marks'} changed"


_COLUMNS = (
    *MarkKey._fields,
    *Mark._fields,
    *("act", "provenance", "author", "time", "id"),
)


class MarkStore(OpenStore):
    """The part of a project that keeps corrections of marks."""

    def record_marks(
        self,
        dataset_id: str,
        changes: Mapping[MarkKey, Mark],
        provenance: Mapping[str, Any],
        *,
        seen: int | None = None,
    ) -> str:
        """Store what marks became, as one act; it is on disk when this returns.

        Parameters
        ----------
        dataset_id
            `Dataset.identity`.
        changes
            Of any number of marks, of any samples: all of them, or none.
        provenance
            How they were changed: tool, settings, as JSON can say it.
        seen
            The newest `StoredMark.number` that was known, 0 for none: refuse it where
            somebody else changed one of these marks since; by default the newest
            counts.

        Returns
        -------
        str
            The act, see `StoredMark.act`; empty where nothing is to be stored.

        Raises
        ------
        MarkChangedError
            If somebody else changed one of them since.
        StoreError
            If a mark is not what it can be, or it cannot be written.
        """
        if not changes:
            return ""
        for key, mark in changes.items():
            _check(key, mark)
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            dataset = number_of(connection, dataset_id)
            if seen is not None:
                self._refuse_if_changed(connection, dataset, changes, seen)
            number = next_change(connection)
            act = f"{self._hand}.{number}"
            stamp = {
                "dataset": dataset,
                "act": act,
                "provenance": provenance_id(connection, provenance),
                "author": self._author,
                "time": now(),
                "change": number,
            }
            rows = [_row(key, mark) | stamp for key, mark in changes.items()]
            connection.execute(tables().marks.insert(), rows)
        return act

    def marks(
        self,
        dataset_id: str,
        sample: str | None = None,
        layer: str | None = None,
        *,
        at: datetime | None = None,
    ) -> dict[MarkKey, StoredMark]:
        """Return what counts of every mark that somebody changed.

        Parameters
        ----------
        sample, layer
            Look only at these; ``layer=""`` for the classes of whole pictures.
        at
            What counted at this time, by default now.

        Returns
        -------
        dict
            Those that are gone are there, and say so.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        table = tables().marks
        where: list[ColumnElement[bool]] = []
        if sample is not None:
            where.append(table.c.sample == sample)
        if layer is not None:
            where.append(table.c.layer == layer)
        if at is not None:
            where.append(table.c.time <= at.timestamp())
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return dict(_rows(connection, dataset_id, where))

    def mark_acts(self, dataset_id: str, sample: str | None = None) -> list[MarkAct]:
        """Return all that was ever changed, oldest first.

        Parameters
        ----------
        sample
            Only acts on this one, and of each act only its marks.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        table = tables().marks
        where = [] if sample is None else [table.c.sample == sample]
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            rows = _rows(connection, dataset_id, where)
        acts: dict[str, MarkAct] = {}
        for key, row in rows:
            said = (row.act, row.provenance, row.author, row.time)
            act = acts.setdefault(row.act, MarkAct(*said, {}))
            act.marks[key] = row.mark
        return list(acts.values())

    def marked_samples(self, dataset_id: str, *, classes: bool = True) -> set[str]:
        """Return the names of samples of which marks or the class were changed.

        Parameters
        ----------
        classes
            Also those of which nothing but the class of the picture was told.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        import sqlalchemy as sa

        table, datasets = tables().marks, tables().datasets
        query = (
            sa.select(table.c.sample)
            .join(datasets, datasets.c.id == table.c.dataset)
            .where(datasets.c.identity == dataset_id)
            .where(sa.true() if classes else table.c.layer != "")
            .distinct()
        )
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return set(connection.scalars(query))

    def _refuse_if_changed(
        self,
        connection: Connection,
        dataset: int,
        keys: Iterable[MarkKey],
        seen: int,
    ) -> None:
        import sqlalchemy as sa

        table = tables().marks
        query = sa.select(
            table.c.sample, table.c.layer, table.c.mark, table.c.author
        ).where(
            table.c.dataset == dataset,
            table.c.id > seen,
            table.c.act.not_like(f"{self._hand}.%"),
        )
        wanted = set(keys)
        for sample, layer, mark, author in connection.execute(query):
            if (sample, layer, mark) in wanted:
                raise MarkChangedError(
                    f"{author} changed the same mark of {sample!r} in between",
                    path=self._place,
                    advice="Look at it again, then repeat the correction.",
                )


def _check(key: MarkKey, mark: Mark) -> None:
    if mark.kind not in KINDS:
        raise StoreError(f"A mark is one of {KINDS}, found {mark.kind!r}")
    whole = mark.kind == "class"
    if whole != (key.layer == "" and key.mark == 0) or whole > (mark.place is None):
        raise StoreError(
            "The class of a picture has no layer, number and place, all else has; "
            f"found {mark.kind!r} at {key}"
        )
    if not whole and mark.gone != (mark.place is None):
        raise StoreError(f"A mark has a place unless it is gone, found {mark}")


def _row(key: MarkKey, mark: Mark) -> dict[str, Any]:
    place = None if mark.place is None else json.dumps(mark.place, allow_nan=False)
    return {
        **key._asdict(),
        "kind": mark.kind,
        "place": place,
        "class_name": mark.class_name,
        "gone": int(mark.gone),
    }


def _rows(
    connection: Connection, dataset_id: str, where: Collection[ColumnElement[bool]]
) -> list[tuple[MarkKey, StoredMark]]:
    """Return what was changed, in order: a dict keeps the newest."""
    import sqlalchemy as sa

    table, datasets, said = tables().marks, tables().datasets, tables().provenance
    dataset = connection.scalar(
        sa.select(datasets.c.id).where(datasets.c.identity == dataset_id)
    )
    chosen = (table.c.dataset == dataset, *where)
    query = (
        sa.select(*(table.c[name] for name in _COLUMNS))
        .where(*chosen)
        .order_by(table.c.id)
    )
    rows = connection.execute(query).all()
    origins = sa.select(said.c.id, said.c.facts).where(
        said.c.id.in_(sa.select(table.c.provenance).where(*chosen))
    )
    known = {row[0]: json.loads(row[1]) for row in connection.execute(origins)}
    return [
        (
            MarkKey(*row[:3]),
            StoredMark(
                Mark(row[3], row[4] and json.loads(row[4]), row[5], bool(row[6])),
                row[7],
                known[row[8]],
                *row[9:],
            ),
        )
        for row in rows
    ]
