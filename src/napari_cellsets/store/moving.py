"""Which data sets a store knows, and work that goes to another name of one."""

from __future__ import annotations

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.opened import OpenStore
from napari_cellsets.store.schema import next_change, tables


class DatasetStore(OpenStore):
    """The part of a project that knows data sets by their identity."""

    def datasets(self) -> dict[str, int]:
        """Return every data set, with the number of samples that have work.

        Returns
        -------
        dict
            By `Dataset.identity`; samples with labels, verdicts or
            corrected marks are counted.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        import sqlalchemy as sa

        datasets = tables().datasets
        kept = (tables().layers, tables().verdicts, tables().marks)
        work = sa.union(
            *(sa.select(table.c.dataset, table.c.sample) for table in kept)
        ).subquery()
        query = (
            sa.select(datasets.c.identity, sa.func.count(work.c.sample))
            .outerjoin(work, work.c.dataset == datasets.c.id)
            .group_by(datasets.c.identity)
            .order_by(datasets.c.identity)
        )
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def move_work(self, old: str, new: str) -> None:
        """Let all that is known of a data set belong to another identity.

        For a set whose folder was renamed. Nothing is copied or lost; moving it
        back is the same act.

        Parameters
        ----------
        old, new
            `Dataset.identity` when the work was done, and now.

        Raises
        ------
        StoreError
            If there is nothing to move, the other one has work of its own, or it
            cannot be written.
        """
        known = self.datasets()
        if old not in known:
            raise StoreError(f"nothing is stored of {old!r}", path=self._place)
        if known.get(new):
            raise StoreError(
                f"{known[new]} samples of {new!r} have work of their own",
                path=self._place,
                advice="Export one of the two, so that nothing is mixed.",
            )
        table = tables().datasets
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            here = table.c.identity == new
            aside = f"{new} (before {next_change(connection)})"
            connection.execute(table.update().where(here).values(identity=aside))
            row = table.update().where(table.c.identity == old)
            connection.execute(row.values(identity=new))
            self._seen.clear()
