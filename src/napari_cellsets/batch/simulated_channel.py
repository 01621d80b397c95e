"""Simulated recordings of an event camera on disk, each with a table of its cells."""

from __future__ import annotations

import csv
from dataclasses import astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.events import Geometry
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.events.evt3_write import write_evt3
from napari_cellsets.simulate.channel import FlowingCell, simulate_channel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_cellsets.core.cancel import Progress
    from napari_cellsets.core.events import Events
    from napari_cellsets.simulate.channel import SimulatedChannel

USUAL_SENSOR = Geometry(1280, 720)
TRUTH_ENDING = "_cells.csv"
"""What a recording's name ends with, in place of its own ending, for its truth."""


def write_simulated_recordings(
    out: Path | str,
    number: int,
    seed: int = 0,
    *,
    seconds: float = 2.0,
    geometry: Geometry = USUAL_SENSOR,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write recordings of cells that flow through a channel, with their truth.

    Parameters
    ----------
    out
        Folder to write to; made when absent.
    number
        Recordings, one at least.
    seed
        Of the first recording; the next ones count up.
    seconds
        Length of each.
    geometry
        Size of the sensor.
    token
        Cancels within some milliseconds of recording.
    progress
        Called with the share that is done and a short text.

    Returns
    -------
    dict
        Number of cells by file name.

    Raises
    ------
    ExportError
        If the folder cannot be written.
    CancelledError
        If the token was cancelled.
    """
    counts = {}
    for index in range(number):
        name = f"simulated_channel_{seed + index:04d}.raw"
        recording = simulate_channel(seconds, geometry=geometry, seed=seed + index)

        def show(share: float, text: str, done: int = index) -> None:
            if progress is not None:
                progress((done + share) / number, text)

        write_channel(Path(out) / name, recording, token=token, progress=show)
        counts[name] = len(recording.cells)
    if progress is not None:
        progress(1.0, "Drawn")
    return counts


def write_channel(
    path: Path,
    recording: SimulatedChannel,
    *,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> None:
    """Write one simulated recording as EVT3, and its cells as a table beside it.

    Parameters
    ----------
    path
        The recording; the table has its name with `TRUTH_ENDING`.
    recording
        What to draw.
    token, progress
        As of `write_simulated_recordings`.

    Raises
    ------
    ExportError, CancelledError
        As `write_simulated_recordings`.
    """
    token = token or CancelToken()

    def drawn() -> Iterator[Events]:
        for events in recording.pieces():
            token.raise_if_cancelled()
            if progress is not None:
                progress(events.t[-1] / recording.duration_us, path.name)
            yield events

    with atomic_output(path.with_name(path.stem + TRUTH_ENDING)) as aside:
        with aside.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow([field.name for field in fields(FlowingCell)])
            table.writerows(astuple(cell) for cell in recording.cells)
    # last: a recording says that both are whole
    write_evt3(path, drawn(), recording.geometry, facts={"simulated": "yes"})
