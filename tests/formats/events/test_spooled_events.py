"""AEDAT 4, ROS bags, ST-MNIST: decoded once, through the libraries that know them."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
import scipy.io
from bag_files import all_of, assert_same, packets, some_events, write_bag

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
from napari_cellsets.formats.events import spool
from napari_cellsets.formats.events.aedat4 import open_aedat4, sniff_aedat4
from napari_cellsets.formats.events.rosbag import open_rosbag
from napari_cellsets.formats.events.stmnist import open_stmnist, sniff_stmnist
from napari_cellsets.formats.files import open_tree


def spools():
    return sorted((cache_home() / "events" / "spool").iterdir())


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
