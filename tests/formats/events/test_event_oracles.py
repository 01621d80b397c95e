"""Other readers read what we write, and we read what they write."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellsets.core.errors import NotRecognisedError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.formats.events.hdf5_write import write_hdf5
from napari_cellsets.formats.events.npz_write import write_npz
from napari_cellsets.formats.events.opening import find_format, open_event_file
from napari_cellsets.formats.events.text_write import write_text
from napari_cellsets.formats.files import open_tree

WRITERS = {".npz": write_npz, ".h5": write_hdf5, ".csv": write_text}


def some_events(count=2000, seed=1):
    rng = np.random.default_rng(seed)
    t = 5_000_000 + np.cumsum(rng.integers(0, 30, count))
    x, y = rng.integers(0, 320, count), rng.integers(0, 240, count)
    return Events.of(t, x, y, rng.integers(0, 2, count))


def all_of(source):
    return Events.joined([part.take(np.arange(len(part))) for part in pieces(source)])


def assert_same(found, wanted, columns="txyp"):
    for column in columns:
        theirs = np.asarray(getattr(found, column))
        np.testing.assert_array_equal(theirs, getattr(wanted, column), column)


@pytest.mark.parametrize("ending", WRITERS)
def test_evutils_reads_what_we_write(tmp_path, ending):
    evutils = pytest.importorskip("evutils.io")
    events = some_events()
    WRITERS[ending](tmp_path / f"a{ending}", [events], Geometry(320, 240))
    with evutils.EventReader(tmp_path / f"a{ending}") as reader:
        found = reader.read_all()
    assert_same(found, events, "xyp")
    # it counts the times of DSEC's arrangement from the first event
    theirs = np.asarray(found.t)
    np.testing.assert_array_equal(theirs - theirs[0], events.t - events.t[0])


@pytest.mark.parametrize("ending", [".npz", ".h5", ".csv", ".txt"])
def test_we_read_what_evutils_writes(tmp_path, ending):
    evutils = pytest.importorskip("evutils.io")
    from evutils.types import EventArray

    events = some_events()
    place = tmp_path / f"a{ending}"
    with evutils.EventWriter(place, width=320, height=240) as writer:
        writer.write(EventArray(t=events.t, x=events.x, y=events.y, p=events.p))
    source = open_event_file(place)
    assert_same(all_of(source), events)
    if ending in (".npz", ".h5"):
        assert source.header.geometry == Geometry(320, 240)


def test_faery_reads_our_text(tmp_path):
    faery = pytest.importorskip("faery")
    events = some_events()
    write_text(tmp_path / "a.csv", [events], None)
    stream = faery.events_stream_from_file(
        tmp_path / "a.csv", dimensions_fallback=(320, 240)
    )
    found = stream.to_array()
    np.testing.assert_array_equal(found["x"], events.x)
    np.testing.assert_array_equal(found["y"], events.y)
    np.testing.assert_array_equal(found["on"], events.p)
    steps = np.diff(found["t"].astype(np.int64))
    np.testing.assert_array_equal(steps, np.diff(events.t))


def test_the_real_digit_is_decoded_as_its_bytes_say(real_samples):
    source = open_event_file(real_samples / "events" / "tonic" / "sample_nmnist.bin")
    found = all_of(source)
    content = (real_samples / "events" / "tonic" / "sample_nmnist.bin").read_bytes()
    for number in (0, 1, 4324):
        x, y, a, b, c = content[5 * number : 5 * number + 5]
        time = (a & 127) << 16 | b << 8 | c
        event = [int(getattr(found, column)[number]) for column in "txyp"]
        assert event == [time, x, y, a >> 7]


def test_every_real_file_is_recognised(real_samples):
    tree = open_tree(real_samples / "events")
    known = {
        name.rpartition("/")[2]: getattr(find_format(tree, name), "key", None)
        for name in tree.names()
        if not name.endswith((".yaml", ".txt"))
    }
    wanted = {
        "Bond_TEST.h5": "hdf5",
        "test_events_1.db3": "rosbag",
        "test_events_2_0.mcap": "rosbag",
        "evt2_sample.raw": "evt2",
        "evt3_sample.raw": "evt3",
        "evt3_sample.npy": "npy",
        "color.es": "es",
        "generic.es": "es",
        "sample.aedat4": "aedat4",
        "sample_aedat_header.aedat": "aedat2",
        "sample_ncars.dat": "dat",
        "sample_nmnist.bin": "nmnist",
        "sample_stmnist.mat": "stmnist",
    }
    assert {name: known.get(name) for name in wanted} == wanted


def test_aedat_4_is_told_from_2_by_its_first_line(tmp_path):
    for version, key in (("2.0", "aedat2"), ("4.0", "aedat4")):
        (tmp_path / "a.aedat").write_bytes(f"#!AER-DAT{version}\r\n".encode())
        assert find_format(open_tree(tmp_path), "a.aedat").key == key


def test_the_only_format_of_an_ending_says_what_it_misses(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 2, 8, 9)))
    (tmp_path / "a.csv").write_text("image,class\n")
    with pytest.raises(NotRecognisedError, match="4 x 2 x 8 x 9: frames or counts"):
        open_event_file(tmp_path / "a.npy")
    with pytest.raises(NotRecognisedError, match="lines of four numbers"):
        open_event_file(tmp_path / "a.csv")
