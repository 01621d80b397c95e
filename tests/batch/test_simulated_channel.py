"""Simulated recordings on disk: they open, hold what was drawn, and say their truth."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.batch.simulated_channel import write_simulated_recordings
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.cli import main
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.simulate import simulate_channel

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Geometry(160, 120)


def test_written_recordings_open_and_hold_what_was_drawn(tmp_path: Path) -> None:
    counts = write_simulated_recordings(tmp_path, 2, 5, seconds=0.1, geometry=SMALL)
    dataset = open_dataset(tmp_path)
    assert [sample.image for sample in dataset.samples] == list(counts)
    for seed, sample in enumerate(dataset.samples, 5):
        drawn = simulate_channel(0.1, geometry=SMALL, seed=seed)
        whole = Events.joined(list(drawn.pieces()))
        source = dataset.event_source(sample)
        read = Events.joined([e.take(np.arange(len(e))) for e in pieces(source)])
        for column in ("t", "x", "y", "p"):
            np.testing.assert_array_equal(getattr(read, column), getattr(whole, column))


def test_truth_lies_beside_as_a_table(tmp_path: Path) -> None:
    write_simulated_recordings(tmp_path, 1, 3, seconds=0.2, geometry=SMALL)
    cells = simulate_channel(0.2, geometry=SMALL, seed=3).cells
    with (tmp_path / "simulated_channel_0003_cells.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == [cell.name for cell in cells]
    assert [float(row["crossing_us"]) for row in rows] == [c.crossing_us for c in cells]


def test_stopped_recording_is_not_there(tmp_path: Path) -> None:
    token = CancelToken()

    def stop(share: float, text: str) -> None:
        if share > 0.3:
            token.cancel()

    with pytest.raises(CancelledError, match="Cancelled"):
        write_simulated_recordings(
            tmp_path, 1, seconds=0.5, geometry=SMALL, token=token, progress=stop
        )
    assert not list(tmp_path.glob("*.raw"))


def test_command_writes_recordings_of_a_size_and_length(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["simulate", str(tmp_path / "s"), "--layout", "channel", "--n", "1"]
    assert main([*command, "--size", "160x120", "--seconds", "50ms"]) == 0
    assert "1 recording" in capsys.readouterr().out
    source = open_dataset(tmp_path / "s").event_source(
        open_dataset(tmp_path / "s").samples[0]
    )
    assert source.header.geometry == SMALL
    assert max(int(e.t[-1]) for e in pieces(source)) < 50_000
