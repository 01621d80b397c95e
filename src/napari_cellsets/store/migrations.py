"""How a store is made, and how one of an older version is raised."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import normalize

from napari_cellsets.store import schema
from napari_cellsets.store.schema import CHANGES, tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Column, Connection, Table


def raise_to_current(connection: Connection) -> None:
    """Create the tables in an empty database, or migrate an older store."""
    import sqlalchemy as sa

    about = tables().about
    if not sa.inspect(connection).get_table_names():
        tables().metadata.create_all(connection)
        said = {"version": schema.VERSION, CHANGES: 0}
        rows = [{"name": name, "value": str(value)} for name, value in said.items()]
        connection.execute(about.insert(), rows)
        return
    for version in range(schema.version_of(connection), schema.VERSION):
        STEPS[version](connection)
        connection.execute(
            about.update()
            .where(about.c.name == "version")
            .values(value=str(version + 1))
        )


def _add_verdicts(connection: Connection) -> None:
    connection.execute(tables().about.insert(), {"name": CHANGES, "value": "0"})
    tables().verdicts.create(connection)
    _add_columns(connection, tables().layers, "change")


def _add_objects(connection: Connection) -> None:
    tables().objects.create(connection)
    _add_columns(connection, tables().layers, "started")


def _add_history(connection: Connection) -> None:
    import sqlalchemy as sa

    layers, journal, bases = tables().layers, tables().journal, tables().bases
    tables().replaced.create(connection)
    for index in journal.indexes:
        index.create(connection)
    _add_columns(connection, layers, "created", "kept_since", "kept_from")
    first = sa.select(sa.func.min(journal.c.time)).where(journal.c.layer == layers.c.id)
    since = sa.func.coalesce(first.scalar_subquery(), layers.c.changed)
    base = sa.select(bases.c.revision).where(bases.c.layer == layers.c.id)
    kept = {"kept_since": since, "kept_from": base.scalar_subquery()}
    connection.execute(layers.update().values(kept))


def _add_marks(connection: Connection) -> None:
    tables().marks.create(connection)


def _add_classes(connection: Connection) -> None:
    tables().classes.create(connection)
    tables().predictions.create(connection)


def _compose_names(connection: Connection) -> None:
    """Write accents in names as samples are called now; see `catalogue.samples`."""
    known = tables()
    _compose(connection, known.datasets.c.identity, alone=True)
    _compose(connection, known.layers.c.sample, "dataset", "layer", alone=True)
    of_counts = ("dataset", "model_hash", "settings_digest")
    _compose(connection, known.counts.c.sample, *of_counts, alone=True)
    for table in (known.verdicts, known.marks, known.predictions):
        _compose(connection, table.c.sample)


def _compose(
    connection: Connection, column: Column[str], *others: str, alone: bool = False
) -> None:
    """Compose what is in a column; `alone` with the others it stays unique."""
    import sqlalchemy as sa

    table = column.table
    query = sa.select(table.c.id, column, *(table.c[name] for name in others))
    rows = connection.execute(query).all()
    there = {tuple(row[1:]) for row in rows} if alone else set()
    for number, name, *rest in rows:
        composed = normalize("NFC", name)
        if composed != name and (composed, *rest) not in there:
            row = sa.update(table).where(table.c.id == number)
            connection.execute(row.values({column.name: composed}))


def _add_columns(connection: Connection, table: Table, *names: str) -> None:
    from sqlalchemy.schema import CreateColumn

    for name in names:
        words = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {words}")


#: From version n to n + 1; each runs in the transaction that writes the number.
STEPS: Mapping[int, Callable[[Connection], None]] = {
    1: _add_verdicts,
    2: _add_objects,
    3: _add_history,
    4: _add_marks,
    5: _add_classes,
    6: _compose_names,
}
