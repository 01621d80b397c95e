"""Event Stream, N-MNIST and AEDAT 2: files of bytes that follow on each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.errors import (
    CellsetsError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events import es, es_plain
from napari_cellsets.formats.events.aedat2 import open_aedat2, sniff_aedat2
from napari_cellsets.formats.events.base import Tally, pieces
from napari_cellsets.formats.events.es import open_es, sniff_es
from napari_cellsets.formats.events.nmnist import open_nmnist, sniff_nmnist
from napari_cellsets.formats.files import open_tree


def all_of(source):
    return Events.joined([part.take(np.arange(len(part))) for part in pieces(source)])


def assert_same(found, wanted):
    for column in "txyp":
        np.testing.assert_array_equal(
            getattr(found, column), getattr(wanted, column), err_msg=column
        )


def some_events(count=500, seed=1, width=320, height=240, step=300):
    rng = np.random.default_rng(seed)
    t = np.cumsum(rng.integers(0, step, count))
    x, y = rng.integers(0, width, count), rng.integers(0, height, count)
    return Events.of(t, x, y, rng.integers(0, 2, count))


def opened(folder, content, opener, name="a"):
    (folder / name).write_bytes(content)
    return opener(open_tree(folder), name)


def es_bytes(events, kind=1, width=320, height=240):
    """Pack events as .es, y from the bottom, times from 0: slow and obvious."""
    out = b"Event Stream" + bytes([2, 0, 0, kind])
    out += width.to_bytes(2, "little") + height.to_bytes(2, "little")
    now = 0
    longest = {1: 127, 2: 63, 4: 254}[kind]
    for t, x, y, p in zip(*(getattr(events, c).tolist() for c in "txyp"), strict=True):
        step, now = t - now, t
        while step >= longest:
            out += bytes([0xFD if kind == 2 else 0xFF])
            step -= longest
        out += bytes([{1: step << 1 | p, 2: step << 2 | p << 1, 4: step}[kind]])
        out += x.to_bytes(2, "little") + (height - 1 - y).to_bytes(2, "little")
        out += b"rgb" if kind == 4 else b""
    return out


@pytest.mark.parametrize("kind", [1, 2, 4])
def test_event_streams_read_from_the_top(tmp_path, kind):
    events = some_events()
    source = opened(tmp_path, es_bytes(events, kind), open_es)
    found = all_of(source)
    if kind == 4:
        assert set(found.p.tolist()) == {1}
        assert any("colours" in doubt for doubt in source.header.assumed)
        found = Events(found.t, found.x, found.y, events.p)
    assert_same(found, events)
    assert source.header.geometry == Geometry(320, 240)


@given(st.binary(max_size=300), st.sampled_from([1, 2, 4]), st.integers(0, 10**15))
def test_event_streams_read_alike_without_compiled_loops(noise, kind, now):
    compiled = pytest.importorskip("napari_cellsets.formats.events.es_loops")
    raw, kind = np.frombuffer(noise, np.uint8), es._KINDS[kind]
    wanted = es._find(es_plain, raw, kind, now)
    for ours, theirs in zip(es._find(compiled, raw, kind, now), wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_exposures_of_atis_are_left_out(tmp_path):
    content = es_bytes(Events.of([3], [5], [6], [1]), 2)
    content += bytes([4 << 2 | 1, 5, 0, 6, 0]) + bytes([4 << 2 | 3, 5, 0, 6, 0])
    source = opened(tmp_path, content, open_es)
    assert all_of(source).t.tolist() == [3]
    assert any("Exposure" in doubt for doubt in source.header.assumed)


def test_events_outside_the_sensor_are_left_out_and_counted(tmp_path):
    content = es_bytes(Events.of([3], [5], [6], [1])) + bytes([2, 0, 9, 0, 0])
    source, sums = opened(tmp_path, content, open_es), Tally()
    source.tally(0, source.units, source.start(), sums)
    assert (sums.events, sums.unknown) == (1, 1)


@given(cuts=st.lists(st.integers(0, 700), max_size=6), room=st.integers(1, 40))
def test_any_checkpoint_goes_on_where_decoding_stopped(tmp_path_factory, cuts, room):
    folder = tmp_path_factory.mktemp("es")
    events = some_events(100)
    source = opened(folder, es_bytes(events), open_es)
    state, out, parts, first = source.start(), Events.empty(room), [], 0
    for stop in [*sorted(min(cut, source.units) for cut in cuts), source.units]:
        while first < stop:
            kept = state.copy()
            first, written = source.decode(first, stop, kept, out)
            parts.append(out.take(np.arange(written)))
            state = kept
    assert_same(Events.joined(parts), events)


def test_an_event_stream_is_read_as_another_reader_wrote_it(tmp_path):
    faery = pytest.importorskip("faery")
    events = some_events(2000)
    array = np.zeros(len(events), faery.EVENTS_DTYPE)
    for ours, theirs in zip("txyp", ("t", "x", "y", "on"), strict=True):
        array[theirs] = getattr(events, ours)
    stream = faery.events_stream_from_array(array, dimensions=(320, 240))
    stream.to_file(str(tmp_path / "a.es"))
    found = all_of(open_es(open_tree(tmp_path), "a.es"))
    # that writer counts from the first event
    shifted = Events(events.t - events.t[0], events.x, events.y, events.p)
    assert_same(found, shifted)


def test_generic_events_have_no_places(tmp_path):
    content = b"Event Stream" + bytes([2, 0, 0, 0]) + bytes(30)
    with pytest.raises(NotRecognisedError, match="generic"):
        opened(tmp_path, content, open_es)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"Event Stream" + bytes([1, 0, 0, 1]) + bytes(9), "version 2 was expected"),
        (b"Event Stream", "version 2 was expected"),
        (b"Event Stream" + bytes([2, 0, 0, 3]) + bytes(9), "number 3, is not known"),
        (b"Event Stream" + bytes([2, 0, 0, 1]) + bytes(9), "no size of the sensor"),
    ],
)
def test_other_event_streams_are_refused(tmp_path, content, problem):
    with pytest.raises(UnreadableFileError, match=problem):
        opened(tmp_path, content, open_es)


def nmnist_bytes(events):
    """Pack events in 40 bits each: slow and obvious."""
    out, rounds = b"", 0
    for t, x, y, p in zip(*(getattr(events, c).tolist() for c in "txyp"), strict=True):
        while t - rounds >= 1 << 23:
            rounds += 8192
            out += bytes([0, 240, 0, 0, 0])
        stored = t - rounds
        out += bytes([x, y, p << 7 | stored >> 16, stored >> 8 & 255, stored & 255])
    return out


def test_events_of_40_bits_read_as_they_were_packed(tmp_path):
    events = some_events(width=34, height=34)
    source = opened(tmp_path, nmnist_bytes(events), open_nmnist)
    assert_same(all_of(source), events)


def test_row_240_moves_the_clock_of_40_bit_events_on(tmp_path):
    events = some_events(400, width=200, height=180, step=50_000)
    source = opened(tmp_path, nmnist_bytes(events), open_nmnist)
    assert_same(all_of(source), events)
    assert source.header.geometry is None


def test_bytes_without_order_are_not_taken_for_40_bit_events(tmp_path):
    noise = np.random.default_rng(1).integers(0, 256, 500).astype(np.uint8).tobytes()
    assert not sniff_nmnist("a.bin", noise, len(noise))
    assert not sniff_nmnist("a.bin", b"", 0)
    with pytest.raises(NotRecognisedError, match="40 bits"):
        opened(tmp_path, noise, open_nmnist)


def aedat_bytes(chip, pairs, version="2.0"):
    head = f"#!AER-DAT{version}\r\n# AEChip: {chip}\r\n# Creation time: 5\r\n"
    size = "u2" if version == "1.0" else "u4"
    records = np.array(pairs, [("address", f">{size}"), ("t", ">u4")])
    return head.encode() + b"#End Of ASCII Header\r\n" + records.tobytes()


def davis(x, y, p, height=260):
    return (height - 1 - y) << 22 | x << 12 | p << 11


def test_addresses_of_davis_have_rows_from_the_bottom(tmp_path):
    pairs = [(davis(5, 7, 1), 10), (davis(345, 259, 0), 12)]
    source = opened(tmp_path, aedat_bytes("x.davis.Davis346red", pairs), open_aedat2)
    assert source.header.geometry == Geometry(346, 260)
    assert source.header.camera == "Davis346red"
    wanted = Events.of([10, 12], [5, 345], [7, 259], [1, 0])
    assert_same(all_of(source), wanted)


def test_frames_and_triggers_of_davis_are_no_events(tmp_path):
    pairs = [
        (1 << 31 | davis(1, 1, 1), 5), (davis(2, 2, 1), 6), (davis(0, 0, 0) | 1024, 7),
        (davis(400, 3, 1), 8),
    ]  # fmt: skip
    source = opened(tmp_path, aedat_bytes("DAVIS346", pairs), open_aedat2)
    sums = Tally()
    source.tally(0, 4, source.start(), sums)
    assert (sums.events, sums.triggers, sums.unknown) == (1, 1, 1)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_addresses_of_dvs128_have_seven_bits(tmp_path, version):
    pairs = [(3 << 8 | 9 << 1 | 1, 10), (127 << 8 | 127 << 1, 11)]
    content = aedat_bytes("ch.unizh.ini.jaer.chip.retina.DVS128", pairs, version)
    source = opened(tmp_path, content, open_aedat2)
    assert_same(all_of(source), Events.of([10, 11], [9, 127], [124, 0], [1, 0]))


def test_the_32_bit_clock_goes_round_also_back_and_forth(tmp_path):
    top = 2**32
    times = [top - 9, top - 5, 3, top - 2, 8]
    pairs = [(davis(1, 1, 1), t % top) for t in times]
    source = opened(tmp_path, aedat_bytes("Davis346", pairs), open_aedat2)
    assert all_of(source).t.tolist() == [top - 9, top - 5, top + 3, top - 2, top + 8]
    state, out = source.start(), Events.empty(9)
    source.decode(0, 3, state, out)
    source.decode(3, 5, state, out)
    assert out.t[:2].tolist() == [top - 2, top + 8]


def test_another_reader_reads_aedat_2_alike(tmp_path):
    evutils = pytest.importorskip("evutils.io._aedat")
    x, y, p = evutils._V2_LAYOUTS["davis"](np.array([davis(5, 7, 1, 180)]))
    source = opened(
        tmp_path, aedat_bytes("DAVIS240C", [(davis(5, 7, 1, 180), 1)]), open_aedat2
    )
    found = all_of(source)
    assert (found.x[0], 179 - found.y[0], found.p[0]) == (x[0], y[0], p[0])


def test_an_unknown_chip_is_named(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"'Tmpdiff64', whose addresses"):
        opened(tmp_path, aedat_bytes("Tmpdiff64", []), open_aedat2)
    with pytest.raises(UnreadableFileError, match="does not name the chip"):
        opened(tmp_path, b"#!AER-DAT2.0\r\n", open_aedat2)


def test_version_3_is_refused_with_a_way_out(tmp_path):
    with pytest.raises(UnreadableFileError, match="Convert it to AEDAT 4"):
        opened(tmp_path, b"#!AER-DAT3.1\r\n", open_aedat2)


def test_a_file_that_shrinks_while_open_says_so(tmp_path):
    source = opened(tmp_path, es_bytes(some_events()), open_es)
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(UnreadableFileError, match="its end is missing"):
        source.decode(0, 500, source.start(), Events.empty(500))


def test_real_files_open(real_samples):
    tree = open_tree(real_samples / "events" / "tonic")
    digit = open_nmnist(tree, "sample_nmnist.bin")
    assert digit.header.geometry == Geometry(34, 34)
    found = all_of(digit)
    assert (len(found), found.t[0], found.t[-1]) == (4325, 654, 311_175)
    empty = open_aedat2(tree, "sample_aedat_header.aedat")
    assert (empty.header.geometry, empty.units) == (Geometry(346, 260), 0)
    tree = open_tree(real_samples / "events" / "faery")
    colour = all_of(open_es(tree, "color.es"))
    assert (len(colour), colour.t[-1]) == (473_225, 999_000)
    with pytest.raises(NotRecognisedError, match="without places"):
        open_es(tree, "generic.es")


@given(st.binary(max_size=400), st.sampled_from([1, 2, 4]))
def test_any_bytes_are_events_or_refused(tmp_path_factory, noise, kind):
    folder = tmp_path_factory.mktemp("noise")
    head = es_bytes(Events.empty(), kind)
    chips = aedat_bytes("Davis346", [])
    for content, opener in ((head, open_es), (chips, open_aedat2), (b"", open_nmnist)):
        try:
            source = opened(folder, content + noise, opener)
        except CellsetsError:
            continue
        assert len(all_of(source)) <= source.units


def test_formats_are_told_by_their_first_bytes():
    assert sniff_es("a.es", es_bytes(Events.empty()), 20)
    assert sniff_aedat2("a.aedat", b"#!AER-DAT2.0\r\n", 14)
    assert not sniff_es("a.es", b"%", 1)
