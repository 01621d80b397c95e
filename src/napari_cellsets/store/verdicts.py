"""What reviewers said of samples and objects: rows are added, the newest counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.journal import LayerKey
from napari_cellsets.store.journal import dataset_id as number_of
from napari_cellsets.store.opened import OpenStore, layer_key
from napari_cellsets.store.schema import next_change, now, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection

#: Words of a verdict; an empty one says that nothing was decided (again).
VERDICTS = ("accepted", "flagged", "rejected")


class Subject(NamedTuple):
    """What a verdict is about: a sample as a whole, or one of its objects.

    Parameters
    ----------
    sample
        `Sample.name`.
    object
        The label of an object; 0 for the sample as a whole.
    layer
        ``cells`` or ``truth``: where the object is drawn. Of a whole sample leave
        it as it is.
    """

    sample: str
    object: int = 0
    layer: str = "cells"


class Opinion(NamedTuple):
    """What a person says.

    Parameters
    ----------
    verdict
        One of `VERDICTS`, or empty: nothing decided.
    reason
        Why, of a flag above all.
    comment
        Free text.
    """

    verdict: str = ""
    reason: str = ""
    comment: str = ""


class Verdict(NamedTuple):
    """An opinion as it stands in the store.

    Parameters
    ----------
    verdict, reason, comment
        As of `Opinion`.
    author, time
        Who said it; when, in seconds since 1970.
    revision
        Of the labels that were seen; 0 where none were stored.
    number
        Grows with every verdict of the store.
    """

    verdict: str
    reason: str
    comment: str
    author: str
    time: float
    revision: int
    number: int

    @property
    def opinion(self) -> Opinion:
        """What was said, without who and when."""
        return Opinion(self.verdict, self.reason, self.comment)

    @property
    def when(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.time, UTC)


_COLUMNS = ("verdict", "reason", "comment", "author", "time", "revision", "id")


class Verdicts(OpenStore):
    """The part of a project that keeps verdicts."""

    def set_verdict(
        self,
        dataset_id: str,
        sample: str,
        verdict: str,
        *,
        reason: str = "",
        comment: str = "",
        object_id: int = 0,
        layer: str = "cells",
        revision: int | None = None,
    ) -> Verdict:
        """Say of a sample, or of one object, what a reviewer decided.

        Parameters
        ----------
        verdict, reason, comment
            As of `Opinion`; they stand in place of what was said before, which
            stays in the history.
        object_id, layer
            As of `Subject`.
        revision
            Of the labels that were seen; by default the ones last loaded or
            written by this object, or else the present ones.

        Returns
        -------
        Verdict
            As it is on disk now.

        Raises
        ------
        StoreError
            If there is no such verdict or layer, or it cannot be written.
        """
        subject = Subject(sample, object_id, layer)
        opinion = Opinion(verdict, reason, comment)
        return self.set_verdicts(dataset_id, {subject: opinion}, revision=revision)[
            subject
        ]

    def set_verdicts(
        self,
        dataset_id: str,
        said: Mapping[Subject, Opinion],
        *,
        revision: int | None = None,
    ) -> dict[Subject, Verdict]:
        """Say something of many samples or objects at once: all of it, or nothing.

        Parameters
        ----------
        said
            What is said of each.
        revision
            As for `set_verdict`.

        Returns
        -------
        dict
            The verdicts as they are on disk now.

        Raises
        ------
        StoreError
            As for `set_verdict`.
        """
        if not said:
            return {}
        for subject, opinion in said.items():
            layer_key(dataset_id, subject.sample, subject.layer)
            _check(subject, opinion)
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            seen = self._revisions_seen(connection, dataset_id, said, revision)
            number, moment = next_change(connection), now()
            dataset = number_of(connection, dataset_id)
            rows = [
                {
                    "dataset": dataset,
                    **subject._asdict(),
                    **opinion._asdict(),
                    "author": self._author,
                    "time": moment,
                    "revision": seen[subject.sample, subject.layer],
                    "change": number,
                }
                for subject, opinion in said.items()
            ]
            connection.execute(tables().verdicts.insert(), rows)
            change = tables().verdicts.c.change == number
            return dict(_rows(connection, dataset_id, [change]))

    def verdicts(
        self, dataset_id: str, *, since: int = 0, at: datetime | None = None
    ) -> dict[str, Verdict]:
        """Return what counts now of every sample of which something was said.

        Parameters
        ----------
        since
            Look only at what was said after this change; see `last_change`.
        at
            What counted at this time, by default now.

        Returns
        -------
        dict
            By `Sample.name`; verdicts that were taken back are there, empty.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        table = tables().verdicts
        found = self._newest(dataset_id, [table.c.object == 0], since, at)
        return {subject.sample: verdict for subject, verdict in found.items()}

    def object_verdicts(
        self,
        dataset_id: str,
        sample: str | None = None,
        *,
        since: int = 0,
        at: datetime | None = None,
    ) -> dict[Subject, Verdict]:
        """Return what counts now of the objects of one sample, or of all.

        Parameters
        ----------
        sample
            `Sample.name`; None for the whole set.
        since, at
            As for `verdicts`.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        table = tables().verdicts
        where = [table.c.object != 0]
        if sample is not None:
            where.append(table.c.sample == sample)
        return self._newest(dataset_id, where, since, at)

    def verdict_history(self, dataset_id: str, subject: Subject) -> list[Verdict]:
        """Return all that was ever said of a sample or object, oldest first.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        table = tables().verdicts
        where: list[ColumnElement[bool]] = [
            table.c.sample == subject.sample,
            table.c.object == subject.object,
        ]
        if subject.object:
            where.append(table.c.layer == subject.layer)
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return [row[1] for row in _rows(connection, dataset_id, where)]

    def _newest(
        self,
        dataset_id: str,
        where: list[ColumnElement[bool]],
        since: int,
        at: datetime | None,
    ) -> dict[Subject, Verdict]:
        table = tables().verdicts
        if since:
            where.append(table.c.change > since)
        if at is not None:
            where.append(table.c.time <= at.timestamp())
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return dict(_rows(connection, dataset_id, where))

    def _revisions_seen(
        self,
        connection: Connection,
        dataset_id: str,
        said: Mapping[Subject, Opinion],
        revision: int | None,
    ) -> dict[tuple[str, str], int]:
        places = {(subject.sample, subject.layer) for subject in said}
        if revision is not None:
            return dict.fromkeys(places, revision)
        keys = {place: LayerKey(dataset_id, *place) for place in places}
        seen = {place: self._seen.get(key) for place, key in keys.items()}
        unseen = [place for place, known in seen.items() if known is None]
        stored: Mapping[tuple[str, str], int] = {}
        if len(unseen) == 1:
            state = self._journal.find(connection, keys[unseen[0]])
            stored = {unseen[0]: state.revision} if state is not None else {}
        elif unseen:
            stored = _stored_revisions(connection, dataset_id)
        return {
            place: stored.get(place, 0) if known is None else known
            for place, known in seen.items()
        }


def _check(subject: Subject, opinion: Opinion) -> None:
    if not subject.object and subject != Subject(subject.sample):
        raise StoreError(
            f"A verdict on all of {subject.sample!r} names no layer, found "
            f"{subject.layer!r}",
            advice="Name an object, or leave the layer out.",
        )
    if opinion.verdict and opinion.verdict not in VERDICTS:
        raise StoreError(
            f"A verdict is one of {VERDICTS} or empty, found {opinion.verdict!r}"
        )


def _rows(
    connection: Connection, dataset_id: str, where: list[ColumnElement[bool]]
) -> list[tuple[Subject, Verdict]]:
    """Return what was said, in the order in which it was: a dict keeps the newest."""
    import sqlalchemy as sa

    table, datasets = tables().verdicts, tables().datasets
    # by its number: the index then gives the rows in order, without sorting
    dataset = connection.scalar(
        sa.select(datasets.c.id).where(datasets.c.identity == dataset_id)
    )
    query = (
        sa.select(*(table.c[name] for name in (*Subject._fields, *_COLUMNS)))
        .where(table.c.dataset == dataset, *where)
        .order_by(table.c.id)
    )
    return [
        (Subject(sample, label, layer), Verdict(*said))
        for sample, label, layer, *said in connection.execute(query).all()
    ]


def _stored_revisions(
    connection: Connection, dataset_id: str
) -> dict[tuple[str, str], int]:
    import sqlalchemy as sa

    layers, datasets = tables().layers, tables().datasets
    query = (
        sa.select(layers.c.sample, layers.c.layer, layers.c.revision)
        .join(datasets, datasets.c.id == layers.c.dataset)
        .where(datasets.c.identity == dataset_id)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}
