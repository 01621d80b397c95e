"""What labels were at an earlier time: edits are taken back one by one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.delta import LabelDelta
from napari_cellsets.store.pixels import decode_labels
from napari_cellsets.store.schema import tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from sqlalchemy import Connection

    from napari_cellsets.store.journal import Journal, LayerKey, LayerState

#: What was done within this many days can be seen and restored.
HISTORY_DAYS = 30
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class StoredLabels:
    """A label image as it stands in the store, or stood there.

    Parameters
    ----------
    labels
        int32, shape (y, x) or (z, y, x); the caller's own copy.
    provenance
        What was said when the base was saved: model, settings, file, ...
    revision
        Grows by one with every change of the layer.
    edits
        Edits recorded since the base was saved.
    changed
        Seconds since 1970 of the last change; 0 where that is not known any more.
    author
        Who made it; empty where that is not known any more.
    """

    labels: np.ndarray
    provenance: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0
    edits: int = 0
    changed: float = 0.0
    author: str = ""


class _End(NamedTuple):
    """An image from which earlier ones are reached, and what is known of it."""

    labels: np.ndarray
    provenance: int
    revision: int
    edits: int
    changed: float
    author: str


def keep_replaced(
    connection: Connection, state: LayerState, blob: bytes, moment: float
) -> None:
    """Put an image aside that is about to be replaced by another whole one."""
    row = {
        "layer": state.id,
        "revision": state.revision,
        "labels": blob,
        "edits": state.edits,
        "changed": state.changed,
        "author": state.author,
        "provenance": state.provenance,
        "time": moment,
    }
    connection.execute(tables().replaced.insert(), row)


def forget_old(
    connection: Connection, state: LayerState, base: int, moment: float
) -> None:
    """Drop what lies beyond `HISTORY_DAYS`, but nothing that was not folded yet.

    Parameters
    ----------
    state
        The layer.
    base
        Revision of its base: edits up to there are in it.
    moment
        Now.
    """
    limit = moment - HISTORY_DAYS * DAY_S
    old = [
        (revision, time)
        for revision, time in _events(connection, state)
        if time < limit and revision <= base
    ]
    if not old:
        return
    cut, since = old[-1]
    journal, replaced, layers = tables().journal, tables().replaced, tables().layers
    connection.execute(
        journal.delete().where(journal.c.layer == state.id, journal.c.sequence <= cut)
    )
    connection.execute(
        replaced.delete().where(replaced.c.layer == state.id, replaced.c.revision < cut)
    )
    change = layers.update().where(layers.c.id == state.id)
    connection.execute(change.values(kept_since=since, kept_from=cut))


def labels_at(
    connection: Connection,
    journal: Journal,
    key: LayerKey,
    state: LayerState,
    at: datetime | int,
) -> StoredLabels | None:
    """Return the labels of a time or a revision; None where there were none yet.

    Raises
    ------
    StoreError
        If that is not kept any more, or there is no such revision yet.
    """
    events = dict(_events(connection, state))
    if isinstance(at, int):
        target = _revision(journal, key, state, at)
    elif state.created and at.timestamp() < state.created:
        return None
    else:
        target = _revision_then(journal, key, state, at.timestamp(), events)
    end = _end(connection, journal, state, target)
    known = {row.revision: row for row in _edits(connection, state, target, end)}
    for revision in range(end.revision, target, -1):
        if revision not in known:
            raise StoreError(
                f"edit {revision} of {key.sample!r} was expected, it was not found",
                path=journal.place,
                advice="Restore the project store from a copy.",
            )
        known[revision].delta.inverse().apply_in_place(end.labels)
    changed, author = end.changed, end.author
    if target != end.revision:
        changed = events.get(target, state.kept_since)
        author = _author(connection, state, target)
    return StoredLabels(
        end.labels,
        journal.provenance_by(connection, end.provenance),
        target,
        end.edits - (end.revision - target),
        changed,
        author,
    )


def _revision(journal: Journal, key: LayerKey, state: LayerState, wanted: int) -> int:
    if state.kept_from <= wanted <= state.revision:
        return wanted
    raise StoreError(
        f"there is no revision {wanted} of the labels of {key.sample!r}: they are "
        f"kept from {state.kept_from} to {state.revision}",
        path=journal.place,
        advice=f"Work of the last {HISTORY_DAYS} days can be seen.",
    )


def _revision_then(
    journal: Journal,
    key: LayerKey,
    state: LayerState,
    at: float,
    events: Mapping[int, float],
) -> int:
    if at < state.kept_since:
        raise StoreError(
            f"the labels of {key.sample!r} as of {_said(at)} are gone: they are kept "
            f"since {_said(state.kept_since)}",
            path=journal.place,
            advice=f"Work of the last {HISTORY_DAYS} days can be seen.",
        )
    past = (revision for revision, time in events.items() if time <= at)
    return max(past, default=state.kept_from)


def _events(connection: Connection, state: LayerState) -> list[tuple[int, float]]:
    """Return revision and time of every change that is kept, oldest first."""
    import sqlalchemy as sa

    journal, replaced = tables().journal, tables().replaced
    edits = sa.select(journal.c.sequence, journal.c.time).where(
        journal.c.layer == state.id
    )
    images = sa.select(replaced.c.revision, replaced.c.time).where(
        replaced.c.layer == state.id
    )
    found = {row[0]: row[1] for row in connection.execute(edits)}
    found |= {row[0] + 1: row[1] for row in connection.execute(images)}
    return sorted(found.items())


def _end(
    connection: Connection, journal: Journal, state: LayerState, target: int
) -> _End:
    """Return the first whole image at or after a revision."""
    import sqlalchemy as sa

    table = tables().replaced
    row = connection.execute(
        sa.select(table)
        .where(table.c.layer == state.id, table.c.revision >= target)
        .order_by(table.c.revision)
        .limit(1)
    ).first()
    found: Any
    if row is None:
        found, labels = state, journal.replay(connection, state)
    else:
        found, labels = row, decode_labels(row.labels)
    return _End(
        labels,
        found.provenance,
        found.revision,
        found.edits,
        found.changed,
        found.author,
    )


class _Edit(NamedTuple):
    revision: int
    delta: LabelDelta


def _edits(
    connection: Connection, state: LayerState, target: int, end: _End
) -> list[_Edit]:
    import sqlalchemy as sa

    table = tables().journal
    columns = ("sequence", "origin", "shape", "before", "after")
    query = sa.select(*(table.c[name] for name in columns)).where(
        table.c.layer == state.id,
        table.c.sequence > target,
        table.c.sequence <= end.revision,
    )
    return [
        _Edit(
            row[0],
            LabelDelta(
                tuple(json.loads(row[1])), tuple(json.loads(row[2])), row[3], row[4]
            ),
        )
        for row in connection.execute(query)
    ]


def _author(connection: Connection, state: LayerState, revision: int) -> str:
    import sqlalchemy as sa

    table = tables().journal
    query = sa.select(table.c.author).where(
        table.c.layer == state.id, table.c.sequence == revision
    )
    return str(connection.scalar(query) or "")


def _said(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
