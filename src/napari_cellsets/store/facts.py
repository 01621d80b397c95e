"""What is known of single objects: class, flag, comment, and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.fact_history import ObjectsChange, objects_changes
from napari_cellsets.store.fact_rows import Known, Row, newest, origins_of, rows_of
from napari_cellsets.store.following import NO_SHAPE, outcome_of
from napari_cellsets.store.journal import LayerKey, provenance_id
from napari_cellsets.store.object_words import (
    FactChange,
    LayerFacts,
    ObjectFacts,
    classes_in,
    without_classes,
)
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
#: Images whose objects are counted in memory.
_COUNTED = 8


class ObjectStore(OpenStore):
    """The part of a project that keeps facts of objects, and in step with edits."""

    def __init__(self, engine: Engine, place: str, author: str) -> None:
        super().__init__(engine, place, author)
        self._areas: dict[LayerKey, tuple[int, dict[int, int]]] = {}
        self._classes: tuple[int, Mapping[int, int]] = (0, {})

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
            rows = newest(connection, state)
            origins = origins_of(connection, {row.origin for row in rows.values()})
            whole = self._journal.provenance_by(connection, state.provenance)
            class_of = self._classes_of(connection, state)
        return LayerFacts(
            without_classes(whole),
            {
                label: _facts(row, origins)
                for label, row in rows.items()
                if not row.gone
            },
            class_of,
        )

    def kept_samples(self, dataset_id: str, *, without: str) -> set[str]:
        """Return the names of samples with labels in any layer but this one.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        import sqlalchemy as sa

        layers, datasets = tables().layers, tables().datasets
        query = (
            sa.select(layers.c.sample)
            .join(datasets, datasets.c.id == layers.c.dataset)
            .where(datasets.c.identity == dataset_id, layers.c.layer != without)
        )
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return set(connection.scalars(query))

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
        self.change_object_facts(
            dataset_id, sample, layer, dict.fromkeys(map(int, objects), said)
        )

    def change_object_facts(
        self,
        dataset_id: str,
        sample: str,
        layer: str,
        said: Mapping[int, FactChange],
    ) -> None:
        """Say something of each of several objects: of all of them, or of none.

        Parameters
        ----------
        said
            What is new, by label.

        Raises
        ------
        StoreError
            As of `set_object_facts`.
        """
        key = layer_key(dataset_id, sample, layer)
        _check(said.values())
        if not said:
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
            missing = [label for label in said if label not in areas]
            if missing:
                raise StoreError(
                    f"the labels of {sample!r} have no object {missing[0]}",
                    path=self._place,
                    advice="Load the sample again.",
                )
            known = self._what_is_known(connection, state, said.keys())
            rows = {
                label: known.of(label)._replace(**new) for label, new in said.items()
            }
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
            rows = [row for _, row in rows_of(connection, state, [label])]
            origins = origins_of(connection, {row.origin for row in rows})
        return [_facts(row, origins) for row in rows if not row.gone]

    def _objects_changes(
        self,
        connection: Connection,
        state: LayerState,
        limit: int | None,
        before: int | None,
    ) -> list[ObjectsChange]:
        """Return the newest acts on objects since their image was saved."""
        classes = self._classes_of(connection, state)
        return objects_changes(connection, state, classes, limit, before)

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
    ) -> dict[int, Row]:
        """Return the rows of the objects of which an edit changed what is known."""
        known = self._what_is_known(connection, state, outcome.touched)
        moment = now()
        rows = {}
        for label in outcome.reshaped:
            found = known.of(label)
            if found.corrected_by != self._author:
                rows[label] = found._replace(
                    corrected_by=self._author, corrected=moment
                )
        for label in outcome.gone:
            shape = outcome.shapes[label]
            rows[label] = known.of(label)._replace(gone=1, pixels=shape)
        for label, source in outcome.moved.items():
            if label in known or source in known:
                rows[label] = known.of(source)._replace(gone=0)
        for label, source in outcome.copied.items():
            rows[label] = known.of(source)._replace(
                gone=0, corrected_by=self._author, corrected=moment
            )
        if outcome.drawn:
            said = provenance.get("origin", {**provenance, "source": DRAWN})
            drawn = Row(None, "", "", provenance_id(connection, said))
            rows.update(dict.fromkeys(outcome.drawn, drawn))
        restored = provenance.get("tool") == RESTORE
        for label in outcome.new:
            was = known.rows.get(label)
            # the same pixels under the same number: the edit was taken back
            same = was is not None and was.pixels == outcome.shapes[label]
            if was is not None and was.gone and (same or restored):
                rows[label] = was._replace(gone=0, pixels=NO_SHAPE)
        return rows

    def _what_is_known(
        self, connection: Connection, state: LayerState, labels: Collection[int]
    ) -> Known:
        rows = newest(connection, state, labels)
        return Known(rows, self._classes_of(connection, state), state.provenance)

    def _classes_of(
        self, connection: Connection, state: LayerState
    ) -> Mapping[int, int]:
        """Return the classes that objects had when their image was saved."""
        number, classes = self._classes
        if number != state.provenance:
            said = self._journal.provenance_by(connection, state.provenance)
            classes = classes_in(said)
            self._classes = state.provenance, classes
        return classes

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
        rows: Mapping[int, Row],
    ) -> None:
        number, moment = next_change(connection), now()
        stamp: dict[str, Any] = {"layer": state.id, "revision": state.revision}
        stamp |= {"author": self._author, "time": moment, "change": number}
        connection.execute(
            tables().objects.insert(),
            [row._asdict() | stamp | {"object": label} for label, row in rows.items()],
        )


def _check(changes: Iterable[FactChange]) -> None:
    """Raise where a change says something that objects do not have."""
    for one in {id(one): one for one in changes}.values():
        unknown = one.keys() - FactChange.__annotations__.keys()
        if unknown:
            raise StoreError(f"An object has no {sorted(unknown)[0]!r} to be set")


def _facts(row: Row, origins: Mapping[int, Mapping[str, Any]]) -> ObjectFacts:
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
