"""``napari-cellsets events``: recordings told, cut, converted and drawn."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.cli import main
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.registry import EVENT_FORMATS
from napari_cellsets.simulate import simulate_channel

if TYPE_CHECKING:
    from pathlib import Path

SENSOR = Geometry(160, 120)


@pytest.fixture(scope="module")
def channel() -> Events:
    """Events of a simulated channel, 60 ms."""
    recording = simulate_channel(
        0.06, geometry=SENSOR, cells_per_second=80.0, noise_hz=1.0, hot_pixels=3, seed=2
    )
    return Events.joined(list(recording.pieces()))


@pytest.fixture
def recording(channel: Events, tmp_path: Path) -> Path:
    """The same as EVT3 on disk, its clock at 5 s."""
    path = tmp_path / "channel.raw"
    EVENT_FORMATS["evt3"].write(path, [channel], SENSOR, start_us=5_000_000)
    return path


def test_info_tells_exactly_what_is_promised(recording, channel, capsys):
    assert main(["events", "info", str(recording), "--json"]) == 0
    on = int(channel.p.sum())
    assert json.loads(capsys.readouterr().out) == {
        "format": "EVT3",
        "width": 160,
        "height": 120,
        "events": len(channel),
        "on": on,
        "off": len(channel) - on,
        "t_first_us": 5_000_000 + int(channel.t[0]),
        "t_last_us": 5_000_000 + int(channel.t[-1]),
        "faults": [],
    }


def test_info_for_people_names_sensor_counts_and_times(recording, channel, capsys):
    assert main(["events", "info", str(recording)]) == 0
    said = capsys.readouterr().out
    assert "160 x 120 px" in said
    assert f"{len(channel):,} ({int(channel.p.sum()):,} ON" in said
    assert "note" not in said


def test_info_tells_faults_as_notes(tmp_path, channel, capsys):
    table = np.zeros(len(channel), [("t", "i8"), ("x", "u2"), ("y", "u2"), ("p", "u1")])
    for name in table.dtype.names:
        table[name] = getattr(channel, name)
    np.save(tmp_path / "some.npy", table)
    assert main(["events", "info", str(tmp_path / "some.npy")]) == 0
    assert "note" in capsys.readouterr().out


def test_member_of_an_archive_is_named_by_its_path(recording, channel, capsys):
    place = recording.with_name("set.zip")
    with zipfile.ZipFile(place, "w") as archive:
        archive.write(recording, "day1/a.raw")
        archive.write(recording, "day1/b.raw")
    assert main(["events", "info", str(place / "day1" / "b.raw"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == len(channel)


def test_folder_of_one_recording_stands_for_it(recording, channel, capsys):
    assert main(["events", "info", str(recording.parent), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == len(channel)


def test_several_recordings_are_a_question(recording, capsys):
    recording.with_name("other.raw").write_bytes(recording.read_bytes())
    assert main(["events", "info", str(recording.parent)]) == 1
    said = capsys.readouterr().err
    assert "one recording was expected; there are 2" in said
    assert str(recording) in said


def test_what_is_no_recording_is_said_in_a_sentence(tmp_path, capsys):
    (tmp_path / "notes.raw").write_bytes(b"hello" * 100)
    assert main(["events", "info", str(tmp_path / "notes.raw")]) == 1
    assert "no events were recognised" in capsys.readouterr().err


def test_missing_file_is_said_in_a_sentence(tmp_path, capsys):
    assert main(["events", "info", str(tmp_path / "none.raw")]) == 1
    assert "there is no such file" in capsys.readouterr().err
