"""Write events as HDF5 in the arrangement of DSEC, which many readers know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import ExportError
from napari_cellsets.core.events import Events
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.core.events import Geometry

_CHUNK = 1 << 16
_MS = 1000
_MOST_MS = 7 * 24 * 3600 * 1000
_AT_ONCE = 1 << 20
_LONGEST_FACT = 10_000
"""Attributes of HDF5 end at 64 kB."""


def write_hdf5(
    path: str | Path,
    pieces: Iterable[Events],
    geometry: Geometry | None,
    *,
    start_us: int = 0,
    facts: Mapping[str, str] | None = None,
) -> int:
    """Write events as ``events/t``, ``x``, ``y``, ``p`` with ``ms_to_idx``.

    Times count from the first event; ``t_offset`` is the rest.

    Parameters
    ----------
    path
        File to write; it appears when it is whole.
    pieces
        Events, piece by piece; no more than one is held in memory.
    geometry
        Size of the sensor, kept as attributes ``width`` and ``height`` of ``events``.
    start_us
        Added to all times.
    facts
        What else is known, kept as attributes of the file.

    Returns
    -------
    int
        Number of events.

    Raises
    ------
    ExportError
        If the file cannot be written, or lasts longer than a week: the table of
        milliseconds would be larger than the events.
    """
    import h5py

    with atomic_output(path) as aside, h5py.File(aside, "w") as file:
        for key, value in (facts or {}).items():
            file.attrs[key] = value[:_LONGEST_FACT]
        group = file.create_group("events")
        for key, side in zip(("width", "height"), geometry or (), strict=False):
            group.attrs[key] = side
        columns = {name: _column(group, name, Events.empty()) for name in "txyp"}
        table = _Milliseconds(file, path)
        count, first = 0, None
        for events in pieces:
            if not len(events):
                continue
            first = int(events.t[0]) if first is None else first
            t = events.t - first
            for name, numbers in zip(
                "txyp", (t, events.x, events.y, events.p), strict=True
            ):
                columns[name].resize((count + len(events),))
                columns[name][count:] = numbers
            table.add(t, count)
            count += len(events)
        table.end(count)
        file["t_offset"] = np.int64((first or 0) + start_us)
    return count


def _column(group: Any, name: str, like: Events) -> Any:
    return group.create_dataset(
        name,
        (0,),
        getattr(like, name).dtype,
        maxshape=(None,),
        chunks=(_CHUNK,),
        compression="gzip",
        compression_opts=1,
        shuffle=True,
    )


class _Milliseconds:
    """For each millisecond the number of the first event that is not before it."""

    def __init__(self, file: Any, path: str | Path) -> None:
        self._table = file.create_dataset(
            "ms_to_idx", (0,), np.uint64, maxshape=(None,), chunks=(_CHUNK,)
        )
        self._path = path
        self._latest = 0

    def add(self, t: np.ndarray, number: int) -> None:
        """Add times in us from the first event on, the first of number `number`."""
        so_far = np.maximum(np.maximum.accumulate(t), self._latest)
        self._latest = int(so_far[-1])
        stop = self._latest // _MS + 1
        if stop > _MOST_MS:
            raise ExportError(
                "a recording of more than a week does not fit this arrangement",
                path=self._path,
                advice="Write it as npz.",
            )
        for start in range(len(self._table), stop, _AT_ONCE):
            marks = np.arange(start, min(stop, start + _AT_ONCE)) * _MS
            self._append(np.searchsorted(so_far, marks) + number)

    def end(self, count: int) -> None:
        """Close the table behind the last event."""
        self._append(np.array([count]))

    def _append(self, numbers: np.ndarray) -> None:
        have = len(self._table)
        self._table.resize((have + len(numbers),))
        self._table[have:] = numbers
