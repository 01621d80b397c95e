"""What classifiers said of cells, with the model, by whom it was run, and when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from napari_cellsets.store.engine import reading, told_as_store_errors, writing
from napari_cellsets.store.journal import dataset_id as number_of
from napari_cellsets.store.journal import provenance_id
from napari_cellsets.store.opened import OpenStore
from napari_cellsets.store.schema import next_change, now, tables

if TYPE_CHECKING:
    from collections.abc import Mapping


class PredictionKey(NamedTuple):
    """Of what a prediction is.

    Parameters
    ----------
    dataset_id
        `Dataset.identity`.
    model_hash
        Of the file of the model; empty to ask for those of all models.
    sample, layer
        Image and labels whose objects were named; empty for pictures of single cells
        of the whole set.
    """

    dataset_id: str
    model_hash: str
    sample: str = ""
    layer: str = ""


class Prediction(NamedTuple):
    """What one run said.

    Parameters
    ----------
    answers
        As it was given.
    provenance
        How it was made: model, settings.
    author, time
        Who ran it; when, in seconds since 1970.
    """

    answers: bytes
    provenance: Mapping[str, Any]
    author: str
    time: float

    @property
    def when(self) -> datetime:
        """The time in UTC."""
        return datetime.fromtimestamp(self.time, UTC)


class PredictionStore(OpenStore):
    """The part of a project that keeps predictions; what people said is elsewhere."""

    def save_prediction(
        self,
        key: PredictionKey,
        answers: bytes,
        provenance: Mapping[str, Any],
        *,
        anew: bool = True,
    ) -> None:
        """Keep what a run said; it is on disk when this returns.

        Parameters
        ----------
        key
            Of what.
        answers
            Any bytes, as of `classify.kept.pack`.
        provenance
            How it was made, as JSON can say it.
        anew
            Whether it takes the place of what the same model said of the same before.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        table = tables().predictions
        with (
            self._lock,
            told_as_store_errors(self._place),
            writing(self._engine) as connection,
        ):
            row: dict[str, Any] = {
                "dataset": number_of(connection, key.dataset_id),
                "sample": key.sample,
                "layer": key.layer,
                "model_hash": key.model_hash,
            }
            if anew:
                same = [table.c[name] == value for name, value in row.items()]
                connection.execute(table.delete().where(*same))
            row |= {
                "answers": answers,
                "provenance": provenance_id(connection, provenance),
                "author": self._author,
                "time": now(),
                "change": next_change(connection),
            }
            connection.execute(table.insert(), row)

    def predictions(self, key: PredictionKey) -> list[Prediction]:
        """Return what is kept, oldest first.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        import sqlalchemy as sa

        table, said = tables().predictions, tables().provenance
        datasets = tables().datasets
        query = (
            sa.select(table.c.answers, said.c.facts, table.c.author, table.c.time)
            .join(said, said.c.id == table.c.provenance)
            .join(datasets, datasets.c.id == table.c.dataset)
            .where(datasets.c.identity == key.dataset_id)
            .where(table.c.sample == key.sample, table.c.layer == key.layer)
            .order_by(table.c.id)
        )
        if key.model_hash:
            query = query.where(table.c.model_hash == key.model_hash)
        with told_as_store_errors(self._place), reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [Prediction(bytes(r[0]), json.loads(r[1]), r[2], r[3]) for r in rows]
