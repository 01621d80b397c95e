"""What was done to labels and said of objects: who, when, what, where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_cellsets.store.fact_history import ObjectsChange
from napari_cellsets.store.facts import RESTORE
from napari_cellsets.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from napari_cellsets.store.history import StoredLabels
    from napari_cellsets.store.journal import LayerState

_AS_OF = "as of"


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One change of a layer, or what there was before the first that is kept.

    Parameters
    ----------
    revision
        Of the layer after it.
    time
        Seconds since 1970.
    author
        Who made it; empty for a whole image that was changed since.
    provenance
        What was said of it, of a whole image where that comes from.
    box
        Where, in whole-image pixels; None for a whole image.
    """

    revision: int
    time: float
    author: str
    provenance: Mapping[str, Any]
    box: tuple[slice, ...] | None

    @property
    def when(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.time, UTC)

    @property
    def title(self) -> str:
        """What was done, in a few words for the person."""
        said = self.provenance
        if said.get("tool") == RESTORE and _AS_OF in said:
            then = datetime.fromisoformat(said[_AS_OF]).astimezone()
            return f"restore what was on {then:%Y-%m-%d at %H:%M:%S}"
        if "act" in said:
            return str(said["act"])
        if self.box is not None:
            return str(said.get("tool", "edit"))
        if "model" in said:
            return f"cells counted by {said['model']}"
        return f"labels: {said.get('source', 'a whole image')}"


class Before(NamedTuple):
    """Where a page of the history ends and the one before it begins.

    Parameters
    ----------
    revision
        Changes of labels before this one; None for all.
    number
        Acts on objects before this one; None for all.
    """

    revision: int | None = None
    number: int | None = None


class HistoryPage(NamedTuple):
    """A part of what was done to a layer and said of its objects.

    Parameters
    ----------
    changes
        The oldest first; what was said of objects after the labels of which it was.
    before
        What to ask with for those before them; None where there are none.
    """

    changes: list[LabelChange | ObjectsChange]
    before: Before | None


def page_of(
    labels: Sequence[LabelChange],
    objects: Sequence[ObjectsChange],
    limit: int | None,
    before: Before,
) -> HistoryPage:
    """Return the newest of changes and acts, both of which hold as many themselves."""
    # in the order of revisions: clocks of two computers may differ
    both: list[LabelChange | ObjectsChange] = [*labels, *objects]
    lines = sorted(both, key=_order)
    if limit is None or len(lines) < limit:
        return HistoryPage(lines, None)
    lines = lines[-limit:]
    revisions = [one.revision for one in lines if isinstance(one, LabelChange)]
    numbers = [one.number for one in lines if isinstance(one, ObjectsChange)]
    ends = Before(
        min(revisions, default=before.revision), min(numbers, default=before.number)
    )
    return HistoryPage(lines, ends)


def _order(one: LabelChange | ObjectsChange) -> tuple[int, int]:
    return one.revision, one.number if isinstance(one, ObjectsChange) else -1


def restoring(then: StoredLabels) -> dict[str, Any]:
    """Return what is said of an edit that brings labels of an earlier time back."""
    moment = datetime.fromtimestamp(then.changed, UTC)
    return {"tool": RESTORE, _AS_OF: moment.isoformat(), "restored": then.revision}


def changes_of(
    connection: Connection,
    state: LayerState,
    limit: int | None = None,
    before: int | None = None,
) -> list[LabelChange]:
    """Return the newest changes that are kept, oldest first.

    Parameters
    ----------
    state
        The layer.
    limit
        How many; None for all.
    before
        Only those before this revision.
    """
    found = _edits(connection, state, limit, before)
    for change in _images(connection, state):
        if before is None or change.revision < before:
            found[change.revision] = change
    newest = sorted(found, reverse=True)[:limit]
    return [found[revision] for revision in reversed(newest)]


def _edits(
    connection: Connection, state: LayerState, limit: int | None, before: int | None
) -> dict[int, LabelChange]:
    import sqlalchemy as sa

    journal, said = tables().journal, tables().provenance
    columns = ("sequence", "time", "author", "origin", "shape")
    query = (
        sa.select(*(journal.c[name] for name in columns), said.c.facts)
        .join(said, said.c.id == journal.c.provenance)
        .where(journal.c.layer == state.id)
        .order_by(journal.c.sequence.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(journal.c.sequence < before)
    found = {}
    for row in connection.execute(query):
        corner, size = json.loads(row.origin), json.loads(row.shape)
        box = tuple(slice(o, o + n) for o, n in zip(corner, size, strict=True))
        found[row.sequence] = LabelChange(
            row.sequence, row.time, row.author, json.loads(row.facts), box
        )
    return found


def _images(connection: Connection, state: LayerState) -> list[LabelChange]:
    """Return every whole image: the first that is kept, and those that took over."""
    import sqlalchemy as sa

    table = tables().replaced
    columns = (table.c[name] for name in ("revision", "time", "provenance"))
    query = (
        sa.select(*columns).where(table.c.layer == state.id).order_by(table.c.revision)
    )
    ends = connection.execute(query).all()
    starts = [(state.kept_from, state.kept_since)]
    starts += [(row.revision + 1, row.time) for row in ends]
    sources = [*(row.provenance for row in ends), state.provenance]
    said = _said(connection, sources)
    return [
        LabelChange(
            revision,
            time,
            state.author if revision == state.revision else "",
            said[source],
            None,
        )
        for (revision, time), source in zip(starts, sources, strict=True)
    ]


def _said(connection: Connection, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    import sqlalchemy as sa

    table = tables().provenance
    query = sa.select(table.c.id, table.c.facts).where(table.c.id.in_(set(numbers)))
    return {row[0]: json.loads(row[1]) for row in connection.execute(query)}
