"""Events in NumPy arrays and archives: any layout reads as the same columns."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.base import Tally, pieces
from napari_cellsets.formats.events.npy import open_npy, sniff_npy
from napari_cellsets.formats.files import open_tree


def some_events(count=1000, seed=1, t0=1_000_000):
    rng = np.random.default_rng(seed)
    t = t0 + np.sort(rng.integers(0, 50_000, count))
    x, y = rng.integers(0, 1280, count), rng.integers(0, 720, count)
    x[:1], y[:1] = 1279, 719
    return Events.of(t, x, y, rng.integers(0, 2, count))


def all_of(source):
    parts = [part.take(np.arange(len(part))) for part in pieces(source)]
    return Events.joined(parts)


def assert_same(found, wanted):
    for column in "txyp":
        np.testing.assert_array_equal(
            getattr(found, column), getattr(wanted, column), err_msg=column
        )


def opened(folder, array, reading=""):
    np.save(folder / "a.npy", array)
    return open_npy(open_tree(folder), "a.npy", reading=reading)


STRUCTURES = {
    "metavision": [("x", "<u2"), ("y", "<u2"), ("p", "<i2"), ("t", "<i8")],
    "faery": [("t", "<u8"), ("x", "<u2"), ("y", "<u2"), ("on", "?")],
    "tonic": [("x", "<i8"), ("y", "<i8"), ("t", "<i8"), ("p", "<i8")],
    "dv": [
        ("timestamp", "<i8"), ("x", "<i2"), ("y", "<i2"), ("polarity", "i1"),
    ],
    "big endian": [("ts", ">i8"), ("x", ">i4"), ("y", ">i4"), ("pol", ">i4")],
}  # fmt: skip


@pytest.mark.parametrize("kind", STRUCTURES)
def test_fields_are_told_by_their_names(tmp_path, kind):
    events = some_events()
    dtype = np.dtype(STRUCTURES[kind])
    array = np.zeros(len(events), dtype)
    for field in dtype.names:
        letter = {"timestamp": "t", "ts": "t", "on": "p"}.get(field, field[0])
        array[field] = getattr(events, letter)
    assert_same(all_of(opened(tmp_path, array)), events)


def test_padded_records_read_as_the_scripts_of_the_cell_data_set_wrote_them(tmp_path):
    events = some_events()
    dtype = np.dtype(
        {
            "names": ["t", "x", "y", "p"],
            "formats": ["<i8", "<i2", "<i2", "u1"],
            "offsets": [0, 8, 10, 12],
            "itemsize": 16,
        }
    )
    array = np.zeros(len(events), dtype)
    for name in "txyp":
        array[name] = getattr(events, name)
    assert_same(all_of(opened(tmp_path, array)), events)


@pytest.mark.parametrize("order", ["txyp", "xytp", "xypt", "pxyt"])
@pytest.mark.parametrize("kind", [np.float64, np.int64, np.int32])
@pytest.mark.parametrize("layout", ["rows", "columns", "fortran", "fortran columns"])
def test_four_columns_are_told_by_what_they_hold(tmp_path, order, kind, layout):
    events = some_events()
    table = np.stack([getattr(events, c).astype(kind) for c in order], axis=1)
    if "fortran" in layout:
        table = np.asfortranarray(table)
    source = opened(tmp_path, table.T if "columns" in layout else table)
    assert_same(all_of(source), events)


def test_a_block_in_the_middle_is_read_alone(tmp_path):
    events = some_events(300_000)
    table = np.stack([getattr(events, c).astype(np.int64) for c in "txyp"])
    source = opened(tmp_path, table)
    out = Events.empty(1000)
    unit, written = source.decode(123_456, 300_000, source.start(), out)
    assert (unit, written) == (124_456, 1000)
    assert_same(out, events.take(slice(123_456, 124_456)))


def test_places_that_are_taller_than_wide_are_asked_for(tmp_path):
    events = some_events()
    table = np.stack([events.t, events.y, events.x, events.p], axis=1)
    with pytest.raises(AmbiguousEventsError, match="can be read in 2 ways") as error:
        opened(tmp_path, table)
    assert error.value.readings == ("txyp", "tyxp")
    assert_same(all_of(opened(tmp_path, table, "tyxp")), events)


def test_two_columns_of_polarity_are_asked_for(tmp_path):
    events = some_events()
    table = np.stack([events.t, events.x, events.p, events.p], axis=1)
    with pytest.raises(AmbiguousEventsError, match="Say which column"):
        opened(tmp_path, table)


def test_four_events_of_four_numbers_may_stand_both_ways(tmp_path):
    table = np.array([[0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 2]])
    with pytest.raises(AmbiguousEventsError, match="four times four") as error:
        opened(tmp_path, table)
    assert any(word.endswith("across") for word in error.value.readings)
    for reading in error.value.readings:
        assert len(all_of(opened(tmp_path, table, reading))) == 4


def test_four_numbers_without_time_are_no_events(tmp_path):
    table = np.random.default_rng(1).normal(size=(500, 4))
    with pytest.raises(NotRecognisedError, match="none of these is a time"):
        opened(tmp_path, table)


def test_times_that_hardly_ever_step_back_are_still_the_times(tmp_path):
    events = some_events()
    t = events.t.copy()
    t[500] -= 40
    table = np.stack([t, events.x, events.y, events.p], axis=1)
    source = opened(tmp_path, table)
    assert_same(all_of(source), Events(t, events.x, events.y, events.p))
    assert any(
        "steps back in 1 of 1,000 rows" in doubt for doubt in source.header.assumed
    )


@pytest.mark.parametrize("shape", [(10, 2, 32, 40), (2, 10, 32, 40), (10, 32, 40)])
def test_frames_are_no_events_and_said_to_be_frames(tmp_path, shape):
    array = np.zeros(shape, np.float32)
    with pytest.raises(NotRecognisedError, match="frames or counts"):
        opened(tmp_path, array)
    head = (tmp_path / "a.npy").read_bytes()[:1000]
    assert not sniff_npy("a.npy", head, 10**6)


def test_other_fields_are_no_events(tmp_path):
    array = np.zeros(5, [("a", "i4"), ("b", "i4")])
    with pytest.raises(NotRecognisedError, match="there are a, b"):
        opened(tmp_path, array)


def test_text_in_a_field_is_no_number(tmp_path):
    array = np.zeros(5, [("t", "i8"), ("x", "U4"), ("y", "i4"), ("p", "u1")])
    with pytest.raises(NotRecognisedError, match="should be numbers"):
        opened(tmp_path, array)


def test_pickled_objects_are_refused_without_loading_them(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}, None], object), allow_pickle=True)
    with pytest.raises(UnreadableFileError, match="pickled objects"):
        open_npy(open_tree(tmp_path), "a.npy")


def test_an_array_that_is_cut_off_says_so(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((100, 4)))
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[:-100])
    with pytest.raises(UnreadableFileError, match="it declares 400 items"):
        open_npy(open_tree(tmp_path), "a.npy")


def test_a_file_that_shrinks_while_open_says_so(tmp_path):
    source = opened(tmp_path, np.zeros(5000, STRUCTURES["faery"]))
    (tmp_path / "a.npy").write_bytes(b"")
    with pytest.raises(UnreadableFileError, match="end of the array is missing"):
        source.decode(0, 5000, source.start(), Events.empty(5000))


def test_no_events_at_all_open_as_none(tmp_path):
    source = opened(tmp_path, np.zeros(0, STRUCTURES["faery"]))
    assert source.units == 0
    assert len(all_of(source)) == 0


def test_events_without_polarity_are_on_and_this_is_told(tmp_path):
    array = np.zeros(5, [("t", "i8"), ("x", "u2"), ("y", "u2")])
    source = opened(tmp_path, array)
    assert all_of(source).p.tolist() == [1] * 5
    assert any("no polarity" in doubt for doubt in source.header.assumed)


def test_seconds_with_fractions_become_microseconds(tmp_path):
    events = some_events()
    table = np.stack(
        [events.t / 1e6, events.x.astype(float), events.y.astype(float), events.p], 1
    )
    source = opened(tmp_path, table)
    assert_same(all_of(source), events)
    assert any("seconds" in doubt for doubt in source.header.assumed)


def test_nanoseconds_since_1970_are_divided_as_whole_numbers(tmp_path):
    array = np.zeros(3, STRUCTURES["metavision"])
    array["t"] = 1_600_000_000_000_000_000 + np.array([999, 1000, 2001])
    source = opened(tmp_path, array)
    assert np.diff(all_of(source).t).tolist() == [1, 1]
    assert source.header.clock == "Unix"


def test_a_name_may_tell_the_unit(tmp_path):
    array = np.zeros(2, [("x", "u2"), ("y", "u2"), ("timestamp_ns", "i8"), ("p", "i1")])
    array["timestamp_ns"] = 0, 5_000
    assert all_of(opened(tmp_path, array)).t.tolist() == [0, 5]


def test_float32_times_are_told_to_be_coarse(tmp_path):
    array = np.zeros(3, [("x", "u2"), ("y", "u2"), ("ts", "f4"), ("p", "i1")])
    array["ts"] = 100.5, 200.25, 300.75
    source = opened(tmp_path, array)
    assert any("32-bit floats" in doubt for doubt in source.header.doubts)


def test_rows_that_are_no_events_are_left_out_and_counted(tmp_path):
    table = np.zeros((6, 4))
    table[:, 0] = np.arange(6)
    table[:, 1], table[:, 2] = 5, 3
    table[:, 3] = [0, 1, 0, 1, 0, 1]
    table[1, 1], table[2, 2], table[3, 1] = np.nan, -4, 70_000
    source = opened(tmp_path, table, "txyp")
    assert all_of(source).t.tolist() == [0, 4, 5]
    sums = Tally()
    source.tally(0, source.units, source.start(), sums)
    assert (sums.events, sums.unknown) == (3, 3)


def test_times_beyond_64_bits_are_left_out_not_wrapped(tmp_path):
    array = np.zeros(3, STRUCTURES["faery"])
    array["t"] = 1, 2**63 + 5, 3
    source = opened(tmp_path, array)
    assert all_of(source).t.tolist() == [1, 3]


def test_minus_one_is_off(tmp_path):
    array = np.zeros(3, STRUCTURES["metavision"])
    array["p"] = -1, 1, 0
    assert all_of(opened(tmp_path, array)).p.tolist() == [0, 1, 0]


def test_polarities_of_one_and_two_are_off_and_on(tmp_path):
    array = np.zeros(3, STRUCTURES["metavision"])
    array["p"] = 1, 2, 1
    source = opened(tmp_path, array)
    assert all_of(source).p.tolist() == [0, 1, 0]
    assert any("2 was taken for ON" in doubt for doubt in source.header.assumed)


def test_a_real_array_of_events(real_samples, tmp_path):
    folder = real_samples / "events" / "expelliarmus"
    source = open_npy(open_tree(folder), "evt3_sample.npy")
    found, true = all_of(source), np.load(folder / "evt3_sample.npy")
    assert len(found) == 219_596
    assert_same(found, Events.of(true["t"], true["x"], true["y"], true["p"]))


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_are_events_or_refused(tmp_path_factory, noise, at):
    folder = tmp_path_factory.mktemp("noise")
    file = io.BytesIO()
    np.save(file, np.zeros(9, STRUCTURES["metavision"]))
    content = bytearray(file.getvalue())
    content[at : at + len(noise)] = noise
    (folder / "a.npy").write_bytes(content)
    try:
        source = open_npy(open_tree(folder), "a.npy")
    except (UnreadableFileError, NotRecognisedError, AmbiguousEventsError):
        return
    assert len(all_of(source)) <= source.units


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (
            "{'descr': '<i8', 'fortran_order': False, 'shape': (-5, 4), }",
            "no true size",
        ),
        ("{'descr': '<i8', 'fortran_order': False, 'shape': 5, }", "no true size"),
        ("{'descr': '<V70000', 'fortran_order': False, 'shape': (1,), }", "true size"),
        ("{'descr': '<q8', 'fortran_order': False, 'shape': (5,), }", "is unknown"),
        ("{'descr': [('t',)], 'fortran_order': False, 'shape': (5,)}", "are broken"),
        ("{'descr': 5, 'fortran_order': False, 'shape': (5,), }", "type is broken"),
        ("{'shape': (5,), }", "that can be read"),
        ("__import__('os')", "that can be read"),
        ("(" * 900, "that can be read"),
    ],
)
def test_headers_that_mean_nothing_are_refused(tmp_path, header, problem):
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    (tmp_path / "a.npy").write_bytes(start + header.encode() + bytes(100))
    with pytest.raises(UnreadableFileError, match=problem):
        open_npy(open_tree(tmp_path), "a.npy")


def test_headers_of_old_and_new_versions_are_read(tmp_path):
    text = "{'descr': '<i8', 'fortran_order': False, 'shape': (5L, 4L), }"
    size = len(text).to_bytes(4, "little")
    rows = np.zeros((5, 4), np.int64)
    rows[:, 0] = np.arange(5)
    for version, length in ((1, size[:2]), (2, size), (3, size)):
        content = b"\x93NUMPY" + bytes([version, 0]) + length + text.encode()
        (tmp_path / "a.npy").write_bytes(content + rows.tobytes())
        source = open_npy(open_tree(tmp_path), "a.npy", reading="txyp")
        assert all_of(source).t.tolist() == [0, 1, 2, 3, 4]


def test_a_header_that_claims_to_be_endless_is_refused(tmp_path):
    content = b"\x93NUMPY\x02\x00" + (1 << 30).to_bytes(4, "little") + bytes(100)
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="too long or cut off"):
        open_npy(open_tree(tmp_path), "a.npy")
    (tmp_path / "a.npy").write_bytes(b"something else")
    with pytest.raises(UnreadableFileError, match="first bytes are others"):
        open_npy(open_tree(tmp_path), "a.npy")
