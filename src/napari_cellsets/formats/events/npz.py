"""Events in NumPy archives: a member a column, or one array that is events itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    CellsetsError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Geometry
from napari_cellsets.formats.events.columns import NO_POLARITY, named_columns
from napari_cellsets.formats.events.npy import (
    array_in,
    can_be_events,
    items,
    open_array,
)
from napari_cellsets.formats.events.npz_write import FACTS
from napari_cellsets.formats.events.ordering import ordered_rows
from napari_cellsets.formats.events.rows import Raw

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.events.npy import Array
    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.sources import Source

_ENDING = ".npy"
_USUAL = ("events", "event_data", "arr_0")
_LARGEST_SIDE = 65536
_MOST_FACTS = 1 << 20
_FORMAT = "NumPy archive"


def sniff_npz(name: str, head: bytes, size: int) -> bool:
    """Whether a file is an archive of NumPy arrays by its name and first bytes."""
    return head[:4] == b"PK\x03\x04" and name.lower().endswith(".npz")


def open_npz(tree: FileTree, name: str, *, reading: str | None = None) -> EventSource:
    """Open an archive of arrays as events.

    Parameters
    ----------
    tree, name
        The file.
    reading
        Name of the array, or order of its columns, where the person said it.

    Raises
    ------
    UnreadableFileError
        If it is damaged, or its columns differ in length.
    NotRecognisedError
        If none of its arrays is events.
    AmbiguousEventsError
        If several are, or one can be read in several ways.
    """
    from napari_cellsets.formats.zip_tree import ZipTree

    place = tree.place(name)
    archive = ZipTree(tree.source(name), Path(place), depth=1)
    arrays, faults = _arrays(archive, place)
    named = named_columns([*arrays, *faults])
    if named is None or reading in arrays:
        key, order = _chosen(arrays, faults, reading, place)
        return open_array(arrays[key][0], f"{place}/{key}", order)
    for key in named[:4]:
        if key in faults:
            raise faults[key]
    columns = [arrays[key] if key else None for key in named[:4]]
    return ordered_rows(
        _Columns(columns, place),
        _FORMAT,
        unit=named.unit,
        geometry=_geometry(arrays),
        assumed=() if named.p else (NO_POLARITY,),
        facts=_facts(archive),
    )


def _chosen(
    arrays: Mapping[str, tuple[Source, Array]],
    faults: Mapping[str, CellsetsError],
    reading: str | None,
    place: str,
) -> tuple[str, str | None]:
    """Choose the array that is events itself, and the order of its columns."""
    events = [key for key, (_, array) in arrays.items() if can_be_events(array)]
    if reading is not None and reading in events:
        return reading, None
    if len(events) > 1:
        events = [key for key in _USUAL if key in events][:1] or events
    if len(events) > 1:
        raise AmbiguousEventsError(
            f"{len(events)} arrays of it can be events",
            readings=events,
            path=place,
            advice="Say which one to open.",
        )
    if events:
        return events[0], reading
    for fault in faults.values():
        raise fault
    listed = ", ".join(arrays)[:80] or "nothing"
    raise NotRecognisedError(
        f"arrays t, x, y and p were expected; there are {listed}", path=place
    )


def _arrays(
    archive: FileTree, place: str
) -> tuple[dict[str, tuple[Source, Array]], dict[str, CellsetsError]]:
    """Arrays by their keys, and what is wrong with those that cannot be read."""
    found, faults = {}, {}
    for name in archive.names():
        if not name.endswith(_ENDING):
            continue
        key = name.removesuffix(_ENDING)
        try:
            source = archive.source(name)
            found[key] = source, array_in(source, f"{place}/{name}")
        except CellsetsError as error:
            faults[key] = error
    return found, faults


class _Columns:
    """Arrays of one axis and the same length."""

    def __init__(self, columns: list[tuple[Source, Array] | None], place: str) -> None:
        self._columns, self._place = columns, place
        arrays = [column[1] for column in columns if column is not None]
        self.count = arrays[0].length
        numbers = all(array.dtype.kind in "biuf" for array in arrays)
        if not numbers or any(len(a.shape) != 1 for a in arrays):
            raise NotRecognisedError("columns of numbers were expected", path=place)
        if len({array.length for array in arrays}) > 1:
            counts = ", ".join(f"{array.length:,}" for array in arrays)
            raise UnreadableFileError(
                f"columns of one length were expected; they have {counts}",
                path=place,
            )

    def read(self, first: int, count: int) -> Raw:
        return Raw(
            *(
                np.ones(count, np.uint8)
                if column is None
                else items(*column, first, count, self._place)
                for column in self._columns
            )
        )


def _facts(archive: FileTree) -> dict[str, str]:
    """Read what our writer noted besides; nothing where it is damaged."""
    if FACTS not in archive.names() or archive.size(FACTS) > _MOST_FACTS:
        return {}
    try:
        said = json.loads(archive.read(FACTS))
    except (ValueError, CellsetsError):
        return {}
    return {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}


def _geometry(arrays: Mapping[str, tuple[Source, Array]]) -> Geometry | None:
    """Size of the sensor where the archive has it as two numbers."""
    sides = []
    for key in ("width", "height"):
        source, array = arrays.get(key, (None, None))
        if source is None or array is None:
            return None
        if array.length != 1 or array.dtype.kind not in "iu":
            return None
        sides.append(int(items(source, array, 0, 1, key)[0]))
    known = all(0 < side <= _LARGEST_SIDE for side in sides)
    return Geometry(*sides) if known else None
