"""Counts in the database: what a model with settings found in a sample."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_cellsets.store.journal import as_json, dataset_id, digest
from napari_cellsets.store.schema import now, tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


def save(
    connection: Connection,
    dataset: str,
    sample: str,
    model_hash: str,
    settings: str,
    facts: Mapping[str, Any],
) -> None:
    """Store one count in place of an older one with the same model and settings."""
    counts = tables().counts
    place = {
        "dataset": dataset_id(connection, dataset),
        "sample": sample,
        "model_hash": model_hash,
        "settings_digest": digest(settings),
    }
    same = [counts.c[name] == value for name, value in place.items()]
    said = {"settings": settings, "facts": as_json(facts), "time": now()}
    connection.execute(counts.delete().where(*same))
    connection.execute(counts.insert(), place | said)


def newest(
    connection: Connection,
    dataset: str,
    model_hash: str | None,
    settings: str | None,
) -> list[dict[str, Any]]:
    """Return the last count of each sample among those that were asked for."""
    import sqlalchemy as sa

    counts, datasets = tables().counts, tables().datasets
    query = (
        sa.select(counts)
        .join(datasets, datasets.c.id == counts.c.dataset)
        .where(datasets.c.identity == dataset)
        .order_by(counts.c.sample, counts.c.time, counts.c.id)
    )
    if model_hash is not None:
        query = query.where(counts.c.model_hash == model_hash)
    if settings is not None:
        query = query.where(counts.c.settings_digest == digest(settings))
    last = {row.sample: row for row in connection.execute(query)}
    return [
        json.loads(row.facts)
        | {
            "sample": row.sample,
            "model_hash": row.model_hash,
            "settings": row.settings,
            "time": row.time,
        }
        for row in last.values()
    ]
