"""Arrays in no order of time: kept, sorted or told to be slow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellsets.core.events import Events
from napari_cellsets.formats.events import ordering
from napari_cellsets.formats.events.base import pieces
from napari_cellsets.formats.events.memory import MemoryEvents
from napari_cellsets.formats.events.npy import open_npy
from napari_cellsets.formats.files import open_tree

KIND = np.dtype([("t", "<i8"), ("x", "<u2"), ("y", "<u2"), ("p", "u1")])


def all_of(source):
    return Events.joined([part.take(np.arange(len(part))) for part in pieces(source)])


def opened(folder, times, x=None):
    array = np.zeros(len(times), KIND)
    array["t"] = times
    array["x"] = np.arange(len(times)) % 600 if x is None else x
    np.save(folder / "a.npy", array)
    return open_npy(open_tree(folder), "a.npy")


def test_times_in_order_are_said_to_be(tmp_path):
    source = opened(tmp_path, np.arange(100))
    assert source.in_order
    assert source.header.doubts == ()


def test_small_steps_back_stay_as_they_are_in_the_file(tmp_path):
    times = np.arange(1000) * 10
    times[500::7] -= 9_000
    source = opened(tmp_path, times)
    assert not source.in_order
    assert all_of(source).t.tolist() == times.tolist()
    assert source.header.doubts == ()


def test_shuffled_times_are_sorted_and_this_is_told(tmp_path):
    times = np.random.default_rng(1).permutation(1000) * 100
    source = opened(tmp_path, times)
    found = all_of(source)
    assert found.t.tolist() == list(range(0, 100_000, 100))
    np.testing.assert_array_equal(found.x, np.argsort(times) % 600)
    assert any("sorted by time" in doubt for doubt in source.header.doubts)


def test_parts_one_after_the_other_are_sorted_stably(tmp_path):
    times = np.concatenate([np.arange(500), np.arange(500)]) * 1000
    source = opened(tmp_path, times)
    found = all_of(source)
    assert found.t.tolist() == sorted(times.tolist())
    assert found.x[:4].tolist() == [0, 500, 1, 501]
    assert any("back in time (1 step)" in doubt for doubt in source.header.doubts)


def test_rows_left_out_of_what_is_sorted_are_counted(tmp_path):
    array = np.zeros(200, [("t", "f8"), ("x", "f4"), ("y", "f4"), ("p", "u1")])
    array["t"] = np.arange(200)[::-1] * 1000
    array["x"][5] = np.nan
    np.save(tmp_path / "a.npy", array)
    source = open_npy(open_tree(tmp_path), "a.npy")
    assert len(all_of(source)) == 199
    assert any("no events were left out: 1" in doubt for doubt in source.header.doubts)


def test_too_many_to_sort_are_left_and_told_to_be_slow(tmp_path, monkeypatch):
    monkeypatch.setattr(ordering, "MOST_SORTED", 100)
    times = np.arange(1000)[::-1] * 1000
    source = opened(tmp_path, times)
    assert all_of(source).t.tolist() == times.tolist()
    assert any("moving about in time is slow" in d for d in source.header.doubts)


@pytest.mark.parametrize("count", [200, 5000])
def test_many_rows_are_looked_at_here_and_there(tmp_path, monkeypatch, count):
    monkeypatch.setattr(ordering, "_CHECKED_WHOLE", 100)
    monkeypatch.setattr(ordering, "_LOOK", 10)
    times = np.concatenate([np.arange(count), np.arange(count)]) * 1000
    assert isinstance(opened(tmp_path, times), MemoryEvents)
    ordered = opened(tmp_path, np.arange(count))
    assert not ordered.in_order  # most of it was not looked at


@given(st.lists(st.integers(0, 10**6), max_size=40))
def test_whatever_the_order_the_events_are_the_same(tmp_path_factory, times):
    folder = tmp_path_factory.mktemp("order")
    found = all_of(opened(folder, np.array(times, np.int64)))
    assert sorted(found.t.tolist()) == sorted(times)
    pairs = set(zip(found.t.tolist(), found.x.tolist(), strict=True))
    assert pairs == {(t, i % 600) for i, t in enumerate(times)}
