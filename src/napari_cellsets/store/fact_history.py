"""What was said of objects, act by act: who, when, what, of which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from napari_cellsets.store.fact_rows import Known, rows_of
from napari_cellsets.store.object_words import act_title
from napari_cellsets.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from napari_cellsets.store.fact_rows import Row
    from napari_cellsets.store.journal import LayerState

#: What people say of objects.
_SAID = ("class_id", "flag", "comment")
#: By whom, when, and of which labels.
_STAMP = ("author", "time", "change", "revision")
#: Changes that are looked through at once where all are asked for.
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class ObjectsChange:
    """A class, a flag or a comment that one act gave to objects.

    Parameters
    ----------
    number
        Of the change in the store.
    revision
        Of the labels when it was said.
    time
        Seconds since 1970.
    author
        Who said it.
    said
        What is new, by label.
    """

    number: int
    revision: int
    time: float
    author: str
    said: Mapping[int, Mapping[str, Any]]

    @property
    def when(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.time, UTC)

    def title_of(self, classes: Mapping[int, str]) -> str:
        """Return what was done, in a few words for the person.

        Parameters
        ----------
        classes
            Names of classes by their numbers; where there is none, the number stands.
        """
        return "; ".join(
            self._title_part(name, classes)
            for name in _SAID
            if any(name in new for new in self.said.values())
        )

    def _title_part(self, name: str, classes: Mapping[int, str]) -> str:
        given = {label: new[name] for label, new in self.said.items() if name in new}
        word = name.removesuffix("_id")
        values = set(given.values())
        if len(values) > 1:
            plural = "classes" if word == "class" else f"{word}s"
            return f"{plural} of {len(given):,} objects"
        (value,) = values
        if name == "class_id":
            value = "" if value is None else classes.get(value, str(value))
        return act_title(word, value, given)


def objects_changes(
    connection: Connection,
    state: LayerState,
    classes: Mapping[int, int],
    limit: int | None,
    before: int | None,
) -> list[ObjectsChange]:
    """Return what was said of objects since their image was saved, oldest first.

    Parameters
    ----------
    state
        The layer.
    classes
        Those that objects had when the image was saved.
    limit
        How many acts, the newest; None for all.
    before
        Only those before this number; None for all.
    """
    found: list[ObjectsChange] = []
    while limit is None or len(found) < limit:
        first = _first_of(connection, state, limit or _MANY, before)
        if first is None:
            break
        found = [*_acts(connection, state, classes, first, before), *found]
        before = first
    return found if limit is None else found[-limit:]


def _first_of(
    connection: Connection, state: LayerState, many: int, before: int | None
) -> int | None:
    """Return the number of the first of the newest changes; None for no change."""
    import sqlalchemy as sa

    table = tables().objects
    query = (
        sa.select(table.c.change)
        .where(table.c.layer == state.id, table.c.revision >= state.started)
        .group_by(table.c.change)
        .order_by(table.c.change.desc())
        .limit(many)
    )
    if before is not None:
        query = query.where(table.c.change < before)
    numbers = connection.scalars(query).all()
    return numbers[-1] if numbers else None


def _acts(
    connection: Connection,
    state: LayerState,
    classes: Mapping[int, int],
    first: int,
    end: int | None,
) -> Iterator[ObjectsChange]:
    """Yield acts with numbers in a range, not what edits of labels wrote."""
    acts: dict[int, dict[int, Row]] = {}
    for label, row in rows_of(connection, state, None, (first, end)):
        acts.setdefault(row.change, {})[label] = row
    labels = {label for rows in acts.values() for label in rows}
    was = dict(rows_of(connection, state, labels, (0, first)))
    known = Known(was, classes, state.provenance)
    for number, rows in acts.items():
        before = {label: known.of(label) for label in rows}
        was.update(rows)
        # an edit of labels changes more than what is said, at least of one object
        if all(_only_said(before[label], row) for label, row in rows.items()):
            said = {label: _news(before[label], row) for label, row in rows.items()}
            said = {label: new for label, new in said.items() if new}
            row = next(iter(rows.values()))
            if said:
                yield ObjectsChange(number, row.revision, row.time, row.author, said)


def _only_said(was: Row, row: Row) -> bool:
    said = {name: getattr(row, name) for name in (*_SAID, *_STAMP)}
    return was._replace(**said) == row


def _news(was: Row, row: Row) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _SAID}
    return {name: new for name, new in values.items() if new != getattr(was, name)}
