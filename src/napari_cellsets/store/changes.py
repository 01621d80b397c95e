"""What others did in a store since one last looked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.store.engine import reading, told_as_store_errors
from napari_cellsets.store.journal import LayerKey
from napari_cellsets.store.schema import last_change, tables
from napari_cellsets.store.windows import WindowStore

if TYPE_CHECKING:
    from sqlalchemy import Connection


class ChangedLabels(NamedTuple):
    """Labels that are not as this window last saw them.

    Parameters
    ----------
    sample, layer
        Which.
    revision, author, time
        As they are now: by whom, and when in seconds since 1970.
    """

    sample: str
    layer: str
    revision: int
    author: str
    time: float


class ChangedMarks(NamedTuple):
    """Marks that somebody else changed.

    Parameters
    ----------
    sample, layer
        Which; an empty layer for the class of the picture.
    author, time
        Who changed one last; when, in seconds since 1970.
    """

    sample: str
    layer: str
    author: str
    time: float


class Changes(NamedTuple):
    """What happened in a data set.

    Parameters
    ----------
    number
        To be asked with the next time.
    labels
        Labels that somebody else saved or edited.
    verdicts
        Names of samples of which, or of whose objects, something was said; one's
        own are among them.
    facts
        Sample and layer of objects of which something new is known; the same.
    marks
        Annotations, and classes of pictures, that somebody else changed.
    """

    number: int
    labels: tuple[ChangedLabels, ...] = ()
    verdicts: frozenset[str] = frozenset()
    facts: frozenset[tuple[str, str]] = frozenset()
    marks: tuple[ChangedMarks, ...] = ()


class ChangeLog(WindowStore):
    """The part of a project that tells what others do, and did."""

    def changed_since(self, dataset_id: str, since: int) -> Changes:
        """Return what happened after a change; cheap where nothing did.

        Ask every second or so, with the number of the last answer.

        Parameters
        ----------
        dataset_id
            `Dataset.identity`.
        since
            The number of the last answer, or `last_change` at the start.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            number = last_change(connection)
            if number <= since:
                return Changes(number)
            labels = _changed_labels(connection, dataset_id, since)
            verdicts = _changed_verdicts(connection, dataset_id, since)
            facts = _changed_facts(connection, dataset_id, since)
            marks = _changed_marks(connection, dataset_id, since, self._hand)
        others = (
            found
            for found in labels
            if self._seen.get(LayerKey(dataset_id, *found[:2])) != found.revision
        )
        return Changes(number, tuple(others), verdicts, facts, marks)


def _changed_labels(
    connection: Connection, dataset_id: str, since: int
) -> list[ChangedLabels]:
    import sqlalchemy as sa

    layers, datasets = tables().layers, tables().datasets
    names = ("sample", "layer", "revision", "author", "changed")
    query = (
        sa.select(*(layers.c[name] for name in names))
        .join(datasets, datasets.c.id == layers.c.dataset)
        .where(datasets.c.identity == dataset_id, layers.c.change > since)
        .order_by(layers.c.change)
    )
    return [ChangedLabels(*row) for row in connection.execute(query)]


def _changed_verdicts(
    connection: Connection, dataset_id: str, since: int
) -> frozenset[str]:
    import sqlalchemy as sa

    said, datasets = tables().verdicts, tables().datasets
    query = (
        sa.select(said.c.sample)
        .join(datasets, datasets.c.id == said.c.dataset)
        .where(datasets.c.identity == dataset_id, said.c.change > since)
        .distinct()
    )
    return frozenset(connection.scalars(query))


def _changed_facts(
    connection: Connection, dataset_id: str, since: int
) -> frozenset[tuple[str, str]]:
    import sqlalchemy as sa

    known, layers, datasets = tables().objects, tables().layers, tables().datasets
    query = (
        sa.select(layers.c.sample, layers.c.layer)
        .join(known, known.c.layer == layers.c.id)
        .join(datasets, datasets.c.id == layers.c.dataset)
        .where(datasets.c.identity == dataset_id, known.c.change > since)
        .distinct()
    )
    return frozenset((row[0], row[1]) for row in connection.execute(query))


def _changed_marks(
    connection: Connection, dataset_id: str, since: int, own: str
) -> tuple[ChangedMarks, ...]:
    import sqlalchemy as sa

    known, datasets = tables().marks, tables().datasets
    query = (
        sa.select(*(known.c[name] for name in ChangedMarks._fields))
        .join(datasets, datasets.c.id == known.c.dataset)
        .where(
            datasets.c.identity == dataset_id,
            known.c.change > since,
            known.c.act.not_like(f"{own}.%"),
        )
        .order_by(known.c.id)
    )
    rows = (ChangedMarks(*row) for row in connection.execute(query))
    return tuple({(row.sample, row.layer): row for row in rows}.values())
