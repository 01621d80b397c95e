"""Which data sets a store knows, and work that goes to another name of one."""

from __future__ import annotations

import json

from napari_cellsets.core.errors import StoreError
from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.object_words import PICTURE
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

    def samples_with_work(self, dataset_id: str) -> set[str]:
        """Return the names of samples with labels, verdicts or corrected marks.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        import sqlalchemy as sa

        datasets = tables().datasets
        kept = (tables().layers, tables().verdicts, tables().marks)
        queries = (
            sa.select(table.c.sample)
            .join(datasets, datasets.c.id == table.c.dataset)
            .where(datasets.c.identity == dataset_id)
            for table in kept
        )
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            return set(connection.scalars(sa.union(*queries)))

    def pictures_under(self, dataset_id: str, sample: str) -> set[str]:
        """Return by what the pictures under the work on a sample are known again.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        import sqlalchemy as sa

        datasets, said = tables().datasets, tables().provenance
        queries = (
            sa.select(said.c.facts)
            .join(table, table.c.provenance == said.c.id)
            .join(datasets, datasets.c.id == table.c.dataset)
            .where(datasets.c.identity == dataset_id, table.c.sample == sample)
            for table in (tables().layers, tables().marks)
        )
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            facts = [json.loads(one) for one in connection.scalars(sa.union(*queries))]
        return {one[PICTURE] for one in facts if PICTURE in one}

    def rename_sample(self, dataset_id: str, old: str, new: str) -> None:
        """Let all that is known of a sample belong to another name.

        For a picture that was renamed in its set. Nothing is copied or lost.

        Parameters
        ----------
        dataset_id
            `Dataset.identity`.
        old, new
            Names of the sample when the work was done, and now.

        Raises
        ------
        StoreError
            If there is nothing to move, the other one has work of its own, or it
            cannot be written.
        """
        import sqlalchemy as sa

        known = self.samples_with_work(dataset_id)
        if old not in known or new in known:
            raise StoreError(
                f"{new!r} has work of its own"
                if new in known
                else f"nothing is stored of {old!r}",
                path=self._place,
            )
        datasets = tables().datasets
        dataset = sa.select(datasets.c.id).where(datasets.c.identity == dataset_id)
        of_samples = (tables().layers, tables().verdicts, tables().marks)
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            for table in (tables().counts, tables().predictions):
                # what was counted or answered of no work is done again at will
                there = (table.c.dataset == dataset.scalar_subquery(),)
                connection.execute(table.delete().where(*there, table.c.sample == new))
                row = table.update().where(*there, table.c.sample == old)
                connection.execute(row.values(sample=new))
            number = next_change(connection)
            for table in of_samples:
                row = table.update().where(table.c.sample == old)
                row = row.where(table.c.dataset == dataset.scalar_subquery())
                connection.execute(row.values(sample=new, change=number))
            self._seen.clear()

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
