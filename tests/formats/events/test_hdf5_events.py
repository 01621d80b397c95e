"""Events in HDF5 of every arrangement met in the field."""

from __future__ import annotations

import sys
import zipfile

import h5py
import numpy as np
import pytest
from ecf_encoder import STYLES, encode
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    CellsetsError,
    ExportError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events import hdf5_file
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.formats.events.hdf5 import open_hdf5, sniff_hdf5
from napari_cellsets.formats.events.hdf5_write import write_hdf5
from napari_cellsets.formats.files import open_tree

METAVISION = np.dtype(
    {
        "names": ["x", "y", "p", "t"],
        "formats": ["<u2", "<u2", "<i2", "<i8"],
        "offsets": [0, 2, 4, 8],
        "itemsize": 16,
    }
)


def some_events(count=1000, seed=1):
    rng = np.random.default_rng(seed)
    t = 7_000_000 + np.sort(rng.integers(0, 50_000, count))
    x, y = rng.integers(0, 640, count), rng.integers(0, 480, count)
    return Events.of(t, x, y, rng.integers(0, 2, count))


def all_of(source):
    return Events.joined([part.take(np.arange(len(part))) for part in pieces(source)])


def assert_same(found, wanted):
    for column in "txyp":
        np.testing.assert_array_equal(
            getattr(found, column), getattr(wanted, column), err_msg=column
        )


def opened(folder, reading=None):
    return open_hdf5(open_tree(folder), "a.h5", reading=reading)


def write_metavision(path, events, chunk=256, style="runs"):
    """A file as Metavision's, whose filter this library does not have."""
    with h5py.File(path, "w") as file:
        file.attrs["geometry"] = "640x480"
        file.attrs["serial_number"] = "00001495"
        group = file.create_group("CD")
        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_chunk((chunk,))
        how.set_filter(0x8ECF, h5py.h5z.FLAG_OPTIONAL, ())
        kind = h5py.h5t.py_create(METAVISION, logical=True)
        space = h5py.h5s.create_simple((len(events),), (h5py.h5s.UNLIMITED,))
        one = h5py.h5d.create(group.id, b"events", kind, space, how)
        for start in range(0, len(events), chunk):
            part = events.take(slice(start, start + chunk))
            one.write_direct_chunk((start,), encode(part, style))
        triggers = np.zeros(3, [("p", "i2"), ("t", "i8"), ("id", "i2")])
        file.create_group("EXT_TRIGGER")["events"] = triggers


@pytest.mark.parametrize("style", STYLES)
def test_metavision_files_are_decoded_chunk_by_chunk(tmp_path, style):
    events = some_events()
    write_metavision(tmp_path / "a.h5", events, style=style)
    source = opened(tmp_path)
    assert source.header.geometry == Geometry(640, 480)
    assert source.header.facts["serial_number"] == "00001495"
    assert_same(all_of(source), events)


def test_a_chunk_with_too_few_events_is_refused(tmp_path):
    events = some_events(256)
    write_metavision(tmp_path / "a.h5", events)
    with h5py.File(tmp_path / "a.h5", "a") as file:
        content = encode(events.take(slice(100)))
        file["CD/events"].id.write_direct_chunk((0,), content)
    with pytest.raises(UnreadableFileError, match="it holds 100"):
        opened(tmp_path)


def test_what_is_written_reads_back_and_is_arranged_as_dsec(tmp_path):
    events = some_events(5000)
    parts = [events.take(slice(i, i + 700)) for i in range(0, 5000, 700)]
    path = tmp_path / "a.h5"
    count = write_hdf5(
        path, [*parts, Events.empty()], Geometry(640, 480), facts={"lens": "f/2"}
    )
    source = opened(tmp_path)
    assert (count, source.header.geometry) == (5000, (640, 480))
    assert source.header.facts == {"lens": "f/2"}
    assert_same(all_of(source), events)
    with h5py.File(path) as file:
        t, table = file["events/t"][:], file["ms_to_idx"][:]
        assert file["t_offset"][()] == events.t[0]
    assert len(table) == t[-1] // 1000 + 2
    slow = [np.flatnonzero(t >= 1000 * ms)[0] for ms in range(len(table) - 1)]
    np.testing.assert_array_equal(table, [*slow, len(t)])


def test_the_table_of_milliseconds_bears_backward_steps(tmp_path):
    t = np.array([0, 2500, 2400, 2600, 900, 5100])
    zeros = np.zeros(6)
    write_hdf5(tmp_path / "a.h5", [Events.of(t, zeros, zeros, zeros)], None)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["ms_to_idx"][:].tolist() == [0, 1, 1, 5, 5, 5, 6]
    assert all_of(opened(tmp_path)).t.tolist() == t.tolist()


def test_no_events_are_written_as_none(tmp_path):
    write_hdf5(tmp_path / "a.h5", [], Geometry(4, 3), start_us=9)
    assert opened(tmp_path).units == 0


def test_more_than_a_week_does_not_fit_the_table_of_milliseconds(tmp_path):
    far = Events.of([0, 8 * 24 * 3600 * 10**6], [0, 0], [0, 0], [0, 0])
    with pytest.raises(ExportError, match="more than a week"):
        write_hdf5(tmp_path / "a.h5", [far], None)
    assert not (tmp_path / "a.h5").exists()


def test_the_offset_of_times_is_added(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key in "xyp":
            file[f"events/{key}"] = np.zeros(3, np.uint16)
        file["events/t"] = np.array([0, 5, 9], np.uint32)
        file["t_offset"] = 49_599_300_523
    source = opened(tmp_path)
    assert all_of(source).t.tolist() == [49_599_300_523 + t for t in (0, 5, 9)]


def test_sides_beside_the_columns_are_the_geometry(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key in "txyp":
            file[f"events/{key}"] = np.zeros(3, np.uint16)
        file["events/height"], file["events/width"] = 720, 1280
    assert opened(tmp_path).header.geometry == Geometry(1280, 720)


def test_records_of_float32_seconds_of_several_samples_are_asked_for(tmp_path):
    events = some_events()
    kind = np.dtype([("x", "u2"), ("y", "u2"), ("ts", "f4"), ("p", "i1")])
    records = np.zeros(len(events), kind)
    records["x"], records["y"] = events.x, events.y
    records["ts"] = (events.t - events.t[0] + 20_000_000) / 1e6
    records["p"] = events.p * 2 - 1
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("0/00004", data=records, compression="gzip")
        file.create_dataset("7/00001", data=records, compression="gzip")
    with pytest.raises(AmbiguousEventsError, match="2 recordings") as error:
        opened(tmp_path)
    assert error.value.readings == ("/0/00004", "/7/00001")
    source = opened(tmp_path, "/7/00001")
    found = all_of(source)
    np.testing.assert_array_equal(found.p, events.p)
    assert abs(found.t - found.t[0] - (events.t - events.t[0])).max() <= 2
    assert any("32-bit floats" in doubt for doubt in source.header.doubts)


def test_a_table_of_four_columns_is_told_by_what_it_holds(tmp_path):
    events = some_events()
    columns = [events.x, events.y, events.t / 1e6, events.p.astype(float) * 2 - 1]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["davis/left/events"] = np.stack(columns, axis=1)
        file["davis/left/imu"] = np.zeros((5, 6))
    assert_same(all_of(opened(tmp_path)), events)
    assert_same(all_of(opened(tmp_path, "xytp")), events)


def test_a_file_in_a_zip_opens_in_place(tmp_path):
    events = some_events()
    write_hdf5(tmp_path / "a.h5", [events], None)
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "a.h5", "in/a.h5")
    tree = open_tree(tmp_path / "set.zip")
    assert_same(all_of(open_hdf5(tree, "in/a.h5")), events)


def test_blocks_are_cut_right_across_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr(hdf5_file, "_BLOCK", 100)
    monkeypatch.setattr(hdf5_file, "_KEPT_ROWS", 300)
    events = some_events()
    write_metavision(tmp_path / "a.h5", events, chunk=64)
    source = opened(tmp_path)
    for first, stop in ((0, 1000), (63, 65), (127, 700), (990, 1000)):
        out = Events.empty(stop - first)
        source.decode(first, stop, source.start(), out)
        assert_same(out, events.take(slice(first, stop)))


def test_packed_with_zstandard_opens_with_the_extra(tmp_path):
    hdf5plugin = pytest.importorskip("hdf5plugin")
    events = some_events()
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key in "txyp":
            column = getattr(events, key)
            file.create_dataset(f"events/{key}", data=column, **hdf5plugin.Zstd())
    assert_same(all_of(opened(tmp_path)), events)


def test_without_the_extra_its_name_is_said(tmp_path, monkeypatch):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key in "xyp":
            file[f"events/{key}"] = np.zeros(4, np.uint16)
        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_chunk((4,))
        how.set_filter(32001, h5py.h5z.FLAG_OPTIONAL, ())
        kind, space = h5py.h5t.NATIVE_INT64, h5py.h5s.create_simple((4,))
        h5py.h5d.create(file["events"].id, b"t", kind, space, how)
    monkeypatch.setattr(h5py.h5z, "filter_avail", lambda code: False)
    monkeypatch.setitem(sys.modules, "hdf5plugin", None)
    with pytest.raises(UnreadableFileError, match="packed with Blosc"):
        opened(tmp_path)


def test_other_content_is_no_events(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["image"] = np.zeros((5, 5))
    assert sniff_hdf5("a.h5", (tmp_path / "a.h5").read_bytes()[:100], 100)
    with pytest.raises(NotRecognisedError, match="columns t, x, y and p"):
        opened(tmp_path)


def test_columns_of_different_length_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for count, key in enumerate("txyp", 5):
            file[f"events/{key}"] = np.zeros(count, np.uint16)
    with pytest.raises(UnreadableFileError, match="columns of one length"):
        opened(tmp_path)


def test_numbers_in_another_file_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key in "xyp":
            file[f"events/{key}"] = np.zeros(4, np.uint16)
        external = [("/etc/hostname", 0, 32)]
        file.create_dataset("events/t", (4,), "i8", external=external)
    with pytest.raises(UnreadableFileError, match="lies in another file"):
        opened(tmp_path)


def test_a_huge_chunk_is_refused_before_it_is_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key in "txyp":
            file.create_dataset(
                f"events/{key}", (1 << 27,), "i8", chunks=(1 << 27,), compression="gzip"
            )
    with pytest.raises(UnreadableFileError, match="claims 1,073,741,824 bytes"):
        opened(tmp_path)


def test_more_rows_than_bytes_can_hold_are_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for key in "txyp":
            file.create_dataset(f"events/{key}", (1 << 40,), "i8", chunks=(9,))
    with pytest.raises(UnreadableFileError, match="claims 1,099,511,627,776 events"):
        opened(tmp_path)


def test_links_to_other_files_are_not_followed(tmp_path):
    write_hdf5(tmp_path / "b.h5", [some_events()], None)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["events"] = h5py.ExternalLink("b.h5", "/events")
    with pytest.raises(NotRecognisedError, match="there are none in it"):
        opened(tmp_path)


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    write_hdf5(tmp_path / "a.h5", [some_events()], None)
    content = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableFileError, match="HDF5 file is damaged"):
        opened(tmp_path)


def test_a_real_file_of_samples(real_samples):
    tree = open_tree(real_samples / "events" / "aertb")
    with pytest.raises(AmbiguousEventsError, match="40 recordings"):
        open_hdf5(tree, "Bond_TEST.h5")
    source = open_hdf5(tree, "Bond_TEST.h5", reading="/0/00004")
    found = all_of(source)
    assert (len(found), found.t[0], found.t[-1]) == (5293, 581, 308_529)


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.floats(0, 1))
def test_any_damage_is_events_or_refused(tmp_path_factory, noise, where):
    folder = tmp_path_factory.mktemp("noise")
    write_metavision(folder / "a.h5", some_events(300))
    content = bytearray((folder / "a.h5").read_bytes())
    at = int(where * len(content))
    content[at : at + len(noise)] = noise
    (folder / "a.h5").write_bytes(content)
    try:
        source = opened(folder)
        found = all_of(source)
    except CellsetsError:
        return
    assert len(found) <= source.units
