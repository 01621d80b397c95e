"""A layer in the database: its base image, and the edits made since."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_cellsets.core.errors import ChangedMeanwhileError, StoreError
from napari_cellsets.store import history
from napari_cellsets.store.delta import LabelDelta
from napari_cellsets.store.pixels import count_labels, decode_labels, encode_labels
from napari_cellsets.store.schema import next_change, now, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from sqlalchemy import Connection, Table

#: A journal is folded into a new base beyond this many bytes (or the size of
#: the base, if that is more) ...
JOURNAL_BYTES = 2**20
#: ... or this many edits, more for large images: so that folding costs about a
#: millisecond an edit whatever the size of the image.
JOURNAL_ENTRIES = 128
_PIXELS_AN_ENTRY = 2**17


class LayerKey(NamedTuple):
    """What a layer belongs to."""

    dataset: str
    sample: str
    layer: str


@dataclass(frozen=True, slots=True)
class LayerState:
    """Row of a layer in the database."""

    id: int
    shape: tuple[int, ...]
    revision: int
    edits: int
    journal_entries: int
    journal_bytes: int
    base_bytes: int
    changed: float
    author: str
    provenance: int
    started: int
    created: float
    kept_since: float
    kept_from: int

    @property
    def journal_is_long(self) -> bool:
        """Whether a new base is due."""
        entries = max(JOURNAL_ENTRIES, prod(self.shape) // _PIXELS_AN_ENTRY)
        return (
            self.journal_bytes > max(JOURNAL_BYTES, self.base_bytes)
            or self.journal_entries > entries
        )


class Journal:
    """Reads and writes layers on a connection that the caller holds.

    Parameters
    ----------
    place
        Name of the store in messages.
    author
        Written beside every change.
    """

    def __init__(self, place: str, author: str) -> None:
        self._place = place
        self._author = author

    @property
    def place(self) -> str:
        """Name of the store in messages."""
        return self._place

    def find(
        self, connection: Connection, key: LayerKey, *, lock: bool = False
    ) -> LayerState | None:
        """Return the layer's row, locked against other writers where asked."""
        import sqlalchemy as sa

        layers, datasets = tables().layers, tables().datasets
        query = (
            sa.select(*(layers.c[name] for name in LayerState.__slots__))
            .join(datasets, datasets.c.id == layers.c.dataset)
            .where(
                datasets.c.identity == key.dataset,
                layers.c.sample == key.sample,
                layers.c.layer == key.layer,
            )
        )
        found = connection.execute(query.with_for_update() if lock else query)
        row = found.mappings().first()
        if row is None:
            return None
        values = dict(row)
        values["shape"] = tuple(json.loads(values["shape"]))
        return LayerState(**values)

    def refuse_if_changed(
        self, key: LayerKey, state: LayerState | None, known: int | None
    ) -> None:
        """Raise when the layer is not at the revision that the caller knows."""
        if known is None:
            raise StoreError(
                f"the labels of {key.sample!r} were changed without being loaded",
                path=self._place,
                advice="Load them first, so that no edit is lost.",
            )
        found = state.revision if state is not None else 0
        if found != known:
            raise ChangedMeanwhileError(
                f"another program changed the labels of {key.sample!r} since they "
                f"were loaded (revision {found}, expected {known})",
                path=self._place,
                advice="Load the sample again, then repeat the edit.",
            )

    def needed(
        self, connection: Connection, key: LayerKey, known: int | None
    ) -> LayerState:
        """Return the layer's row, locked, at the revision that the caller knows."""
        state = self.find(connection, key, lock=True)
        self.refuse_if_changed(key, state, known)
        if state is None:
            raise StoreError(
                f"no labels of {key.sample!r} are stored that could be edited",
                path=self._place,
                advice="Save the whole label image first.",
            )
        return state

    def replay(self, connection: Connection, state: LayerState) -> np.ndarray:
        """Return base plus edits, int32."""
        import sqlalchemy as sa

        bases, journal = tables().bases, tables().journal
        base = connection.execute(
            sa.select(bases.c.revision, bases.c.labels).where(bases.c.layer == state.id)
        ).one()
        labels = decode_labels(base.labels)
        columns = (journal.c[name] for name in ("origin", "shape", "before", "after"))
        rows = connection.execute(
            sa.select(*columns)
            .where(journal.c.layer == state.id, journal.c.sequence > base.revision)
            .order_by(journal.c.sequence)
        ).all()
        if base.revision + len(rows) != state.revision:
            raise StoreError(
                f"{state.revision - base.revision} edits were expected, "
                f"{len(rows)} were found",
                path=self._place,
                advice="Restore the project store from a copy.",
            )
        for origin, shape, before, after in rows:
            delta = LabelDelta(
                tuple(json.loads(origin)), tuple(json.loads(shape)), before, after
            )
            delta.apply_in_place(labels)
        return labels

    def areas(self, connection: Connection, state: LayerState) -> dict[int, int]:
        """Return the pixels of every object, without unpacking the image."""
        import sqlalchemy as sa

        bases, journal = tables().bases, tables().journal
        base = connection.execute(
            sa.select(bases.c.revision, bases.c.labels).where(bases.c.layer == state.id)
        ).one()
        found = Counter(count_labels(base.labels))
        edits = sa.select(journal.c.before, journal.c.after).where(
            journal.c.layer == state.id, journal.c.sequence > base.revision
        )
        for before, after in connection.execute(edits):
            found.subtract(count_labels(before))
            found.update(count_labels(after))
        return {label: pixels for label, pixels in found.items() if pixels}

    def provenance_by(self, connection: Connection, number: int) -> dict[str, Any]:
        """Return what was said under a number."""
        import sqlalchemy as sa

        table = tables().provenance
        query = sa.select(table.c.facts).where(table.c.id == number)
        said: dict[str, Any] = json.loads(connection.scalars(query).one())
        return said

    def write_base(
        self,
        connection: Connection,
        key: LayerKey,
        state: LayerState | None,
        blob: bytes,
        shape: tuple[int, ...],
        provenance: Mapping[str, Any],
    ) -> int:
        """Store a new base, put the old one aside, return the revision."""
        revision, moment = 1 if state is None else state.revision + 1, now()
        if state is not None:
            before = self._blob(connection, state)
            history.keep_replaced(connection, state, before, moment)
        values = {
            "shape": json.dumps(shape),
            "revision": revision,
            "edits": 0,
            "journal_entries": 0,
            "journal_bytes": 0,
            "base_bytes": len(blob),
            "changed": moment,
            "author": self._author,
            "provenance": provenance_id(connection, provenance),
            "change": next_change(connection),
            "started": revision,
        }
        layer = _written_layer(connection, key, state, values)
        self._replace_base(connection, layer, revision, blob)
        if state is not None:
            history.forget_old(connection, state, revision, moment)
        return revision

    def append(
        self,
        connection: Connection,
        key: LayerKey,
        state: LayerState,
        delta: LabelDelta,
        provenance: Mapping[str, Any],
    ) -> LayerState:
        """Add an edit to the journal; return the row as it is now."""
        if not delta.fits(state.shape):
            raise StoreError(
                f"an edit at {delta.origin} of size {delta.shape} lies outside the "
                f"labels of {key.sample!r}, which have size {state.shape}",
                path=self._place,
            )
        news = {
            "revision": state.revision + 1,
            "edits": state.edits + 1,
            "journal_entries": state.journal_entries + 1,
            "journal_bytes": state.journal_bytes + delta.size,
            "changed": now(),
            "author": self._author,
        }
        self._write_entry(connection, state.id, delta, news, provenance)
        layers = tables().layers
        row = layers.update().where(layers.c.id == state.id)
        connection.execute(row.values(news | {"change": next_change(connection)}))
        kept = {name: getattr(state, name) for name in LayerState.__slots__}
        return LayerState(**(kept | news))

    def _write_entry(
        self,
        connection: Connection,
        layer: int,
        delta: LabelDelta,
        news: Mapping[str, Any],
        provenance: Mapping[str, Any],
    ) -> None:
        entry = {
            "layer": layer,
            "sequence": news["revision"],
            "origin": json.dumps(delta.origin),
            "shape": json.dumps(delta.shape),
            "before": delta.before,
            "after": delta.after,
            "time": news["changed"],
            "author": self._author,
            "provenance": provenance_id(connection, provenance),
        }
        connection.execute(tables().journal.insert(), entry)

    def compact(self, connection: Connection, state: LayerState) -> None:
        """Fold the edits into a new base; the labels and the revision stay."""
        layers = tables().layers
        blob = self._blob(connection, state)
        self._replace_base(connection, state.id, state.revision, blob)
        history.forget_old(connection, state, state.revision, now())
        connection.execute(
            layers.update()
            .where(layers.c.id == state.id)
            .values(journal_entries=0, journal_bytes=0, base_bytes=len(blob))
        )

    def edited(
        self, connection: Connection, dataset: str, layer: str | None
    ) -> set[str]:
        """Return the names of the samples that have edits."""
        import sqlalchemy as sa

        layers, datasets = tables().layers, tables().datasets
        query = (
            sa.select(layers.c.sample)
            .join(datasets, datasets.c.id == layers.c.dataset)
            .where(datasets.c.identity == dataset, layers.c.edits > 0)
        )
        if layer is not None:
            query = query.where(layers.c.layer == layer)
        return set(connection.scalars(query))

    def _blob(self, connection: Connection, state: LayerState) -> bytes:
        import sqlalchemy as sa

        if state.journal_entries:
            return encode_labels(self.replay(connection, state))
        bases = tables().bases
        query = sa.select(bases.c.labels).where(bases.c.layer == state.id)
        return bytes(connection.scalars(query).one())

    def _replace_base(
        self, connection: Connection, layer: int, revision: int, blob: bytes
    ) -> None:
        bases = tables().bases
        connection.execute(bases.delete().where(bases.c.layer == layer))
        row = {"layer": layer, "revision": revision, "labels": blob}
        connection.execute(bases.insert(), row)


def _written_layer(
    connection: Connection,
    key: LayerKey,
    state: LayerState | None,
    values: Mapping[str, Any],
) -> int:
    """Write the row of a layer, a new one where there was none; return its number."""
    layers = tables().layers
    if state is not None:
        change = layers.update().where(layers.c.id == state.id)
        connection.execute(change.values(values))
        return state.id
    place = {
        "dataset": dataset_id(connection, key.dataset),
        "sample": key.sample,
        "layer": key.layer,
        "created": values["changed"],
        "kept_since": values["changed"],
        "kept_from": values["revision"],
    }
    return _new_id(connection, layers, {**values, **place})


def provenance_id(connection: Connection, facts: Mapping[str, Any]) -> int:
    """Store what is said once, however many edits say it; return its number."""
    text = as_json(facts)
    row = {"digest": digest(text), "facts": text}
    return _id_of(connection, tables().provenance, "digest", row)


def dataset_id(connection: Connection, identity: str) -> int:
    """Return the number of a data set; a new one for a new data set."""
    row = {"identity": identity, "created": now()}
    return _id_of(connection, tables().datasets, "identity", row)


def _id_of(
    connection: Connection, table: Table, unique: str, row: Mapping[str, Any]
) -> int:
    import sqlalchemy as sa

    query = sa.select(table.c.id).where(table.c[unique] == row[unique])
    found = connection.scalar(query)
    if found is not None:
        return int(found)
    return _new_id(connection, table, row)


def _new_id(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    # not RETURNING, which MySQL does not know
    (key,) = connection.execute(table.insert(), row).inserted_primary_key or (0,)
    return int(key)


def digest(text: str) -> str:
    """Return a name for a text that is the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()


def as_json(facts: Mapping[str, Any]) -> str:
    """Write facts in one order; numpy scalars as numbers, anything else as text."""
    return json.dumps(facts, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)
