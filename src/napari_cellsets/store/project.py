"""The project store: labels, edits and counts of any number of data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import results
from napari_cellsets.store.changes import ChangeLog
from napari_cellsets.store.classes import ClassStore
from napari_cellsets.store.delta import LabelDelta
from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.facts import ObjectStore
from napari_cellsets.store.growing import GrowingStacks
from napari_cellsets.store.history import StoredLabels, labels_at
from napari_cellsets.store.history_list import (
    Before,
    HistoryPage,
    LabelChange,
    changes_of,
    page_of,
    restoring,
)
from napari_cellsets.store.marks import MarkStore
from napari_cellsets.store.moving import DatasetStore
from napari_cellsets.store.opened import layer_key
from napari_cellsets.store.pixels import encode_labels
from napari_cellsets.store.predictions import PredictionStore
from napari_cellsets.store.upkeep import Upkeep
from napari_cellsets.store.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import numpy as np

    from napari_cellsets.store.journal import LayerKey, LayerState

_NOW = Before()


class Project(
    Verdicts,
    ObjectStore,
    GrowingStacks,
    MarkStore,
    ClassStore,
    PredictionStore,
    ChangeLog,
    DatasetStore,
    Upkeep,
):
    """Labels, edits, facts, marks, counts, verdicts on disk: see `Project.open`.

    Every method may be called from any thread, and several processes may hold
    the same store. A layer has one editor at a time: the store remembers the
    revision that this object last loaded or wrote, and refuses a change when
    somebody else wrote in between. Two threads that edit the same layer through
    one object must pass `revision` themselves.

    Parameters
    ----------
    engine, place
        An open database, and how to name it to the person.
    author
        Written beside every change.
    """

    def load_labels(
        self,
        dataset_id: str,
        sample: str,
        layer: str,
        *,
        at: datetime | int | None = None,
        known: StoredLabels | None = None,
    ) -> StoredLabels | None:
        """Return the labels with every recorded edit, None where none are stored.

        Parameters
        ----------
        dataset_id
            `Dataset.identity`.
        sample
            `Sample.name`.
        layer
            ``cells`` or ``truth``, or of a further annotation as of `further_layer`.
        at
            As they were at this time or revision, to be looked at: edits are made
            on the present ones. By default now.
        known
            What this returned before; the same again where nothing changed since.

        Raises
        ------
        StoreError
            If the store cannot be read or is damaged, or what was then is gone.
        """
        key = layer_key(dataset_id, sample, layer)
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            state = self._journal.find(connection, key)
            if at is not None:
                if state is None:
                    return None
                return labels_at(connection, self._journal, key, state, at)
            self._remember(key, state.revision if state else 0)
            if state is None:
                return None
            if known is not None and known.revision == state.revision:
                return known
            labels = self._journal.replay(connection, state)
            provenance = self._journal.provenance_by(connection, state.provenance)
        return StoredLabels(
            labels, provenance, state.revision, state.edits, state.changed, state.author
        )

    def save_labels(
        self,
        dataset_id: str,
        sample: str,
        layer: str,
        labels: np.ndarray,
        provenance: Mapping[str, Any],
        *,
        revision: int | None = None,
    ) -> int:
        """Store a whole label image as the new base; its edits begin at none.

        Parameters
        ----------
        labels
            Integers that fit int32, (y, x) or (z, y, x).
        provenance
            Where the labels come from, as JSON can say it.
        revision
            The revision that is replaced; by default the one last seen by this
            object. A layer never looked at is replaced only when it has no
            edits.

        Returns
        -------
        int
            The new revision, on disk.

        Raises
        ------
        StoreError
            If somebody else changed the layer since, or it cannot be written.
        """
        key = layer_key(dataset_id, sample, layer)
        blob = encode_labels(labels)
        with self._lock, told_as_store_errors(self._place):
            known = self._known(key, revision)
            with writing(self._engine) as connection:
                state = self._journal.find(connection, key, lock=True)
                if known is not None or (state is not None and state.edits):
                    self._journal.refuse_if_changed(key, state, known)
                new = self._journal.write_base(
                    connection, key, state, blob, labels.shape, provenance
                )
            self._seen[key] = new
        return new

    def record(
        self,
        dataset_id: str,
        sample: str,
        layer: str,
        delta: LabelDelta,
        provenance: Mapping[str, Any],
        *,
        revision: int | None = None,
    ) -> int:
        """Add one edit to the journal; it is on disk when this returns.

        Parameters
        ----------
        delta
            The edit, made on the labels as last loaded, saved or recorded.
        provenance
            How the edit was made: tool, settings; ``origin`` where objects that it
            adds come from, if they are not drawn. What is known of objects follows:
            a merge keeps the first's, a split copies, what is taken back is back.
        revision
            The revision on which it was made; by default the one last seen.

        Returns
        -------
        int
            The new revision.

        Raises
        ------
        StoreError
            If nothing is stored yet, somebody else changed the layer since, the
            edit lies outside the image, or it cannot be written.
        """
        key = layer_key(dataset_id, sample, layer)
        with self._lock, told_as_store_errors(self._place):
            known = self._known(key, revision)
            with writing(self._engine) as connection:
                before = self._journal.needed(connection, key, known)
                areas = self._areas_of(connection, key, before)
                state = self._journal.append(connection, key, before, delta, provenance)
                areas = self._follow(connection, state, areas, delta, provenance)
            self._seen[key] = state.revision
            self._keep_areas(key, state.revision, areas)
            self._compact(key, state)
        return state.revision

    def restore(
        self, dataset_id: str, sample: str, layer: str, at: datetime | int
    ) -> int:
        """Make the labels again what they were: a new edit on top.

        What was done since stays in the history.

        Parameters
        ----------
        dataset_id, sample, layer
            As for `load_labels`.
        at
            The time, or the revision.

        Returns
        -------
        int
            The new revision, or the present one where nothing differs.

        Raises
        ------
        StoreError
            If nothing was stored then, it is gone, somebody else changes the layer
            meanwhile, or it cannot be written.
        """
        place = (dataset_id, sample, layer)
        then = self.load_labels(*place, at=at)
        present = self.load_labels(*place)
        if then is None or present is None:
            raise StoreError(
                f"no labels of {sample!r} were stored at that time",
                path=self._place,
                advice="Choose a later time.",
            )
        said = restoring(then)
        if then.labels.shape != present.labels.shape:
            source = {**then.provenance, **said}
            return self.save_labels(
                *place, then.labels, source, revision=present.revision
            )
        delta = LabelDelta.between(present.labels, then.labels)
        if delta is None:
            return present.revision
        return self.record(*place, delta, said, revision=present.revision)

    def label_history(
        self,
        dataset_id: str,
        sample: str,
        layer: str,
        *,
        limit: int | None = None,
        before: int | None = None,
    ) -> list[LabelChange]:
        """Return every change of a layer that can be seen and restored, oldest first.

        The first is what the labels were before: the image as it was saved, or as it
        was where what is kept begins.

        Parameters
        ----------
        dataset_id, sample, layer
            As for `load_labels`.
        limit
            Only so many, the newest.
        before
            Only those before this revision.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        key = layer_key(dataset_id, sample, layer)
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            state = self._journal.find(connection, key)
            return [] if state is None else changes_of(connection, state, limit, before)

    def history(
        self,
        dataset_id: str,
        sample: str,
        layer: str,
        *,
        limit: int | None = None,
        before: Before = _NOW,
    ) -> HistoryPage:
        """Return changes of a layer, and what was said of its objects, oldest first.

        Parameters
        ----------
        dataset_id, sample, layer
            As for `load_labels`.
        limit
            Only so many, the newest.
        before
            Only those before, as the page after them told.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        key = layer_key(dataset_id, sample, layer)
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            state = self._journal.find(connection, key)
            if state is None:
                return HistoryPage([], None)
            labels = changes_of(connection, state, limit, before.revision)
            said = self._objects_changes(connection, state, limit, before.number)
        return page_of(labels, said, limit, before)

    def edited_samples(self, dataset_id: str, layer: str | None = None) -> set[str]:
        """Return the names of samples with edits, of one layer or of any.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return self._journal.edited(connection, dataset_id, layer)

    def save_count(
        self,
        dataset_id: str,
        sample: str,
        model_hash: str,
        settings_json: str,
        row: Mapping[str, Any],
    ) -> None:
        """Store the result of one count; the same model and settings replace it.

        Raises
        ------
        StoreError
            If the store cannot be written.
        """
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            results.save(connection, dataset_id, sample, model_hash, settings_json, row)

    def counts(
        self,
        dataset_id: str,
        *,
        model_hash: str | None = None,
        settings_json: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return the newest count of each sample.

        Parameters
        ----------
        model_hash, settings_json
            Look only at counts made with these.

        Returns
        -------
        list of dict
            What was saved, with ``sample``, ``model_hash``, ``settings`` (JSON
            text) and ``time`` (seconds since 1970) added; in the order of
            sample names.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return results.newest(connection, dataset_id, model_hash, settings_json)

    def _known(self, key: LayerKey, revision: int | None) -> int | None:
        return self._seen.get(key) if revision is None else revision

    def _remember(self, key: LayerKey, revision: int) -> None:
        with self._lock:
            self._seen[key] = revision

    def _compact(self, key: LayerKey, state: LayerState) -> None:
        """Write a new base when the journal has grown; the edit is safe already."""
        if not state.journal_is_long:
            return
        with writing(self._engine) as connection:
            found = self._journal.find(connection, key, lock=True)
            if found is not None and found.journal_is_long:
                self._journal.compact(connection, found)
