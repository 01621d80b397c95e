"""ECF chunks of Metavision: decoded as they were packed, or refused."""

from __future__ import annotations

import numpy as np
import pytest
from ecf_encoder import STYLES, encode
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events import ecf, ecf_plain

ecf_loops = pytest.importorskip("napari_cellsets.formats.events.ecf_loops")

WAYS = ["compiled", "plain"]


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    monkeypatch.setattr(ecf, "_LOOPS", ways()[request.param])
    return request.param


class Fixed:
    """Loops that are always the same ones."""

    def __init__(self, module):
        self.module = module

    def now(self):
        return self.module


def ways():
    return {"compiled": Fixed(ecf_loops), "plain": Fixed(ecf_plain)}


def assert_same(found, wanted):
    for column in "txyp":
        np.testing.assert_array_equal(getattr(found, column), getattr(wanted, column))


def test_one_event_is_laid_out_as_published(way):
    # the vector of the codec's own test for x 1, y 2, p 0, t 4: one event, all packed
    content = bytes.fromhex("06000000040000000000000001") + b"\x00\x02\x20\x00"
    content += bytes(8)
    assert_same(ecf.decode_chunk(content, "a"), Events.of([4], [1], [2], [0]))


def test_equal_times_and_rows_are_runs_as_published(way):
    # three events at t 10,000 in row 23, columns 0, 10 and 20, ON
    content = (3 << 2 | 1).to_bytes(4, "little") + (10_000).to_bytes(8, "little")
    content += bytes([0x03]) + (23 << 5 | 3).to_bytes(2, "little")
    packed = [1, 21, 41, 0]
    words = [packed[0] << 4 | 5, 1 << 8 | 41, 0]
    content += b"".join(word.to_bytes(2, "little") for word in words)
    wanted = Events.of([10_000] * 3, [0, 10, 20], [23] * 3, [1] * 3)
    assert_same(ecf.decode_chunk(content, "a"), wanted)


@st.composite
def chunks(draw):
    count = draw(st.integers(1, 60))
    steps = st.sampled_from([0, 0, 0, 1, 14, 15, 16, 255, 4096, 10**6, 10**12])
    t = np.cumsum(draw(st.lists(steps, min_size=count, max_size=count)))
    t = t + draw(st.integers(-(10**9), 10**15))
    near = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 200, 2047])
    x = draw(st.lists(near, min_size=count, max_size=count))
    y = draw(st.lists(near, min_size=count, max_size=count))
    p = draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    times = draw(st.sampled_from([1, 40]))
    return Events.of(*(np.repeat(column, times) for column in (t, x, y, p)))


@pytest.mark.parametrize("style", STYLES)
@given(events=chunks())
def test_what_is_packed_is_decoded(style, events):
    content = encode(events, style)
    for loops in ways().values():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ecf, "_LOOPS", loops)
            assert_same(ecf.decode_chunk(content, "a"), events)


def test_no_events_are_a_chunk_of_none(way):
    assert len(ecf.decode_chunk(encode(Events.empty()), "a")) == 0


@given(st.binary(max_size=200), st.integers(0, 80))
def test_any_bytes_are_events_or_refused_alike_both_ways(noise, count):
    content = (count << 2 | len(noise) % 4).to_bytes(4, "little") + noise
    found = []
    for loops in ways().values():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ecf, "_LOOPS", loops)
            try:
                found.append(ecf.decode_chunk(content, "a"))
            except UnreadableFileError:
                found.append(None)
    assert (found[0] is None) == (found[1] is None)
    if found[0] is not None:
        assert_same(found[0], found[1])


def test_a_chunk_that_ends_early_is_refused(way):
    events = Events.of(np.arange(50), np.arange(50), np.arange(50), np.ones(50))
    for style in STYLES:
        with pytest.raises(UnreadableFileError, match="chunk of its events is damaged"):
            ecf.decode_chunk(encode(events, style)[:-12], "a")


def test_more_events_than_a_chunk_can_have_are_refused(way):
    content = (70_000 << 2).to_bytes(4, "little") + bytes(100)
    with pytest.raises(UnreadableFileError, match="damaged"):
        ecf.decode_chunk(content, "a")
