"""Stores as earlier versions wrote them, made by code."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from napari_cellsets.store import LabelDelta

#: As version 1 created them.
VERSION_1 = """
CREATE TABLE cellsets_about (
    name VARCHAR(60) NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name));
CREATE TABLE cellsets_datasets (
    id INTEGER NOT NULL, identity VARCHAR(190) NOT NULL, created FLOAT NOT NULL,
    PRIMARY KEY (id), UNIQUE (identity));
CREATE TABLE cellsets_provenance (
    id INTEGER NOT NULL, digest VARCHAR(64) NOT NULL, facts TEXT NOT NULL,
    PRIMARY KEY (id), UNIQUE (digest));
CREATE TABLE cellsets_layers (
    id INTEGER NOT NULL, dataset INTEGER NOT NULL, sample VARCHAR(400) NOT NULL,
    layer VARCHAR(20) NOT NULL, shape VARCHAR(80) NOT NULL, revision BIGINT NOT NULL,
    edits INTEGER NOT NULL, journal_entries INTEGER NOT NULL,
    journal_bytes BIGINT NOT NULL, base_bytes BIGINT NOT NULL, changed FLOAT NOT NULL,
    author VARCHAR(190) NOT NULL, provenance INTEGER NOT NULL, PRIMARY KEY (id),
    UNIQUE (dataset, sample, layer),
    FOREIGN KEY(dataset) REFERENCES cellsets_datasets (id),
    FOREIGN KEY(provenance) REFERENCES cellsets_provenance (id));
CREATE TABLE cellsets_counts (
    id INTEGER NOT NULL, dataset INTEGER NOT NULL, sample VARCHAR(400) NOT NULL,
    model_hash VARCHAR(100) NOT NULL, settings_digest VARCHAR(64) NOT NULL,
    settings TEXT NOT NULL, facts TEXT NOT NULL, time FLOAT NOT NULL, PRIMARY KEY (id),
    UNIQUE (dataset, sample, model_hash, settings_digest),
    FOREIGN KEY(dataset) REFERENCES cellsets_datasets (id));
CREATE TABLE cellsets_bases (
    layer INTEGER NOT NULL, revision BIGINT NOT NULL, labels BLOB NOT NULL,
    PRIMARY KEY (layer), FOREIGN KEY(layer) REFERENCES cellsets_layers (id));
CREATE TABLE cellsets_journal (
    layer INTEGER NOT NULL, sequence BIGINT NOT NULL, origin VARCHAR(80) NOT NULL,
    shape VARCHAR(80) NOT NULL, before BLOB NOT NULL, after BLOB NOT NULL,
    time FLOAT NOT NULL, author VARCHAR(190) NOT NULL, provenance INTEGER NOT NULL,
    PRIMARY KEY (layer, sequence), FOREIGN KEY(layer) REFERENCES cellsets_layers (id),
    FOREIGN KEY(provenance) REFERENCES cellsets_provenance (id));
INSERT INTO cellsets_about VALUES ('version', '1');
INSERT INTO cellsets_datasets VALUES (1, 'set', 1e9);
INSERT INTO cellsets_provenance VALUES (1, 'one', '{"model": "m"}');
INSERT INTO cellsets_provenance VALUES (2, 'two', '{"tool": "paint"}');
INSERT INTO cellsets_counts VALUES (1, 1, 'a', 'm', 'd', '{}', '{"count": 7}', 1e9);
"""


def write_version_1(place: Path, base: bytes, shape: str, edit: LabelDelta) -> None:
    """Write a store with one count and one layer: a base and an edit on it."""
    row = (shape, edit.size, len(base))
    entry = ([*edit.origin], [*edit.shape])
    with sqlite3.connect(place) as raw:
        raw.executescript(VERSION_1)
        raw.execute(
            "insert into cellsets_layers values "
            "(1, 1, 'a', 'cells', ?, 6, 5, 1, ?, ?, 1.1e9, 'ada', 1)",
            row,
        )
        raw.execute("insert into cellsets_bases values (1, 5, ?)", (base,))
        raw.execute(
            "insert into cellsets_journal values (1, 6, ?, ?, ?, ?, 1.1e9, 'ada', 2)",
            (*(str(numbers) for numbers in entry), edit.before, edit.after),
        )
    raw.close()


def rows_of(place: Path, table: str) -> list[tuple[np.generic | bytes | str, ...]]:
    """Return what a table holds."""
    with sqlite3.connect(place) as raw:
        found = raw.execute(f"select * from {table}").fetchall()
    raw.close()
    return found
