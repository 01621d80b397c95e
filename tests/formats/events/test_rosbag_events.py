from __future__ import annotations

import sys
import zipfile

import numpy as np
import pytest
from bag_files import all_of, assert_same, packets, some_events, write_bag
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.errors import (
    AmbiguousEventsError,
    NotRecognisedError,
    UnreadableFileError,
)
from napari_cellsets.core.events import Geometry
from napari_cellsets.formats.events import rosbag, rosbag_codecs
from napari_cellsets.formats.events.rosbag import open_rosbag, sniff_rosbag
from napari_cellsets.formats.files import open_tree


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
