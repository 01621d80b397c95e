"""Keeping a store small, and copying it while it is in use."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import DatabaseError
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store import history
from napari_cellsets.store.engine import file_of, told_as_store_errors, writing
from napari_cellsets.store.journal import LayerKey
from napari_cellsets.store.opened import OpenStore
from napari_cellsets.store.schema import now, tables

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Upkeep(OpenStore):
    """The part of a project that looks after the file itself."""

    def compact(self) -> None:
        """Drop what is older than `HISTORY_DAYS`, and give the room back to the disk.

        Layers that are worked on are kept short anyway; this is for all the others.
        Labels, facts and verdicts stay as they are.

        Raises
        ------
        StoreError
            If another program writes for too long, or the disk is full.
        """
        with self._lock, told_as_store_errors(self._place):
            with writing(self._engine) as connection:
                keys = _layers_with_history(connection)
            for key in keys:
                # one at a time: others may write in between
                with writing(self._engine) as connection:
                    state = self._journal.find(connection, key, lock=True)
                    if state is None:
                        continue
                    if state.journal_entries:
                        self._journal.compact(connection, state)
                    else:
                        base = state.revision
                        history.forget_old(connection, state, base, now())
            if file_of(self._engine.url) is not None:
                self._outside_transactions("VACUUM")

    def copy_to(self, path: Path | str) -> None:
        """Write a copy of the whole store as one file, while it is in use.

        Parameters
        ----------
        path
            A file that does not exist yet.

        Raises
        ------
        StoreError
            If there is such a file, it cannot be written, or the store is no file.
        """
        target = Path(path)
        if file_of(self._engine.url) is None:
            raise StoreError(
                "only a store in a file can be copied",
                path=self._place,
                advice="Use the database's own tools, such as 'pg_dump'.",
            )
        if target.exists():
            raise StoreError(
                "a file is there already",
                path=target,
                advice="Choose another name for the copy.",
            )
        with self._lock, told_as_store_errors(str(target)):
            try:
                self._outside_transactions("VACUUM INTO ?", str(target))
            except DatabaseError:
                target.unlink(missing_ok=True)  # a part of a copy is none
                raise

    def settle(self) -> None:
        """Bring into the file itself what lies in the one beside it.

        Nobody waits for it. Call it now and then while nothing else is to be done: so
        even a plain copy of the file alone has nearly everything.

        Raises
        ------
        StoreError
            If the disk is full.
        """
        if file_of(self._engine.url) is not None:
            with told_as_store_errors(self._place):
                self._outside_transactions("PRAGMA wal_checkpoint(PASSIVE)")

    def _outside_transactions(self, words: str, *values: str) -> None:
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute(words, values)
            cursor.close()
        finally:
            raw.close()


def _layers_with_history(connection: Connection) -> list[LayerKey]:
    """Return layers of which something older than the horizon is kept."""
    import sqlalchemy as sa

    layers, datasets = tables().layers, tables().datasets
    limit = now() - history.HISTORY_DAYS * history.DAY_S
    query = (
        sa.select(datasets.c.identity, layers.c.sample, layers.c.layer)
        .join(datasets, datasets.c.id == layers.c.dataset)
        .where(layers.c.kept_since < limit, layers.c.kept_from < layers.c.revision)
    )
    return [LayerKey(*row) for row in connection.execute(query)]
