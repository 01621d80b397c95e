"""Rows of what is known of objects, as they stand in the database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_cellsets.store.following import NO_SHAPE
from napari_cellsets.store.object_words import without_classes
from napari_cellsets.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from napari_cellsets.store.journal import LayerState

#: More objects than this are looked up by reading all rows of their image.
_FEW = 400


class Row(NamedTuple):
    """Facts as they stand in the database; `origin` by its number."""

    class_id: int | None
    flag: str
    comment: str
    origin: int
    corrected_by: str = ""
    corrected: float = 0.0
    gone: int = 0
    pixels: int = NO_SHAPE
    author: str = ""
    time: float = 0.0
    change: int = 0
    revision: int = 0


class Known(NamedTuple):
    """What is known of objects before a change, by label."""

    rows: Mapping[int, Row]
    classes: Mapping[int, int]
    provenance: int

    def __contains__(self, label: object) -> bool:
        """Whether more is known of an object than where its image comes from."""
        return label in self.rows or label in self.classes

    def of(self, label: int) -> Row:
        """Return what is known of an object."""
        found = self.rows.get(label)
        if found is not None:
            return found
        return Row(self.classes.get(label), "", "", self.provenance)


def rows_of(
    connection: Connection,
    state: LayerState,
    labels: Collection[int] | None,
    numbers: tuple[int, int | None] = (0, None),
) -> list[tuple[int, Row]]:
    """Return what was said of objects since the image was saved, in order.

    Parameters
    ----------
    labels
        Of which objects; None for all.
    numbers
        Of the first change, and that after the last one; None for no end.
    """
    import sqlalchemy as sa

    table = tables().objects
    query = (
        sa.select(table.c.object, *(table.c[name] for name in Row._fields))
        .where(table.c.layer == state.id, table.c.revision >= state.started)
        .where(table.c.change >= numbers[0])
        .order_by(table.c.id)
    )
    if labels is not None and len(labels) <= _FEW:
        query = query.where(table.c.object.in_(list(labels)))
    if numbers[1] is not None:
        query = query.where(table.c.change < numbers[1])
    return [(row[0], Row(*row[1:])) for row in connection.execute(query).all()]


def newest(
    connection: Connection, state: LayerState, labels: Collection[int] | None = None
) -> dict[int, Row]:
    """Return what is known now of the objects of which anything was said."""
    return dict(rows_of(connection, state, labels))


def origins_of(connection: Connection, ids: set[int]) -> dict[int, dict[str, Any]]:
    """Return where objects come from, by its number."""
    import sqlalchemy as sa

    table = tables().provenance
    query = sa.select(table.c.id, table.c.facts).where(table.c.id.in_(ids))
    found = connection.execute(query)
    return {row[0]: without_classes(json.loads(row[1])) for row in found}
