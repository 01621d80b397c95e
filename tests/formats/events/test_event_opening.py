"""Which format a file is found to be of, and reading it from several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from prophesee_words import SENSOR, all_of, recording, rows

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.events import Events
from napari_cellsets.formats.events.base import Tally
from napari_cellsets.formats.events.opening import (
    LoneFile,
    find_format,
    open_event_file,
)
from napari_cellsets.formats.events.registry import EVENT_FORMATS
from napari_cellsets.formats.events.words import Words
from napari_cellsets.formats.sources import FileSource, HeldSource, WindowSource


@pytest.fixture
def events() -> Events:
    rng = np.random.default_rng(5)
    n = 300_000
    t, x = np.arange(n) * 3, rng.integers(0, 1280, n)
    return Events.of(t, x, rng.integers(0, 720, n), rng.integers(0, 2, n))


@pytest.mark.parametrize("key", ["evt2", "evt21", "evt3", "dat"])
def test_what_a_format_writes_is_found_to_be_of_it(tmp_path, events, key):
    place = recording(tmp_path, key, events)
    found = find_format(LoneFile(place), place.name)
    assert found is EVENT_FORMATS[key]


def test_the_ending_may_be_in_capitals(tmp_path, events):
    place = recording(tmp_path, "evt3", events)
    place = place.rename(tmp_path / "A.RAW")
    assert find_format(LoneFile(place), place.name) is EVENT_FORMATS["evt3"]


def test_files_of_other_endings_are_not_even_looked_at(tmp_path):
    place = tmp_path / "missing.tif"
    assert find_format(LoneFile(place), place.name) is None


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        open_event_file(tmp_path / "gone.raw")


@pytest.mark.parametrize("key", ["evt2", "evt3", "dat"])
def test_several_threads_read_one_file_at_once(tmp_path, events, key):
    source = open_event_file(recording(tmp_path, key, events))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: rows(all_of(source)), range(4)))
    assert all(each == rows(events) for each in found)


def test_two_files_read_in_turn_by_one_thread_keep_apart(tmp_path, events):
    first = open_event_file(recording(tmp_path, "evt3", events))
    second = open_event_file(recording(tmp_path, "evt2", events))
    states, places = [first.start(), second.start()], [0, 0]
    parts: list[list[Events]] = [[], []]
    while any(
        at < each.units for at, each in zip(places, (first, second), strict=True)
    ):
        for turn, source in enumerate((first, second)):
            out = Events.empty(10_000)
            at = places[turn]
            places[turn], found = source.decode(at, source.units, states[turn], out)
            parts[turn].append(out.take(slice(found)))
    assert all(rows(Events.joined(part)) == rows(events) for part in parts)


def test_sums_of_parts_are_those_of_the_whole(tmp_path, events):
    source = open_event_file(recording(tmp_path, "evt3", events))
    whole, parts, state = Tally(), Tally(), source.start()
    source.tally(0, source.units, source.start(), whole)
    for first in range(0, source.units, 65_536):
        source.tally(first, min(source.units, first + 65_536), state, parts)
    assert parts.values.tolist() == whole.values.tolist()
    assert whole.events == len(events)


@pytest.mark.parametrize("kind", ["file", "window", "held"])
def test_words_of_any_source_are_the_same(tmp_path, kind):
    content = np.arange(400_000, dtype="<u2")
    place = tmp_path / "words"
    place.write_bytes(b"head" + content.tobytes() + b"!")
    outer = FileSource(place)
    source = {
        "file": outer,
        "window": WindowSource(outer, 0, outer.size),
        "held": HeldSource(place.read_bytes(), in_memory=1 << 30),
    }[kind]
    words = Words(source, 4, "<u2", str(place))
    assert (words.units, words.left_over) == (400_000, 1)
    found, at = [], 0
    while at < words.units:
        stretch = words.stretch(at, words.units)
        found.append(stretch.copy())
        at += len(stretch)
    assert np.array_equal(np.concatenate(found), content)
    assert np.array_equal(words.stretch(7, 9), content[7:9])


def test_sensor_of_the_writers_is_told_again(tmp_path, events):
    for key in ("evt2", "evt21", "evt3", "dat"):
        assert (
            open_event_file(recording(tmp_path, key, events)).header.geometry == SENSOR
        )
