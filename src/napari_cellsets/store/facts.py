"""What is known of single objects: class, flag, comment, and where they come from."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.following import NO_SHAPE, outcome_of
from napari_cellsets.store.journal import LayerKey, provenance_id
from napari_cellsets.store.opened import OpenStore, layer_key
from napari_cellsets.store.schema import next_change, now, tables

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection, Engine

    from napari_cellsets.store.delta import LabelDelta
    from napari_cellsets.store.following import Outcome
    from napari_cellsets.store.journal import LayerState

DRAWN = "drawn by hand"
#: ``tool`` of an edit that brings an earlier time back.
RESTORE = "restore"
#: More objects than this are looked up by reading all rows of their image.
_FEW = 400
#: Images whose objects are counted in memory.
_COUNTED = 8


class FactChange(TypedDict, total=False):
    """What to say of objects; what is left out stays."""

    class_id: int | None
    flag: str
    comment: str


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What is known of one object.

    Parameters
    ----------
    class_id
        The data set's own number of a class; None where nobody gave one.
    flag, comment
        Free text, empty for none.
    origin
        Where the object comes from: what was said when its image was saved, or of
        the edit that drew it. ``source`` says ``predicted`` (with ``model``,
        ``model_hash``, ``settings``), ``drawn by hand``, ``data set``, ...
    corrected_by, corrected
        Who reshaped it last, and when that person first did, in seconds since
        1970; empty and 0 where nobody did.
    author, time
        Who said the newest of this, and when; empty and 0 for an object that is as
        its image was saved.
    """

    class_id: int | None = None
    flag: str = ""
    comment: str = ""
    origin: Mapping[str, Any] = field(default_factory=dict)
    corrected_by: str = ""
    corrected: float = 0.0
    author: str = ""
    time: float = 0.0


class LayerFacts(NamedTuple):
    """What is known of the objects of one image.

    Parameters
    ----------
    origin
        Where the image as a whole comes from.
    differing
        Objects of which more is known.
    """

    origin: Mapping[str, Any]
    differing: dict[int, ObjectFacts]

    def of(self, label: int) -> ObjectFacts:
        """Return what is known of an object of the image."""
        found = self.differing.get(label)
        return found if found is not None else ObjectFacts(origin=self.origin)


class _Row(NamedTuple):
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


class ObjectStore(OpenStore):
    """The part of a project that keeps facts of objects, and in step with edits."""

    def __init__(self, engine: Engine, place: str, author: str) -> None:
        super().__init__(engine, place, author)
        self._areas: dict[LayerKey, tuple[int, dict[int, int]]] = {}

    def object_facts(self, dataset_id: str, sample: str, layer: str) -> LayerFacts:
        """Return what is known of the objects of an image.

        Parameters
        ----------
        dataset_id, sample, layer
            As for `Project.load_labels`.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        key = layer_key(dataset_id, sample, layer)
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            state = self._journal.find(connection, key)
            if state is None:
                return LayerFacts({}, {})
            rows = _newest(connection, state)
            origins = _origins(connection, {row.origin for row in rows.values()})
            whole = self._journal.provenance_by(connection, state.provenance)
        return LayerFacts(
            whole,
            {
                label: _facts(row, origins)
                for label, row in rows.items()
                if not row.gone
            },
        )

    def set_object_facts(
        self,
        dataset_id: str,
        sample: str,
        layer: str,
        objects: Iterable[int],
        said: FactChange,
    ) -> None:
        """Give objects a class, a flag or a comment: all of them, or none.

        Parameters
        ----------
        objects
            Labels; background cannot have facts.
        said
            What is new; what was known before stays readable in the store.

        Raises
        ------
        StoreError
            If no labels are stored, a label is no object of the image, or it
            cannot be written.
        """
        key = layer_key(dataset_id, sample, layer)
        labels = [int(label) for label in objects]
        unknown = said.keys() - FactChange.__annotations__.keys()
        if unknown:
            raise StoreError(f"An object has no {sorted(unknown)[0]!r} to be set")
        if not labels:
            return
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            state = self._journal.find(connection, key, lock=True)
            if state is None:
                raise StoreError(
                    f"no labels of {sample!r} are stored",
                    path=self._place,
                    advice="Save the labels first.",
                )
            areas = self._areas_of(connection, key, state)
            missing = [label for label in labels if label not in areas]
            if missing:
                raise StoreError(
                    f"the labels of {sample!r} have no object {missing[0]}",
                    path=self._place,
                    advice="Load the sample again.",
                )
            known = _newest(connection, state, labels)
            plain = _Row(None, "", "", state.provenance)
            rows = {label: known.get(label, plain)._replace(**said) for label in labels}
            self._write(connection, state, rows)

    def object_history(
        self, dataset_id: str, sample: str, layer: str, label: int
    ) -> list[ObjectFacts]:
        """Return all that was known of an object since its image was saved.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        key = layer_key(dataset_id, sample, layer)
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            state = self._journal.find(connection, key)
            if state is None:
                return []
            rows = [row for _, row in _rows(connection, state, [label])]
            origins = _origins(connection, {row.origin for row in rows})
        return [_facts(row, origins) for row in rows if not row.gone]

    def _follow(
        self,
        connection: Connection,
        state: LayerState,
        areas: Mapping[int, int],
        delta: LabelDelta,
        provenance: Mapping[str, Any],
    ) -> dict[int, int]:
        """Keep facts in step with the edit that led to this state.

        `areas` are the pixels of all objects before it; those after it are returned.
        """
        outcome = outcome_of(delta, areas, state.shape)
        rows = self._rows_after(connection, state, outcome, provenance)
        if rows:
            self._write(connection, state, rows)
        grown = dict(areas)
        for label, pixels in outcome.areas.items():
            grown[label] = grown.get(label, 0) + pixels
            if not grown[label]:
                del grown[label]
        return grown

    def _rows_after(
        self,
        connection: Connection,
        state: LayerState,
        outcome: Outcome,
        provenance: Mapping[str, Any],
    ) -> dict[int, _Row]:
        """Return the rows of the objects of which an edit changed what is known."""
        known = _newest(connection, state, outcome.touched)
        plain = _Row(None, "", "", state.provenance)
        moment = now()
        rows = {}
        for label in outcome.reshaped:
            found = known.get(label, plain)
            if found.corrected_by != self._author:
                rows[label] = found._replace(
                    corrected_by=self._author, corrected=moment
                )
        for label in outcome.gone:
            shape = outcome.shapes[label]
            rows[label] = known.get(label, plain)._replace(gone=1, pixels=shape)
        for label, source in outcome.moved.items():
            if label in known or source in known:
                rows[label] = known.get(source, plain)._replace(gone=0)
        for label, source in outcome.copied.items():
            rows[label] = known.get(source, plain)._replace(
                gone=0, corrected_by=self._author, corrected=moment
            )
        if outcome.drawn:
            said = provenance.get("origin", {**provenance, "source": DRAWN})
            drawn = _Row(None, "", "", provenance_id(connection, said))
            rows.update(dict.fromkeys(outcome.drawn, drawn))
        restored = provenance.get("tool") == RESTORE
        for label in outcome.new:
            was = known.get(label)
            # the same pixels under the same number: the edit was taken back
            same = was is not None and was.pixels == outcome.shapes[label]
            if was is not None and was.gone and (same or restored):
                rows[label] = was._replace(gone=0, pixels=NO_SHAPE)
        return rows

    def _areas_of(
        self, connection: Connection, key: LayerKey, state: LayerState
    ) -> dict[int, int]:
        revision, areas = self._areas.get(key, (-1, {}))
        if revision != state.revision:
            areas = self._journal.areas(connection, state)
            self._keep_areas(key, state.revision, areas)
        return areas

    def _keep_areas(self, key: LayerKey, revision: int, areas: dict[int, int]) -> None:
        self._areas.pop(key, None)
        self._areas[key] = revision, areas
        while len(self._areas) > _COUNTED:
            del self._areas[next(iter(self._areas))]

    def _write(
        self,
        connection: Connection,
        state: LayerState,
        rows: Mapping[int, _Row],
    ) -> None:
        number, moment = next_change(connection), now()
        stamp = {"author": self._author, "time": moment, "change": number}
        connection.execute(
            tables().objects.insert(),
            [
                {"layer": state.id, "object": label, "revision": state.revision}
                | row._asdict()
                | stamp
                for label, row in rows.items()
            ],
        )


def _rows(
    connection: Connection, state: LayerState, labels: Collection[int] | None
) -> list[tuple[int, _Row]]:
    """Return what was said of objects since the image was saved, in order."""
    import sqlalchemy as sa

    table = tables().objects
    query = (
        sa.select(table.c.object, *(table.c[name] for name in _Row._fields))
        .where(table.c.layer == state.id, table.c.revision >= state.started)
        .order_by(table.c.id)
    )
    if labels is not None and len(labels) <= _FEW:
        query = query.where(table.c.object.in_(list(labels)))
    return [(row[0], _Row(*row[1:])) for row in connection.execute(query).all()]


def _newest(
    connection: Connection, state: LayerState, labels: Collection[int] | None = None
) -> dict[int, _Row]:
    return dict(_rows(connection, state, labels))


def _origins(connection: Connection, ids: set[int]) -> dict[int, dict[str, Any]]:
    import sqlalchemy as sa

    table = tables().provenance
    query = sa.select(table.c.id, table.c.facts).where(table.c.id.in_(ids))
    return {row[0]: json.loads(row[1]) for row in connection.execute(query)}


def _facts(row: _Row, origins: Mapping[int, Mapping[str, Any]]) -> ObjectFacts:
    return ObjectFacts(
        row.class_id,
        row.flag,
        row.comment,
        origins[row.origin],
        row.corrected_by,
        row.corrected,
        row.author,
        row.time,
    )
