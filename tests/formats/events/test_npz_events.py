"""NumPy archives of events, written and read, whole and in pieces."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    CellsetsError,
    ExportError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.formats.events.npz import open_npz, sniff_npz
from napari_cellsets.formats.events.npz_write import write_npz
from napari_cellsets.formats.files import open_tree


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


def opened(folder, reading=""):
    return open_npz(open_tree(folder), "a.npz", reading=reading)


@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_written_reads_back_and_numpy_reads_it_too(tmp_path, compressed):
    events = some_events()
    parts = [events.take(slice(i, i + 300)) for i in range(0, 1000, 300)]
    size = Geometry(640, 480)
    count = write_npz(
        tmp_path / "a.npz", parts, size, facts={"lens": "f/2"}, compressed=compressed
    )
    source = opened(tmp_path)
    assert source.header.facts == {"lens": "f/2"}
    assert (count, source.header.geometry) == (1000, size)
    assert_same(all_of(source), events)
    with np.load(tmp_path / "a.npz") as archive:
        assert_same(Events(*(archive[c] for c in "txyp")), events)
        assert (archive["width"], archive["height"]) == (640, 480)


def test_the_start_is_added_to_all_times(tmp_path):
    write_npz(tmp_path / "a.npz", [some_events()], None, start_us=10**15)
    source = opened(tmp_path)
    assert source.header.geometry is None
    assert source.header.clock == "Unix"
    np.testing.assert_array_equal(all_of(source).t, some_events().t + 10**15)


def test_damaged_facts_are_left_out(tmp_path):
    write_npz(tmp_path / "a.npz", [some_events()], None)
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("facts.json", "{")
    assert opened(tmp_path).header.facts == {}


def test_no_events_make_an_archive_of_none(tmp_path):
    write_npz(tmp_path / "a.npz", [], Geometry(4, 3))
    assert opened(tmp_path).units == 0


def test_a_folder_that_is_a_file_cannot_be_written_into(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ExportError, match="could not be written"):
        write_npz(tmp_path / "file" / "a.npz", [], None)


@pytest.mark.parametrize("key", ["events", "event_data", "arr_0", "whatever"])
@pytest.mark.parametrize("structured", [False, True])
def test_one_array_may_hold_all_columns(tmp_path, key, structured):
    events = some_events()
    table = np.stack([getattr(events, c).astype(np.int64) for c in "txyp"], axis=1)
    if structured:
        table = np.rec.fromarrays(table.T, names="ts,x,y,polarity")
    np.savez(tmp_path / "a.npz", **{key: table}, labels=np.zeros(9))
    assert_same(all_of(opened(tmp_path)), events)


def test_narrow_and_wide_types_read_alike(tmp_path):
    events = some_events()
    for wide in (np.int16, np.int64, np.float64):
        np.savez_compressed(
            tmp_path / "a.npz",
            timestamps=events.t.astype(np.int32),
            xs=events.x.astype(wide),
            ys=events.y.astype(wide),
            pol=events.p.astype(wide),
        )
        assert_same(all_of(opened(tmp_path)), events)


def test_several_arrays_of_events_are_asked_for(tmp_path):
    table = np.zeros(5, [("t", "i8"), ("x", "u2"), ("y", "u2"), ("p", "u1")])
    np.savez(tmp_path / "a.npz", left=table, right=table[:3])
    with pytest.raises(AmbiguousEventsError, match="2 arrays") as error:
        opened(tmp_path)
    assert error.value.readings == ("left", "right")
    assert opened(tmp_path, "right").units == 3


def test_columns_of_different_length_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", t=np.arange(5), x=np.arange(5), y=np.arange(4))
    with pytest.raises(UnreadableFileError, match="columns of one length"):
        opened(tmp_path)


def test_columns_of_text_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", t=np.arange(1), x=np.array(["a"]), y=np.arange(1))
    with pytest.raises(NotRecognisedError, match="columns of numbers"):
        opened(tmp_path)


def test_arrays_of_something_else_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", image=np.zeros((5, 5)))
    with pytest.raises(NotRecognisedError, match="there are image"):
        opened(tmp_path)


def test_only_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", t=np.array([{}], object))
    with pytest.raises(UnreadableFileError, match="pickled"):
        opened(tmp_path)


def test_a_damaged_column_is_refused_not_left_out(tmp_path):
    write_npz(tmp_path / "a.npz", [some_events()], None, compressed=True)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    at = content.index(b"p.npy") + 60
    content[at : at + 40] = bytes(40)
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"p\.npy: this member"):
        opened(tmp_path)


def test_pickled_arrays_beside_the_columns_do_no_harm(tmp_path):
    events = some_events()
    columns = {c: getattr(events, c) for c in "txyp"}
    np.savez(tmp_path / "a.npz", meta=np.array([{}], object), **columns)
    assert_same(all_of(opened(tmp_path)), events)


def test_an_archive_in_a_zip_opens_in_place(tmp_path):
    events = some_events()
    write_npz(tmp_path / "a.npz", [events], None)
    for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / "set.zip", "w", packing) as archive:
            archive.write(tmp_path / "a.npz", "in/a.npz")
        tree = open_tree(tmp_path / "set.zip")
        assert_same(all_of(open_npz(tree, "in/a.npz")), events)


def test_any_zip_that_is_not_called_npz_is_left_alone():
    assert sniff_npz("a.npz", b"PK\x03\x04", 100)
    assert not sniff_npz("a.zip", b"PK\x03\x04", 100)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 900))
def test_any_bytes_are_events_or_refused(tmp_path_factory, noise, at):
    folder = tmp_path_factory.mktemp("noise")
    write_npz(folder / "a.npz", [some_events(10)], None, compressed=True)
    content = bytearray((folder / "a.npz").read_bytes())
    content[at : at + len(noise)] = noise
    (folder / "a.npz").write_bytes(content)
    try:
        found = all_of(opened(folder))
    except CellsetsError:
        return
    assert len(found) <= 10
