"""Write events as text: ``t,x,y,p`` in the first line, an event a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.core.events import Events, Geometry

_LINES = 1 << 16


def write_text(
    path: str | Path,
    pieces: Iterable[Events],
    geometry: Geometry | None,
    *,
    start_us: int = 0,
    facts: Mapping[str, str] | None = None,
) -> int:
    """Write events as comma-separated values.

    Parameters
    ----------
    path
        File to write; it appears when it is whole.
    pieces
        Events, piece by piece; no more than one is held in memory.
    geometry, facts
        Not written: text of columns has no place that all readers skip.
    start_us
        Added to all times.

    Returns
    -------
    int
        Number of events.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    count = 0
    with atomic_output(path) as aside, aside.open("w", newline="\n") as file:
        file.write("t,x,y,p\n")
        for events in pieces:
            for first in range(0, len(events), _LINES):
                part = events.take(slice(first, first + _LINES))
                columns = (part.t + start_us, part.x, part.y, part.p)
                rows = zip(*(column.tolist() for column in columns), strict=True)
                file.writelines(f"{t},{x},{y},{p}\n" for t, x, y, p in rows)
            count += len(events)
    return count
