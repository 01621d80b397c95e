"""Stacks of overlapping objects: a further plane without a new beginning."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_cellsets.store.engine import told_as_store_errors, writing
from napari_cellsets.store.opened import OpenStore, layer_key
from napari_cellsets.store.pixels import encode_labels
from napari_cellsets.store.schema import tables

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from napari_cellsets.store.journal import LayerState


class GrowingStacks(OpenStore):
    """The part of a project that makes room for more overlapping objects."""

    def add_planes(
        self,
        dataset_id: str,
        sample: str,
        layer: str,
        count: int = 1,
        *,
        revision: int | None = None,
    ) -> None:
        """Append empty planes to a stack of labels, (plane, y, x).

        An empty plane shows nothing, so this is no edit: revision, history and facts
        stay, and what was there earlier has the planes too.

        Parameters
        ----------
        dataset_id, sample, layer
            As for `Project.load_labels`.
        count
            How many.
        revision
            Of the labels that they are added to; by default the one last seen.

        Raises
        ------
        StoreError
            If nothing is stored, somebody else changed the layer since, or it cannot
            be written.
        """
        key = layer_key(dataset_id, sample, layer)
        with self._lock, told_as_store_errors(self._place):
            known = self._seen.get(key) if revision is None else revision
            with writing(self._engine) as connection:
                state = self._journal.needed(connection, key, known)
                self._write_planes(connection, state, count)

    def _write_planes(
        self, connection: Connection, state: LayerState, count: int
    ) -> None:
        import numpy as np

        labels = self._journal.replay(connection, state)
        more = np.zeros((count, *labels.shape[1:]), np.int32)
        blob = encode_labels(np.concatenate([labels, more]))
        bases, layers = tables().bases, tables().layers
        base = bases.update().where(bases.c.layer == state.id)
        connection.execute(base.values(revision=state.revision, labels=blob))
        row = layers.update().where(layers.c.id == state.id)
        shape = (labels.shape[0] + count, *labels.shape[1:])
        connection.execute(
            row.values(
                shape=json.dumps(shape),
                journal_entries=0,
                journal_bytes=0,
                base_bytes=len(blob),
            )
        )
