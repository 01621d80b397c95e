"""``napari-cellsets events``: recordings told, cut, converted and drawn."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellsets.cli import main
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.formats.events.opening import open_event_file
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
    assert "fault" not in said
    assert "assumed" not in said


def test_info_tells_what_was_assumed_apart_from_faults(tmp_path, channel, capsys):
    table = np.zeros(len(channel), [("t", "i8"), ("x", "u2"), ("y", "u2"), ("p", "u1")])
    for name in table.dtype.names:
        table[name] = getattr(channel, name)
    np.save(tmp_path / "some.npy", table)
    assert main(["events", "info", str(tmp_path / "some.npy")]) == 0
    said = capsys.readouterr().out
    assert "assumed   The file does not tell its size" in said
    assert "fault" not in said


def test_info_tells_faults(recording, capsys):
    with recording.open("ab") as file:
        file.write(b"\x01")
    assert main(["events", "info", str(recording)]) == 0
    assert "fault     It is cut off within its last word" in capsys.readouterr().out


def test_member_of_an_archive_is_named_by_its_path(recording, channel, capsys):
    place = recording.with_name("set.zip")
    with zipfile.ZipFile(place, "w") as archive:
        archive.write(recording, "day1/a.raw")
        archive.write(recording, "day1/b.raw")
    assert main(["events", "info", str(place / "day1" / "b.raw"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == len(channel)


def test_member_of_a_flat_archive_is_named_as_the_message_offers(
    channel, tmp_path, capsys
):
    place = tmp_path / "RBC.zip"
    with zipfile.ZipFile(place, "w") as archive:
        for number in range(6):
            table = np.zeros(300, [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "u1")])
            for name in table.dtype.names:
                table[name] = getattr(channel, name)[:300]
            with archive.open(f"{number}00us.npy", "w") as file:
                np.save(file, table)
    assert main(["events", "info", str(place)]) == 1
    assert f"{place / '000us.npy'}, " in capsys.readouterr().err
    assert main(["events", "info", str(place / "200us.npy"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 300


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


def read_back(path: Path) -> Events:
    source = open_event_file(path)
    parts = [part.take(np.arange(len(part))) for part in pieces(source)]
    return Events.joined(parts)


def equal(one: Events, other: Events) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in "txyp"
    )


def test_cut_holds_the_events_of_its_range_from_zero(recording, channel, tmp_path):
    out = tmp_path / "cut.raw"
    command = ["events", "cut", str(recording), str(out), "--from", "20ms"]
    assert main([*command, "--to", "0.045"]) == 0
    origin = channel.t[0]
    inside = (channel.t - origin >= 20_000) & (channel.t - origin < 45_000)
    wanted = channel.take(inside)
    found = read_back(out)
    assert equal(
        found, Events(wanted.t - origin - 20_000, wanted.x, wanted.y, wanted.p)
    )


def test_cut_keeps_times_where_wanted(recording, channel, tmp_path):
    out = tmp_path / "cut.raw"
    command = ["events", "cut", str(recording), str(out), "--from", "20ms"]
    assert main([*command, "--keep-times"]) == 0
    assert read_back(out).t[0] >= 5_020_000


@pytest.mark.parametrize("name", ["a.raw", "a.npz", "a.h5", "a.dat"])
def test_converted_recording_is_the_same(name, recording, channel, tmp_path):
    out = tmp_path / name
    assert main(["events", "convert", str(recording), str(out)]) == 0
    found = read_back(out)
    assert equal(found, Events(channel.t + 5_000_000, channel.x, channel.y, channel.p))


def test_format_is_chosen_where_an_ending_has_several(recording, channel, tmp_path):
    out = tmp_path / "a.raw"
    command = ["events", "convert", str(recording), str(out), "--format", "evt2"]
    assert main(command) == 0
    assert open_event_file(out).header.format == "EVT2"
    assert len(read_back(out)) == len(channel)


def test_filters_take_out_and_say_how_much(recording, channel, tmp_path, capsys):
    out = tmp_path / "a.npz"
    command = ["events", "cut", str(recording), str(out), "--polarity", "on"]
    assert main([*command, "--region", "40,30,20,10", "--keep-times"]) == 0
    inside = (channel.x >= 40) & (channel.x < 60) & (channel.y >= 30) & (channel.y < 40)
    wanted = channel.take(inside & (channel.p == 1))
    found = read_back(out)
    np.testing.assert_array_equal(found.x, wanted.x)
    np.testing.assert_array_equal(found.t, wanted.t + 5_000_000)
    said = capsys.readouterr()
    assert f"polarity: {(channel.p == 0).sum():,} events taken out" in said.err
    assert f"{len(wanted):,} events" in said.out


def test_turned_recording_has_a_turned_sensor(recording, channel, tmp_path):
    out = tmp_path / "a.raw"
    assert main(["events", "convert", str(recording), str(out), "--turn", "90"]) == 0
    source = open_event_file(out)
    assert source.header.geometry == Geometry(120, 160)
    found = read_back(out)
    np.testing.assert_array_equal(found.y, channel.x)
    np.testing.assert_array_equal(found.x, 119 - channel.y)


def test_hot_pixels_are_found_and_told(recording, tmp_path, capsys):
    out = tmp_path / "a.raw"
    assert main(["events", "convert", str(recording), str(out), "--hot-pixels"]) == 0
    assert "hot pixel" in capsys.readouterr().err


def test_background_and_refractory_take_out_events(recording, channel, tmp_path):
    out = tmp_path / "a.raw"
    command = ["events", "convert", str(recording), str(out), "--background", "2ms"]
    assert main([*command, "--refractory", "500us"]) == 0
    assert 0 < len(read_back(out)) < len(channel)


def test_recording_is_never_written_over(recording, capsys):
    before = recording.read_bytes()
    assert main(["events", "convert", str(recording), str(recording)]) == 1
    assert "never changed" in capsys.readouterr().err
    assert recording.read_bytes() == before


def test_unknown_ending_is_said_in_a_sentence(recording, tmp_path, capsys):
    assert main(["events", "convert", str(recording), str(tmp_path / "a.xyz")]) == 1
    assert "does not say which format" in capsys.readouterr().err


def test_range_behind_the_end_is_said_in_a_sentence(recording, tmp_path, capsys):
    out = tmp_path / "a.raw"
    command = ["events", "cut", str(recording), str(out), "--from", "5s"]
    assert main(command) == 1
    assert "none of it lies from 5 s on" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--from", "soon"],
        ["--from", "-1ms"],
        ["--region", "1,2,3"],
        ["--region", "1,2,0,4"],
        ["--background", "0us"],
        ["--turn", "45"],
        ["--format", "mp3"],
    ],
)
def test_options_without_sense_are_refused(wrong, recording, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        main(["events", "cut", str(recording), str(tmp_path / "a.raw"), *wrong])
    assert stopped.value.code == 2


def test_frames_become_a_tiff_stack_of_counts(recording, channel, tmp_path):
    import tifffile

    out = tmp_path / "a.tif"
    assert main(["events", "frames", str(recording), str(out), "--step", "5ms"]) == 0
    stack = tifffile.imread(out)
    assert stack.shape == (12, 2, 120, 160)
    assert stack[:, 1].sum() == channel.p.sum()
    assert stack.sum() == len(channel)


def test_frames_become_a_zarr_stack(recording, tmp_path):
    zarr = pytest.importorskip("zarr")
    out = tmp_path / "a.zarr"
    command = ["events", "frames", str(recording), str(out), "--kind", "surface"]
    assert main([*command, "--step", "20ms"]) == 0
    assert zarr.open(out)["0"].shape == (3, 2, 120, 160)


def test_frames_of_another_ending_are_refused(recording, tmp_path, capsys):
    assert main(["events", "frames", str(recording), str(tmp_path / "a.doc")]) == 1
    assert "does not say what to write" in capsys.readouterr().err


def test_frames_become_a_gif_in_slow_motion(recording, tmp_path, capsys):
    from PIL import Image

    out = tmp_path / "a.gif"
    command = ["events", "frames", str(recording), str(out), "--slowdown", "20"]
    assert main([*command, "--fps", "10", "--zoom", "2", "--ground", "light"]) == 0
    assert "12 frames of 320 × 240" in capsys.readouterr().err
    with Image.open(out) as film:
        assert film.size == (320, 240)
        assert film.n_frames == 12


def test_frames_become_an_mp4(recording, tmp_path):
    import cv2

    out = tmp_path / "a.mp4"
    command = ["events", "frames", str(recording), str(out), "--mode", "surface"]
    assert main([*command, "--slowdown", "20", "--to", "20ms", "--bare"]) == 0
    film = cv2.VideoCapture(str(out))
    assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 10
    assert film.get(cv2.CAP_PROP_FRAME_WIDTH) == 160


@pytest.mark.parametrize(
    "wrong",
    [["--fps", "500"], ["--dot", "9"], ["--zoom", "0"], ["--slowdown", "-1"]],
)
def test_films_without_sense_are_refused(wrong, recording, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        main(["events", "frames", str(recording), str(tmp_path / "a.gif"), *wrong])
    assert stopped.value.code == 2


def test_file_with_several_readings_names_them(tmp_path, capsys):
    steps = np.arange(400)
    table = np.stack([steps, steps + 9, steps % 60, steps % 2], axis=1)
    np.save(tmp_path / "a.npy", table)
    command = ["events", "info", str(tmp_path / "a.npy"), "--json"]
    assert main(command) == 1
    said = capsys.readouterr().err
    reading = said.partition("--reading: ")[2].split(",")[0]
    assert main([*command, "--reading", reading]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 400


def test_frames_without_an_ending_become_a_folder_of_pictures(recording, tmp_path):
    import cv2

    out = tmp_path / "pictures"
    command = ["events", "frames", str(recording), str(out), "--slowdown", "20"]
    assert main([*command, "--to", "20ms", "--ground", "light", "--bare"]) == 0
    names = [f"frame_{n:06d}.png" for n in range(10)]
    assert sorted(path.name for path in out.iterdir()) == names
    last = cv2.imread(str(out / names[-1]))
    assert last.shape == (120, 160, 3)
    assert (last == 255).all(axis=2).mean() > 0.5
    assert main(command) == 1  # a folder is never written over
