"""AEDAT 4, ROS bags, ST-MNIST: decoded once, through the libraries that know them."""

from __future__ import annotations

import os
import sys
import zipfile

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    CancelledError,
    ExportError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.core.places import cache_home
from napari_cellsets.formats.events import rosbag, rosbag_codecs, spool
from napari_cellsets.formats.events.aedat4 import open_aedat4, sniff_aedat4
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.formats.events.evt3_write import write_evt3
from napari_cellsets.formats.events.rosbag import open_rosbag, sniff_rosbag
from napari_cellsets.formats.events.stmnist import open_stmnist, sniff_stmnist
from napari_cellsets.formats.files import open_tree


def all_of(source):
    return Events.joined([part.take(np.arange(len(part))) for part in pieces(source)])


def assert_same(found, wanted):
    for column in "txyp":
        np.testing.assert_array_equal(
            getattr(found, column), getattr(wanted, column), err_msg=column
        )


def some_events(count=500, seed=1):
    rng = np.random.default_rng(seed)
    t = 1_000_000 + np.sort(rng.integers(0, 50_000, count))
    x, y = rng.integers(0, 640, count), rng.integers(0, 480, count)
    return Events.of(t, x, y, rng.integers(0, 2, count))


def spools():
    return sorted((cache_home() / "events" / "spool").iterdir())


# ---- ROS bags ----------------------------------------------------------------

HEADER = {"seq": 0, "stamp": None, "frame_id": "camera"}


def typestore(first):
    from rosbags import typesys

    stores = typesys.Stores
    store = typesys.get_typestore(stores.ROS1_NOETIC if first else stores.ROS2_HUMBLE)
    for kind, text in rosbag._TYPES.items():
        store.register(typesys.get_types_from_msg(text, kind))
    return store


def write_bag(path, messages, kind=rosbag.PACKET, topics=("/events",)):
    """Write messages, dictionaries of fields; the ending says the kind of bag."""
    rosbags = pytest.importorskip("rosbags")
    from rosbags import rosbag1, rosbag2

    assert rosbags
    first = path.suffix == ".bag"
    store = typestore(first)
    time = store.types["builtin_interfaces/msg/Time"](sec=1, nanosec=0)
    said = dict(HEADER, stamp=time)
    if not first:
        said.pop("seq")
    header = store.types["std_msgs/msg/Header"](**said)
    pack = store.serialize_ros1 if first else store.serialize_cdr
    if first:
        writer = rosbag1.Writer(path)
    else:
        plugin = rosbag2.StoragePlugin["MCAP" if path.suffix == ".mcap" else "SQLITE3"]
        folder = path.with_suffix("")
        writer = rosbag2.Writer(folder, version=9, storage_plugin=plugin)
    with writer:
        for topic in topics:
            connection = writer.add_connection(topic, kind, typestore=store)
            for number, fields in enumerate(messages):
                if "events" in fields and kind == rosbag.ARRAY:
                    fields = dict(fields, events=[
                        store.types["dvs_msgs/msg/Event"](
                            x=x, y=y, polarity=bool(p),
                            ts=store.types["builtin_interfaces/msg/Time"](
                                sec=t // 10**6, nanosec=t % 10**6 * 1000
                            ),
                        )
                        for t, x, y, p in fields["events"]
                    ])  # fmt: skip
                message = store.types[kind](header=header, **fields)
                writer.write(connection, 1000 + number, pack(message, kind))
    if not first:
        next(folder.glob("*" + path.suffix)).rename(path)


def packets(folder, events, encoding="evt3", parts=7, drop=()):
    """Messages of the words of a recording, cut anywhere between words."""
    write_evt3(folder / "words.raw", [events], Geometry(640, 480))
    content = (folder / "words.raw").read_bytes()
    (folder / "words.raw").unlink()
    words = content[content.index(b"% end\n") + 6 :]
    step = len(words) // 2 // parts * 2
    cuts = [words[i : i + step] for i in range(0, len(words), step)]
    return [
        {
            "height": 480, "width": 640, "seq": number, "time_base": 0,
            "encoding": encoding, "is_bigendian": False,
            "events": np.frombuffer(part, np.uint8),
        }
        for number, part in enumerate(cuts) if number not in drop
    ]  # fmt: skip


@pytest.mark.parametrize("ending", [".bag", ".db3", ".mcap"])
def test_words_in_messages_are_read_as_one_recording(tmp_path, ending):
    events = some_events()
    write_bag(tmp_path / f"a{ending}", packets(tmp_path, events))
    head = (tmp_path / f"a{ending}").read_bytes()[:100]
    assert sniff_rosbag(f"a{ending}", head, 10**6)
    source = open_rosbag(open_tree(tmp_path), f"a{ending}")
    assert source.header.geometry == Geometry(640, 480)
    assert source.header.doubts == ()
    assert_same(all_of(source), events)


@pytest.mark.parametrize("ending", [".bag", ".db3"])
def test_messages_of_single_events_become_columns(tmp_path, ending):
    events = some_events(60)
    rows = list(zip(*(getattr(events, c).tolist() for c in "txyp"), strict=True))
    messages = [
        {"height": 480, "width": 640, "events": rows[i : i + 20]} for i in (0, 20, 40)
    ]
    write_bag(tmp_path / f"a{ending}", messages, rosbag.ARRAY)
    source = open_rosbag(open_tree(tmp_path), f"a{ending}")
    assert source.header.geometry == Geometry(640, 480)
    assert_same(all_of(source), events)


def test_missing_messages_are_told(tmp_path):
    write_bag(tmp_path / "a.bag", packets(tmp_path, some_events(), drop=(2, 3)))
    source = open_rosbag(open_tree(tmp_path), "a.bag")
    assert any("2 messages are missing" in doubt for doubt in source.header.doubts)


def test_several_topics_are_asked_for(tmp_path):
    events = some_events()
    topics = ("/left", "/right")
    write_bag(tmp_path / "a.bag", packets(tmp_path, events), topics=topics)
    with pytest.raises(AmbiguousEventsError, match="2 topics") as error:
        open_rosbag(open_tree(tmp_path), "a.bag")
    assert error.value.readings == topics
    source = open_rosbag(open_tree(tmp_path), "a.bag", reading="/right")
    assert_same(all_of(source), events)


@pytest.mark.parametrize("coding", ["mono", "libcaer"])
def test_messages_of_other_codings_become_columns(tmp_path, coding):
    events = some_events(60)
    words = np.zeros((60, 2), "<u4")
    if coding == "mono":
        words[:, 0] = (events.t - 1_000_000) * 1000
        words[:, 1] = events.x | (events.y | events.p.astype(np.uint32) << 15) << 16
    else:
        words[:, 0] = 1 | events.p << 1 | events.y.astype(np.uint32) << 2
        words[:, 0] |= events.x.astype(np.uint32) << 17
        words[:, 1] = events.t - 1_000_000
    messages = packets(tmp_path, events, coding)[:1]
    messages[0].update(events=words.view(np.uint8).ravel(), time_base=10**9)
    write_bag(tmp_path / "a.bag", messages)
    assert_same(all_of(open_rosbag(open_tree(tmp_path), "a.bag")), events)


def test_the_clock_of_libcaer_goes_round_within_a_message():
    words = np.array([[1, 2**31 - 5], [1, 3]], "<u4")
    found = rosbag_codecs.decode_libcaer(words.tobytes(), 7_000_000)
    assert found.t.tolist() == [2**31 - 5 + 7000, 2**31 + 3 + 7000]


def slowly(words, base):
    """Decode packed words of libcaer one by one."""
    high = low = row = polarity = 0
    column, found = None, []
    for word in words:
        code, rest = word >> 12, word & 4095
        now = (high << 12 | low) + base
        if code == 0:
            high = rest
        elif code == 1:
            low = rest
        elif code == 2:
            column = rest & 2047
        elif code == 3 and column is not None:
            found.append((now, column, rest & 2047, rest >> 11))
        elif code == 4:
            row, polarity = rest & 2047, rest >> 11
        elif code == 5:
            bits = [bit for bit in range(8) if rest >> bit & 1 and column is not None]
            found += [(now, column, row + bit, polarity) for bit in bits]
            row += 8
    return found


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4095)), max_size=60))
def test_packed_words_of_libcaer_are_decoded_as_one_by_one(pairs):
    words = np.array([code << 12 | rest for code, rest in pairs], "<u2")
    found = rosbag_codecs.decode_libcaer_packed(words.tobytes(), 5_000_000)
    rows = zip(*(getattr(found, c).tolist() for c in "txyp"), strict=True)
    assert list(rows) == slowly(words.tolist(), 5000)


@given(st.binary(max_size=60), st.integers(0, 2**62))
def test_any_message_is_decoded(noise, base):
    for decode in rosbag_codecs.CODECS.values():
        assert len(decode(noise, base)) <= 8 * len(noise)


def test_an_unknown_coding_is_named(tmp_path):
    write_bag(tmp_path / "a.bag", packets(tmp_path, some_events(), "morse"))
    with pytest.raises(NotRecognisedError, match="'morse', which is not known"):
        open_rosbag(open_tree(tmp_path), "a.bag")


def test_a_bag_without_events_names_what_it_holds(tmp_path):
    write_bag(tmp_path / "a.bag", [])
    with pytest.raises(NotRecognisedError, match="messages of event_camera_msgs"):
        open_rosbag(open_tree(tmp_path), "a.bag")


def test_a_topic_whose_messages_are_gone_says_so(tmp_path, monkeypatch):
    write_bag(tmp_path / "a.bag", packets(tmp_path, some_events()))
    monkeypatch.setattr(rosbag._Bag, "messages", lambda self, topic: iter(()))
    with pytest.raises(NotRecognisedError, match="topic /events has no messages"):
        open_rosbag(open_tree(tmp_path), "a.bag")


def test_a_bag_in_a_zip_opens(tmp_path):
    events = some_events()
    write_bag(tmp_path / "a.bag", packets(tmp_path, events))
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "a.bag", "a.bag")
    source = open_rosbag(open_tree(tmp_path / "set.zip"), "a.bag")
    assert_same(all_of(source), events)


@pytest.mark.parametrize("ending", [".bag", ".db3", ".mcap"])
def test_a_damaged_bag_is_refused(tmp_path, ending):
    write_bag(tmp_path / f"a{ending}", packets(tmp_path, some_events(3000)))
    content = (tmp_path / f"a{ending}").read_bytes()
    refused, random = 0, np.random.default_rng(1)
    for cut in random.integers(20, len(content), 12):
        (tmp_path / f"a{ending}").write_bytes(content[:cut])
        try:
            all_of(open_rosbag(open_tree(tmp_path), f"a{ending}"))
        except (UnreadableFileError, NotRecognisedError):
            refused += 1
    assert refused >= 6


def test_without_the_library_its_name_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rosbags", None)
    (tmp_path / "a.bag").write_bytes(b"#ROSBAG V2.0\n")
    with pytest.raises(UnreadableFileError, match="rosbags, which is not installed"):
        open_rosbag(open_tree(tmp_path), "a.bag")


def test_real_bags_open(real_samples):
    pytest.importorskip("rosbags")
    folder = real_samples / "events" / "event_camera_py"
    source = open_rosbag(open_tree(folder / "test_events_1"), "test_events_1.db3")
    found = all_of(source)
    assert (len(found), found.t[0], found.t[-1]) == (343_474, 7_139_845, 9_218_023)
    packed = open_rosbag(open_tree(folder / "test_events_2"), "test_events_2_0.mcap")
    assert packed.header.geometry == Geometry(346, 260)
    assert packed.header.clock == "Unix"
    assert packed.units == 571_266


# ---- the cache folder --------------------------------------------------------


def test_a_recording_is_decoded_once_and_again_when_it_changes(tmp_path):
    write_bag(tmp_path / "a.bag", packets(tmp_path, some_events()))
    tree = open_tree(tmp_path)
    open_rosbag(tree, "a.bag")
    (made,) = spools()
    before = made.read_bytes()
    made.write_bytes(before)
    open_rosbag(tree, "a.bag")
    assert spools() == [made]
    os.utime(tmp_path / "a.bag", ns=(1, 1))
    open_rosbag(tree, "a.bag")
    assert len(spools()) == 2


def test_decoding_tells_how_far_it_is_and_can_be_stopped(tmp_path):
    write_bag(tmp_path / "a.bag", packets(tmp_path, some_events()))
    told, token = [], CancelToken()
    with spool.watched(progress=lambda part, text: told.append(part)):
        spool.step(5.0)
    with spool.watched(token, lambda part, text: token.cancel()):
        with pytest.raises(CancelledError, match="Cancelled"):
            open_rosbag(open_tree(tmp_path), "a.bag")
    assert told == [1.0]
    assert not (cache_home() / "events" / "spool").exists() or not spools()
    spool.step(0.5)  # nobody watches any more


def test_more_than_fits_is_refused(tmp_path, monkeypatch):
    write_bag(tmp_path / "a.bag", packets(tmp_path, some_events()))
    monkeypatch.setattr(spool, "MOST_BYTES", 100)
    with pytest.raises(UnreadableFileError, match="more than 100 bytes"):
        open_rosbag(open_tree(tmp_path), "a.bag")


def test_old_spools_go_when_there_are_too_many(tmp_path, monkeypatch):
    write_bag(tmp_path / "a.bag", packets(tmp_path, some_events()))
    tree = open_tree(tmp_path)
    open_rosbag(tree, "a.bag")
    monkeypatch.setattr(spool, "MOST_IN_ALL", 100)
    (old,) = spools()
    os.utime(tmp_path / "a.bag", ns=(1, 1))
    open_rosbag(tree, "a.bag")
    (kept,) = spools()
    assert kept != old


def test_an_old_spool_that_cannot_be_deleted_is_named(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    write_bag(tmp_path / "a.bag", packets(tmp_path, some_events()))
    open_rosbag(open_tree(tmp_path), "a.bag")
    monkeypatch.setattr(spool, "MOST_IN_ALL", 100)
    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    os.utime(tmp_path / "a.bag", ns=(1, 1))
    with pytest.raises(ExportError, match="old copy could not be deleted"):
        open_rosbag(open_tree(tmp_path), "a.bag")


# ---- AEDAT 4 -----------------------------------------------------------------


def test_a_real_recording_of_dv_opens(real_samples):
    pytest.importorskip("aedat")
    tree = open_tree(real_samples / "events" / "tonic")
    for _ in range(2):
        source = open_aedat4(tree, "sample.aedat4")
        found = all_of(source)
        assert source.header.geometry == Geometry(320, 240)
        assert source.header.clock == "Unix"
        assert len(found) == 111_954
        assert found.t[0] == 1_605_537_493_718_345
        assert found.p.sum() == 55_023


def test_another_reader_finds_the_same_events(real_samples):
    faery = pytest.importorskip("faery")
    pytest.importorskip("aedat")
    folder = real_samples / "events" / "tonic"
    found = all_of(open_aedat4(open_tree(folder), "sample.aedat4"))
    theirs = faery.events_stream_from_file(folder / "sample.aedat4").to_array()
    np.testing.assert_array_equal(found.x, theirs["x"])
    np.testing.assert_array_equal(found.y, theirs["y"])
    np.testing.assert_array_equal(found.p, theirs["on"])


def test_damaged_recordings_of_dv_are_refused(real_samples, tmp_path, capfd):
    pytest.importorskip("aedat")
    content = (real_samples / "events" / "tonic" / "sample.aedat4").read_bytes()
    random, refused = np.random.default_rng(2), 0
    for at in random.integers(14, 1500, 40):
        damaged = bytearray(content)
        damaged[at : at + 8] = random.integers(0, 256, 8).astype(np.uint8).tobytes()
        (tmp_path / "a.aedat4").write_bytes(damaged)
        try:
            all_of(open_aedat4(open_tree(tmp_path), "a.aedat4"))
        except UnreadableFileError:
            refused += 1
    capfd.readouterr()  # the library tells its panics on the error stream
    assert refused >= 20


def test_aedat_4_without_the_library_its_name_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "aedat", None)
    (tmp_path / "a.aedat4").write_bytes(b"#!AER-DAT4.0\r\n")
    assert sniff_aedat4("a.aedat4", b"#!AER-DAT4.0\r\n", 14)
    with pytest.raises(UnreadableFileError, match="aedat, which is not installed"):
        open_aedat4(open_tree(tmp_path), "a.aedat4")


class _Streams:
    """The part of the library that tells which streams a file has."""

    streams: dict = {}  # noqa: RUF012

    def __init__(self, path):
        self.path = path

    def id_to_stream(self):
        return self.streams

    def __iter__(self):
        kind = np.dtype([("t", "u8"), ("x", "u2"), ("y", "u2"), ("on", "?")])
        for number in (4, 7):
            events = np.zeros(number, kind)
            yield {"stream_id": number, "events": events}


def test_several_cameras_of_dv_are_asked_for(tmp_path, monkeypatch):
    aedat = pytest.importorskip("aedat")
    monkeypatch.setattr(aedat, "Decoder", _Streams)
    (tmp_path / "a.aedat4").write_bytes(b"#!AER-DAT4.0\r\n")
    tree = open_tree(tmp_path)
    with pytest.raises(UnreadableFileError, match="no stream of events"):
        open_aedat4(tree, "a.aedat4")
    about = {"type": "events", "width": 3, "height": 2}
    monkeypatch.setattr(_Streams, "streams", {4: about, 7: about, 9: {"type": "imus"}})
    with pytest.raises(AmbiguousEventsError, match="2 cameras") as error:
        open_aedat4(tree, "a.aedat4")
    assert error.value.readings == ("stream 4", "stream 7")
    assert open_aedat4(tree, "a.aedat4", reading="stream 7").units == 7


# ---- ST-MNIST ----------------------------------------------------------------


def test_a_matrix_of_spikes_reads_as_events(tmp_path):
    matrix = np.zeros((101, 4))
    matrix[-1] = [0.1, 0.2, 0.2000004, 0.3]
    matrix[23, 0], matrix[99, 1], matrix[0, 2], matrix[5, 3] = 1, -1, 1, 1
    for packed in (False, True):
        spikes = {"spiketrain": matrix}
        scipy.io.savemat(tmp_path / "a.mat", spikes, do_compression=packed)
        head = (tmp_path / "a.mat").read_bytes()[:1000]
        assert sniff_stmnist("a.mat", head, 1000)
    source = open_stmnist(open_tree(tmp_path), "a.mat")
    t = [100_000, 200_000, 200_000, 300_000]
    assert_same(all_of(source), Events.of(t, [3, 9, 0, 5], [2, 9, 0, 0], [1, 0, 1, 1]))


def test_other_matrices_are_no_events(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"image": np.zeros((5, 5))})
    head = (tmp_path / "a.mat").read_bytes()
    assert not sniff_stmnist("a.mat", head, 1000)
    assert not sniff_stmnist("a.mat", b"", 0)
    with pytest.raises(NotRecognisedError, match="matrix spiketrain of 101 rows"):
        open_stmnist(open_tree(tmp_path), "a.mat")


def test_a_real_matrix_of_spikes_opens(real_samples):
    tree = open_tree(real_samples / "events" / "tonic")
    found = all_of(open_stmnist(tree, "sample_stmnist.mat"))
    assert (len(found), found.t[0], found.t[-1]) == (2346, 196_626, 895_745)
