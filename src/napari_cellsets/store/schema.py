"""Tables of a project store, their version, and how older versions are raised."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.core.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData, Table

#: Raised by one whenever a table changes, with an entry in `migrations.STEPS`.
VERSION = 7

#: Row of `about` that counts changes.
CHANGES = "changes"

_BLOB_BYTES = 2**32 - 1  # MySQL would otherwise stop at 64 kB


class Tables(NamedTuple):
    """The tables by name."""

    metadata: MetaData
    about: Table
    datasets: Table
    provenance: Table
    layers: Table
    bases: Table
    journal: Table
    counts: Table
    verdicts: Table
    objects: Table
    replaced: Table
    marks: Table
    classes: Table
    predictions: Table


@cache
def tables() -> Tables:
    """Describe the tables; nothing is connected."""
    import sqlalchemy as sa

    meta = sa.MetaData()
    about = sa.Table(
        "cellsets_about",
        meta,
        sa.Column("name", sa.String(60), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    datasets = sa.Table(
        "cellsets_datasets",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String(190), nullable=False, unique=True),
        sa.Column("created", sa.Float, nullable=False),
    )
    provenance = sa.Table(
        "cellsets_provenance",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("facts", sa.Text, nullable=False),
    )
    return Tables(
        meta,
        about,
        datasets,
        provenance,
        _layers(meta),
        _bases(meta),
        _journal(meta),
        _counts(meta),
        _verdicts(meta),
        _objects(meta),
        _replaced(meta),
        _marks(meta),
        _classes(meta),
        _predictions(meta),
    )


def _layers(meta: MetaData) -> Table:
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_layers",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.ForeignKey("cellsets_datasets.id"), nullable=False),
        sa.Column("sample", sa.String(400), nullable=False),
        sa.Column("layer", sa.String(20), nullable=False),
        sa.Column("shape", sa.String(80), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("edits", sa.Integer, nullable=False),
        sa.Column("journal_entries", sa.Integer, nullable=False),
        sa.Column("journal_bytes", sa.BigInteger, nullable=False),
        sa.Column("base_bytes", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.Float, nullable=False),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column(
            "provenance", sa.ForeignKey("cellsets_provenance.id"), nullable=False
        ),
        # number of the last change; see `next_change`
        sa.Column("change", sa.BigInteger, nullable=False, server_default="0"),
        # revision of the last whole image: facts of objects before are of others
        sa.Column("started", sa.BigInteger, nullable=False, server_default="0"),
        # first saved at, 0 where unknown; since when and from which revision on
        # earlier states can be seen
        sa.Column("created", sa.Float, nullable=False, server_default="0"),
        sa.Column("kept_since", sa.Float, nullable=False, server_default="0"),
        sa.Column("kept_from", sa.BigInteger, nullable=False, server_default="0"),
        sa.UniqueConstraint("dataset", "sample", "layer"),
    )


def _bases(meta: MetaData) -> Table:
    # Apart from layers: SQLite rewrites a whole row, blob included, on update.
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_bases",
        meta,
        sa.Column("layer", sa.ForeignKey("cellsets_layers.id"), primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("labels", sa.LargeBinary(_BLOB_BYTES), nullable=False),
    )


def _journal(meta: MetaData) -> Table:
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_journal",
        meta,
        sa.Column("layer", sa.ForeignKey("cellsets_layers.id"), primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("origin", sa.String(80), nullable=False),
        sa.Column("shape", sa.String(80), nullable=False),
        sa.Column("before", sa.LargeBinary(_BLOB_BYTES), nullable=False),
        sa.Column("after", sa.LargeBinary(_BLOB_BYTES), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column(
            "provenance", sa.ForeignKey("cellsets_provenance.id"), nullable=False
        ),
        # when each revision was made, without reading past the pixels
        sa.Index("cellsets_journal_times", "layer", "sequence", "time"),
    )


def _counts(meta: MetaData) -> Table:
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_counts",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.ForeignKey("cellsets_datasets.id"), nullable=False),
        sa.Column("sample", sa.String(400), nullable=False),
        sa.Column("model_hash", sa.String(100), nullable=False),
        sa.Column("settings_digest", sa.String(64), nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.UniqueConstraint("dataset", "sample", "model_hash", "settings_digest"),
    )


def _verdicts(meta: MetaData) -> Table:
    # Rows are added only: what was said before stays readable, the newest counts.
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_verdicts",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.ForeignKey("cellsets_datasets.id"), nullable=False),
        sa.Column("sample", sa.String(400), nullable=False),
        sa.Column("object", sa.BigInteger, nullable=False),
        sa.Column("layer", sa.String(20), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        # all of a set in the order in which it was said; one subject; what is new
        sa.Index("cellsets_verdicts_order", "dataset", "id"),
        sa.Index("cellsets_verdicts_subject", "sample", "object"),
        sa.Index("cellsets_verdicts_change", "change"),
    )


def _objects(meta: MetaData) -> Table:
    # Rows are added only, and only for objects that differ from their image's rest.
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_objects",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("layer", sa.ForeignKey("cellsets_layers.id"), nullable=False),
        sa.Column("object", sa.BigInteger, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("class_id", sa.BigInteger),
        sa.Column("flag", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("origin", sa.ForeignKey("cellsets_provenance.id"), nullable=False),
        sa.Column("corrected_by", sa.String(190), nullable=False),
        sa.Column("corrected", sa.Float, nullable=False),
        # 1 and the shape of what went: taken back, it has its facts again
        sa.Column("gone", sa.Integer, nullable=False),
        sa.Column("pixels", sa.BigInteger, nullable=False),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Index("cellsets_objects_order", "layer", "id"),
        sa.Index("cellsets_objects_object", "layer", "object"),
        sa.Index("cellsets_objects_change", "change"),
    )


def _replaced(meta: MetaData) -> Table:
    # Whole images that others took the place of, as they were at the end.
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_replaced",
        meta,
        sa.Column("layer", sa.ForeignKey("cellsets_layers.id"), primary_key=True),
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("labels", sa.LargeBinary(_BLOB_BYTES), nullable=False),
        sa.Column("edits", sa.Integer, nullable=False),
        sa.Column("changed", sa.Float, nullable=False),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column(
            "provenance", sa.ForeignKey("cellsets_provenance.id"), nullable=False
        ),
        sa.Column("time", sa.Float, nullable=False),
    )


def _marks(meta: MetaData) -> Table:
    # Rows are added only, and only for marks that differ from the data set's own.
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_marks",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.ForeignKey("cellsets_datasets.id"), nullable=False),
        sa.Column("sample", sa.String(400), nullable=False),
        sa.Column("layer", sa.String(200), nullable=False),
        sa.Column("mark", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("place", sa.Text),
        sa.Column("class_name", sa.Text, nullable=False),
        sa.Column("gone", sa.Integer, nullable=False),
        # what was changed together, and by which window
        sa.Column("act", sa.String(60), nullable=False),
        sa.Column(
            "provenance", sa.ForeignKey("cellsets_provenance.id"), nullable=False
        ),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Index("cellsets_marks_order", "dataset", "id"),
        sa.Index("cellsets_marks_sample", "dataset", "sample", "id"),
        sa.Index("cellsets_marks_change", "change"),
    )


def _classes(meta: MetaData) -> Table:
    # Rows are added only: the newest of a class tells whether it is there.
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_classes",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.ForeignKey("cellsets_datasets.id"), nullable=False),
        sa.Column("class_of", sa.String(20), nullable=False),
        sa.Column("class_id", sa.BigInteger, nullable=False),
        sa.Column("class_name", sa.Text, nullable=False),
        sa.Column("gone", sa.Integer, nullable=False),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Index("cellsets_classes_order", "dataset", "id"),
    )


def _predictions(meta: MetaData) -> Table:
    # What one run of a classifier said; an empty sample stands for the whole set.
    import sqlalchemy as sa

    return sa.Table(
        "cellsets_predictions",
        meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("dataset", sa.ForeignKey("cellsets_datasets.id"), nullable=False),
        sa.Column("sample", sa.String(400), nullable=False),
        sa.Column("layer", sa.String(20), nullable=False),
        sa.Column("model_hash", sa.String(100), nullable=False),
        sa.Column("answers", sa.LargeBinary(_BLOB_BYTES), nullable=False),
        sa.Column(
            "provenance", sa.ForeignKey("cellsets_provenance.id"), nullable=False
        ),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column("time", sa.Float, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.Index("cellsets_predictions_order", "dataset", "sample", "layer", "id"),
    )


def check(connection: Connection, place: str) -> None:
    """Refuse a database that this version must not touch; reads only.

    Raises
    ------
    StoreError
        If the database belongs to another program, or a newer version wrote it.
    """
    import sqlalchemy as sa

    names = sa.inspect(connection).get_table_names()
    if not names:
        return
    if "cellsets_about" not in names:
        raise StoreError(
            f"is a database of another program (its first table is {names[0]!r})",
            path=place,
            advice="Choose another place for the project store.",
        )
    found = version_of(connection)
    if found > VERSION:
        raise StoreError(
            f"was written by a newer napari-cellsets (store version {found}, "
            f"this one knows {VERSION})",
            path=place,
            advice="Update napari-cellsets, or choose another project store.",
        )


def version_of(connection: Connection) -> int:
    """Return the version that the store says it has; 0 where it says none."""
    import sqlalchemy as sa

    about = tables().about
    said = connection.scalar(sa.select(about.c.value).where(about.c.name == "version"))
    return int(said) if said is not None and said.isdigit() else 0


def now() -> float:
    """Return seconds since 1970, whole microseconds: a `datetime` holds them."""
    return round(time.time(), 6)


def take_turn(connection: Connection) -> None:
    """Wait until no other program writes, on databases that let several.

    One row is locked until the transaction ends. SQLite knows one writer anyway.
    """
    import sqlalchemy as sa

    about = tables().about
    query = sa.select(about.c.value).where(about.c.name == "version")
    connection.execute(query.with_for_update())


def next_change(connection: Connection) -> int:
    """Count a change that others are to see; the caller holds the writer's turn.

    So numbers grow in the order in which changes become visible: who has seen
    number n has seen all up to n.
    """
    about = tables().about
    number = last_change(connection) + 1
    row = about.update().where(about.c.name == CHANGES)
    connection.execute(row.values(value=str(number)))
    return number


def last_change(connection: Connection) -> int:
    """Return the number of the newest change of the whole store."""
    import sqlalchemy as sa

    about = tables().about
    return int(
        connection.scalars(
            sa.select(about.c.value).where(about.c.name == CHANGES)
        ).one()
    )
