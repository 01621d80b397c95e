"""What a classifier said, as bytes to be kept, and of which objects it still holds."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_cellsets.classify.crops import stamps_of
from napari_cellsets.classify.table import ClassTable
from napari_cellsets.core.errors import CellsetsError

_DAMAGED = (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, eq=False, slots=True)
class KeptTable:
    """A table of classes, and how the objects looked that it is of.

    Parameters
    ----------
    table
        What was said.
    stamps
        int64, shape (n, 3), of the objects of the table, see `stamps_of`; None for
        pictures of single cells.
    """

    table: ClassTable
    stamps: np.ndarray | None = None


def pack(kept: KeptTable) -> bytes:
    """Return a table as bytes; about 20 a cell with five classes."""
    table = kept.table
    arrays: dict[str, Any] = {
        "names": np.array(table.names, np.str_),
        "classes": np.array(table.classes, np.str_),
        "titles": np.array(table.titles, np.str_),
        "unknown": np.array(table.unknown, np.str_),
        "probabilities": table.probabilities.astype(np.float32),
    }
    if table.distance is not None:
        arrays["distance"] = table.distance.astype(np.float32)
    if table.limit is not None:
        arrays["limit"] = np.float64(table.limit)
    if kept.stamps is not None:
        arrays["stamps"] = kept.stamps.astype(np.int64)
    room = io.BytesIO()
    np.savez_compressed(room, **arrays)
    return room.getvalue()


def unpack(packed: bytes) -> KeptTable:
    """Return the table that `pack` was given.

    Raises
    ------
    CellsetsError
        If the bytes are damaged.
    """
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        table = ClassTable(
            tuple(arrays["names"].tolist()),
            tuple(arrays["classes"].tolist()),
            tuple(arrays["titles"].tolist()),
            arrays["probabilities"],
            arrays.get("distance"),
            float(arrays["limit"]) if "limit" in arrays else None,
            str(arrays["unknown"]),
        )
    except _DAMAGED as error:
        raise CellsetsError(
            "what was classified before is damaged in the project store",
            advice="Classify again.",
        ) from error
    return KeptTable(table, arrays.get("stamps"))


def still_there(kept: KeptTable, labels: np.ndarray) -> np.ndarray:
    """Return which rows are of objects that look as they did.

    Parameters
    ----------
    kept
        Its names are the numbers of labels.
    labels
        As they are now.

    Returns
    -------
    ndarray
        Indices of the table, ascending, intp.
    """
    if kept.stamps is None:
        return np.arange(len(kept.table))
    numbers, stamps = stamps_of(labels)
    if not numbers.size:
        return np.empty(0, np.intp)
    wanted = np.array([int(name) for name in kept.table.names], np.int64)
    at = np.minimum(np.searchsorted(numbers, wanted), numbers.size - 1)
    same = (numbers[at] == wanted) & (stamps[at] == kept.stamps).all(axis=1)
    return np.flatnonzero(same)
